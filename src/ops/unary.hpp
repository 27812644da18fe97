// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <type_traits>

#include "arrays/format.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// An operation on each element: y = value(x), and dx = dy * derivative(x, y).
template <class T, class Value, class Derivative>
requires std::is_invocable_v<Value, T> Variable<T> unary(const char* name, Variable<T> x, Value value,
                                                         Derivative derivative) {
  Recording<T> op(name, {x});
  const ArrayView<T> y = op.output(x.shape());
  kernels::map(x.data(), y.data(), y.size(), value);

  return op.finish([derivative](Backward<T>& b) {
    const auto [dx, first] = b.contribution(0);
    kernels::map_backward(b.input(0).data(), b.output().data(), b.output_grad().data(), dx.data(), dx.size(),
                          first, derivative);
  });
}

// The same by the kernels of a function, which may have a parameter: unary<kernels::Silu>("silu", x).
template <class Function, class T, class... Parameter>
Variable<T> unary(const char* name, Variable<T> x, Parameter... parameter) {
  static_assert(sizeof...(Parameter) <= 1);
  using Kernel =
      std::conditional_t<sizeof...(Parameter) == 0, kernels::Unary<Function>, kernels::Parametric<Function>>;
  const auto& kernel = kernels::kernel<Kernel, T>();
  Recording<T> op(name, {x});
  const ArrayView<T> y = op.output(x.shape());
  parallel_for_even_ranges(y.size(), exponentials_per_block, [&](std::size_t begin, std::size_t end) {
    kernel.value(x.data() + begin, y.data() + begin, end - begin, parameter...);
  });

  return op.finish([&kernel, parameter...](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T *x = b.input(0).data(), *dy = b.output_grad().data();
    T* dx = grad.data();
    parallel_for_even_ranges(
        grad.size(), exponentials_per_block, [&, first = first](std::size_t begin, std::size_t end) {
          kernel.gradient(x + begin, dy + begin, dx + begin, end - begin, first, parameter...);
        });
  });
}

template <class T>
void require_finite(const char* op, const char* argument, T x) {
  if (!std::isfinite(x)) fail<ArgumentError>("{}: {} must be finite, got {}", op, argument, x);
}

}  // namespace xtape
