// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// Calls a loss with every two of its options, with random sets of more, and under every reduction, and
// compares what it gives with the definitions in loss_reference.hpp.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "loss_reference.hpp"
#include "matchers.hpp"

namespace xtape::testing {

/// One of the forms of an option, of which a combination takes at most one.
struct Alternative {
  std::string name;
  std::function<void(LossCall&)> set;
};
using Option = std::vector<Alternative>;

/// A family of losses: how the library is called, what that means, and what it is called with.
template <class Loss>
struct Family {
  Loss loss;  ///< of the predictions, the labels and the LossCall that holds the rest
  Meaning meaning;
  Option layouts;               ///< of predictions and labels; each combination has one, usually the first
  std::vector<Option> options;  ///< set in this order
};

template <class Loss>
Family(Loss, Meaning, Option, std::vector<Option>) -> Family<Loss>;

// ---- Options of many families

struct Interval {
  double low, high;
};

inline constexpr double epsilon =
    0.05;  ///< probabilities are clipped to [epsilon, 1 - epsilon]: some are beyond
inline Complex clip_to_epsilon(Complex p) { return clip(p, epsilon, 1 - static_cast<Real>(epsilon)); }

inline Alternative layout(std::string name, Shape shape, std::optional<int> axis, Interval predictions,
                          Interval labels) {
  return {std::move(name), [=](LossCall& call) {
            Random random(5);
            const auto draw = [&](Interval interval) {
              std::vector<double> elements(shape.elements());
              for (double& x : elements) x = random.uniform(interval.low, interval.high);
              return array(shape, elements);
            };
            call.predictions = draw(predictions);
            call.labels = draw(labels);
            call.axis = axis;
          }};
}

inline constexpr std::size_t classes = 4;

inline Option layouts_along_axis(Interval predictions, Interval labels) {
  return {layout("axis = -1", {3, 2, classes}, -1, predictions, labels),
          layout("axis = 0", {classes, 3, 2}, 0, predictions, labels),
          layout("axis = -2", {3, classes, 2}, -2, predictions, labels),
          layout("one sample", {classes}, 0, predictions, labels)};
}

inline Shape with_first_extent_of_1(const Shape& shape) {
  Shape result;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) result.append(axis == 0 ? 1 : shape[axis]);
  return result;
}

inline Option sample_weights() {
  return {{"sample_weights = 1.7", [](LossCall& call) { call.sample_weights = 1.7; }},
          {"sample_weights = 0", [](LossCall& call) { call.sample_weights = 0.0; }},
          {"sample_weights of each, one of them 0",
           [](LossCall& call) {
             call.sample_weights = irregular(losses_shape(call), 0.1, 2);
             call.sample_weights->flat(call.sample_weights->size() / 2) = 0;
           }},
          {"sample_weights of extent 1", [](LossCall& call) {
             call.sample_weights = irregular(with_first_extent_of_1(losses_shape(call)), 0.1, 2);
           }}};
}

/// False at every third place, beginning with the second.
inline xt::xarray<bool> mask_of(const Shape& shape) {
  xt::xarray<bool> result = xt::cast<bool>(array(shape, std::vector<double>(shape.elements(), 1)));
  for (std::size_t i = 1; i < result.size(); i += 3) result.flat(i) = false;
  return result;
}

inline Option mask() {
  return {{"mask", [](LossCall& call) { call.mask = mask_of(losses_shape(call)); }},
          {"mask of extent 1",
           [](LossCall& call) { call.mask = mask_of(with_first_extent_of_1(losses_shape(call))); }},
          {"mask = false", [](LossCall& call) { call.mask = false; }}};
}

/// With the prior of class j, or of yes.
inline Option smoothing(const xt::xarray<double>& prior) {
  return {{"label_smoothing = 0.2", [](LossCall& call) { call.label_smoothing = 0.2; }},
          {"label_smoothing = 1", [](LossCall& call) { call.label_smoothing = 1; }},
          {"label_smoothing with a prior", [=](LossCall& call) {
             call.label_smoothing = 0.3;
             call.smoothing_prior = prior;
           }}};
}

/// Calls work(n, j, place) for element j of sample n.
template <class Work>
void for_each_element(const LossCall& call, Work work) {
  for (std::size_t n = 0; n < losses_shape(call).elements(); ++n) {
    const auto elements = elements_of(call, index_of(n, losses_shape(call)));
    for (std::size_t j = 0; j < elements.size(); ++j) work(n, j, elements[j]);
  }
}

