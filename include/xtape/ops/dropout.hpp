// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Each element is 0 with the given probability, and x / (1 - probability) otherwise, so that its expectation
/// stays. The slope is 1 / (1 - probability) where it was kept. What is dropped is 0 even if it was NaN.
/// Takes one number of `random`, none if the probability is 0: that and its place decide over each element,
/// so that the same ones are dropped of floats and doubles. Probabilities are rounded down to a multiple of
/// 2^-32.
/// @throws ArgumentError  the probability is not in [0, 1).
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: a simple way to prevent
/// neural networks from overfitting (2014).
template <class T>
Variable<T> dropout(Variable<T> x, double probability, Random& random);

}  // namespace xtape
#pragma GCC visibility pop
