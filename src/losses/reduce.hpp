// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/thread_pool.hpp"
#include "kernels/sum.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::losses {

// Elements that are worth waking a thread for: where each takes an exponential, and where a multiplication.
inline constexpr std::size_t elements_per_block_of_losses = std::size_t{1} << 15;
inline constexpr std::size_t elements_per_block_of_products = std::size_t{1} << 18;

// Calls work(first, last) for ranges of samples that together hold about so many elements.
template <class Work>
void for_sample_ranges(std::size_t samples, std::size_t elements_per_sample, std::size_t elements_per_block,
                       Work work) {
  const std::size_t block =
      std::max<std::size_t>(1, elements_per_block / std::max<std::size_t>(1, elements_per_sample));
  parallel_for((samples + block - 1) / block,
               [&](std::size_t i) { work(i * block, std::min(samples, (i + 1) * block)); });
}

// Writes the reduced losses as the output of `op`.
template <class T>
void write_output(Recording<T>& op, ArrayView<const double> losses, Reduction reduction) {
  if (reduction == Reduction::none) {
    const ArrayView<T> y = op.output(losses.shape());
    std::transform(losses.begin(), losses.end(), y.begin(), [](double loss) { return static_cast<T>(loss); });
    return;
  }
  kernels::Sum<T> sum;
  for (const double loss : losses) sum.add(loss);
  const double divisor = reduction == Reduction::mean ? static_cast<double>(losses.size()) : 1;
  op.output({})[0] = static_cast<T>(sum.value() / divisor);
}

// Adds to input i its gradient: `gradient` holds that of each sample's own loss.
template <class T>
void add_gradient(Backward<T>& b, std::size_t i, ArrayView<const T> gradient, std::size_t samples,
                  Reduction reduction) {
  if (!b.needs_grad(i)) return;
  const auto [grad, first] = b.contribution(i);
  if (samples == 0) return;
  T* dx = grad.data();
  const T* dy = b.output_grad().data();
  const std::size_t width = gradient.size() / samples;
  const double divisor = reduction == Reduction::mean ? static_cast<double>(samples) : 1;
  for_sample_ranges(samples, width, elements_per_block_of_products,
                    [=, first = first](std::size_t begin, std::size_t end) {
                      for (std::size_t sample = begin; sample < end; ++sample) {
                        const double scale = reduction == Reduction::none ? dy[sample] : dy[0] / divisor;
                        for (std::size_t at = sample * width; at < (sample + 1) * width; ++at) {
                          const double contribution = gradient[at] * scale;
                          dx[at] = static_cast<T>(first ? contribution : dx[at] + contribution);
                        }
                      }
                    });
}

}  // namespace xtape::losses
