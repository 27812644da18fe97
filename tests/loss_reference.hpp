// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// What the losses and their options mean, straight from the definitions: one sample at a time, in plain loops
// over long double. Shares nothing with the library's losses but the names of the reductions.

#include <algorithm>
#include <complex>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <vector>

#include "matchers.hpp"

namespace xtape::testing {

using Real = long double;

// A derivative is the imaginary part that a tiny imaginary step in one argument leaves in the result. It is
// exact to rounding, as nothing is subtracted: Squire and Trapp, SIAM Review 40 (1998).
using Complex = std::complex<Real>;
inline constexpr Real imaginary_step = 1e-150L;

using Index = std::vector<std::size_t>;

/// The arguments of a loss.
struct LossCall {
  bool of_classes = false;  ///< whether options of one axis lie along `axis`; otherwise all of them broadcast
  xt::xarray<double> predictions = {}, labels = {};   ///< of one shape
  std::optional<xt::xarray<int>> class_indices = {};  ///< to use in place of the labels
  std::optional<int> axis = {};                       ///< if not given, each element is a sample
  double temperature = 1;
  std::optional<xt::xarray<double>> class_weights = {}, sample_weights = {}, pos_weight = {};
  std::optional<xt::xarray<bool>> mask = {}, class_mask = {};
  std::optional<int> ignore_index = {};
  double label_smoothing = 0;
  std::optional<xt::xarray<double>> smoothing_prior = {};
  double z_loss = 0;
  losses::Reduction reduction = losses::Reduction::mean;
};

/// Everything that its loss depends on: what lies along the axis, or the one element if there is none.
struct Sample {
  std::vector<Complex> predictions, labels;  // those of a class index are 1 there and 0 elsewhere
  std::vector<Real> class_weights, pos_weights, prior;
  std::vector<bool> in_class_mask;
  std::optional<std::size_t> class_index;
  Real smoothing = 0, z_loss = 0, weight = 1;
  bool valid = true;

