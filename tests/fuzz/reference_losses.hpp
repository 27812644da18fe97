// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// The losses by their definitions, one sample at a time. Arguments are those that the library has taken.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "reference_ops.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::fuzz {

/// What a loss is called with, and with which options.
struct LossCall {
  template <class T>
  using Option = std::optional<Array<T>>;

  Values logits;
  Values labels;  ///< soft ones, where there are no class indices
  std::optional<Array<std::int64_t>> class_indices;
  std::optional<int> axis;  ///< if not given, each element is a sample
  Option<double> class_weights, sample_weights, pos_weight, smoothing_prior;
  Option<bool> mask, class_mask;
  std::optional<std::int64_t> ignore_index;
  double temperature = 1, label_smoothing = 0, z_loss = 0;
  losses::Reduction reduction = losses::Reduction::mean;
};

template <class T>
T at(const LossCall::Option<T>& option, const Index& index, T otherwise) {
  if (!option) return otherwise;
  Index own(option->shape().rank());
  for (std::size_t axis = 0; axis < own.size(); ++axis) {
    own[axis] = option->shape()[axis] == 1 ? 0 : index[index.size() - own.size() + axis];
  }
  return (*option)[flat_of(own, option->shape())];
}

/// Of class j, if the option has one number for each class, and else of the element.
template <class T>
T at(const LossCall::Option<T>& option, std::size_t j, const Index& element, T otherwise) {
  const bool is_of_classes = option && option->shape().rank() == 1 && element.size() != 1;
  return is_of_classes ? (*option)[j] : at(option, element, otherwise);
}

struct Sample {
  std::vector<Dual> logits, labels;  ///< with smoothing and class weights; 0 of a masked class
  std::vector<Real> class_weights, pos_weights;
  std::vector<bool> counts;  ///< whether a class is in the softmax
  Real weight = 1;
  Dual target_weight;
  bool valid = true;
};

inline std::size_t axis_of(const LossCall& call) {
  const int rank = static_cast<int>(call.logits.shape.rank());
  return static_cast<std::size_t>(*call.axis < 0 ? *call.axis + rank : *call.axis);
}

inline Shape losses_shape(const LossCall& call) {
  Shape shape;
  for (std::size_t axis = 0; axis < call.logits.shape.rank(); ++axis) {
    if (!call.axis || axis != axis_of(call)) shape.append(call.logits.shape[axis]);
  }
  return shape;
}

inline std::vector<Index> elements_of(const LossCall& call, const Index& place) {
  if (!call.axis) return {place};
  std::vector<Index> elements;
  for (std::size_t j = 0; j < call.logits.shape[axis_of(call)]; ++j) {
    elements.push_back(place.with(axis_of(call), j));
  }
  return elements;
}

/// What all losses have in common.
inline Sample sample_at(const LossCall& call, const Index& place) {
  Sample sample;
  sample.valid = at(call.mask, place, true);
  sample.weight = at(call.sample_weights, place, 1.0);
  for (const Index& element : elements_of(call, place)) {
    sample.logits.push_back(call.logits.at[flat_of(element, call.logits.shape)] / Dual(call.temperature));
  }
  return sample;
}

/// The labels of a class loss: c_j ((1 - a) t_j + a r_j / sum of r).
inline Sample class_sample_at(const LossCall& call, const Index& place) {
  Sample sample = sample_at(call, place);
  const std::vector<Index> elements = elements_of(call, place);
  std::int64_t y = -1;
  if (call.class_indices) {
    y = (*call.class_indices)[flat_of(place, call.class_indices->shape())];
    if (y == call.ignore_index) sample.valid = false;
  }
  Real mass = 0;
  for (std::size_t j = 0; j < elements.size(); ++j) {
    sample.counts.push_back(at(call.class_mask, j, elements[j], true));
    sample.class_weights.push_back(call.class_weights ? (*call.class_weights)[j] : 1.0);
    if (sample.counts[j]) mass += call.smoothing_prior ? (*call.smoothing_prior)[j] : 1.0;
  }
  if (std::find(sample.counts.begin(), sample.counts.end(), true) == sample.counts.end())
    sample.valid = false;
  const Real a = call.label_smoothing;
  for (std::size_t j = 0; j < elements.size(); ++j) {
    const bool is_index = y == static_cast<std::int64_t>(j);
    const Dual given =
        call.class_indices ? Dual(is_index) : call.labels.at[flat_of(elements[j], call.labels.shape)];
    const Real prior = call.smoothing_prior ? (*call.smoothing_prior)[j] : 1.0, c = sample.class_weights[j];
    Dual label = is_index ? Dual(c * (1 - a)) : Dual();
    if (sample.counts[j]) {
      label = Dual(c) * (Dual(1 - a) * given + Dual(a > 0 ? a * prior / mass : 0));
      if (!call.class_indices) sample.target_weight = sample.target_weight + Dual(c * given.value);
    }
    if (is_index) sample.target_weight = Dual(c);
    sample.labels.push_back(label);
  }
  return sample;
}

