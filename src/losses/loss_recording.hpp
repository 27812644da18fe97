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

#include "core/rows.hpp"
#include "core/slices.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/kernels.hpp"
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

// Some samples, one after the other, and where what they give is written: their own losses, and their
// gradients times the scales, null where nobody needs them.
template <class T>
struct SampleRows {
  SliceRange range;
  const T* x;
  const T* labels;       // null if there are none
  const double* scales;  // null: `scale` for all
  double scale;
  double* losses;
  T* gradient;
  T* label_gradient;

  std::size_t count() const { return range.count(); }
  std::size_t length() const { return range.slices.length; }
  double scale_of(std::size_t row) const { return scales == nullptr ? scale : scales[row]; }

  Sample<T> operator[](std::size_t row) const {
    const auto row_of = [&](auto* array) { return array == nullptr ? array : array + row * length(); };
    return {range.begin + row, range.slices.start(range.begin + row),
            range.slices.step, length(),
            row_of(x),         row_of(labels),
            row_of(gradient),  row_of(label_gradient)};
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
      kernels::kernels<T>().multiply(&saved[at[0]], true, dy + at[1], dy_step != 0, dx + at[0], n);
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
      const ArrayView<const T> array = read(labels->array());
      labels_ = array.data();
      if (checks_finite_) label_array_ = {labels_name, array};
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
  bool has_label_gradient() const { return !label_gradient_.empty(); }

  // loss_of(rows) writes the losses of SampleRows and their gradients; what it writes of samples that are
  // left out does not count. It is called for several at once, on as many threads.
  template <class LossOf>
  Variable<T> finish_rows(const Reduction& reduction, LossOf loss_of) {
    const bool reduced = reduction.kind() != Reduction::Kind::none;
    const double divisor = weights_.divisor(name_, reduction);
    const ArrayView<T> y = op_.output(reduced ? Shape{} : layout_.samples);
    if (checks_finite_) losses_ = save<double>(layout_.samples);

    // Every sum is over samples that depend on the shape alone, so that threads change nothing.
    const Slices& slices = layout_.slices;
    const std::size_t length = samples_for(slices.length, exponentials_per_block);
    const auto sums = save<double>({(samples() + length - 1) / length});
    parallel_for_ranges(samples(), length, [&](std::size_t begin, std::size_t end) {
      kernels::Sum<double> sum;
      const std::size_t step = samples_for(slices.length, elements_at_a_time);
      for (std::size_t first = begin; first < end; first += step) {
        const SliceRange range{slices, first, std::min(end, first + step)};
        const double* losses = write_rows(range, divisor, loss_of);
        if (reduced) {
          sum.add(kernels::kernels<T>().sum_of_doubles(losses, range.count()));
        } else {
          std::transform(losses, losses + range.count(), &y[first],
                         [](double loss) { return static_cast<T>(loss); });
        }
      }
      sums[begin / length] = sum.value();
    });
    if (checks_finite_) explain_nan();
    if (reduced) {
      const double sum =
          sums.size() == 1 ? sums[0] : kernels::kernels<T>().sum_of_doubles(sums.data(), sums.size());
      y[0] = std::isinf(divisor) ? T{0} : static_cast<T>(sum / divisor);
    }
    return op_.finish(
        [gradient = gradient_, label_gradient = label_gradient_, slices, reduced](Backward<T>& b) {
          contribute_saved<T>(b, 0, gradient, slices, reduced);
          contribute_saved<T>(b, 1, label_gradient, slices, reduced);
        });
  }

  // loss_of(sample) returns the loss of one sample and writes its gradients.
  template <class LossOf>
  Variable<T> finish(const Reduction& reduction, LossOf loss_of) {
    return finish_rows(reduction, [&](const SampleRows<T>& rows) {
      for (std::size_t row = 0; row < rows.count(); ++row) {
        const Sample<T> sample = rows[row];
        if (!is_valid(sample.index)) continue;
        rows.losses[row] = loss_of(sample);
        scale(sample, rows.scale_of(row));
      }
    });
  }

  // Multiplies the gradients of a sample.
  static void scale(const Sample<T>& sample, double factor) {
    if (factor == 1) return;
    for (T* array : {sample.gradient, sample.label_gradient}) {
      if (array == nullptr) continue;
      for (std::size_t j = 0; j < sample.length; ++j) array[j] = static_cast<T>(array[j] * factor);
    }
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

  // What loss_of sees at a time stays in the processor's first cache.
  static constexpr std::size_t elements_at_a_time = 8192;

  // So many that they have about so many elements. Kernels work on up to 64 rows at once.
  static std::size_t samples_for(std::size_t length, std::size_t elements) {
    const std::size_t samples = std::max<std::size_t>(1, elements / std::max<std::size_t>(1, length));
    return samples < 64 ? samples : samples / 64 * 64;
  }

  template <class LossOf>
  const double* write_rows(const SliceRange& range, double divisor, LossOf& loss_of) {
    double* losses = checks_finite_ ? &losses_[range.begin] : scratch<double, Scratch::losses>(range.count());
    const auto rows_of = [&]<Scratch purpose>(ArrayView<T> array) {
      return array.empty() ? nullptr : range.rows_of<purpose>(array.data());
    };
    T* gradient = rows_of.template operator()<Scratch::gradient>(gradient_);
    T* label_gradient = rows_of.template operator()<Scratch::label_gradient>(label_gradient_);
    const double* scales = nullptr;
    if (weights_.has_factors()) scales = write_scales(range, divisor);
    loss_of(SampleRows<T>{range, range.gather<Scratch::x>(x_),
                          labels_ == nullptr ? nullptr : range.gather<Scratch::labels>(labels_), scales,
                          1 / divisor, losses, gradient, label_gradient});
    const bool all_count_alike = weights_.valid.empty() && !weights_.has_factors();
    for (std::size_t row = 0; row < range.count() && !all_count_alike; ++row) {
      const bool is_valid = weights_.is_valid(range.begin + row);
      losses[row] = is_valid ? weights_.factor(range.begin + row) * losses[row] : 0;
    }
    for (const auto& [rows, array] :
         {std::pair(gradient, gradient_), std::pair(label_gradient, label_gradient_)}) {
      if (rows == nullptr) continue;
      clear_left_out(range, divisor, rows);
      range.scatter(rows, array.data());
    }
    return losses;
  }

  const double* write_scales(const SliceRange& range, double divisor) const {
    double* scales = scratch<double, Scratch::scales>(range.count());
    for (std::size_t row = 0; row < range.count(); ++row)
      scales[row] = weights_.factor(range.begin + row) / divisor;
    return scales;
  }

  // An empty mean, with an infinite divisor, leaves out all.
  void clear_left_out(const SliceRange& range, double divisor, T* rows) const {
    if (weights_.valid.empty() && !std::isinf(divisor)) return;
    for (std::size_t row = 0; row < range.count(); ++row) {
      if (weights_.is_valid(range.begin + row) && !std::isinf(divisor)) continue;
      std::fill_n(rows + row * range.slices.length, range.slices.length, T{0});
    }
  }

  // Of the arrays that are no variables, of which the tape knows nothing.
  void explain_nan() const {
    for (std::size_t s = 0; s < losses_.size(); ++s) {
      if (!std::isnan(losses_[s])) continue;
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

  const char* name_;
  SampleLayout layout_;
  bool checks_finite_;
  Recording<T> op_;
  const T* x_;
  const T* labels_ = nullptr;
  ArrayView<T> gradient_;  // no elements: nobody needs it
  ArrayView<T> label_gradient_;
  SampleWeights weights_;

  // While the tape checks for NaN: the losses, and the arguments and options that are plain arrays, by name.
  ArrayView<double> losses_;
  std::pair<const char*, ArrayView<const T>> label_array_;
  std::vector<std::pair<const char*, ArrayView<const double>>> weight_arrays_;
};

}  // namespace xtape::losses
