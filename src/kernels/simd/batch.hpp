// SPDX-License-Identifier: BSD-3-Clause
// xsimd for one architecture: that for which the including source file is compiled. Everything here and in
// the other headers of this folder has internal linkage, so that no code for a newer processor can take the
// place of code for an older one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace xtape::kernels {
namespace {

template <class T>
using Batch = xsimd::batch<T, xsimd::default_arch>;

// Doubles: what sums and most functions are computed in, of floats too.
using Wide = Batch<double>;

template <class T>
inline constexpr std::size_t lanes = Batch<T>::size;

template <class B>
using Value = typename B::value_type;

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class T>
Batch<Bits<T>> bits(Batch<T> x) {
  return xsimd::bitwise_cast<Batch<Bits<T>>>(x);
}
template <class T>
Batch<T> from_bits(Batch<Bits<T>> x) {
  return xsimd::bitwise_cast<Batch<T>>(x);
}

// x y + z: rounded once where the processor can.
template <class B>
B multiply_add(B x, B y, B z) {
#ifdef __AVX512F__  // which xsimd 8 forgets
  if constexpr (sizeof(Value<B>) == 4)
    return B(_mm512_fmadd_ps(x, y, z));
  else
    return B(_mm512_fmadd_pd(x, y, z));
#else
  return xsimd::fma(x, y, z);
#endif
}

// x y, but 0 where `position` < `from`, whatever x y is.
template <class B>
B product_from(B from, B position, B x, B y) {
#ifdef __AVX512F__  // in one instruction less
  if constexpr (sizeof(Value<B>) == 4)
    return B(_mm512_maskz_mul_ps(_mm512_cmp_ps_mask(position, from, _CMP_NLT_UQ), x, y));
  else
    return B(_mm512_maskz_mul_pd(_mm512_cmp_pd_mask(position, from, _CMP_NLT_UQ), x, y));
#else
  return xsimd::select(position < from, B(Value<B>{0}), x * y);
#endif
}

// Neighbouring T as a batch of doubles, and back: GCC's and clang's vectors convert in one instruction.
template <std::size_t bytes>
struct VectorOf {
  typedef float Floats __attribute__((vector_size(bytes / 2)));
  typedef double Doubles __attribute__((vector_size(bytes)));
};
using Vectors = VectorOf<sizeof(double) * lanes<double>>;

template <class B>
B load(const Value<B>* from) {
  return B::load_unaligned(from);
}
template <class B>
requires(sizeof(Value<B>) == 8) B load(const float* from) {
  Vectors::Floats floats;
  std::memcpy(&floats, from, sizeof floats);
  const Vectors::Doubles doubles = __builtin_convertvector(floats, Vectors::Doubles);
  typename B::register_type result;
  std::memcpy(&result, &doubles, sizeof result);
  return B(result);
}

template <class B>
void store(B x, Value<B>* to) {
  x.store_unaligned(to);
}
inline void store(Wide x, float* to) {
  const Wide::register_type source = x;
  Vectors::Doubles doubles;
  std::memcpy(&doubles, &source, sizeof doubles);
  const Vectors::Floats floats = __builtin_convertvector(doubles, Vectors::Floats);
  std::memcpy(to, &floats, sizeof floats);
}

// The first `count` lanes, fewer than all; the others are `rest`.
template <class B, class T>
B load_partly(const T* from, std::size_t count, T rest) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<Value<B>, T>) {
    if constexpr (sizeof(T) == 4)
      return B(_mm512_mask_loadu_ps(_mm512_set1_ps(rest), static_cast<__mmask16>((1U << count) - 1), from));
    else
      return B(_mm512_mask_loadu_pd(_mm512_set1_pd(rest), static_cast<__mmask8>((1U << count) - 1), from));
  }
#endif
  T buffer[B::size];
  for (T& lane : buffer) lane = rest;
  std::memcpy(buffer, from, count * sizeof(T));
  return load<B>(buffer);
}
template <class B, class T>
void store_partly(B x, T* to, std::size_t count) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<Value<B>, T>) {
    if constexpr (sizeof(T) == 4)
      return _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << count) - 1), x);
    else
      return _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1U << count) - 1), x);
  }
#endif
  T buffer[B::size];
  store(x, buffer);
  std::memcpy(to, buffer, count * sizeof(T));
}

template <class B>
Value<B> largest_lane(B x) {
  Value<B> lane[B::size];
  store(x, lane);
  for (std::size_t width = B::size / 2; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) lane[i] = lane[i] > lane[i + width] ? lane[i] : lane[i + width];
  }
  return lane[0];
}

// Calls f(j, count) for the batches of n elements, which begin at j; count is All, or that of the lanes in a
// last batch of fewer.
template <class T, class F>
void for_each_batch(std::size_t n, F f) {
  std::size_t j = 0;
  for (; j + lanes<T> <= n; j += lanes<T>) f(j, std::true_type());
  if (j < n) f(j, n - j);
}
// What f is told: all lanes, or how many of them.
using All = std::true_type;
template <class B, class T>
B load_some(const T* from, All, std::type_identity_t<T>) {
  return load<B>(from);
}
template <class B, class T>
B load_some(const T* from, std::size_t count, std::type_identity_t<T> rest) {
  return load_partly<B>(from, count, rest);
}
template <class B, class T>
void store_some(B x, T* to, All) {
  store(x, to);
}
template <class B, class T>
void store_some(B x, T* to, std::size_t count) {
  store_partly(x, to, count);
}

}  // namespace
}  // namespace xtape::kernels
