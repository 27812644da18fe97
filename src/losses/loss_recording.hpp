// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/slices.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum.hpp"
#include "losses/option_checks.hpp"
#include "losses/sample_losses.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/core/error.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::losses {

// Which elements of the predictions make up a sample.
struct SampleLayout {
  Shape samples;
  Slices slices;

  static SampleLayout elements(const Shape& shape) { return {shape, {shape.elements(), 1, 1}}; }

  static SampleLayout along(const char* loss, const char* predictions_name, const Shape& shape, int axis) {
    const std::size_t left_out = resolve_axis(loss, axis, shape, predictions_name);
    Shape samples;
    for (std::size_t a = 0; a < shape.rank(); ++a) {
      if (a != left_out) samples.append(shape[a]);
    }
    return {samples, slices_along(loss, shape, axis)};
  }
};

// Adds to input i its gradient, which is dy times what was saved; dy is one number, or one for each sample.
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

// What a loss does around its formula: it hands out the samples that count, weighs and reduces what they
// give, and records the gradient.
template <class T>
class LossRecording {
 public:
  // Of predictions that are no variable; they come in blocks.
  LossRecording(const char* name, const SampleLayout& layout, std::span<const Variable<T>> inputs)
      : name_(name),
        sample_shape_(layout.samples),
        tape_(inputs[0].tape()),
        checks_finite_(tape_.checks_finite()),
        op_(name, inputs) {
    losses_.slices = layout.slices;
    losses_.weights.samples = layout.samples.elements();
  }

