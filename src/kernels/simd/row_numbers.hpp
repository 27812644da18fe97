// SPDX-License-Identifier: BSD-3-Clause
// Arithmetic with one double for each of some rows: of a single row with plain numbers, of several in
// batches.
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// Calls f(r, D()) for each row, or batch of rows, which begins at r; D is what holds their numbers.
template <std::size_t rows, class F>
XTAPE_INLINE void for_rows(F f) {
  if constexpr (rows == 1) {
    f(std::size_t{0}, double());
  } else {
    static_assert(rows % lanes<double> == 0);
    for (std::size_t r = 0; r < rows; r += lanes<double>) f(r, Wide());
  }
}

template <class D, class T>
XTAPE_INLINE D load_rows(const T* from) {
  if constexpr (std::is_same_v<D, double>) {
    return static_cast<double>(*from);
  } else {
    return load<D>(from);
  }
}
template <class T>
XTAPE_INLINE void store_rows(double x, T* to) {
  *to = static_cast<T>(x);
}
template <class T>
XTAPE_INLINE void store_rows(Wide x, T* to) {
  store(x, to);
}

XTAPE_INLINE double where(bool condition, double then, double otherwise) {
  return condition ? then : otherwise;
}
XTAPE_INLINE Wide where(Wide::batch_bool_type condition, Wide then, Wide otherwise) {
  return xsimd::select(condition, then, otherwise);
}
XTAPE_INLINE bool any(bool condition) { return condition; }
XTAPE_INLINE bool any(Wide::batch_bool_type condition) { return xsimd::any(condition); }
XTAPE_INLINE double magnitude(double x) { return __builtin_fabs(x); }
XTAPE_INLINE Wide magnitude(Wide x) { return xsimd::abs(x); }

// x y - product, where `product` is x y rounded.
template <class D>
XTAPE_INLINE D product_error(D x, D y, D product) {
#ifdef __FMA__
  if constexpr (std::is_same_v<D, double>) {
    return __builtin_fma(x, y, -product);
  } else {
    return multiply_add(x, y, -product);
  }
#else  // Dekker (Numerische Mathematik 18, 1971)
  const D split(0x8000001p0);
  const D x_split = x * split, x_high = x_split - (x_split - x), x_low = x - x_high;
  const D y_split = y * split, y_high = y_split - (y_split - y), y_low = y - y_high;
  return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low;
#endif
}

// A number as the sum of two, of which the second is what rounding took from the first.
template <class D>
struct Precise {
  D value;
  D low;

  XTAPE_INLINE Precise times(D factor) const {
    const D product = value * factor;
    return {product, product_error(value, factor, product) + low * factor};
  }
};

// 1 / (1 + rest), which for what is rounded to float a double holds.
template <class T, class D>
XTAPE_INLINE Precise<D> inverse_of_1_plus(D rest) {
  const D one(1.0), sum = one + rest, inverse = one / sum;
  if constexpr (sizeof(T) == 4) return {inverse, D(0.0)};
  const D lost = where(rest > one, (rest - sum) + one, (one - sum) + rest);
  const D product = inverse * sum;
  const D residual = (one - product) - product_error(inverse, sum, product);
  const D low = inverse * (residual - inverse * lost);
  return {inverse + low, (inverse - (inverse + low)) + low};
}

}  // namespace
}  // namespace xtape::kernels