enum class MaskedLabels { yes, no };  ///< whether a class index may be that of a masked class

inline Option class_mask(MaskedLabels masked_labels) {
  const bool masks_labels = masked_labels == MaskedLabels::yes;
  return {
      {"class_mask",
       [=](LossCall& call) {
         call.class_mask = call.axis ? xt::xarray<bool>{true, true, false, true} : mask_of(shape_of(call));
         if (masks_labels) return;
         for (int& y : *call.class_indices) y = y == 2 ? 3 : y;
       }},
      {"class_mask of each sample",
       [=](LossCall& call) {
         call.class_mask = mask_of(shape_of(call));
         for_each_element(call, [&](std::size_t n, std::size_t j, const Index& place) {
           const bool label = !masks_labels && call.class_indices->flat(n) == static_cast<int>(j);
           at(*call.class_mask, place) = label || (n + j) % 3 != 2;
         });
       }},
      {"class_mask that leaves the first sample no class", [=](LossCall& call) {
         call.class_mask = mask_of(shape_of(call));
         for_each_element(call, [&](std::size_t n, std::size_t, const Index& place) {
           at(*call.class_mask, place) = n != 0;
         });
         if (!masks_labels) call.class_indices.reset();
       }}};
}

// ---- Options of losses over classes

inline constexpr Interval logit_interval{-3, 3}, probability_interval{0.01, 0.99},
    log_probability_interval{-4, -0.1}, soft_label_interval{0, 1};

inline Option layouts_of_classes(Interval predictions, Interval labels) {
  Option layouts = layouts_along_axis(predictions, labels);
  for (Alternative& one : layouts) {
    one.set = [soft = one.set](LossCall& call) {
      soft(call);
      call.of_classes = true;
      call.class_indices = xt::cast<int>(irregular(losses_shape(call)));
      for (std::size_t n = 0; n < call.class_indices->size(); ++n) {
        call.class_indices->flat(n) = static_cast<int>(n % classes);
      }
    };
  }
  return layouts;
}

inline Option weights_of_classes() {
  return {{"class_weights", [](LossCall& call) { call.class_weights = array({classes}, {0, 0, 2, 1.2}); }}};
}

inline Option alpha() {
  return {weights_of_classes()[0], {"alpha = 0.25", [](LossCall& call) { call.class_weights = 0.25; }}};
}

inline Option smoothing_of_classes() { return smoothing({0.1, 0.2, 0.3, 0.4}); }

inline Option temperature() {
  return {{"temperature = 0.7", [](LossCall& call) { call.temperature = 0.7; }}};
}

inline Option z_loss() {
  return {{"z_loss", [](LossCall& call) { call.z_loss = 0.1; }}};
}

// Smoothing does not label it either.
inline Option impossible_class(double prediction) {
  return {{"an impossible class without labels", [=](LossCall& call) {
             for (int& y : *call.class_indices) y = y == 1 ? 0 : y;
             for_each_element(call, [&](std::size_t, std::size_t j, const Index& place) {
               if (j != 1) return;
               at(call.predictions, place) = prediction;
               at(call.labels, place) = 0;
             });
             if (call.label_smoothing > 0) call.smoothing_prior = array({classes}, {0.3, 0, 0.3, 0.4});
           }}};
}

inline Option ignore_index() {
  return {{"ignore_index = -100",
           [](LossCall& call) {
             call.ignore_index = -100;
             for (std::size_t n = 2; n < call.class_indices->size(); n += 2) {
               call.class_indices->flat(n) = -100;
             }
           }},
          {"ignore_index = 0", [](LossCall& call) { call.ignore_index = 0; }},
          {"ignore_index = 7, which is none", [](LossCall& call) { call.ignore_index = 7; }}};
}

// ---- Combinations

struct Combination {
  std::string name;
  LossCall call;
};

inline Combination combine(const std::vector<const Alternative*>& alternatives) {
  Combination result;
  for (const Alternative* one : alternatives) {
    one->set(result.call);
    result.name += (result.name.empty() ? "" : ", ") + one->name;
  }
  return result;
}

