// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/rows.hpp"
#include "core/slices.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum.hpp"
#include "kernels/sum_kernels.hpp"
#include "losses/sample_weights.hpp"
#include "xtape/core/array_view.hpp"

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
struct SampleRows {
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
void write_one_by_one(const SampleRows<T>& rows, LossOf loss_of) {
  for (std::size_t row = 0; row < rows.count(); ++row) {
    if (!rows.is_valid(row)) continue;
    const Sample<T> sample = rows[row];
    rows.losses[row] = loss_of(sample);
    scale_gradients(sample, rows.scale_of(row));
  }
}

// The predictions of the samples [begin, end), null where the losses are known without, where their gradients
// go, null where nobody needs them, and what multiplies these besides: null, or a number for each sample. A
// gradient may replace its predictions.
template <class T>
struct PredictionBlock {
  std::size_t begin;
  std::size_t end;
  const T* x = nullptr;
  T* gradient = nullptr;
  T* label_gradient = nullptr;
  const T* factors = nullptr;
};

// Weighs the losses of samples and adds them up. Its arrays live on the tape.
template <class T>
struct SampleLosses {
  Slices slices;
  const T* labels = nullptr;
  SampleWeights weights;
  double divisor = 1;
  T* each = nullptr;        // where the losses go one by one, unless null
  double* exact = nullptr;  // the same before they are rounded
  double* sums = nullptr;   // one for each `samples_together` of a block

  // Every sum is over samples that depend on the shape alone, so that threads change nothing.
  std::size_t samples_together() const { return samples_for(exponentials_per_block); }

  // An empty mean, with an infinite divisor, leaves out all.
  bool may_leave_out() const { return !weights.valid.empty() || std::isinf(divisor); }
  bool leaves_out(std::size_t sample) const { return !weights.is_valid(sample) || std::isinf(divisor); }
  bool leaves_out_all(std::size_t begin, std::size_t end) const {
    while (begin < end && leaves_out(begin)) ++begin;
    return begin == end;
  }

  // What multiplies the gradient of a sample, with a number for each sample or null.
  double scale(std::size_t sample, const T* factors) const {
    const double of_loss = weights.factor(sample) / divisor;
    return factors == nullptr ? of_loss : of_loss * factors[sample];
  }

  // For samples that are left out and not in a block.
  void clear() const {
    if (each != nullptr) std::fill_n(each, slices.count, T{0});
    if (exact != nullptr) std::fill_n(exact, slices.count, 0.0);
  }

  // loss_of(rows) writes the losses of SampleRows and their gradients; what it writes of samples that are
  // left out does not count. It is called for several at once, on as many threads. Returns the sum.
  template <class LossOf>
  double write(const PredictionBlock<T>& block, const LossOf& loss_of) const {
    const std::size_t count = block.end - block.begin, length = samples_together();
    parallel_for_ranges(count, length, [&](std::size_t begin, std::size_t end) {
      kernels::Sum<double> sum;
      const std::size_t step = samples_for(elements_at_a_time);
      for (std::size_t first = begin; first < end; first += step) {
        const SliceRange range{slices, block.begin + first, block.begin + std::min(end, first + step)};
        Workspace workspace;
        const double* losses = write_rows(range, block, loss_of, workspace);
        if (each == nullptr) {
          sum.add(kernels::kernel<kernels::Sums, T>().sum_of_doubles(losses, range.count()));
        } else {
          std::transform(losses, losses + range.count(), each + range.begin,
                         [](double loss) { return static_cast<T>(loss); });
        }
      }
      sums[begin / length] = sum.value();
    });
    const std::size_t ranges = (count + length - 1) / length;
    return ranges == 1 ? sums[0] : kernels::kernel<kernels::Sums, T>().sum_of_doubles(sums, ranges);
  }

 private:
  // What loss_of sees at a time stays in the processor's first cache.
  static constexpr std::size_t elements_at_a_time = 8192;

  // So many that they have about so many elements. Kernels work on up to 64 rows at once.
  std::size_t samples_for(std::size_t elements) const {
    const std::size_t samples = std::max<std::size_t>(1, elements / std::max<std::size_t>(1, slices.length));
    return samples < 64 ? samples : samples / 64 * 64;
  }

  template <class LossOf>
  const double* write_rows(const SliceRange& range, const PredictionBlock<T>& block, const LossOf& loss_of,
                           Workspace& workspace) const {
    double* losses = exact == nullptr ? workspace.take<double>(range.count()) : exact + range.begin;
    const SliceRange in_block{slices, range.begin - block.begin, range.end - block.begin};
    const auto rows_of = [&](T* array) {
      return array == nullptr ? nullptr : in_block.rows_of(array, workspace);
    };
    T* gradient = rows_of(block.gradient);
    T* label_gradient = rows_of(block.label_gradient);
    const T* x = nullptr;
    if (block.x != nullptr) {
      x = block.gradient == block.x ? in_block.copy(block.x, workspace) : in_block.gather(block.x, workspace);
    }
    loss_of(SampleRows<T>{range, x, x, labels == nullptr ? nullptr : range.gather(labels, workspace),
                          weights.valid.empty() ? nullptr : &weights.valid[range.begin],
                          write_scales(range, block.factors, workspace), 1 / divisor, losses, gradient,
                          label_gradient});
    const bool all_count_alike = weights.valid.empty() && !weights.has_factors();
    for (std::size_t row = 0; row < range.count() && !all_count_alike; ++row) {
      const bool is_valid = weights.is_valid(range.begin + row);
      losses[row] = is_valid ? weights.factor(range.begin + row) * losses[row] : 0;
    }
    for (const auto& [rows, array] :
         {std::pair(gradient, block.gradient), std::pair(label_gradient, block.label_gradient)}) {
      if (rows == nullptr) continue;
      clear_left_out(range, rows);
      in_block.scatter(rows, array);
    }
    return losses;
  }

  const double* write_scales(const SliceRange& range, const T* factors, Workspace& workspace) const {
    if (!weights.has_factors() && factors == nullptr) return nullptr;
    double* scales = workspace.take<double>(range.count());
    for (std::size_t row = 0; row < range.count(); ++row) {
      scales[row] = scale(range.begin + row, factors);
    }
    return scales;
  }

  void clear_left_out(const SliceRange& range, T* rows) const {
    if (!may_leave_out()) return;
    for (std::size_t row = 0; row < range.count(); ++row) {
      if (leaves_out(range.begin + row)) std::fill_n(rows + row * slices.length, slices.length, T{0});
    }
  }
};

}  // namespace xtape::losses
