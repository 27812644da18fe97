// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrays/slices.hpp"
#include "losses/loss_sum.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::losses {

// Which elements of the predictions make up a sample.
struct SampleLayout {
  Shape samples;
  Slices slices;

  static SampleLayout elements(const Shape& shape) { return {shape, {shape.elements(), 1, 1}}; }

  static SampleLayout along(const char* loss, const char* predictions_name, const Shape& shape, int axis);
};

// Adds to input i its gradient, which is dy times what was saved; dy is one number, or one for each sample.
template <class T>
void contribute_saved(Backward<T>& b, std::size_t i, ArrayView<const T> saved, const Slices& slices,
                      bool reduced);

// What a loss does around its formula: it hands out the samples that count, weighs and reduces what they
// give, and records the gradient.
template <class T>
class LossRecording {
 public:
  // Of predictions that are no variable; they come in blocks.
  LossRecording(const char* name, const SampleLayout& layout, std::span<const Variable<T>> inputs);

  LossRecording(const char* name, const SampleLayout& layout, Variable<T> predictions,
                const char* labels_name = "", const Labels<T>* labels = nullptr);

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

  void weigh(const Weights& sample_weights);

  void leave_out(const Mask& mask);
  void leave_out(std::size_t sample);
  void expect_left_out_samples() { losses_.weights.follow_mask = true; }

  // The class weight of each sample's label; they multiply the losses if `scale_losses`. No elements: all 1.
  void set_target_weights(ArrayView<const double> weights, bool scale_losses);

  template <class U>
  ArrayView<U> broadcast(ArrayView<const U> from, const Shape& shape);

  bool needs_grad() const { return op_.needs_grad(); }
  bool is_valid(std::size_t sample) const { return losses_.weights.is_valid(sample); }
  std::size_t samples() const { return losses_.weights.samples; }
  const char* name() const { return name_; }
  const Shape& sample_shape() const { return sample_shape_; }
  bool checks_logits() const { return tape_.checks_logits(); }
  const Slices& slices() const { return losses_.slices; }
  const T* labels() const { return losses_.labels; }
  bool has_label_gradient() const { return !label_gradient_.empty(); }

  Variable<T> finish(const Reduction& reduction, LossOfBlock<T> loss_of);

  // The same in steps: what writes the losses of blocks of at most so many samples,
  const LossSum<T>& begin_losses(const Reduction& reduction, std::size_t most);
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
  void tell_divisor(const Reduction& reduction) const;
  // Of the arrays that are no variables, of which the tape knows nothing.
  void explain_nan() const;

  const char* name_;
  Shape sample_shape_;
  Tape<T>& tape_;
  bool checks_finite_;
  Recording<T> op_;
  LossSum<T> losses_;
  PredictionBlock<T> predictions_{};
  ArrayView<T> gradient_;  // no elements: nobody needs it
  ArrayView<T> label_gradient_;
  ArrayView<T> y_;

  // While the tape checks for NaN: the arguments and options that are plain arrays, by name.
  std::pair<const char*, ArrayView<const T>> label_array_;
  std::vector<std::pair<const char*, ArrayView<const double>>> weight_arrays_;
};

}  // namespace xtape::losses
