// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/linear_softmax_cross_entropy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "arrays/format.hpp"
#include "kernels/gemm_extents.hpp"
#include "losses/class_blocks.hpp"
#include "losses/linear_logits.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/option_checks.hpp"
#include "losses/row_blocks.hpp"
#include "losses/softmax_cross_entropy_of_block.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {
namespace {

constexpr const char* name = "linear_softmax_cross_entropy";

LinearExtents check(const Shape& features, const Shape& weight, const Shape* bias) {
  if (weight.rank() != 2) fail<ShapeError>("{}: weight must be (classes, in), got {}", name, weight);
  const std::size_t classes = weight[0], in = weight[1];
  if (features.rank() == 0 || features[features.rank() - 1] != in) {
    fail<ShapeError>(
        "{}: the last axis of features must have the {} inputs of weight {} (classes, in), got "
        "features {}",
        name, in, weight, features);
  }
  if (bias != nullptr && *bias != Shape{classes}) {
    fail<ShapeError>("{}: bias must have the {} classes of weight {} (classes, in), got {}", name, classes,
                     weight, *bias);
  }
  std::size_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < features.rank(); ++axis) rows *= features[axis];
  require_gemm_extents(name, {rows, in, classes});
  return {rows, in, classes};
}

// The length of as few blocks as there may be, of which none is much shorter than the others.
std::size_t evenly(std::size_t count, std::size_t most) {
  const std::size_t blocks = std::max<std::size_t>(1, (count + most - 1) / most);
  return (count + blocks - 1) / blocks;
}

struct BlockExtents {
  std::size_t rows, classes;
};

// How many logits fit into the workspace at a time, with a copy of the features of their rows. Beside them
// are the sums that become the gradient of the bias, and what these lose.
template <class T>
BlockExtents block_extents(const LinearExtents& extents, bool has_bias, std::size_t workspace_bytes) {
  const std::size_t of_class = has_bias ? 2 * sizeof(double) : 0, of_features = extents.in * sizeof(T);
  const std::size_t of_sums = extents.classes * of_class, of_row = extents.classes * sizeof(T) + of_features;
  if (workspace_bytes >= of_sums + of_row) {
    return {evenly(extents.rows, (workspace_bytes - of_sums) / of_row), extents.classes};
  }
  const std::size_t least = sizeof(T) + of_features + of_class;
  if (workspace_bytes < least) {
    fail<ArgumentError>(
        "{}: workspace_bytes must be at least {}, for one class and the {} features of a "
        "sample, got {}",
        name, least, extents.in, workspace_bytes);
  }
  // As many rows as classes, n, so that products take long beside what they read: n (n + beside) = numbers.
  const double numbers = static_cast<double>(workspace_bytes) / sizeof(T),
               beside = static_cast<double>(of_features + of_class) / sizeof(T);
  const double square = 2 * numbers / (beside + std::sqrt(beside * beside + 4 * numbers));
  const std::size_t rows = std::max<std::size_t>(
      1, evenly(extents.rows, std::max<std::size_t>(1, static_cast<std::size_t>(square))));
  const std::size_t classes = (workspace_bytes - rows * of_features) / (rows * sizeof(T) + of_class);
  return {rows, evenly(extents.classes, classes)};
}

// Puts on the tape what the blocks compute.
template <class T, class Blocks>
Variable<T> finish(LossRecording<T>& recording, std::span<const Variable<T>> inputs, bool reduced,
                   const Blocks& blocks) {
  const bool has_bias = inputs.size() == 3;
  const LinearOperands<T> operands{inputs[0].data(), inputs[1].data(), has_bias ? inputs[2].data() : nullptr};
  if (!reduced) {
    // What multiplies the gradient of a row is known in backward only.
    return recording.finish_losses(blocks.write(operands, {}), [blocks, has_bias](Backward<T>& b) {
      const auto needed = [&](std::size_t i) { return b.needs_grad(i) ? b.input_grad(i).data() : nullptr; };
      blocks.write_gradients(
          {b.input(0).data(), b.input(1).data(), has_bias ? b.input(2).data() : nullptr},
          {needed(0), needed(1), has_bias ? needed(2) : nullptr, true, b.output_grad().data()});
    });
  }
  std::array<ArrayView<T>, 3> saved;
  for (std::size_t i = 0; i < inputs.size() && recording.needs_grad(); ++i) {
    if (inputs[i].requires_grad()) saved[i] = recording.template save<T>(inputs[i].shape());
  }
  const auto memory = [&](std::size_t i) { return saved[i].empty() ? nullptr : saved[i].data(); };
  const double sum = blocks.write(operands, {memory(0), memory(1), memory(2)});
  return recording.finish_losses(sum, [saved, count = inputs.size()](Backward<T>& b) {
    for (std::size_t i = 0; i < count; ++i)
      contribute_saved<T>(b, i, saved[i], {1, saved[i].size(), 1}, true);
  });
}

