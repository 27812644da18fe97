// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/function_ref.hpp"
#include "losses/sample_block.hpp"
#include "losses/sample_weights.hpp"

namespace xtape::losses {

// Writes the losses of some samples and their gradients. What it writes of samples that are left out does not
// count. It is called for several blocks at once, on as many threads.
template <class T>
using LossOfBlock = FunctionRef<void(const SampleBlock<T>&)>;

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
struct LossSum {
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

  // Returns the sum.
  double write(const PredictionBlock<T>& block, LossOfBlock<T> loss_of) const;

 private:
  // The weights of a mean add up to 0. That comes last: what multiplies a gradient before must be finite.
  bool divides_by_0() const { return divisor == 0; }

  // What loss_of sees at a time stays in the processor's first cache.
  static constexpr std::size_t elements_at_a_time = 8192;

  // So many that they have about so many elements. Kernels work on up to 64 rows at once.
  std::size_t samples_for(std::size_t elements) const {
    const std::size_t samples = std::max<std::size_t>(1, elements / std::max<std::size_t>(1, slices.length));
    return samples < 64 ? samples : samples / 64 * 64;
  }

  const double* write_rows(const SliceRange& range, const PredictionBlock<T>& block, LossOfBlock<T> loss_of,
                           Workspace& workspace) const;
  const double* write_scales(const SliceRange& range, const T* factors, Workspace& workspace) const;
  void clear_left_out(const SliceRange& range, T* rows) const;
};

}  // namespace xtape::losses
