// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/sigmoid_cross_entropy.hpp"

#include "core/format.hpp"
#include "kernels/cross_entropy.hpp"
#include "losses/reduce.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape::losses {

template <class T>
Variable<T> sigmoid_cross_entropy(Variable<T> logits, Variable<T> labels,
                                  const SigmoidCrossEntropyOptions& options) {
  const Shape shape = logits.shape();
  if (labels.shape() != shape) {
    fail<ShapeError>("sigmoid_cross_entropy: labels must have the shape of logits {}, got {}", shape,
                     labels.shape());
  }

  Recording<T> op("sigmoid_cross_entropy", {logits, labels});
  const auto gradient_of = [&](Variable<T> input) {
    return op.template save<T>(op.needs_grad() && input.requires_grad() ? shape : Shape{0});
  };
  const auto gradient = gradient_of(logits), label_gradient = gradient_of(labels);
  const auto losses = op.template save<double>(shape);
  for_sample_ranges(losses.size(), 1, elements_per_block_of_losses,
                    [&, x = logits.data(), z = labels.data()](std::size_t begin, std::size_t end) {
                      for (std::size_t i = begin; i < end; ++i) {
                        losses[i] = kernels::sigmoid_cross_entropy(
                            x[i], z[i], gradient.empty() ? nullptr : &gradient[i],
                            label_gradient.empty() ? nullptr : &label_gradient[i]);
                      }
                    });
  write_output<T>(op, losses, options.reduction);

  return op.finish([=, count = losses.size(), reduction = options.reduction](Backward<T>& b) {
    add_gradient<T>(b, 0, gradient, count, reduction);
    add_gradient<T>(b, 1, label_gradient, count, reduction);
  });
}

template Variable<float> sigmoid_cross_entropy(Variable<float>, Variable<float>,
                                               const SigmoidCrossEntropyOptions&);
template Variable<double> sigmoid_cross_entropy(Variable<double>, Variable<double>,
                                                const SigmoidCrossEntropyOptions&);

}  // namespace xtape::losses
