// SPDX-License-Identifier: BSD-3-Clause
// Both choices are read before the flag, so that the compiler makes vectors of the loops.
#include "kernels/select_kernels.hpp"

#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void select_between(const bool* flags, const T* a, bool a_moves, const T* b, bool b_moves, T* y,
                    std::size_t n) {
  if (n == 0) return;
  const T one_a = *a, one_b = *b;
  const auto choose = [=](auto a_at, auto b_at) __attribute__((always_inline)) {
    for (std::size_t i = 0; i < n; ++i) {
      const T left = a_at(i), right = b_at(i);
      y[i] = flags[i] ? left : right;
    }
  };
  const auto of_a = [=](std::size_t i) { return a[i]; };
  const auto of_b = [=](std::size_t i) { return b[i]; };
  const auto number_a = [=](std::size_t) { return one_a; };
  const auto number_b = [=](std::size_t) { return one_b; };
  if (a_moves && b_moves) {
    choose(of_a, of_b);
  } else if (a_moves) {
    choose(of_a, number_b);
  } else if (b_moves) {
    choose(number_a, of_b);
  } else {
    choose(number_a, number_b);
  }
}

template <class T>
void select_product(const bool* flags, bool chosen, T factor, const T* x, T* y, std::size_t n, bool add) {
  if (add) {
    for (std::size_t i = 0; i < n; ++i) {
      const T product = factor * x[i];
      y[i] += flags[i] == chosen ? product : T{0};
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      const T product = factor * x[i];
      y[i] = flags[i] == chosen ? product : T{0};
    }
  }
}

}  // namespace

XTAPE_KERNEL(Select, {select_between<T>, select_product<T>});

}  // namespace xtape::kernels
