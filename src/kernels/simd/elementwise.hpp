// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/functions.hpp"

namespace xtape::kernels {
namespace {

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

struct Add {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a + b;
  }
};
struct Subtract {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a - b;
  }
};
struct Multiply {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a * b;
  }
};
struct Divide {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a / b;
  }
};

// y = f(a, b); an operand that does not move is one number.
template <class F, class T>
void combine(const T* a, bool a_moves, const T* b, bool b_moves, T* y, std::size_t n) {
  using B = Batch<T>;
  if (a_moves && b_moves) {
    for_each_batch<T>(n, [&](std::size_t i, auto count) {
      store_some(F::value(load_some<B>(a + i, count, T{1}), load_some<B>(b + i, count, T{1})), y + i, count);
    });
  } else if (a_moves) {
    const B right(*b);
    for_each_batch<T>(n, [&](std::size_t i, auto count) {
      store_some(F::value(load_some<B>(a + i, count, T{1}), right), y + i, count);
    });
  } else {
    const B left(*a), right(*b);
    for_each_batch<T>(n, [&](std::size_t i, auto count) {
      store_some(F::value(left, b_moves ? load_some<B>(b + i, count, T{1}) : right), y + i, count);
    });
  }
}

}  // namespace
}  // namespace xtape::kernels