  std::size_t size() const { return predictions.size(); }
};

using Meaning = std::function<Complex(const Sample&)>;

/// The place of a flat, row-major position in an array.
inline Index index_of(std::size_t position, const Shape& shape) {
  Index index(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = position % shape[axis];
    position /= shape[axis];
  }
  return index;
}

inline Shape shape_of(const LossCall& call) {
  return Shape(call.predictions.shape().begin(), call.predictions.shape().end());
}

inline std::size_t axis_of(const LossCall& call) {
  return static_cast<std::size_t>(*call.axis < 0 ? *call.axis + static_cast<int>(shape_of(call).rank())
                                                 : *call.axis);
}

/// One loss per sample.
inline Shape losses_shape(const LossCall& call) {
  Shape shape;
  for (std::size_t i = 0; i < shape_of(call).rank(); ++i) {
    if (!call.axis || i != axis_of(call)) shape.append(shape_of(call)[i]);
  }
  return shape;
}

/// The places of a sample's elements in the predictions.
inline std::vector<Index> elements_of(const LossCall& call, Index sample) {
  if (!call.axis) return {sample};
  std::vector<Index> elements(shape_of(call)[axis_of(call)], sample);
  for (std::size_t j = 0; j < elements.size(); ++j) {
    elements[j].insert(elements[j].begin() + static_cast<std::ptrdiff_t>(axis_of(call)), j);
  }
  return elements;
}

/// An element of an array that is broadcast: xtensor drops the axes that it has not, and those of extent 1
/// have the stride 0.
template <class Array>
auto& at(Array& array, const Index& index) {
  return array.element(index.begin(), index.end());
}

/// An element of an option: that of class j, if the option has one for each class.
template <class T>
T at(const std::optional<xt::xarray<T>>& option, const Index& index, std::optional<std::size_t> j,
     T otherwise) {
  if (!option) return otherwise;
  return j && option->dimension() == 1 ? (*option)(*j) : at(*option, index);
}

inline Sample sample_at(const LossCall& call, const Index& place) {
  Sample sample;
  const std::vector<Index> elements = elements_of(call, place);
  if (call.class_indices) {
    const int y = at(*call.class_indices, place);
    if (y == call.ignore_index) sample.valid = false;
    sample.class_index = static_cast<std::size_t>(y);
  }
  if (call.mask && !at(*call.mask, place)) sample.valid = false;
  if (call.sample_weights) sample.weight = at(*call.sample_weights, place);
  sample.smoothing = call.label_smoothing;
  sample.z_loss = call.z_loss;

  Real prior = 0;
  for (std::size_t j = 0; j < elements.size(); ++j) {
    const Index& element = elements[j];
    const auto of_class = call.of_classes ? std::optional(j) : std::nullopt;
    sample.predictions.emplace_back(at(call.predictions, element));
    sample.labels.emplace_back(sample.class_index ? j == *sample.class_index : at(call.labels, element));
    sample.class_weights.push_back(at(call.class_weights, element, of_class, 1.0));
    sample.pos_weights.push_back(at(call.pos_weight, element, of_class, 1.0));
    sample.prior.push_back(at(call.smoothing_prior, element, of_class, call.of_classes ? 1 : 0.5));
    sample.in_class_mask.push_back(
        at(call.class_mask, element, call.axis ? std::optional(j) : std::nullopt, true));
    if (sample.in_class_mask[j]) prior += sample.prior[j];
  }
  // Smoothing spreads over the classes that are left.
  if (call.of_classes) {
    for (Real& r : sample.prior) r /= prior;
  }
  const auto left = std::count(sample.in_class_mask.begin(), sample.in_class_mask.end(), true);
  if (left == 0) sample.valid = false;
  return sample;
}

/// What a loss should give.
struct Expected {
  std::vector<double> values, gradient, label_gradient;
};

/// The losses of all samples and the gradient of each by the elements of its sample.
class LossReference {
 public:
  LossReference(const LossCall& call, const Meaning& meaning_at_1) : call_(call) {
    const Meaning meaning = [&](Sample sample) {
      for (Complex& x : sample.predictions) x /= static_cast<Real>(call.temperature);
      return meaning_at_1(sample);
    };
    gradient_.resize(call.predictions.size());
    label_gradient_.resize(call.predictions.size());
    sample_of_.resize(call.predictions.size());
    for (std::size_t n = 0; n < losses_shape(call).elements(); ++n) {
      const Index place = index_of(n, losses_shape(call));
      Sample sample = sample_at(call, place);
      losses_.push_back(sample.valid ? sample.weight * meaning(sample).real() : 0);
      const std::vector<Index> elements = elements_of(call, place);
      for (std::size_t j = 0; j < elements.size(); ++j) {
        const auto position = flat(elements[j]);
        sample_of_[position] = n;
        gradient_[position] = slope(meaning, sample, sample.predictions[j]);
        label_gradient_[position] = slope(meaning, sample, sample.labels[j]);
      }
      samples_.push_back(std::move(sample));
    }
  }

  /// @param seed  what comes from above, for each element of the result.
  Expected reduced(losses::Reduction reduction, const std::vector<double>& seed) const {
    using Kind = losses::Reduction::Kind;
    if (reduction.kind() == Kind::none) return scaled(losses_, seed);
    const Real total = std::accumulate(losses_.begin(), losses_.end(), Real{0});
    const Real divisor = this->divisor(reduction);
    const bool empty = reduction.kind() == Kind::mean && divisor == 0;
    if (empty && reduction.empty() == losses::EmptyMean::zero) {
      const std::vector<double> zeros(gradient_.size());
      return {{0}, zeros, zeros};
    }
    return scaled({total / divisor},
                  std::vector<double>(losses_.size(), static_cast<double>(seed[0] / divisor)));
  }

 private:
  static Real slope(const Meaning& meaning, const Sample& sample, Complex& argument) {
    if (!sample.valid) return 0;
    const Complex before = argument;
    argument += Complex(0, imaginary_step);
    const Real result = sample.weight * meaning(sample).imag() / imaginary_step;
    argument = before;
    return result;
  }

  std::size_t flat(const Index& element) const {
    std::size_t position = 0;
    for (std::size_t i = 0; i < element.size(); ++i) position = position * shape_of(call_)[i] + element[i];
    return position;
  }

  template <class Term>
  Real sum_of_valid(Term term) const {
    Real sum = 0;
    for (const Sample& sample : samples_) {
      if (sample.valid) sum += term(sample);
    }
    return sum;
  }

  static Real target_class_weight(const Sample& sample) {
    if (sample.class_index) return sample.class_weights[*sample.class_index];
    Real sum = 0;
    for (std::size_t j = 0; j < sample.size(); ++j) {
      if (sample.in_class_mask[j]) sum += sample.class_weights[j] * sample.labels[j].real();
    }
    return sum;
  }