/// The labels of yes or no: (1 - a) z + a / 2.
inline Sample element_sample_at(const LossCall& call, const Index& place) {
  Sample sample = sample_at(call, place);
  const Real a = call.label_smoothing;
  for (const Index& element : elements_of(call, place)) {
    sample.labels.push_back(Dual(1 - a) * call.labels.at[flat_of(element, call.labels.shape)] + Dual(a / 2));
    sample.class_weights.push_back(at(call.class_weights, element, 1.0));
    sample.pos_weights.push_back(at(call.pos_weight, element, 1.0));
  }
  return sample;
}

inline Dual divisor(const LossCall& call, const std::vector<Sample>& samples) {
  using losses::Divisor;
  const auto over_valid = [&](auto term) {
    Dual total;
    for (const Sample& sample : samples) total = total + (sample.valid ? term(sample) : Dual());
    return total;
  };
  const auto weight = [](const Sample& sample) { return Dual(sample.weight); };
  switch (call.reduction.divisor()) {
    case Divisor::elements:
      return Dual(static_cast<Real>(samples.size()));
    case Divisor::valid_elements:
      return over_valid([](const Sample&) { return Dual(1); });
    case Divisor::sum_of_weights:
      return over_valid(weight);
    case Divisor::sum_of_unbroadcast_weights:
      if (call.mask || call.ignore_index) return over_valid(weight);
      if (!call.sample_weights) return Dual(static_cast<Real>(samples.size()));
      return Dual(std::accumulate(call.sample_weights->begin(), call.sample_weights->end(), Real{0}));
    case Divisor::sum_of_target_class_weights:
      return over_valid([](const Sample& sample) { return Dual(sample.weight) * sample.target_weight; });
    case Divisor::nonzero_weights:
      return over_valid([](const Sample& sample) { return Dual(sample.weight != 0); });
  }
  return Dual(std::numeric_limits<Real>::quiet_NaN());
}

/// The losses of all samples, meaning(sample) each, reduced.
template <class SampleAt, class Meaning>
Values loss(const LossCall& call, SampleAt sample_at, Meaning meaning) {
  using Kind = losses::Reduction::Kind;
  std::vector<Sample> samples;
  Values each = make(losses_shape(call), [&](const Index& place) {
    samples.push_back(sample_at(call, place));
    const Sample& sample = samples.back();
    return sample.valid ? Dual(sample.weight) * meaning(sample) : Dual();
  });
  if (call.reduction.kind() == Kind::none) return each;
  Values y(Shape{});
  y.at[0] = sum(each.at);
  if (call.reduction.kind() == Kind::sum) return y;
  const bool is_mean = call.reduction.kind() == Kind::mean;
  const Dual d = is_mean ? divisor(call, samples) : Dual(call.reduction.number());
  const bool is_empty = is_mean && d.value == 0;
  y.at[0] = is_empty && call.reduction.empty() == losses::EmptyMean::zero ? Dual() : y.at[0] / d;
  return y;
}

/// The logarithms of the probabilities; of a class that is masked too, where it is the label.
inline std::vector<Dual> log_probabilities(const Sample& sample) {
  std::vector<Dual> in, result;
  for (std::size_t j = 0; j < sample.logits.size(); ++j) {
    if (sample.counts[j]) in.push_back(sample.logits[j]);
  }
  const Dual all = log_sum_exp(in);
  for (const Dual& x : sample.logits) result.push_back(x - all);
  return result;
}

