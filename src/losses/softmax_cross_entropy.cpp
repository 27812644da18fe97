// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/softmax_cross_entropy.hpp"

#include "core/element_name.hpp"
#include "core/format.hpp"
#include "kernels/cross_entropy.hpp"
#include "losses/reduce.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape::losses {
namespace {

std::size_t class_count(const Shape& logits) {
  if (logits.rank() == 0 || logits[logits.rank() - 1] == 0) {
    fail<ShapeError>("softmax_cross_entropy: logits must be (..., classes) with at least one class, got {}",
                     logits);
  }
  return logits[logits.rank() - 1];
}

void require_index_per_sample(const Shape& indices, const Shape& samples, const Shape& logits) {
  if (indices == samples) return;
  const char* fix = "";
  if (indices == logits) {
    fix = "; one-hot rows go in as floating-point soft labels, or as the positions of their ones";
  } else if (indices.rank() == samples.rank() + 1 && Shape(indices.begin(), indices.end() - 1) == samples &&
             indices[samples.rank()] == 1) {
    fix = "; drop the last axis";
  }
  fail<ShapeError>(
      "softmax_cross_entropy: class_indices must have one entry per sample of logits {}, shape {}, got {}{}",
      logits, samples, indices, fix);
}

void require_classes(ArrayView<const std::int64_t> indices, const Shape& logits, std::size_t classes) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || static_cast<std::size_t>(indices[i]) >= classes) {
      fail<LabelError>("softmax_cross_entropy: {} is {}, but logits {} has classes 0 to {}",
                       element_name("class_indices", indices.shape(), i), indices[i], logits, classes - 1);
    }
  }
}

}  // namespace

template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, Indices class_indices,
                                  const SoftmaxCrossEntropyOptions& options) {
  const Shape shape = logits.shape();
  const std::size_t classes = class_count(shape);
  const Shape samples(shape.begin(), shape.end() - 1);
  require_index_per_sample(class_indices.shape(), samples, shape);

  Recording<T> op("softmax_cross_entropy", {logits});
  const auto indices = op.template save<std::int64_t>(samples);
  class_indices.copy_to(indices);
  require_classes(indices, shape, classes);
  const auto gradient = op.template save<T>(op.needs_grad() ? shape : Shape{0});
  const auto losses = op.template save<double>(samples);
  for_sample_ranges(losses.size(), classes, elements_per_block_of_losses,
                    [&, x = logits.data()](std::size_t begin, std::size_t end) {
                      for (std::size_t r = begin; r < end; ++r) {
                        losses[r] = kernels::softmax_cross_entropy(
                            x + r * classes, classes, static_cast<std::size_t>(indices[r]),
                            gradient.empty() ? nullptr : gradient.data() + r * classes);
                      }
                    });
  write_output<T>(op, losses, options.reduction);

  return op.finish([gradient, count = losses.size(), reduction = options.reduction](Backward<T>& b) {
    add_gradient<T>(b, 0, gradient, count, reduction);
  });
}

template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, Variable<T> soft_labels,
                                  const SoftmaxCrossEntropyOptions& options) {
  const Shape shape = logits.shape();
  const std::size_t classes = class_count(shape);
  const Shape samples(shape.begin(), shape.end() - 1);
  if (soft_labels.shape() != shape) {
    fail<ShapeError>("softmax_cross_entropy: soft_labels must have the shape of logits {}, got {}{}", shape,
                     soft_labels.shape(),
                     soft_labels.shape() == samples ? "; class indices must be of an integer type" : "");
  }

  Recording<T> op("softmax_cross_entropy", {logits, soft_labels});
  const auto gradient_of = [&](Variable<T> input) {
    return op.template save<T>(op.needs_grad() && input.requires_grad() ? shape : Shape{0});
  };
  const auto gradient = gradient_of(logits), label_gradient = gradient_of(soft_labels);
  const auto losses = op.template save<double>(samples);
  for_sample_ranges(losses.size(), classes, elements_per_block_of_losses,
                    [&, x = logits.data(), t = soft_labels.data()](std::size_t begin, std::size_t end) {
                      const auto row = [&](ArrayView<T> array, std::size_t r) {
                        return array.empty() ? nullptr : array.data() + r * classes;
                      };
                      for (std::size_t r = begin; r < end; ++r) {
                        losses[r] = kernels::softmax_cross_entropy(x + r * classes, t + r * classes, classes,
                                                                   row(gradient, r), row(label_gradient, r));
                      }
                    });
  write_output<T>(op, losses, options.reduction);

  return op.finish([=, count = losses.size(), reduction = options.reduction](Backward<T>& b) {
    add_gradient<T>(b, 0, gradient, count, reduction);
    add_gradient<T>(b, 1, label_gradient, count, reduction);
  });
}

template Variable<float> softmax_cross_entropy(Variable<float>, Indices, const SoftmaxCrossEntropyOptions&);
template Variable<double> softmax_cross_entropy(Variable<double>, Indices, const SoftmaxCrossEntropyOptions&);
template Variable<float> softmax_cross_entropy(Variable<float>, Variable<float>,
                                               const SoftmaxCrossEntropyOptions&);
template Variable<double> softmax_cross_entropy(Variable<double>, Variable<double>,
                                                const SoftmaxCrossEntropyOptions&);

}  // namespace xtape::losses
