// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Shapes and selection
/// @{

/// The same elements, in the same order, under another shape. Shares x's memory.
/// @throws ShapeError  the shapes differ in their number of elements.
template <class T>
Variable<T> reshape(Variable<T> x, const Shape& shape);

/// The axes in reverse order: for a matrix, its transpose.
template <class T>
Variable<T> transpose(Variable<T> x);

/// Axis i of the result is axis axes[i] of x.
/// @param axes  a permutation of 0 .. rank - 1; negative numbers count from the last axis.
/// @throws ArgumentError  it is not one.
template <class T>
Variable<T> transpose(Variable<T> x, std::initializer_list<int> axes);

/// The parts one after the other along an axis that they already have.
/// @throws ShapeError     extents differ along another axis.
/// @throws ArgumentError  there are no parts, or no such axis.
template <class T>
Variable<T> concatenate(std::span<const Variable<T>> parts, int axis = 0);
/// The same for parts in braces.
template <class T>
Variable<T> concatenate(std::initializer_list<Variable<T>> parts, int axis = 0) {
  return concatenate(std::span<const Variable<T>>(parts.begin(), parts.size()), axis);
}

/// The same for a vector of parts.
template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& parts, int axis = 0) {
  return concatenate(std::span<const Variable<T>>(parts), axis);
}

/// Positions [begin, end) along an axis. Negative positions count from the end of the axis.
/// @throws ArgumentError  there is no such axis.
/// @throws ShapeError     not 0 <= begin <= end <= extent.
template <class T>
Variable<T> slice(Variable<T> x, int axis, std::ptrdiff_t begin, std::ptrdiff_t end);

/// y[i...] = x[indices[i...]]: rows of x, any number of times each, as in an embedding lookup. Gradients
/// of a row that was taken several times add up. To a parameter with a sparse gradient
/// (Parameter::set_sparse_gradient) only rows that were taken contribute.
/// @param x        (rows, ...)
/// @param indices  any shape and integer type, each in [0, rows)
/// @return         indices' shape followed by the rest of x's
/// @throws LabelError  an index outside [0, rows); the message names it.
template <class T>
Variable<T> select_rows(Variable<T> x, Indices indices);

/// a where the condition holds and b where it does not, with numpy's broadcasting over all three. What was
/// not chosen gets gradient 0.
/// @param condition  bools, such as the xtensor expression x.value() > 0.
/// @throws ShapeError  the shapes do not broadcast.
template <class T>
Variable<T> where(const Condition& condition, Variable<T> a, Variable<T> b);
/// The same with a number in place of b.
template <class T>
Variable<T> where(const Condition& condition, Variable<T> a, Number<T> b);
/// The same with a number in place of a.
template <class T>
Variable<T> where(const Condition& condition, Number<T> a, Variable<T> b);

// xt::where takes anything, so these must match better.
/// The same for an xtensor expression, for which the compiler also finds xt::where.
template <detail::BoolArray Bools, class T>
Variable<T> where(Bools&& condition, Variable<T> a, Variable<T> b) {
  return where(Condition(condition), a, b);
}
/// Likewise.
template <detail::BoolArray Bools, class T, class Value>
requires std::is_arithmetic_v<Value> Variable<T> where(Bools&& condition, Variable<T> a, Value b) {
  return where(Condition(condition), a, static_cast<T>(b));
}
/// Likewise.
template <detail::BoolArray Bools, class Value, class T>
requires std::is_arithmetic_v<Value> Variable<T> where(Bools&& condition, Value a, Variable<T> b) {
  return where(Condition(condition), static_cast<T>(a), b);
}

/// @}

}  // namespace xtape
#pragma GCC visibility pop
