// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/rollback.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A number beside a Variable<T>; it converts to T.
template <class T>
using Number = std::type_identity_t<T>;

/// @name Arithmetic
/// Element by element, on two variables with numpy's broadcasting or on a variable and a number. The
/// result has the broadcast shape. All throw ShapeError where shapes do not broadcast.
/// @{

/// a + b
template <class T>
Variable<T> add(Variable<T> a, Variable<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> add(Variable<T> a, Number<T> b);

/// a - b
template <class T>
Variable<T> subtract(Variable<T> a, Variable<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> subtract(Variable<T> a, Number<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> subtract(Number<T> a, Variable<T> b);

/// a * b
template <class T>
Variable<T> multiply(Variable<T> a, Variable<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> multiply(Variable<T> a, Number<T> b);

/// a / b, by IEEE's rules: 1 / 0 is inf, 0 / 0 is NaN.
template <class T>
Variable<T> divide(Variable<T> a, Variable<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> divide(Variable<T> a, Number<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> divide(Number<T> a, Variable<T> b);

/// -x
template <class T>
Variable<T> negate(Variable<T> x);

/// The base b to the power of the exponent e, by std::pow's rules. The slopes are
///
/// @f[
///   \partial b^e / \partial b = e \, b^{e - 1}, \text{ 0 where } e = 0 \qquad
///   \partial b^e / \partial e = b^e \log b, \text{ 0 where } b = 0 \text{ and } e \ge 0
/// @f]
///
/// A negative base has a gradient only for a whole exponent; the exponent's own gradient is NaN there.
template <class T>
Variable<T> power(Variable<T> base, Variable<T> exponent);
/// The same of a variable and a number.
template <class T>
Variable<T> power(Variable<T> base, Number<T> exponent);
/// The same of a variable and a number.
template <class T>
Variable<T> power(Number<T> base, Variable<T> exponent);

/// The larger one; NaN if either is. Where a = b each gets half of the gradient.
template <class T>
Variable<T> maximum(Variable<T> a, Variable<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> maximum(Variable<T> a, Number<T> b);

/// The smaller one; NaN if either is. Where a = b each gets half of the gradient.
template <class T>
Variable<T> minimum(Variable<T> a, Variable<T> b);
/// The same of a variable and a number.
template <class T>
Variable<T> minimum(Variable<T> a, Number<T> b);

/// add(a, b)
template <class T>
Variable<T> operator+(Variable<T> a, Variable<T> b) {
  return add(a, b);
}
/// add(a, b)
template <class T>
Variable<T> operator+(Variable<T> a, Number<T> b) {
  return add(a, b);
}
/// add(b, a)
template <class T>
Variable<T> operator+(Number<T> a, Variable<T> b) {
  return add(b, a);
}
/// subtract(a, b)
template <class T>
Variable<T> operator-(Variable<T> a, Variable<T> b) {
  return subtract(a, b);
}
/// subtract(a, b)
template <class T>
Variable<T> operator-(Variable<T> a, Number<T> b) {
  return subtract(a, b);
}
/// subtract(a, b)
template <class T>
Variable<T> operator-(Number<T> a, Variable<T> b) {
  return subtract(a, b);
}
/// multiply(a, b)
template <class T>
Variable<T> operator*(Variable<T> a, Variable<T> b) {
  return multiply(a, b);
}
/// multiply(a, b)
template <class T>
Variable<T> operator*(Variable<T> a, Number<T> b) {
  return multiply(a, b);
}
/// multiply(b, a)
template <class T>
Variable<T> operator*(Number<T> a, Variable<T> b) {
  return multiply(b, a);
}
/// divide(a, b)
template <class T>
Variable<T> operator/(Variable<T> a, Variable<T> b) {
  return divide(a, b);
}
/// divide(a, b)
template <class T>
Variable<T> operator/(Variable<T> a, Number<T> b) {
  return divide(a, b);
}
/// divide(a, b)
template <class T>
Variable<T> operator/(Number<T> a, Variable<T> b) {
  return divide(a, b);
}
/// negate(x)
template <class T>
Variable<T> operator-(Variable<T> x) {
  return negate(x);
}

/// @}

/// @name Arithmetic with arrays
/// A variable and an array that is no variable, such as an xtensor expression: the array becomes a constant.
/// (Without these, the compiler would find xtensor's operators, which take the variable for a number.)
//// add(a, b), where the array becomes a constant of the tape.
/// @{
template <class T, detail::NumberArray Operand>
Variable<T> operator+(Variable<T> a, Operand&& b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(add(a, a.tape().constant(b)));
}
/// add(a, b), where the array becomes a constant of the tape.
template <detail::NumberArray Operand, class T>
Variable<T> operator+(Operand&& a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(add(b.tape().constant(a), b));
}
/// subtract(a, b), where the array becomes a constant of the tape.
template <class T, detail::NumberArray Operand>
Variable<T> operator-(Variable<T> a, Operand&& b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(subtract(a, a.tape().constant(b)));
}
/// subtract(a, b), where the array becomes a constant of the tape.
template <detail::NumberArray Operand, class T>
Variable<T> operator-(Operand&& a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(subtract(b.tape().constant(a), b));
}
/// multiply(a, b), where the array becomes a constant of the tape.
template <class T, detail::NumberArray Operand>
Variable<T> operator*(Variable<T> a, Operand&& b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(multiply(a, a.tape().constant(b)));
}
/// multiply(a, b), where the array becomes a constant of the tape.
template <detail::NumberArray Operand, class T>
Variable<T> operator*(Operand&& a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(multiply(b.tape().constant(a), b));
}
/// divide(a, b), where the array becomes a constant of the tape.
template <class T, detail::NumberArray Operand>
Variable<T> operator/(Variable<T> a, Operand&& b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(divide(a, a.tape().constant(b)));
}
/// divide(a, b), where the array becomes a constant of the tape.
template <detail::NumberArray Operand, class T>
Variable<T> operator/(Operand&& a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(divide(b.tape().constant(a), b));
}
/// The same of a variable and an array, which becomes a constant of the tape.
template <class T, detail::NumberArray Operand>
Variable<T> maximum(Variable<T> a, Operand&& b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(maximum(a, a.tape().constant(b)));
}
/// The same of a variable and an array, which becomes a constant of the tape.
template <detail::NumberArray Operand, class T>
Variable<T> maximum(Operand&& a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(maximum(b.tape().constant(a), b));
}
/// The same of a variable and an array, which becomes a constant of the tape.
template <class T, detail::NumberArray Operand>
Variable<T> minimum(Variable<T> a, Operand&& b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(minimum(a, a.tape().constant(b)));
}
/// The same of a variable and an array, which becomes a constant of the tape.
template <detail::NumberArray Operand, class T>
Variable<T> minimum(Operand&& a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(minimum(b.tape().constant(a), b));
}

/// @}

}  // namespace xtape
#pragma GCC visibility pop
