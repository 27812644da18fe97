// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "xtape/metrics/scores.hpp"

namespace xtape::training {

// Draws rows of features as small pictures, all by the same scale.
class Thumbnails {
 public:
  // `image` is (height, width), (1, height, width) or (3, height, width), and features have its elements in
  // each row.
  Thumbnails(const metrics::Scores& features, const Shape& image);

  // `title` is escaped already.
  std::string draw(std::size_t row, std::string_view title) const;

 private:
  unsigned level(std::size_t row, std::size_t channel, std::size_t y, std::size_t x) const;

  const metrics::Scores& features_;
  std::size_t channels_, height_, width_;
  std::size_t block_;  // of so many pixels either way, a square stands for the mean
  double low_, high_;
};

}  // namespace xtape::training
