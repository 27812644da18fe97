// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "kernels/nest.hpp"
#include "kernels/sum.hpp"

namespace xtape::kernels {

// y[i] = f(x[i])
template <class T, class F>
void map(const T* x, T* y, std::size_t count, F f) {
  for (std::size_t i = 0; i < count; ++i) y[i] = f(x[i]);
}

// dx[i] = dy[i] * derivative(x[i], y[i]) if it is the first contribution, else adds that.
template <class T, class Derivative>
void map_backward(const T* x, const T* y, const T* dy, T* dx, std::size_t count, bool first,
                  Derivative derivative) {
  if (first) {
    for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * derivative(x[i], y[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i) dx[i] += dy[i] * derivative(x[i], y[i]);
  }
}

// dx[i] = dy[i] * derivative(a[i], b[i], y[i]) if it is the first contribution, else adds that.
template <class T, class Derivative>
void map_backward(const T* a, const T* b, const T* y, const T* dy, T* dx, std::size_t count, bool first,
                  Derivative derivative) {
  if (first) {
    for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * derivative(a[i], b[i], y[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i) dx[i] += dy[i] * derivative(a[i], b[i], y[i]);
  }
}

// out[kept] (+)= sum over the reduced axes of term(offset), rounded once. offset[0] is the position
// in `out`.
template <class T, std::size_t N, class Term>
void reduce_sum(const Reduction<N>& space, T* out, bool first, Term term) {
  const auto store = [&](std::size_t at, double sum) {
    out[at] = static_cast<T>(first ? sum : out[at] + sum);
  };
  const auto plus = [](const std::size_t(&a)[N], const std::size_t(&b)[N], auto& sum) {
    for (std::size_t i = 0; i < N; ++i) sum[i] = a[i] + b[i];
  };
  if (!space.kept_is_innermost) {
    for_each_element(space.kept, [&](const std::size_t(&kept)[N]) {
      Sum<T> sum;
      for_each_element(space.reduced, [&](const std::size_t(&reduced)[N]) {
        std::size_t offset[N];
        plus(kept, reduced, offset);
        sum.add(term(offset));
      });
      store(kept[0], sum.value());
    });
    return;
  }
  // Memory is read along the kept axis: a block of sums grows side by side.
  constexpr std::size_t block = 64;
  for_each_row(space.kept, [&](const std::size_t(&row)[N]) {
    for (std::size_t begin = 0; begin < space.kept.inner_extent(); begin += block) {
      const std::size_t end =
          begin + block < space.kept.inner_extent() ? begin + block : space.kept.inner_extent();
      Sum<T> sums[block];
      for_each_element(space.reduced, [&](const std::size_t(&reduced)[N]) {
        std::size_t offset[N];
        plus(row, reduced, offset);
        for (std::size_t a = 0; a < N; ++a) offset[a] += begin * space.kept.inner_stride(a);
        for (std::size_t i = begin; i < end; ++i) {
          sums[i - begin].add(term(offset));
          for (std::size_t a = 0; a < N; ++a) offset[a] += space.kept.inner_stride(a);
        }
      });
      for (std::size_t i = begin; i < end; ++i) {
        store(row[0] + i * space.kept.inner_stride(0), sums[i - begin].value());
      }
    }
  });
}

}  // namespace xtape::kernels
