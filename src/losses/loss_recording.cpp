// SPDX-License-Identifier: BSD-3-Clause
#include "losses/loss_recording.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/broadcast.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum.hpp"
#include "losses/option_checks.hpp"
#include "xtape/core/error.hpp"

namespace xtape::losses {

SampleLayout SampleLayout::along(const char* loss, const char* predictions_name, const Shape& shape,
                                 int axis) {
  const std::size_t left_out = resolve_axis(loss, axis, shape, predictions_name);
  Shape samples;
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    if (a != left_out) samples.append(shape[a]);
  }
  return {samples, slices_along(loss, shape, axis)};
}

template <class T>
void contribute_saved(Backward<T>& b, std::size_t i, ArrayView<const T> saved, const Slices& slices,
                      bool reduced) {
  if (saved.empty() || !b.needs_grad(i)) return;
  const T* dy = b.output_grad().data();
  if (reduced && dy[0] == 1) return b.pass_on(i, saved);
  const auto [grad, first] = b.contribution(i);
  T* dx = grad.data();
  // Groups of neighbouring samples lie side by side, one element of each after the other.
  const std::size_t group = std::max<std::size_t>(1, slices.step), of_sample = reduced ? 0 : 1;
  kernels::Nest<2> nest;
  nest.append(slices.count / group, {group * slices.length, group * of_sample});
  nest.append(slices.length, {group, 0});
  nest.append(group, {1, of_sample});
  nest.close();
  const std::size_t dy_step = nest.inner_stride(1);
  kernels::for_each_row_in_parallel(nest, [&, first = first](const std::size_t(&at)[2], std::size_t n) {
    if (first) {
      kernels::kernel<kernels::Binary<kernels::Multiply>, T>()(&saved[at[0]], true, dy + at[1], dy_step != 0,
                                                               dx + at[0], n);
    } else {
      for (std::size_t k = 0; k < n; ++k) dx[at[0] + k] += saved[at[0] + k] * dy[at[1] + k * dy_step];
    }
  });
}

template void contribute_saved(Backward<float>&, std::size_t, ArrayView<const float>, const Slices&, bool);
template void contribute_saved(Backward<double>&, std::size_t, ArrayView<const double>, const Slices&, bool);

namespace {

// The variables among the arguments.
template <class T>
struct Inputs {
  Inputs(Variable<T> predictions, const Labels<T>* labels) : variables{predictions} {
    if (labels != nullptr && labels->variable() != nullptr) variables[count++] = *labels->variable();
  }
  std::span<const Variable<T>> span() const { return {variables.data(), count}; }

  std::array<Variable<T>, 2> variables;
  std::size_t count = 1;
};

}  // namespace

template <class T>
LossRecording<T>::LossRecording(const char* name, const SampleLayout& layout,
                                std::span<const Variable<T>> inputs)
    : name_(name),
      sample_shape_(layout.samples),
      tape_(inputs[0].tape()),
      checks_finite_(tape_.checks_finite()),
      op_(name, inputs) {
  losses_.slices = layout.slices;
  losses_.weights.samples = layout.samples.elements();
}

template <class T>
LossRecording<T>::LossRecording(const char* name, const SampleLayout& layout, Variable<T> predictions,
                                const char* labels_name, const Labels<T>* labels)
    : LossRecording(name, layout, Inputs<T>(predictions, labels).span()) {
  predictions_.end = samples();
  predictions_.x = predictions.data();
  if (op_.needs_grad() && predictions.requires_grad()) {
    gradient_ = save<T>(predictions.shape());
    predictions_.gradient = gradient_.data();
  }
  if (labels == nullptr) return;
  const Variable<T>* variable = labels->variable();
  if (variable == nullptr) {
    const ArrayView<const T> array = read(labels->array());
    losses_.labels = array.data();
    if (checks_finite_) label_array_ = {labels_name, array};
    return;
  }
  losses_.labels = variable->data();
  if (op_.needs_grad() && variable->requires_grad()) {
    label_gradient_ = save<T>(labels->shape());
    predictions_.label_gradient = label_gradient_.data();
  }
}

template <class T>
void LossRecording<T>::weigh(const Weights& sample_weights) {
  if (!sample_weights.given()) return;
  require_fits_losses<WeightsShapeError>(name_, "sample_weights", "a number", sample_weights.shape(),
                                         sample_shape_);
  const ArrayView<double> given = save_copy("sample_weights", sample_weights);
  kernels::Sum<double> sum;
  for (const double weight : given) sum.add(weight);
  losses_.weights.sum_of_given_weights = sum.value();
  losses_.weights.weights = broadcast<double>(given, sample_shape_);
}

