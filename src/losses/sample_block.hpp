// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "arrays/slice_range.hpp"
#include "arrays/slices.hpp"

namespace xtape::losses {

// One sample. Its elements stand side by side; they are every step-th of the predictions from `start` on. The
// gradients are those of the sample's own loss, null where nobody needs them.
template <class T>
struct Sample {
  std::size_t index;
  std::size_t start;
  std::size_t step;
  std::size_t length;
  const T* x;
  const T* given_x;  // x with the logits of masked classes
  const T* labels;   // null if there are none
  T* gradient;
  T* label_gradient;
};

// Some samples, one after the other, and where what they give is written: their own losses, and their
// gradients times the scales, null where nobody needs them.
template <class T>
struct SampleBlock {
  SliceRange range;
  const T* x;
  const T* given_x;      // x with the logits of masked classes
  const T* labels;       // null if there are none
  const bool* valid;     // null: all
  const double* scales;  // null: `scale` for all
  double scale;
  double* losses;
  T* gradient;
  T* label_gradient;

  std::size_t count() const { return range.count(); }
  std::size_t length() const { return range.slices.length; }
  bool is_valid(std::size_t row) const { return valid == nullptr || valid[row]; }
  double scale_of(std::size_t row) const { return scales == nullptr ? scale : scales[row]; }

  Sample<T> operator[](std::size_t row) const {
    const auto row_of = [&](auto* array) { return array == nullptr ? array : array + row * length(); };
    return {range.begin + row,
            range.slices.start(range.begin + row),
            range.slices.step,
            length(),
            row_of(x),
            row_of(given_x),
            row_of(labels),
            row_of(gradient),
            row_of(label_gradient)};
  }
};

// Multiplies the gradients of a sample.
template <class T>
void scale_gradients(const Sample<T>& sample, double factor) {
  if (factor == 1) return;
  for (T* array : {sample.gradient, sample.label_gradient}) {
    if (array == nullptr) continue;
    for (std::size_t j = 0; j < sample.length; ++j) array[j] = static_cast<T>(array[j] * factor);
  }
}

// loss_of(sample) returns the loss of one sample and writes its gradients.
template <class T, class LossOf>
void write_one_by_one(const SampleBlock<T>& rows, LossOf loss_of) {
  for (std::size_t row = 0; row < rows.count(); ++row) {
    if (!rows.is_valid(row)) continue;
    const Sample<T> sample = rows[row];
    rows.losses[row] = loss_of(sample);
    scale_gradients(sample, rows.scale_of(row));
  }
}

}  // namespace xtape::losses
