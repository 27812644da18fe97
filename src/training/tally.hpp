// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "xtape/core/array_view.hpp"

namespace xtape::training {

// Loss and accuracy over the rows of a pass, batch by batch.
class Tally {
 public:
  // logits: (rows, classes).
  template <class T>
  void add(double mean_loss, ArrayView<const T> logits, ArrayView<const std::int64_t> labels) {
    const std::size_t rows = logits.shape()[0], classes = logits.shape()[1];
    loss_ += mean_loss * static_cast<double>(rows);
    rows_ += rows;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto label = static_cast<std::size_t>(labels[row]);  // a negative one becomes a large number
      if (label >= classes) continue;
      ++judged_;
      right_ += is_first_largest(logits.data() + row * classes, classes, label);
    }
  }

  double loss() const { return ratio(loss_, rows_); }
  double accuracy() const { return ratio(static_cast<double>(right_), judged_); }

 private:
  // False where a NaN makes a comparison fail.
  template <class T>
  static bool is_first_largest(const T* scores, std::size_t count, std::size_t index) {
    bool result = true;
    for (std::size_t j = 0; j < index; ++j) result &= scores[index] > scores[j];
    for (std::size_t j = index; j < count; ++j) result &= scores[index] >= scores[j];
    return result;
  }

  static double ratio(double sum, std::size_t count) {
    return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
  }

  double loss_ = 0;
  std::size_t rows_ = 0;
  std::size_t judged_ = 0;
  std::size_t right_ = 0;
};

}  // namespace xtape::training