/// Every two alternatives of different options; the layout is an option too.
template <class Loss>
std::vector<Combination> pairs(const Family<Loss>& family) {
  std::vector<Combination> result;
  for (const Alternative& layout : family.layouts) {
    result.push_back(combine({&layout}));
    for (std::size_t second = 0; second < family.options.size(); ++second) {
      for (const Alternative& b : family.options[second]) {
        result.push_back(combine({&layout, &b}));
        if (&layout != &family.layouts[0]) continue;
        for (std::size_t first = 0; first < second; ++first) {
          for (const Alternative& a : family.options[first]) result.push_back(combine({&layout, &a, &b}));
        }
      }
    }
  }
  return result;
}

/// Sets of any number of options, drawn at random.
template <class Loss>
std::vector<Combination> random_sets(const Family<Loss>& family) {
  Random random(17);
  const auto one_of = [&](const Option& option) { return &option[random.below(option.size())]; };
  std::vector<Combination> result;
  for (int draw = 0; draw < 50; ++draw) {
    std::vector<const Alternative*> alternatives{one_of(family.layouts)};
    for (const Option& option : family.options) {
      if (random.below(2) == 1) alternatives.push_back(one_of(option));
    }
    result.push_back(combine(alternatives));
  }
  return result;
}

/// Puts NaN, infinities and a class that does not exist where nothing counts.
inline void poison(LossCall& call) {
  const LossCall clean = call;
  const auto poison_own = [](auto& weights, const Shape& shape, const Index& place) {
    if (weights && weights->size() == shape.elements()) at(*weights, place) = NaN;
  };
  for_each_element(clean, [&](std::size_t n, std::size_t j, const Index& place) {
    const Index sample_place = index_of(n, losses_shape(clean));
    const Sample sample = sample_at(clean, sample_place);
    if (sample.valid && sample.in_class_mask[j]) return;
    at(call.labels, place) = NaN;
    if (!sample.valid || sample.class_index != j) at(call.predictions, place) = n % 2 == 0 ? NaN : -inf;

    if (!clean.mask || at(*clean.mask, sample_place)) return;
    poison_own(call.sample_weights, losses_shape(clean), sample_place);
    if (clean.class_indices && at(*clean.class_indices, sample_place) != clean.ignore_index) {
      at(*call.class_indices, sample_place) = 99;
    }
    if (clean.of_classes) return;
    poison_own(call.class_weights, shape_of(clean), place);
    poison_own(call.pos_weight, shape_of(clean), place);
  });
}

// ---- The comparison

/// The options of the library that say the same.
template <class Options>
Options options_of(const LossCall& call) {
  Options options;
  const auto set = [](auto& option, const auto& value) {
    if (value) option = *value;
  };
  if constexpr (requires { options.axis = std::optional<int>(); }) {
    options.axis = call.axis;
  } else if constexpr (requires { options.axis; }) {
    options.axis = *call.axis;
  }
  if constexpr (requires { options.temperature; }) options.temperature = call.temperature;
  if constexpr (requires { options.class_weights; }) set(options.class_weights, call.class_weights);
  if constexpr (requires { options.alpha = *call.class_weights; }) set(options.alpha, call.class_weights);
  set(options.sample_weights, call.sample_weights);
  if constexpr (requires { options.pos_weight; }) set(options.pos_weight, call.pos_weight);
  set(options.mask, call.mask);
  if constexpr (requires { options.class_mask; }) set(options.class_mask, call.class_mask);
  if constexpr (requires { options.ignore_index; }) options.ignore_index = call.ignore_index;
  if constexpr (requires { options.label_smoothing; }) options.label_smoothing = call.label_smoothing;
  if constexpr (requires { options.smoothing_prior = *call.smoothing_prior; }) {
    set(options.smoothing_prior, call.smoothing_prior);
  } else if constexpr (requires { options.smoothing_prior; }) {
    if (call.smoothing_prior) options.smoothing_prior = (*call.smoothing_prior)();
  }
  if constexpr (requires { options.z_loss; }) options.z_loss = call.z_loss;
  options.reduction = call.reduction;
  return options;
}

struct NamedReduction {
  std::string name;
  losses::Reduction reduction;
};