/// The sum of term(j) over the labels that are not 0.
template <class Term>
Dual over_labels(const Sample& sample, Term term) {
  Dual total;
  for (std::size_t j = 0; j < sample.labels.size(); ++j) {
    const Dual& t = sample.labels[j];
    if (t.value != 0 || !t.is_constant()) total = total + t * term(j);
  }
  return total;
}

inline Values softmax_cross_entropy(const LossCall& call) {
  return loss(call, class_sample_at, [&](const Sample& sample) {
    const std::vector<Dual> log_p = log_probabilities(sample);
    const Dual normalizer = sample.logits[0] - log_p[0];
    return over_labels(sample, [&](std::size_t j) { return -log_p[j]; }) +
           Dual(call.z_loss) * square(normalizer);
  });
}

/// 1 - p of a class, as the sum of the others.
inline Dual others(const Sample& sample, const std::vector<Dual>& log_p, std::size_t j) {
  Dual total;
  for (std::size_t k = 0; k < log_p.size(); ++k) {
    if (k != j && sample.counts[k]) total = total + exp(log_p[k]);
  }
  return total;
}

inline Values softmax_focal(const LossCall& call, double gamma) {
  return loss(call, class_sample_at, [&](const Sample& sample) {
    const std::vector<Dual> log_p = log_probabilities(sample);
    return over_labels(sample,
                       [&](std::size_t j) { return -(power(others(sample, log_p, j), gamma) * log_p[j]); });
  });
}

inline Values poly_cross_entropy(const LossCall& call, double epsilon) {
  return loss(call, class_sample_at, [&](const Sample& sample) {
    const std::vector<Dual> log_p = log_probabilities(sample);
    return over_labels(sample,
                       [&](std::size_t j) { return Dual(epsilon) * others(sample, log_p, j) - log_p[j]; });
  });
}

/// The mean over the elements of their class weight times term(j).
template <class Term>
Dual mean_of_elements(const Sample& sample, Term term) {
  std::vector<Dual> terms;
  for (std::size_t j = 0; j < sample.logits.size(); ++j) {
    terms.push_back(Dual(sample.class_weights[j]) * term(sample.logits[j], sample.labels[j], j));
  }
  return mean(terms);
}

inline Values sigmoid_cross_entropy(const LossCall& call) {
  return loss(call, element_sample_at, [&](const Sample& sample) {
    return mean_of_elements(sample, [&](const Dual& x, const Dual& z, std::size_t j) {
      return Dual(sample.pos_weights[j]) * z * softplus(-x) + (Dual(1) - z) * softplus(x);
    });
  });
}

inline Values sigmoid_focal(const LossCall& call, double gamma) {
  return loss(call, element_sample_at, [&](const Sample& sample) {
    return mean_of_elements(sample, [&](const Dual& x, const Dual& z, std::size_t) {
      const Dual wrong = z * sigmoid(-x) + (Dual(1) - z) * sigmoid(x);
      return power(wrong, gamma) * (z * softplus(-x) + (Dual(1) - z) * softplus(x));
    });
  });
}

inline Values soft_margin(const LossCall& call) {
  return loss(call, element_sample_at, [&](const Sample& sample) {
    return mean_of_elements(sample,
                            [&](const Dual& x, const Dual& t, std::size_t) { return softplus(-(t * x)); });
  });
}

inline Values squared_error(const LossCall& call, Real scale) {
  return loss(call, element_sample_at, [&](const Sample& sample) {
    return mean_of_elements(
        sample, [&](const Dual& x, const Dual& t, std::size_t) { return Dual(scale) * square(x - t); });
  });
}

inline Values huber(const LossCall& call, Real delta, Real scale) {
  return loss(call, element_sample_at, [&](const Sample& sample) {
    return mean_of_elements(sample, [&](const Dual& x, const Dual& t, std::size_t) {
      const Dual error = x - t;
      const bool is_small = std::abs(error.value) <= delta;
      return Dual(scale) *
             (is_small ? square(error) / Dual(2) : Dual(delta) * (abs(error) - Dual(delta / 2)));
    });
  });
}

}  // namespace xtape::fuzz
