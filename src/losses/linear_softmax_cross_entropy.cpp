// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/linear_softmax_cross_entropy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "core/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "losses/class_loss.hpp"
#include "losses/softmax_cross_entropy_rows.hpp"

namespace xtape::losses {
namespace {

using kernels::gemm;
using kernels::gemm_plus_bias;
using kernels::Transpose;

constexpr const char* name = "linear_softmax_cross_entropy";

struct Extents {
  std::size_t rows, in, classes;
};

Extents check(const Shape& features, const Shape& weight, const Shape* bias) {
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

// How many rows fit into the workspace at a time: their logits, and a copy of their features. Beside them are
// the sums that become the gradient of the bias, and what these lose.
template <class T>
std::size_t rows_together(const Extents& extents, bool has_bias, std::size_t workspace_bytes) {
  const std::size_t of_row = (extents.classes + extents.in) * sizeof(T),
                    of_bias = has_bias ? 2 * extents.classes * sizeof(double) : 0;
  if (workspace_bytes < of_bias + of_row) {
    fail<ArgumentError>(
        "{}: workspace_bytes must hold the logits of one sample at least, {} for {} classes "
        "and {} features, got {}",
        name, of_bias + of_row, extents.classes, extents.in, workspace_bytes);
  }
  const std::size_t most = (workspace_bytes - of_bias) / of_row;
  const std::size_t blocks = std::max<std::size_t>(1, (extents.rows + most - 1) / most);
  return (extents.rows + blocks - 1) / blocks;
}

template <class T>
struct Operands {
  const T* features;
  const T* weight;
  const T* bias;  // null if there is none
};

// Null where nobody needs one.
template <class T>
struct Gradients {
  T* features = nullptr;
  T* weight = nullptr;
  T* bias = nullptr;
  bool hold_others = false;    // to which these are added
  const T* factors = nullptr;  // what multiplies the gradient of each row besides; null: nothing does

  bool any() const { return features != nullptr || weight != nullptr || bias != nullptr; }
};

// The losses and gradients of all rows, by blocks. Its memory is on the tape.
template <class T>
struct RowBlocks {
  Extents extents;
  SampleLosses<T> losses;
  SoftmaxCrossEntropyRows<T> loss_of;
  std::size_t together;  // rows of a block
  T* logits;             // of a block, and then their gradient
  T* kept_features;      // those of a block, without those of rows that are left out
  double* bias_sums;     // and as many numbers that these lose

  double write(const Operands<T>& from, const Gradients<T>& to) const {
    if (to.bias != nullptr) std::fill_n(bias_sums, 2 * extents.classes, 0.0);
    kernels::Sum<double> sum;
    std::size_t begin = 0;
    do {  // Once for no rows too, whose gradients are 0.
      const std::size_t end = std::min(begin + together, extents.rows);
      sum.add(write_block(begin, end, from, to));
      begin = end;
    } while (begin < extents.rows);
    for (std::size_t j = 0; to.bias != nullptr && j < extents.classes; ++j) {
      const double of_class = kernels::sum_with_error(bias_sums[j], bias_sums[extents.classes + j]);
      to.bias[j] = static_cast<T>(to.hold_others ? to.bias[j] + of_class : of_class);
    }
    return sum.value();
  }

 private:
  double write_block(std::size_t begin, std::size_t end, const Operands<T>& from,
                     const Gradients<T>& to) const {
    const auto [rows, in, classes] = extents;
    const std::size_t count = end - begin;
    const T* x = features_of(begin, end, from.features);
    if (from.bias != nullptr) {
      gemm_plus_bias(Transpose::no, Transpose::yes, count, classes, in, x, from.weight, from.bias, logits);
    } else {
      gemm(Transpose::no, Transpose::yes, count, classes, in, x, from.weight, T{0}, logits);
    }

    T* const slopes = to.any() ? logits : nullptr;
    const double sum = losses.write(
        {.begin = begin, .end = end, .x = logits, .gradient = slopes, .factors = to.factors}, loss_of);

    const bool adds = to.hold_others || begin > 0;
    if (to.features != nullptr) {  // dfeatures = slopes weight
      gemm(Transpose::no, Transpose::no, count, in, classes, slopes, from.weight,
           to.hold_others ? T{1} : T{0}, to.features + begin * in);
    }
    if (to.weight != nullptr) {  // dweight = slopes^T features
      gemm(Transpose::yes, Transpose::no, classes, in, count, slopes, x, adds ? T{1} : T{0}, to.weight);
    }
    if (to.bias != nullptr) add_to_bias_sums(count);
    return sum;
  }

  // A slope of 0 times NaN would be NaN.
  const T* features_of(std::size_t begin, std::size_t end, const T* features) const {
    if (!losses.may_leave_out()) return features + begin * extents.in;
    for (std::size_t row = begin; row < end; ++row) {
      T* const kept = kept_features + (row - begin) * extents.in;
      if (losses.leaves_out(row)) {
        std::fill_n(kept, extents.in, T{0});
      } else {
        std::copy_n(features + row * extents.in, extents.in, kept);
      }
    }
    return kept_features;
  }

  void add_to_bias_sums(std::size_t count) const {
    constexpr std::size_t fewest = 512;  // columns, to read memory in order
    const std::size_t length = std::max(fewest, products_per_block / std::max<std::size_t>(1, count));
    parallel_for_ranges(extents.classes, length, [&](std::size_t first, std::size_t last) {
      kernels::kernels<T>().add_rows(logits + first, count, extents.classes, last - first, bias_sums + first,
                                     bias_sums + extents.classes + first);
    });
  }
};

template <class T>
Variable<T> record(std::span<const Variable<T>> inputs, const Indices& class_indices,
                   const LinearSoftmaxCrossEntropyOptions& options) {
  const Variable<T>* bias = inputs.size() == 3 ? &inputs[2] : nullptr;
  const Shape shape = inputs[0].shape();
  const Extents extents = check(shape, inputs[1].shape(), bias == nullptr ? nullptr : &bias->shape());
  require_in_range(name, "z_loss", options.z_loss, 0, INFINITY);
  Shape logits(shape.begin(), shape.end() - 1);
  logits.append(extents.classes);
  ClassLoss<T> loss(name, "logits", logits, inputs, class_indices, ClassOptions(options),
                    MaskedLabels::counted);
  const std::size_t together = rows_together<T>(extents, bias != nullptr, options.workspace_bytes);

  LossRecording<T>& recording = loss.recording();
  const bool reduced = options.reduction.kind() != Reduction::Kind::none;
  if (!reduced && recording.needs_grad()) loss.copy_indices();
  const SoftmaxCrossEntropyRows<T> loss_of(loss, options.z_loss);
  const SampleLosses<T>& losses = recording.begin_losses(options.reduction, together);
  RowBlocks<T> blocks{extents,
                      losses,
                      loss_of,
                      together,
                      recording.template save<T>({together, extents.classes}).data(),
                      recording.template save<T>({losses.may_leave_out() ? together : 0, extents.in}).data(),
                      recording.template save<double>({bias == nullptr ? 0 : 2 * extents.classes}).data()};
  const Operands<T> operands{inputs[0].data(), inputs[1].data(), bias == nullptr ? nullptr : bias->data()};
  if (!reduced) {
    // What multiplies the gradient of a row is known in backward only.
    const double sum = blocks.write(operands, {});
    blocks.losses.each = nullptr;
    blocks.losses.exact = nullptr;
    return recording.finish_losses(sum, [blocks, has_bias = bias != nullptr](Backward<T>& b) {
      const auto needed = [&](std::size_t i) { return b.needs_grad(i) ? b.input_grad(i).data() : nullptr; };
      blocks.write({b.input(0).data(), b.input(1).data(), has_bias ? b.input(2).data() : nullptr},
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