template <class T>
void LossRecording<T>::leave_out(const Mask& mask) {
  if (!mask.given()) return;
  require_fits_losses<ShapeError>(name_, "mask", "true, false", mask.shape(), sample_shape_);
  losses_.weights.valid = broadcast<bool>(save_copy("mask", mask), sample_shape_);
  expect_left_out_samples();
}

template <class T>
void LossRecording<T>::leave_out(std::size_t sample) {
  if (losses_.weights.valid.empty()) {
    losses_.weights.valid = save<bool>(sample_shape_);
    std::fill(losses_.weights.valid.begin(), losses_.weights.valid.end(), true);
  }
  losses_.weights.valid[sample] = false;
}

template <class T>
void LossRecording<T>::set_target_weights(ArrayView<const double> weights, bool scale_losses) {
  losses_.weights.have_target_classes = true;
  losses_.weights.target_weights = weights;
  losses_.weights.target_weights_scale_losses = scale_losses && !weights.empty();
}

template <class T>
template <class U>
ArrayView<U> LossRecording<T>::broadcast(ArrayView<const U> from, const Shape& shape) {
  const auto to = save<U>(shape);
  const kernels::Nest<2> nest = kernels::make_nest<2>(shape, {&shape, &from.shape()});
  kernels::for_each_element(nest, [&](const std::size_t(&at)[2]) { to[at[0]] = from[at[1]]; });
  return to;
}

template <class T>
Variable<T> LossRecording<T>::finish(const Reduction& reduction, LossOfBlock<T> loss_of) {
  const bool reduced = reduction.kind() != Reduction::Kind::none;
  const double sum = begin_losses(reduction, samples()).write(predictions_, loss_of);
  return finish_losses(sum, [gradient = gradient_, label_gradient = label_gradient_, slices = slices(),
                             reduced](Backward<T>& b) {
    contribute_saved<T>(b, 0, gradient, slices, reduced);
    contribute_saved<T>(b, 1, label_gradient, slices, reduced);
  });
}

template <class T>
const LossSum<T>& LossRecording<T>::begin_losses(const Reduction& reduction, std::size_t most) {
  const bool reduced = reduction.kind() != Reduction::Kind::none;
  losses_.divisor = losses_.weights.divisor(name_, reduction);
  if (reduced) tell_divisor(reduction);
  y_ = op_.output(reduced ? Shape{} : sample_shape_);
  if (!reduced) losses_.each = y_.data();
  if (checks_finite_) losses_.exact = save<double>(sample_shape_).data();
  const std::size_t length = losses_.samples_together();
  losses_.sums = save<double>({(most + length - 1) / length}).data();
  return losses_;
}

template <class T>
void LossRecording<T>::tell_divisor(const Reduction& reduction) const {
  const bool is_of_samples = reduction.kind() == Reduction::Kind::mean;
  tape_.note_loss_divisor({std::isinf(losses_.divisor) ? 0 : losses_.divisor, is_of_samples});
}

template <class T>
void LossRecording<T>::explain_nan() const {
  for (std::size_t s = 0; s < samples(); ++s) {
    if (!std::isnan(losses_.exact[s])) continue;
    const auto& [labels_name, labels] = label_array_;
    for (std::size_t j = 0; j < (labels.empty() ? 0 : slices().length); ++j) {
      const std::size_t at = slices().start(s) + j * slices().step;
      if (std::isnan(labels[at])) throw_nan(name_, labels_name, labels.shape(), at);
    }
    for (const auto& [option_name, weights] : weight_arrays_) {
      const auto nan = std::ranges::find_if(weights, [](double weight) { return std::isnan(weight); });
      if (nan != weights.end()) {
        throw_nan(name_, option_name, weights.shape(), static_cast<std::size_t>(nan - weights.begin()));
      }
    }
  }
}

template class LossRecording<float>;
template class LossRecording<double>;
template ArrayView<bool> LossRecording<float>::broadcast(ArrayView<const bool>, const Shape&);
template ArrayView<bool> LossRecording<double>::broadcast(ArrayView<const bool>, const Shape&);
template ArrayView<double> LossRecording<float>::broadcast(ArrayView<const double>, const Shape&);
template ArrayView<double> LossRecording<double>::broadcast(ArrayView<const double>, const Shape&);

}  // namespace xtape::losses
