// SPDX-License-Identifier: BSD-3-Clause
// Kernels of functions of one element, value and derivative side by side. Those over Wide take the precision
// that the result needs: Single for floats, which are computed in double and rounded once, else double.
#pragma once

#include "kernels/elementwise_kernels.hpp"
#include "kernels/simd/exponential.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

XTAPE_INLINE Wide where_negative(Wide x, Wide then, Wide otherwise) {
  return xsimd::select(x < Wide(0.0), then, otherwise);
}

// x, and 0 where it is NaN.
XTAPE_INLINE Wide number_or_0(Wide x) { return xsimd::select(x == x, x, Wide(0.0)); }

// x - (point + rest), where x is near the point.
XTAPE_INLINE Wide distance(Wide x, double point, double rest) { return (x - Wide(point)) - Wide(rest); }

// A function in the precision of T, over batches of doubles. It may have a parameter.
template <class Function, class T>
struct OfWide {
  using B = Wide;
  template <class... Parameter>
  XTAPE_INLINE static B value(B x, Parameter... parameter) {
    return Function::template value<PrecisionOf<T>>(x, B(parameter)...);
  }
  template <class... Parameter>
  XTAPE_INLINE static B derivative(B x, Parameter... parameter) {
    return Function::template derivative<PrecisionOf<T>>(x, B(parameter)...);
  }
};

// A function over batches of T.
template <class Function, class T>
struct OfNarrow {
  using B = Batch<T>;
  template <class... Parameter>
  XTAPE_INLINE static B value(B x, Parameter... parameter) {
    return Function::value(x, B(parameter)...);
  }
  template <class... Parameter>
  XTAPE_INLINE static B derivative(B x, Parameter... parameter) {
    return Function::derivative(x, B(parameter)...);
  }
};

// y = f(x)
template <class F, class T, class... Parameter>
void map(const T* x, T* y, std::size_t n, Parameter... parameter) {
  using B = typename F::B;
  for_each_batch<Value<B>>(n, [&](std::size_t i, auto count) {
    store_some(F::value(load_some<B>(x + i, count, T{1}), parameter...), y + i, count);
  });
}

// dx = dy f'(x), or, if it is not the first contribution, adds that.
template <class F, class T, class... Parameter>
void map_gradient(const T* x, const T* dy, T* dx, std::size_t n, bool first, Parameter... parameter) {
  using B = typename F::B;
  const auto slope = [&](std::size_t i, auto count) {
    return load_some<B>(dy + i, count, T{0}) * F::derivative(load_some<B>(x + i, count, T{1}), parameter...);
  };
  if (first) {
    for_each_batch<Value<B>>(n,
                             [&](std::size_t i, auto count) { store_some(slope(i, count), dx + i, count); });
  } else {
    for_each_batch<Value<B>>(n, [&](std::size_t i, auto count) {
      store_some(load_some<B>(dx + i, count, T{0}) + slope(i, count), dx + i, count);
    });
  }
}

template <class F, class T, class... Parameter>
constexpr UnaryFunctions<T, Parameter...> value_and_gradient{map<F, T, Parameter...>,
                                                             map_gradient<F, T, Parameter...>};

// The kernels of a function in the precision of T, over batches of doubles.
template <class Function, class T, class... Parameter>
constexpr auto over_wide = value_and_gradient<OfWide<Function, T>, T, Parameter...>;

// The kernels of a function over batches of T.
template <class Function, class T, class... Parameter>
constexpr auto over_narrow = value_and_gradient<OfNarrow<Function, T>, T, Parameter...>;

}  // namespace
}  // namespace xtape::kernels
