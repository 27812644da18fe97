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

#include "xtape/autograd/tape.hpp"
#include "xtape/core/array.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// How strict gradcheck is. An element passes if |analytic - numeric| is at most
/// relative_tolerance * max(|analytic|, |numeric|) + absolute_tolerance * max(1, size of the outputs).
/// A tolerance of 0 stands for the default of the type: 1e-6 and 1e-9 for double, 5e-3 and 1e-4 for float.
struct GradcheckOptions {
  double relative_tolerance = 0;  ///< 0: the default of the type
  double absolute_tolerance = 0;  ///< likewise
  std::uint64_t seed = 0;         ///< of the weights with which the outputs are summed
};

/// What gradcheck found. The element described is the worst one: the one that used up, or overran, its
/// tolerance the most.
struct GradcheckReport {
  bool passed = false;       ///< no element failed
  std::size_t elements = 0;  ///< checked
  std::size_t failures = 0;  ///< of them
  std::size_t kinks = 0;  ///< where the slopes to the left and right differ and the gradient is between them

  std::size_t input = 0;           ///< which input, counted from 0
  std::vector<std::size_t> index;  ///< where in it, one number per axis
  double analytic = 0;             ///< from the gradient rules
  double numeric = 0;              ///< from central differences, extrapolated to step 0
  double step = 0;                 ///< the smallest step that the numeric value rests on
  double tolerance = 0;            ///< what |analytic - numeric| may be
  std::string message;             ///< the report in one sentence, for people

  /// Whether it passed.
  explicit operator bool() const noexcept { return passed; }
};

/// A function of variables whose gradients are to be checked.
template <class T>
using GradcheckFunction = std::function<Variable<T>(std::span<const Variable<T>>)>;

/// Compares the gradients of f with central differences.
///
/// f is any function of variables that computes the same output for the same inputs. The outputs are
/// summed with fixed random weights, so that f may return an array. Every element of every input is
/// checked, twice: once where the rules of f write the gradient first, and once where something has been
/// contributed before, so that a rule that assigns where it should add is found. The numeric derivative is
/// Ridders' (Advances in Engineering Software 1982): central differences over steps that begin at 1/20 of
/// the element and are quartered, extrapolated to 0, of which the most certain is taken. At a kink a
/// gradient between the slopes to both sides passes.
///
///     const auto report = gradcheck([](auto x, auto y) { return tanh(x * y); }, x_values, y_values);
///     if (!report) std::cerr << report.message;
///
/// Check in double: float has too few digits to show a small mistake.
template <class T>
GradcheckReport gradcheck(const GradcheckFunction<T>& f, std::span<const Array<T>> inputs,
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
requires(!std::is_same_v<std::remove_cvref_t<F>, GradcheckOptions> && requires {
  typename First::value_type;
}) GradcheckReport gradcheck(F f, const First& first, const Others&... others) {
  return gradcheck(GradcheckOptions{}, std::move(f), first, others...);
}

}  // namespace xtape
#pragma GCC visibility pop
