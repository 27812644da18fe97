// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/autograd/parameter.hpp"
#include "xtape/autograd/tape.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// How strict gradcheck is. A gradient passes if |analytic - numeric| is at most
/// relative_tolerance * max(|analytic|, |numeric|) + absolute_tolerance + what rounding of the outputs can
/// have made of the differences.
struct GradcheckOptions {
  double relative_tolerance = 0;  ///< 0: the default of the type, 1e-6 for double and 5e-3 for float
  double absolute_tolerance = 0;  ///< 0: none, as the differences say themselves how far they can be trusted
  std::uint64_t seed = 0;         ///< of the weights of the outputs
};

/// What gradcheck found. The element described is the worst one: the one that used up, or overran, its
/// tolerance the most.
struct GradcheckReport {
  bool passed = false;         ///< no element failed, and not all that change something are unresolved
  std::size_t elements = 0;    ///< looked at
  std::size_t failures = 0;    ///< of them
  std::size_t unresolved = 0;  ///< of them: a flipped sign, or a factor of 2, could hide in the rounding
  std::size_t kinks = 0;  ///< where the slopes to the left and right differ and the gradient is between them

  std::string name;                 ///< of the input: "input 0", or the name of a parameter
  std::size_t input = 0;            ///< which input, counted from 0
  std::vector<std::size_t> index;   ///< where in it, one number per axis
  std::vector<std::size_t> output;  ///< where in the output
  double analytic = 0;              ///< from the gradient rules, times the weight of the output
  double numeric = 0;               ///< from central differences, extrapolated to step 0, likewise
  double step = 0;                  ///< the smallest step that the numeric value rests on
  double tolerance = 0;             ///< what |analytic - numeric| may be
  std::string message;              ///< the report in one sentence, for people

  /// Whether it passed.
  explicit operator bool() const noexcept { return passed; }
};

/// A function of variables whose gradients are to be checked.
template <class T>
using GradcheckFunction = std::function<Variable<T>(std::span<const Variable<T>>)>;

/// A function of parameters, which it watches itself: usually the loss of a model.
template <class T>
using GradcheckLoss = std::function<Variable<T>(Tape<T>&)>;

/// Compares the gradients of f with central differences.
///
/// f is any function of variables that computes the same outputs for the same inputs; one that does not is
/// found and reported. Every output is compared with every element of every input, twice: once where the
/// rules of f write the gradient first, and once where something has been contributed before, so that a rule
/// that assigns where it should add is found. Each output's gradient is multiplied by a random weight. At a
/// kink a gradient between the slopes to both sides passes.
///
/// The numeric derivative is Ridders' (Advances in Engineering Software 1982): central differences over steps
/// that begin at 1/20 of the element and are quartered, extrapolated to 0, of which the most certain is
/// taken. Where an element is so small that rounding hides the differences, the steps begin at 1/20 of the
/// largest element of its array, and of 1. What rounding can have made of them follows from the size of that
/// output; where they contradict the rules, the rounding inside of f is measured too. So gradients of any
/// size are checked alike, beside outputs of any size. Elements of which the differences tell too little are
/// counted as unresolved; if that goes for all, the check does not pass.
///
///     const auto report = gradcheck([](auto x, auto y) { return tanh(x * y); }, x_values, y_values);
///     if (!report) std::cerr << report.message;
///
/// It takes two backward passes for each output and about 15 to 30 forward passes for each element of an
/// input. Check in double: float has too few digits to show a small mistake.
/// @throws ShapeError  the shape of the output depends on the values of the inputs.
template <class T>
GradcheckReport gradcheck(const GradcheckFunction<T>& f, std::span<const Array<T>> inputs,
                          const GradcheckOptions& options = {});

/// The same for parameters that exist already, each with the name by which the report calls it. Afterwards
/// their values are as before, and their gradients zero.
template <class T>
GradcheckReport gradcheck_parameters(const GradcheckLoss<T>& f,
                                     const std::vector<std::pair<std::string, Parameter<T>*>>& parameters,
                                     const GradcheckOptions& options = {});

/// The same for a function of one variable per input; inputs are xtensor expressions of one real type.
template <class F, class First, class... Others>
requires(!std::is_same_v<std::remove_cvref_t<First>, GradcheckOptions> &&
         std::is_floating_point_v<typename First::value_type>) GradcheckReport
    gradcheck(const GradcheckOptions& options, F f, const First& first, const Others&... others) {
  using T = typename First::value_type;
  std::vector<Array<T>> inputs;
  const auto append = [&inputs](const auto& source) {
    inputs.emplace_back(detail::shape_of(source));
    detail::evaluate(source, ArrayView<T>(inputs.back()));
  };
  append(first);
  (append(others), ...);
  const GradcheckFunction<T> on_span = [&f](std::span<const Variable<T>> x) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) { return f(x[i]...); }
    (std::make_index_sequence<1 + sizeof...(Others)>());
  };
  return gradcheck<T>(on_span, std::span<const Array<T>>(inputs), options);
}

/// The same with the default options.
template <class F, class First, class... Others>
requires(!std::is_same_v<std::remove_cvref_t<F>, GradcheckOptions> &&
         std::is_floating_point_v<typename First::value_type>) GradcheckReport
    gradcheck(F f, const First& first, const Others&... others) {
  return gradcheck(GradcheckOptions{}, std::move(f), first, others...);
}

}  // namespace xtape
#pragma GCC visibility pop
