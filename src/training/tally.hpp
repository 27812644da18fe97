// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::training {

// Loss and accuracy over the rows of a pass, batch by batch.
class Tally {
 public:
  // logits: (rows, classes). A loss that does not tell its divisor counts as a mean over rows.
  template <class T>
  void add(double loss, const std::optional<LossDivisor>& told, ArrayView<const T> logits,
           ArrayView<const std::int64_t> labels, const std::optional<std::int64_t>& ignore_index = {}) {
    const std::size_t rows = logits.shape()[0], classes = logits.shape()[1];
    const LossDivisor divisor = told.value_or(LossDivisor{static_cast<double>(rows), true});
    is_mean_ = divisor.grows_with_samples;
    loss_ += is_mean_ ? loss * divisor.value : loss;
    divisor_ += divisor.value;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto label = static_cast<std::size_t>(labels[row]);  // a negative one becomes a large number
      if (label >= classes || labels[row] == ignore_index) continue;
      ++judged_;
      right_ += is_first_largest(logits.data() + row * classes, classes, label);
    }
  }

  // NaN for nothing.
  double loss() const { return is_mean_ ? loss_ / divisor_ : loss_; }
  double accuracy() const { return static_cast<double>(right_) / static_cast<double>(judged_); }

 private:
  // False where a NaN makes a comparison fail.
  template <class T>
  static bool is_first_largest(const T* scores, std::size_t count, std::size_t index) {
    bool result = true;
    for (std::size_t j = 0; j < index; ++j) result &= scores[index] > scores[j];
    for (std::size_t j = index; j < count; ++j) result &= scores[index] >= scores[j];
    return result;
  }

  double loss_ = 0;
  double divisor_ = 0;
  bool is_mean_ = true;  // of all that were added: a training has one loss
  std::size_t judged_ = 0;
  std::size_t right_ = 0;
};

}  // namespace xtape::training
