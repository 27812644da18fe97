// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/elementwise_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {

struct Subtract;
struct Divide;

namespace {

struct AddFunction {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a + b;
  }
};
struct SubtractFunction {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a - b;
  }
};
struct MultiplyFunction {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return a * b;
  }
};
struct DivideFunction {
  template <class B>
  XTAPE_INLINE static B value(B a, B b) {
    return quotient(a, b);
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

XTAPE_KERNEL(Binary<Add>, combine<AddFunction, T>);
XTAPE_KERNEL(Binary<Subtract>, combine<SubtractFunction, T>);
XTAPE_KERNEL(Binary<Multiply>, combine<MultiplyFunction, T>);
XTAPE_KERNEL(Binary<Divide>, combine<DivideFunction, T>);

}  // namespace xtape::kernels
