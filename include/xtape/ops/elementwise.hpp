// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Functions of each element
/// Functions of each element; the result has the shape of x. NaN gives NaN.
/// @{

/// The exponential function: @f$ e^x @f$, with the slope @f$ e^x @f$.
template <class T>
Variable<T> exp(Variable<T> x);

/// The natural logarithm: -inf at 0, NaN below. Its slope is @f$ 1 / x @f$.
template <class T>
Variable<T> log(Variable<T> x);

/// The logarithm of 1 + x, exact for small x. Its slope is @f$ 1 / (1 + x) @f$.
template <class T>
Variable<T> log1p(Variable<T> x);

/// The square root, NaN below 0. Its slope is @f$ 1 / (2 \sqrt x) @f$, inf at 0.
template <class T>
Variable<T> sqrt(Variable<T> x);

/// The square: @f$ x^2 @f$, with the slope @f$ 2 x @f$.
template <class T>
Variable<T> square(Variable<T> x);

/// The absolute value: @f$ |x| @f$, with the slope @f$ \mathrm{sign}(x) @f$, 0 at 0.
template <class T>
Variable<T> abs(Variable<T> x);

/// The nearest number in [low, high]: @f$ \min(\max(x, low), high) @f$. Its slope is 1 on the closed
/// interval and 0 outside.
/// @throws ArgumentError  low > high, or either is NaN.
template <class T>
Variable<T> clip(Variable<T> x, Number<T> low, Number<T> high);

/// The hyperbolic tangent: @f$ (e^x - e^{-x}) / (e^x + e^{-x}) @f$, with the slope @f$ 1 - \tanh(x)^2 @f$.
template <class T>
Variable<T> tanh(Variable<T> x);

/// The logistic function: @f$ \sigma(x) = 1 / (1 + e^{-x}) @f$ at full relative precision for every x. Its
/// slope is @f$ \sigma(x) \sigma(-x) @f$, never computed with 1 - sigmoid(x), so that it does not vanish
/// early.
template <class T>
Variable<T> sigmoid(Variable<T> x);

/// The rectifier: @f$ \max(x, 0) @f$. Its slope is 1 for x > 0, else 0.
template <class T>
Variable<T> relu(Variable<T> x);

/// The rectifier that leaks: x for x > 0, else slope x. Its slope is 1 for x > 0, else `slope`.
/// @throws ArgumentError  slope is not finite.
template <class T>
Variable<T> leaky_relu(Variable<T> x, Number<T> slope = Number<T>(0.01));

/// The exponential linear unit: x for x > 0, else @f$ \alpha (e^x - 1) @f$, exact for small x. Its slope is 1
/// for x > 0, else @f$ \alpha e^x @f$.
/// @throws ArgumentError  alpha is not finite.
/// Source: Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear
/// units (2016).
template <class T>
Variable<T> elu(Variable<T> x, Number<T> alpha = 1);

/// The smooth rectifier: @f$ \log(1 + e^x) @f$, computed as @f$ \max(x, 0) + \mathrm{log1p}(e^{-|x|}) @f$.
/// Its slope is sigmoid(x).
template <class T>
Variable<T> softplus(Variable<T> x);

/// The Gaussian error linear unit: @f$ x P(x) @f$, where @f$ P(x) = \mathrm{erfc}(-x / \sqrt 2) / 2 @f$ is
/// the normal distribution and p its density: not the approximation by tanh. Its slope is @f$ P(x) + x p(x)
/// @f$. At -inf both are 0, at inf the value is inf and the slope 1. Doubles keep full relative precision
/// down to values of 1e-305.
template <class T>
Variable<T> gelu(Variable<T> x);

/// The sigmoid linear unit, also called swish: @f$ x \sigma(x) @f$ with the sigmoid @f$ \sigma @f$. Its slope
/// is @f$ \sigma(x) (1 + x \sigma(-x)) @f$. At the infinities and in the tail like gelu.
template <class T>
Variable<T> silu(Variable<T> x);

/// The hard swish, near silu and without an exponential: @f$ x \min(\max(x + 3, 0), 6) / 6 @f$, which is 0 up
/// to -3, also at -inf, and x from 3 on. Its slope is 0 for x <= -3, 1 for x >= 3, else @f$ (2 x + 3) / 6
/// @f$. Source: Howard et al., Searching for MobileNetV3 (2019).
template <class T>
Variable<T> hard_swish(Variable<T> x);

/// @}

}  // namespace xtape
#pragma GCC visibility pop
