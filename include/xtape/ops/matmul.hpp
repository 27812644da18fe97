// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

namespace xtape {

/// The matrix product. da = dy b^T, db = a^T dy.
/// @param a  (rows, inner)
/// @param b  (inner, columns)
/// @return   (rows, columns)
/// @throws ShapeError  an operand is not a matrix, or the inner extents differ.
template <class T>
Variable<T> matmul(Variable<T> a, Variable<T> b);

/// x weight^T + bias: a fully connected layer, in one operation.
/// @param x       (..., in)
/// @param weight  (out, in), as in PyTorch
/// @param bias    (out)
/// @return        (..., out)
/// @throws ShapeError  weight is not a matrix, or an extent differs from its.
template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight, Variable<T> bias);

/// x weight^T
template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight);

/// relu(linear(x, weight, bias)) in one operation, which keeps no array between the two.
template <class T>
Variable<T> linear_relu(Variable<T> x, Variable<T> weight, Variable<T> bias);

/// relu(linear(x, weight))
template <class T>
Variable<T> linear_relu(Variable<T> x, Variable<T> weight);

}  // namespace xtape
