// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/core/array_view.hpp"
#include "xtape/core/random.hpp"

namespace xtape::nn {

// First values for a weight of shape (out, in). They keep the size of activations or gradients about the
// same from layer to layer. All throw ShapeError for a weight that is not a matrix.

/// Uniform on +-sqrt(6 / (in + out)): for tanh, sigmoid and outputs.
/// Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward networks (2010).
template <class T>
void glorot_uniform(ArrayView<T> weight, Random& random);

/// Normal with variance 2 / (in + out).
template <class T>
void glorot_normal(ArrayView<T> weight, Random& random);

/// Uniform on +-sqrt(6 / in): for relu.
/// Source: He, Zhang, Ren and Sun, Delving deep into rectifiers (2015).
template <class T>
void he_uniform(ArrayView<T> weight, Random& random);

/// Normal with variance 2 / in.
template <class T>
void he_normal(ArrayView<T> weight, Random& random);

}  // namespace xtape::nn