  LossRecording(const char* name, const SampleLayout& layout, Variable<T> predictions,
                const char* labels_name = "", const Labels<T>* labels = nullptr)
      : LossRecording(name, layout, Inputs(predictions, labels).span()) {
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

  // Memory that lives as long as the result.
  template <class U>
  ArrayView<U> save(const Shape& shape) {
    return op_.template save<U>(shape);
  }

  // The elements of an argument: where they are if they lie side by side, or else a copy.
  template <class U>
  ArrayView<const U> read(const detail::ArraySource<U>& source) {
    if (source.data() != nullptr) return {source.data(), source.shape()};
    const auto copy = save<U>(source.shape());
    source.copy_to(copy);
    return copy;
  }

  // Of an argument or option of that name.
  template <class Source>
  auto save_copy(const char* argument, const Source& source) {
    const auto copy = save<typename Source::Element>(source.shape());
    source.copy_to(copy);
    if constexpr (std::is_same_v<typename Source::Element, double>) {
      if (checks_finite_) weight_arrays_.emplace_back(argument, copy);
    }
    return copy;
  }

  void weigh(const Weights& sample_weights) {
    if (!sample_weights.given()) return;
    require_fits_losses<WeightsShapeError>(name_, "sample_weights", "a number", sample_weights.shape(),
                                           sample_shape_);
    const ArrayView<double> given = save_copy("sample_weights", sample_weights);
    kernels::Sum<double> sum;
    for (const double weight : given) sum.add(weight);
    losses_.weights.sum_of_given_weights = sum.value();
    losses_.weights.weights = broadcast<double>(given, sample_shape_);
  }

  void leave_out(const Mask& mask) {
    if (!mask.given()) return;
    require_fits_losses<ShapeError>(name_, "mask", "true, false", mask.shape(), sample_shape_);
    losses_.weights.valid = broadcast<bool>(save_copy("mask", mask), sample_shape_);
    expect_left_out_samples();
  }
  void expect_left_out_samples() { losses_.weights.follow_mask = true; }

  void leave_out(std::size_t sample) {
    if (losses_.weights.valid.empty()) {
      losses_.weights.valid = save<bool>(sample_shape_);
      std::fill(losses_.weights.valid.begin(), losses_.weights.valid.end(), true);
    }
    losses_.weights.valid[sample] = false;
  }

  // The class weight of each sample's label; they multiply the losses if `scale_losses`. No elements: all 1.
  void set_target_weights(ArrayView<const double> weights, bool scale_losses) {
    losses_.weights.have_target_classes = true;
    losses_.weights.target_weights = weights;
    losses_.weights.target_weights_scale_losses = scale_losses && !weights.empty();
  }

  template <class U>
  ArrayView<U> broadcast(ArrayView<const U> from, const Shape& shape) {
    const auto to = save<U>(shape);
    const kernels::Nest<2> nest = kernels::make_nest<2>(shape, {&shape, &from.shape()});
    kernels::for_each_element(nest, [&](const std::size_t(&at)[2]) { to[at[0]] = from[at[1]]; });
    return to;
  }

  bool needs_grad() const { return op_.needs_grad(); }
  bool is_valid(std::size_t sample) const { return losses_.weights.is_valid(sample); }
  std::size_t samples() const { return losses_.weights.samples; }
  const char* name() const { return name_; }
  const Shape& sample_shape() const { return sample_shape_; }
  bool checks_logits() const { return tape_.checks_logits(); }
  const Slices& slices() const { return losses_.slices; }
  const T* labels() const { return losses_.labels; }
  bool has_label_gradient() const { return !label_gradient_.empty(); }

  // loss_of(rows) is what SampleLosses::write takes.
  template <class LossOf>
  Variable<T> finish_rows(const Reduction& reduction, const LossOf& loss_of) {
    const bool reduced = reduction.kind() != Reduction::Kind::none;
    const double sum = begin_losses(reduction, samples()).write(predictions_, loss_of);
    return finish_losses(sum, [gradient = gradient_, label_gradient = label_gradient_, slices = slices(),
                               reduced](Backward<T>& b) {
      contribute_saved<T>(b, 0, gradient, slices, reduced);
      contribute_saved<T>(b, 1, label_gradient, slices, reduced);
    });
  }

  // loss_of(sample) returns the loss of one sample and writes its gradients.
  template <class LossOf>
  Variable<T> finish(const Reduction& reduction, const LossOf& loss_of) {
    return finish_rows(reduction, [&](const SampleRows<T>& rows) { write_one_by_one(rows, loss_of); });
  }

  // The same in steps: what writes the losses of blocks of at most so many samples,
  const SampleLosses<T>& begin_losses(const Reduction& reduction, std::size_t most) {
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
  // and the result, once all are written.
  template <class Rule>
  Variable<T> finish_losses(double sum, Rule rule) {
    if (checks_finite_) explain_nan();
    if (losses_.each == nullptr) {
      y_[0] = std::isinf(losses_.divisor) ? T{0} : static_cast<T>(sum / losses_.divisor);
    }
    return op_.finish(std::move(rule));
  }

 private:
  struct Inputs {
    Inputs(Variable<T> predictions, const Labels<T>* labels) : variables{predictions} {
      if (labels != nullptr && labels->variable() != nullptr) variables[count++] = *labels->variable();
    }
    std::span<const Variable<T>> span() const { return {variables.data(), count}; }

    std::array<Variable<T>, 2> variables;
    std::size_t count = 1;
  };

  void tell_divisor(const Reduction& reduction) const {
    const bool is_of_samples = reduction.kind() == Reduction::Kind::mean;
    tape_.note_loss_divisor({std::isinf(losses_.divisor) ? 0 : losses_.divisor, is_of_samples});
  }

  // Of the arrays that are no variables, of which the tape knows nothing.
  void explain_nan() const {
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

  const char* name_;
  Shape sample_shape_;
  Tape<T>& tape_;
  bool checks_finite_;
  Recording<T> op_;
  SampleLosses<T> losses_;
  PredictionBlock<T> predictions_{};
  ArrayView<T> gradient_;  // no elements: nobody needs it
  ArrayView<T> label_gradient_;
  ArrayView<T> y_;

  // While the tape checks for NaN: the arguments and options that are plain arrays, by name.
  std::pair<const char*, ArrayView<const T>> label_array_;
  std::vector<std::pair<const char*, ArrayView<const double>>> weight_arrays_;
};

}  // namespace xtape::losses