  Real divisor(losses::Reduction reduction) const {
    using Kind = losses::Reduction::Kind;
    using losses::Divisor;
    if (reduction.kind() == Kind::sum) return 1;
    if (reduction.kind() == Kind::sum_over_number) return reduction.number();
    const auto sum_of_weights = [this] {
      return sum_of_valid([](const Sample& sample) { return sample.weight; });
    };
    switch (reduction.divisor()) {
      case Divisor::elements:
        return static_cast<Real>(samples_.size());
      case Divisor::valid_elements:
        return sum_of_valid([](const Sample&) { return Real{1}; });
      case Divisor::sum_of_weights:
        return sum_of_weights();
      case Divisor::sum_of_unbroadcast_weights:
        if (call_.mask || call_.ignore_index) return sum_of_weights();
        if (!call_.sample_weights) return static_cast<Real>(samples_.size());
        return std::accumulate(call_.sample_weights->begin(), call_.sample_weights->end(), Real{0});
      case Divisor::sum_of_target_class_weights:
        return sum_of_valid([](const Sample& sample) { return sample.weight * target_class_weight(sample); });
      case Divisor::nonzero_weights:
        return sum_of_valid([](const Sample& sample) { return Real(sample.weight != 0); });
    }
    return NaN;
  }

  Expected scaled(const std::vector<Real>& values, const std::vector<double>& scale) const {
    Expected result{{values.begin(), values.end()}, {}, {}};
    for (std::size_t i = 0; i < gradient_.size(); ++i) {
      const std::size_t n = sample_of_[i];
      const auto scaled = [&](Real slope) {
        return samples_[n].valid ? static_cast<double>(scale[n] * slope) : 0;
      };
      result.gradient.push_back(scaled(gradient_[i]));
      result.label_gradient.push_back(scaled(label_gradient_[i]));
    }
    return result;
  }

  LossCall call_;
  std::vector<Sample> samples_;
  std::vector<Real> losses_, gradient_, label_gradient_;  // weighted
  std::vector<std::size_t> sample_of_;                    // each element's
};

// What each family means for a sample.

/// The labels of the classes: c_j ((1 - a) t_j + a r_j). Of a masked class only a class index is left.
inline Complex class_label(const Sample& sample, std::size_t j) {
  const Real a = sample.smoothing, c = sample.class_weights[j];
  if (sample.in_class_mask[j]) return c * ((1 - a) * sample.labels[j] + a * sample.prior[j]);
  return sample.class_index == j ? c * (1 - a) : 0;
}

/// The labels of yes or no: (1 - a) z + a r.
inline Complex smoothed_label(const Sample& sample, std::size_t j) {
  return (1 - sample.smoothing) * sample.labels[j] + sample.smoothing * sample.prior[j];
}

/// The sum over the labels that are not 0: one of 0 contributes nothing, whatever it is multiplied by.
inline Complex sum_over_labels(const Sample& sample, const std::function<Complex(std::size_t)>& term) {
  Complex sum = 0;
  for (std::size_t j = 0; j < sample.size(); ++j) {
    const Complex t = class_label(sample, j);
    if (t != Complex(0)) sum += t * term(j);
  }
  return sum;
}

/// The mean of the losses of the elements, each times its class weight.
inline Complex mean_of_elements(const Sample& sample, const std::function<Complex(std::size_t)>& loss) {
  Complex sum = 0;
  for (std::size_t j = 0; j < sample.size(); ++j) sum += sample.class_weights[j] * loss(j);
  return sum / static_cast<Real>(sample.size());
}

inline Complex log_sum_exp(const Sample& sample) {
  Complex sum = 0;
  for (std::size_t j = 0; j < sample.size(); ++j) {
    if (sample.in_class_mask[j]) sum += std::exp(sample.predictions[j]);
  }
  return std::log(sum);
}

inline Complex sum_of(const std::vector<Complex>& terms) {
  return std::accumulate(terms.begin(), terms.end(), Complex(0));
}

/// Passes the derivative between the ends.
inline Complex clip(Complex x, Real low, Real high) {
  if (x.real() < low) return low;
  if (x.real() > high) return high;
  return x;
}

/// log(1 + exp(x)), for x of moderate size.
inline Complex softplus(Complex x) { return std::log(Real{1} + std::exp(x)); }

}  // namespace xtape::testing
