// SPDX-License-Identifier: BSD-3-Clause
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> add(Variable<T> a, Variable<T> b) {
  return binary("add", a, b, kernels::kernel<kernels::Binary<kernels::Add>, T>(), PassOn{}, PassOn{});
}

template <class T>
Variable<T> add(Variable<T> a, Number<T> b) {
  return unary(
      "add", a, [b](T x) { return x + b; }, [](T, T) { return T{1}; });
}

template Variable<float> add(Variable<float>, Variable<float>);
template Variable<float> add(Variable<float>, float);
template Variable<double> add(Variable<double>, Variable<double>);
template Variable<double> add(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
