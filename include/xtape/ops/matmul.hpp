// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Products
/// @{

/// The matrix product y = a b. The gradients are @f$ da = dy \, b^T @f$ and @f$ db = a^T dy @f$.
/// @param a  (rows, inner)
/// @param b  (inner, columns)
/// @return   (rows, columns)
/// @throws ShapeError  an operand is not a matrix, or the inner extents differ.
template <class T>
Variable<T> matmul(Variable<T> a, Variable<T> b);

/// A fully connected layer, in one operation: @f$ x \, \mathrm{weight}^T + \mathrm{bias} @f$.
/// @param x       (..., in)
/// @param weight  (out, in), as in PyTorch
/// @param bias    (out)
/// @return        (..., out)
/// @throws ShapeError  weight is not a matrix, or an extent differs from its.
template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight, Variable<T> bias);

/// The same without a bias.
template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight);

/// relu(linear(x, weight, bias)) in one operation, which keeps no array between the two.
template <class T>
Variable<T> linear_relu(Variable<T> x, Variable<T> weight, Variable<T> bias);

/// relu(linear(x, weight))
template <class T>
Variable<T> linear_relu(Variable<T> x, Variable<T> weight);

/// @}

}  // namespace xtape
#pragma GCC visibility pop