inline std::vector<NamedReduction> every_reduction(bool of_classes) {
  using losses::Divisor;
  using losses::Reduction;
  std::vector<NamedReduction> result{{"none", Reduction::none},
                                     {"sum", Reduction::sum},
                                     {"mean", Reduction::mean},
                                     {"mean by 2.5", Reduction::mean_by(2.5)}};
  std::vector<std::pair<std::string, Divisor>> divisors{
      {"elements", Divisor::elements},
      {"valid elements", Divisor::valid_elements},
      {"sum of weights", Divisor::sum_of_weights},
      {"sum of unbroadcast weights", Divisor::sum_of_unbroadcast_weights},
      {"nonzero weights", Divisor::nonzero_weights}};
  if (of_classes) divisors.emplace_back("sum of target class weights", Divisor::sum_of_target_class_weights);
  for (const auto& [name, divisor] : divisors) {
    result.push_back({"mean by " + name, Reduction::mean_by(divisor)});
    result.push_back({"mean by " + name + ", or 0", Reduction::mean_by(divisor, losses::EmptyMean::zero)});
  }
  return result;
}

/// The long double of the definition, rounded; float has the same formulas, but fewer digits.
template <class T>
AllClose near(const std::vector<double>& expected) {
  if constexpr (std::is_same_v<T, float>) return AllClose(expected, 1e-5, 1e-5);
  return AllClose(expected, 1e-13, 1e-14);
}

/// labels(tape) makes the argument.
template <class T, class Loss>
void check_every_reduction(const Family<Loss>& family, LossCall call, const auto& labels) {
  const LossReference reference(call, family.meaning);
  Tape<T> tape;
  for (const auto& [name, reduction] : every_reduction(call.of_classes)) {
    INFO("reduction: " << name);
    call.reduction = reduction;
    const auto frame = tape.frame();
    const auto x = tape.variable(call.predictions);
    const auto t = labels(tape);
    const auto loss = family.loss(x, t, call);
    const xt::xarray<T> from_above = irregular(loss.shape(), 0.5, 2);
    loss.backward(from_above);

    const Expected expected = reference.reduced(reduction, values(from_above));
    CHECK_THAT(values(loss), near<T>(expected.values));
    CHECK_THAT(values(x.grad()), near<T>(expected.gradient));
    if constexpr (std::is_same_v<decltype(t), const Variable<T>>) {
      CHECK_THAT(values(t.grad()), near<T>(expected.label_gradient));
    }
  }
}

/// Whether the loss takes labels of such a type.
template <class Loss, class T, class Labels>
concept Takes = (std::invocable<Loss, Variable<T>, Labels, const LossCall&>);

template <class T, class Loss>
void check_every_kind_of_label(const Family<Loss>& family, LossCall call) {
  poison(call);
  if constexpr (Takes<Loss, T, xt::xarray<int>>) {
    if (call.class_indices) {
      INFO("class indices");
      check_every_reduction<T>(family, call, [&](Tape<T>&) { return *call.class_indices; });
    }
  }
  if (call.ignore_index) return;
  call.class_indices.reset();
  if constexpr (Takes<Loss, T, Variable<T>>) {
    INFO("labels in a variable");
    check_every_reduction<T>(family, call, [&](Tape<T>& tape) { return tape.variable(call.labels); });
  }
  if constexpr (Takes<Loss, T, xt::xarray<double>>) {
    INFO("labels in an array");
    check_every_reduction<T>(family, call, [&](Tape<T>&) { return call.labels; });
  }
}

/// A failure names the combination, the kind of the labels and the reduction.
template <class Loss>
void check_every_combination(const Family<Loss>& family) {
  for (const Combination& combination : pairs(family)) {
    INFO(combination.name);
    check_every_kind_of_label<double>(family, combination.call);
  }
  for (const Combination& combination : random_sets(family)) {
    INFO(combination.name);
    check_every_kind_of_label<double>(family, combination.call);
    INFO("in float");
    check_every_kind_of_label<float>(family, combination.call);
  }
}

/// Asks the library's own checker, which needs finite arguments.
template <class Loss>
void gradcheck_random_sets(const Family<Loss>& family) {
  for (Combination& combination : random_sets(family)) {
    LossCall& call = combination.call;
    if (std::isinf(*std::min_element(call.predictions.begin(), call.predictions.end()))) continue;
    call.reduction = losses::Reduction::mean_by(5);
    INFO(combination.name);
    if (!call.ignore_index) {
      const auto loss = [&](auto x, auto t) { return family.loss(x, t, call); };
      CHECK_THAT(gradcheck(loss, call.predictions, call.labels), HasCorrectGradient());
    }
    if (call.class_indices) {
      const auto loss = [&](auto x) { return family.loss(x, *call.class_indices, call); };
      CHECK_THAT(gradcheck(loss, call.predictions), HasCorrectGradient());
    }
  }
}

}  // namespace xtape::testing
