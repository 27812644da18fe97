// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array_view.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// @name Initializers
/// First values for a weight of shape (out, in), or (out, in, rows, columns) for a convolution. They keep the
/// size of activations or gradients about the same from layer to layer. `in` stands for the numbers that go
/// into one output, in * rows * columns of a convolution, and `out` for those that one input goes into. All
/// throw ShapeError for a weight of another rank.
/// @{

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

/// Uniform on +-sqrt(3 / in): for activations whose slope at 0 is 1.
/// Source: LeCun, Bottou, Orr and Mueller, Efficient backprop (1998).
template <class T>
void lecun_uniform(ArrayView<T> weight, Random& random);

/// Normal with variance 1 / in.
template <class T>
void lecun_normal(ArrayView<T> weight, Random& random);

/// Orthogonal rows, or columns where there are more rows, of length 1 or `gain`; a convolution's are those of
/// the matrix (out, in * rows * columns). Drawn uniformly from all such matrices, and orthogonal to the
/// rounding of T.
/// Source: Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear
/// neural networks (2014).
template <class T>
void orthogonal(ArrayView<T> weight, Random& random);
/// The same with rows of length `gain`.
template <class T>
void orthogonal(ArrayView<T> weight, Random& random, double gain);

/// Normal with variance 1, for a weight of any shape: for embeddings.
template <class T>
void standard_normal(ArrayView<T> weight, Random& random);

/// @}

}  // namespace xtape::nn
#pragma GCC visibility pop
