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
#include "core/thread_pool.hpp"
#include "kernels/nest.hpp"
#include "kernels/sum.hpp"
#include "losses/option_checks.hpp"
#include "losses/sample_weights.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/core/error.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
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

// What memory for one sample is for.
enum class Scratch { x, labels, gradient, label_gradient, unmasked_x, worked_labels, pulls };

// Memory of this thread for `count` elements, which stays allocated; each purpose has its own.
template <class U, Scratch purpose>
U* scratch(std::size_t count) {
  thread_local std::vector<U> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

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

// One sample. Its elements stand side by side; they are every step-th of the predictions from `start` on. The
// gradients are those of the sample's own loss, null where nobody needs them.
template <class T>
struct Sample {
  std::size_t index;
  std::size_t start;
  std::size_t step;
  std::size_t length;
  const T* x;
  const T* labels;  // null if there are none
  T* gradient;
  T* label_gradient;
};

// Adds to input i its gradient. `gradient` holds that of each sample's own loss.
template <class T>
void add_gradient(Backward<T>& b, std::size_t i, ArrayView<const T> gradient, const Slices& slices,
                  const SampleWeights& weights, bool reduced, double divisor) {
  if (!b.needs_grad(i)) return;
  const auto [grad, first] = b.contribution(i);
  T* dx = grad.data();
  const T* dy = b.output_grad().data();
  const auto scale = [&](std::size_t s) { return (reduced ? dy[0] / divisor : dy[s]) * weights.factor(s); };
  const bool is_zero = std::isinf(divisor);
  const auto add = [&, first = first](std::size_t at, bool valid, double scale) {
    const double contribution = valid && !is_zero ? gradient[at] * scale : 0;
    dx[at] = static_cast<T>(first ? contribution : dx[at] + contribution);
  };
  // Groups of neighbouring samples lie side by side, one element of each after the other.
  const std::size_t group = slices.step, length = slices.length;
  for_sample_ranges(group == 0 ? 0 : weights.samples / group, group * length, elements_per_block_of_products,
                    [&](std::size_t begin, std::size_t end) {
                      for (std::size_t g = begin; g < end; ++g) {
                        if (group == 1) {
                          const bool valid = weights.is_valid(g);
                          const double factor = scale(g);
                          for (std::size_t j = 0; j < length; ++j) add(g * length + j, valid, factor);
                          continue;
                        }
                        for (std::size_t j = 0; j < length; ++j) {
                          for (std::size_t s = g * group; s < (g + 1) * group; ++s) {
                            add((g * length + j) * group + s - g * group, weights.is_valid(s), scale(s));
                          }
                        }
                      }
                    });
}

// What a loss does around its formula: it hands out the samples that count, weighs and reduces what they
// give, and records the gradient.
template <class T>
class LossRecording {
 public:
  LossRecording(const char* name, const SampleLayout& layout, Variable<T> predictions,
                const char* labels_name = "", const Labels<T>* labels = nullptr)
      : name_(name),
        layout_(layout),
        checks_finite_(predictions.tape().checks_finite()),
        op_(name, Inputs(predictions, labels).span()),
        x_(predictions.data()),
        gradient_(save<T>(op_.needs_grad() && predictions.requires_grad() ? predictions.shape() : Shape{0})) {
    weights_.samples = layout.samples.elements();
    if (labels == nullptr) return;
    const Variable<T>* variable = labels->variable();
    if (variable == nullptr) {
      const auto copy = save<T>(labels->shape());
      labels->array().copy_to(copy);
      labels_ = copy.data();
      if (checks_finite_) label_array_ = {labels_name, copy};
      return;
    }
    labels_ = variable->data();
    if (op_.needs_grad() && variable->requires_grad()) label_gradient_ = save<T>(labels->shape());
  }

  // Memory that lives as long as the result.
  template <class U>
  ArrayView<U> save(const Shape& shape) {
    return op_.template save<U>(shape);
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
                                           layout_.samples);
    const ArrayView<double> given = save_copy("sample_weights", sample_weights);
    kernels::Sum<double> sum;
    for (const double weight : given) sum.add(weight);
    weights_.sum_of_given_weights = sum.value();
    weights_.weights = broadcast<double>(given, layout_.samples);
  }

  void leave_out(const Mask& mask) {
    if (!mask.given()) return;
    require_fits_losses<ShapeError>(name_, "mask", "true, false", mask.shape(), layout_.samples);
    weights_.valid = broadcast<bool>(save_copy("mask", mask), layout_.samples);
    expect_left_out_samples();
  }
  void expect_left_out_samples() { weights_.follow_mask = true; }

  void leave_out(std::size_t sample) {
    if (weights_.valid.empty()) {
      weights_.valid = save<bool>(layout_.samples);
      std::fill(weights_.valid.begin(), weights_.valid.end(), true);
    }
    weights_.valid[sample] = false;
  }

  // The class weight of each sample's label; they multiply the losses if `scale_losses`. No elements: all 1.
  void set_target_weights(ArrayView<const double> weights, bool scale_losses) {
    weights_.have_target_classes = true;
    weights_.target_weights = weights;
    weights_.target_weights_scale_losses = scale_losses && !weights.empty();
  }

  template <class U>
  ArrayView<U> broadcast(ArrayView<const U> from, const Shape& shape) {
    const auto to = save<U>(shape);
    const kernels::Nest<2> nest = kernels::make_nest<2>(shape, {&shape, &from.shape()});
    kernels::for_each_element(nest, [&](const std::size_t(&at)[2]) { to[at[0]] = from[at[1]]; });
    return to;
  }

  bool is_valid(std::size_t sample) const { return weights_.is_valid(sample); }
  std::size_t samples() const { return weights_.samples; }
  const Shape& sample_shape() const { return layout_.samples; }
  const Slices& slices() const { return layout_.slices; }
  const T* labels() const { return labels_; }

  // loss_of(sample) returns the loss of one sample and writes its gradients. It is called for several at
  // once, on as many threads.
  template <class LossOf>
  Variable<T> finish(const Reduction& reduction, LossOf loss_of) {
    const bool reduced = reduction.kind() != Reduction::Kind::none;
    const double divisor = weights_.divisor(name_, reduction);
    const auto losses = save<double>(layout_.samples);
    for_sample_ranges(samples(), layout_.slices.length, elements_per_block_of_losses,
                      [&](std::size_t begin, std::size_t end) {
                        for (std::size_t s = begin; s < end; ++s) losses[s] = weighted_loss(s, loss_of);
                      });
    if (checks_finite_) explain_nan(losses);
    write_output(losses, reduced, divisor);
    return op_.finish([gradient = gradient_, label_gradient = label_gradient_, slices = layout_.slices,
                       weights = weights_, reduced, divisor](Backward<T>& b) {
      if (!gradient.empty()) add_gradient<T>(b, 0, gradient, slices, weights, reduced, divisor);
      if (!label_gradient.empty()) add_gradient<T>(b, 1, label_gradient, slices, weights, reduced, divisor);
    });
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

  template <class LossOf>
  double weighted_loss(std::size_t s, LossOf& loss_of) {
    const auto [count, length, step] = layout_.slices;
    const std::size_t start = layout_.slices.start(s);
    const auto from_start = [&](auto* array) { return array == nullptr ? array : array + start; };
    Sample<T> sample{s,
                     start,
                     step,
                     length,
                     x_ + start,
                     from_start(labels_),
                     from_start(gradient_.empty() ? nullptr : gradient_.data()),
                     from_start(label_gradient_.empty() ? nullptr : label_gradient_.data())};
    if (!is_valid(s)) {
      clear(sample.gradient);
      clear(sample.label_gradient);
      return 0;
    }
    const bool stands_side_by_side = step == 1 || length == 1;
    return weights_.factor(s) * (stands_side_by_side ? loss_of(sample) : gathered_loss(sample, loss_of));
  }

  template <class LossOf>
  double gathered_loss(Sample<T> sample, LossOf& loss_of) {
    T *const gradient = sample.gradient, *const label_gradient = sample.label_gradient;
    sample.x = gather<Scratch::x>(sample.x);
    sample.labels = gather<Scratch::labels>(sample.labels);
    if (gradient != nullptr) sample.gradient = scratch<T, Scratch::gradient>(sample.length);
    if (label_gradient != nullptr) sample.label_gradient = scratch<T, Scratch::label_gradient>(sample.length);
    const double loss = loss_of(sample);
    scatter(sample.gradient, gradient);
    scatter(sample.label_gradient, label_gradient);
    return loss;
  }

  void clear(T* array) const {
    if (array == nullptr) return;
    for (std::size_t j = 0; j < layout_.slices.length; ++j) array[j * layout_.slices.step] = 0;
  }

  template <Scratch purpose>
  const T* gather(const T* from) const {
    if (from == nullptr) return nullptr;
    T* row = scratch<T, purpose>(layout_.slices.length);
    for (std::size_t j = 0; j < layout_.slices.length; ++j) row[j] = from[j * layout_.slices.step];
    return row;
  }

  void scatter(const T* row, T* to) const {
    if (to == nullptr) return;
    for (std::size_t j = 0; j < layout_.slices.length; ++j) to[j * layout_.slices.step] = row[j];
  }

  // Of the arrays that are no variables, of which the tape knows nothing.
  void explain_nan(ArrayView<const double> losses) const {
    for (std::size_t s = 0; s < losses.size(); ++s) {
      if (!std::isnan(losses[s])) continue;
      const auto& [labels_name, labels] = label_array_;
      for (std::size_t j = 0; j < (labels.empty() ? 0 : layout_.slices.length); ++j) {
        const std::size_t at = layout_.slices.start(s) + j * layout_.slices.step;
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

  void write_output(ArrayView<const double> losses, bool reduced, double divisor) {
    if (!reduced) {
      const ArrayView<T> y = op_.output(losses.shape());
      std::transform(losses.begin(), losses.end(), y.begin(),
                     [](double loss) { return static_cast<T>(loss); });
      return;
    }
    kernels::Sum<T> sum;
    for (const double loss : losses) sum.add(loss);
    op_.output({})[0] = std::isinf(divisor) ? T{0} : static_cast<T>(sum.value() / divisor);
  }

  const char* name_;
  SampleLayout layout_;
  bool checks_finite_;
  Recording<T> op_;
  const T* x_;
  const T* labels_ = nullptr;
  ArrayView<T> gradient_;  // no elements: nobody needs it
  ArrayView<T> label_gradient_;
  SampleWeights weights_;

  // While the tape checks for NaN: the arguments and options that are plain arrays, by name.
  std::pair<const char*, ArrayView<const T>> label_array_;
  std::vector<std::pair<const char*, ArrayView<const double>>> weight_arrays_;
};

}  // namespace xtape::losses
