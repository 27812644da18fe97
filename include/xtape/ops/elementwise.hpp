// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"
#include "xtape/ops/arithmetic.hpp"

namespace xtape {

// Functions of each element; the result has the shape of x. NaN gives NaN.

/// e^x. d/dx = e^x.
template <class T>
Variable<T> exp(Variable<T> x);

/// The natural logarithm: -inf at 0, NaN below. d/dx = 1 / x.
template <class T>
Variable<T> log(Variable<T> x);

/// log(1 + x), exact for small x. d/dx = 1 / (1 + x).
template <class T>
Variable<T> log1p(Variable<T> x);

/// The square root, NaN below 0. d/dx = 1 / (2 sqrt(x)), inf at 0.
template <class T>
Variable<T> sqrt(Variable<T> x);

/// x^2. d/dx = 2 x.
template <class T>
Variable<T> square(Variable<T> x);

/// |x|. d/dx = sign(x), 0 at 0.
template <class T>
Variable<T> abs(Variable<T> x);

/// min(max(x, low), high). d/dx = 1 on the closed interval [low, high] and 0 outside.
/// @throws ArgumentError  low > high, or either is NaN.
template <class T>
Variable<T> clip(Variable<T> x, Number<T> low, Number<T> high);

/// (e^x - e^-x) / (e^x + e^-x). d/dx = 1 - tanh(x)^2.
template <class T>
Variable<T> tanh(Variable<T> x);

/// 1 / (1 + e^-x) at full relative precision for every x. d/dx = sigmoid(x) sigmoid(-x), never computed
/// with 1 - sigmoid(x), so that it does not vanish early.
template <class T>
Variable<T> sigmoid(Variable<T> x);

/// max(x, 0). d/dx = 1 for x > 0, else 0.
template <class T>
Variable<T> relu(Variable<T> x);

/// x for x > 0, else slope x. d/dx = 1 for x > 0, else slope.
/// @throws ArgumentError  slope is not finite.
template <class T>
Variable<T> leaky_relu(Variable<T> x, Number<T> slope = Number<T>(0.01));

/// x for x > 0, else alpha (e^x - 1), exact for small x. d/dx = 1 for x > 0, else alpha e^x.
/// @throws ArgumentError  alpha is not finite.
/// Source: Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear
/// units (2016).
template <class T>
Variable<T> elu(Variable<T> x, Number<T> alpha = 1);

/// log(1 + e^x), computed as max(x, 0) + log1p(e^-|x|). d/dx = sigmoid(x).
template <class T>
Variable<T> softplus(Variable<T> x);

/// x P(x), where P(x) = erfc(-x / sqrt(2)) / 2 is the normal distribution and p its density: not the
/// approximation by tanh. d/dx = P(x) + x p(x). At -inf both are 0, at inf the value is inf and the slope 1.
/// Doubles keep full relative precision down to values of 1e-305.
template <class T>
Variable<T> gelu(Variable<T> x);

/// x sigmoid(x), also called swish. d/dx = sigmoid(x) (1 + x sigmoid(-x)). At the infinities and in the tail
/// like gelu.
template <class T>
Variable<T> silu(Variable<T> x);

}  // namespace xtape