template <class T>
Variable<T> record(std::span<const Variable<T>> inputs, const Indices& class_indices,
                   const LinearSoftmaxCrossEntropyOptions& options) {
  const Variable<T>* bias = inputs.size() == 3 ? &inputs[2] : nullptr;
  const Shape shape = inputs[0].shape();
  const LinearExtents extents = check(shape, inputs[1].shape(), bias == nullptr ? nullptr : &bias->shape());
  require_in_range(name, "z_loss", options.z_loss, 0, INFINITY);
  Shape logits_shape(shape.begin(), shape.end() - 1);
  logits_shape.append(extents.classes);
  LossOverClasses<T> loss(name, "logits", logits_shape, inputs, class_indices, ClassOptions(options),
                          MaskedLabels::counted);
  const BlockExtents block = block_extents<T>(extents, bias != nullptr, options.workspace_bytes);

  LossRecording<T>& recording = loss.recording();
  const bool reduced = options.reduction.kind() != Reduction::Kind::none,
             has_whole_rows = block.classes == extents.classes;
  if (!reduced && recording.needs_grad()) loss.copy_indices();
  const SoftmaxCrossEntropyOfBlock<T> loss_of(loss, options.z_loss);
  const LossSum<T>& losses =
      recording.begin_losses(options.reduction, has_whole_rows ? block.rows : extents.rows);
  const LinearLogits<T> logits{
      extents,
      block.rows,
      block.classes,
      losses,
      recording.template save<T>({block.rows, block.classes}).data(),
      recording.template save<T>({losses.may_leave_out() ? block.rows : 0, extents.in}).data(),
      recording.template save<double>({bias == nullptr ? 0 : 2 * block.classes}).data()};
  if (has_whole_rows) return finish(recording, inputs, reduced, RowBlocks<T>{logits, loss_of});
  using Row = typename ClassBlocks<T>::Row;
  Row* const rows = recording.template save<Row>({extents.rows}).data();
  return finish(recording, inputs, reduced,
                ClassBlocks<T>{logits, loss_of.labels(), options.z_loss, options.temperature, rows});
}

}  // namespace

template <class T>
Variable<T> linear_softmax_cross_entropy(Variable<T> features, Variable<T> weight, Variable<T> bias,
                                         const Indices& class_indices,
                                         const LinearSoftmaxCrossEntropyOptions& options) {
  return record<T>(std::array{features, weight, bias}, class_indices, options);
}

template <class T>
Variable<T> linear_softmax_cross_entropy(Variable<T> features, Variable<T> weight,
                                         const Indices& class_indices,
                                         const LinearSoftmaxCrossEntropyOptions& options) {
  return record<T>(std::array{features, weight}, class_indices, options);
}

template Variable<float> linear_softmax_cross_entropy(Variable<float>, Variable<float>, Variable<float>,
                                                      const Indices&,
                                                      const LinearSoftmaxCrossEntropyOptions&);
template Variable<float> linear_softmax_cross_entropy(Variable<float>, Variable<float>, const Indices&,
                                                      const LinearSoftmaxCrossEntropyOptions&);
template Variable<double> linear_softmax_cross_entropy(Variable<double>, Variable<double>, Variable<double>,
                                                       const Indices&,
                                                       const LinearSoftmaxCrossEntropyOptions&);
template Variable<double> linear_softmax_cross_entropy(Variable<double>, Variable<double>, const Indices&,
                                                       const LinearSoftmaxCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
