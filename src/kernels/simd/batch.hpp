// SPDX-License-Identifier: BSD-3-Clause
// xsimd for one architecture: that for which the including source file is compiled. Everything in this folder
// but kernel.hpp has internal linkage, so that no code for a newer processor can take the place of code for
// an older one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include <xsimd/xsimd.hpp>

// What every loop is made of costs a call if the compiler thinks the file too long.
#define XTAPE_INLINE [[gnu::always_inline]] inline

namespace xtape::kernels {
namespace {

template <class T>
using Batch = xsimd::batch<T, xsimd::default_arch>;

// Doubles: what sums and most functions are computed in, of floats too.
using Wide = Batch<double>;

// The precision of what is computed in doubles: that of floats or of doubles.
struct Single {};
template <class T>
using PrecisionOf = std::conditional_t<sizeof(T) == 4, Single, double>;

template <class T>
inline constexpr std::size_t lanes = Batch<T>::size;

template <class B>
using Value = typename B::value_type;

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

// The same bits as numbers of another type.
template <class To, class From>
XTAPE_INLINE Batch<To> bits_as(Batch<From> x) {
#if XSIMD_VERSION_MAJOR >= 9
  return xsimd::bitwise_cast<To>(x);
#else
  return xsimd::bitwise_cast<Batch<To>>(x);
#endif
}

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
inline constexpr bool multiply_add_rounds_once = true;
#else
inline constexpr bool multiply_add_rounds_once = false;
#endif

// x y + z: rounded once where the processor can.
template <class B>
XTAPE_INLINE B multiply_add(B x, B y, B z) {
#ifdef __AVX512F__  // which xsimd 8 forgets
  if constexpr (sizeof(Value<B>) == 4)
    return B(_mm512_fmadd_ps(x, y, z));
  else
    return B(_mm512_fmadd_pd(x, y, z));
#else
  return xsimd::fma(x, y, z);
#endif
}

// The larger of `least` and x, and NaN where x is. The instructions of x86 give their second operand where
// either is NaN; xsimd 14 has turned round what older ones give them.
#if defined(__AVX512F__)
XTAPE_INLINE Batch<float> at_least(Batch<float> least, Batch<float> x) { return _mm512_max_ps(least, x); }
XTAPE_INLINE Wide at_least(Wide least, Wide x) { return _mm512_max_pd(least, x); }
#elif defined(__AVX__)
XTAPE_INLINE Batch<float> at_least(Batch<float> least, Batch<float> x) { return _mm256_max_ps(least, x); }
XTAPE_INLINE Wide at_least(Wide least, Wide x) { return _mm256_max_pd(least, x); }
#elif defined(__SSE2__)
XTAPE_INLINE Batch<float> at_least(Batch<float> least, Batch<float> x) { return _mm_max_ps(least, x); }
XTAPE_INLINE Wide at_least(Wide least, Wide x) { return _mm_max_pd(least, x); }
#else
template <class B>
XTAPE_INLINE B at_least(B least, B x) {
  return xsimd::select(x < least, least, x);
}
#endif

// x / y and sqrt(x), rounded once. What xsimd does with floats on ARM64 is an estimate, improved by Newton's
// method: it is off by an ulp, and the root of infinity is NaN. So that nobody takes it unawares, floats have
// one operator / too many.
template <class B>
XTAPE_INLINE B quotient(B x, B y) {
#ifdef __aarch64__
  if constexpr (sizeof(Value<B>) == 4) return B(vdivq_f32(x, y));
#endif
  return x /= y;
}
template <class B>
XTAPE_INLINE B square_root(B x) {
#ifdef __aarch64__
  if constexpr (sizeof(Value<B>) == 4) return B(vsqrtq_f32(x));
#endif
  return xsimd::sqrt(x);
}
Batch<float> operator/(const Batch<float>&, const Batch<float>&) = delete;

// x y, but 0 where `position` < `from`, whatever x y is.
template <class B>
XTAPE_INLINE B product_from(B from, B position, B x, B y) {
#ifdef __AVX512F__  // in one instruction less
  if constexpr (sizeof(Value<B>) == 4)
    return B(_mm512_maskz_mul_ps(_mm512_cmp_ps_mask(position, from, _CMP_NLT_UQ), x, y));
  else
    return B(_mm512_maskz_mul_pd(_mm512_cmp_pd_mask(position, from, _CMP_NLT_UQ), x, y));
#else
  return xsimd::select(position < from, B(Value<B>{0}), x * y);
#endif
}

template <class B>
XTAPE_INLINE B load(const Value<B>* from) {
  return B::load_unaligned(from);
}
template <class B>
XTAPE_INLINE void store(B x, Value<B>* to) {
  x.store_unaligned(to);
}

// Floats as a batch of doubles, and back, rounded.
#ifdef __AVX512F__  // of which GCC's own conversion makes several instructions
template <class B>
requires(sizeof(Value<B>) == 8) XTAPE_INLINE B load(const float* from) {
  return B(_mm512_cvtps_pd(_mm256_loadu_ps(from)));
}
XTAPE_INLINE void store(Wide x, float* to) { _mm256_storeu_ps(to, _mm512_cvtpd_ps(x)); }
#else
typedef float Floats __attribute__((vector_size(sizeof(float) * lanes<double>)));
typedef double Doubles __attribute__((vector_size(sizeof(double) * lanes<double>)));

template <class B>
requires(sizeof(Value<B>) == 8) XTAPE_INLINE B load(const float* from) {
  Floats floats;
  std::memcpy(&floats, from, sizeof floats);
  const Doubles doubles = __builtin_convertvector(floats, Doubles);
  typename B::register_type result;
  std::memcpy(&result, &doubles, sizeof result);
  return B(result);
}
XTAPE_INLINE void store(Wide x, float* to) {
  const Wide::register_type source = x;
  Doubles doubles;
  std::memcpy(&doubles, &source, sizeof doubles);
  const Floats floats = __builtin_convertvector(doubles, Floats);
  std::memcpy(to, &floats, sizeof floats);
}
#endif

// The lower and the upper lanes.
#ifdef __AVX512F__
XTAPE_INLINE Wide low_half(Batch<float> x) { return Wide(_mm512_cvtps_pd(_mm512_castps512_ps256(x))); }
XTAPE_INLINE Wide high_half(Batch<float> x) { return Wide(_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))); }
#else
XTAPE_INLINE Wide low_half(Batch<float> x) {
  float lane[lanes<float>];
  store(x, lane);
  return load<Wide>(lane);
}
XTAPE_INLINE Wide high_half(Batch<float> x) {
  float lane[lanes<float>];
  store(x, lane);
  return load<Wide>(lane + lanes<double>);
}
#endif

// The batch of such lower and upper lanes, rounded.
XTAPE_INLINE Batch<float> join(Wide low, Wide high) {
#ifdef __AVX512F__
  const __m512 lower = _mm512_castps256_ps512(_mm512_cvtpd_ps(low));
  return Batch<float>(_mm512_insertf32x8(lower, _mm512_cvtpd_ps(high), 1));
#else
  const Wide::register_type halves[] = {low, high};
  Doubles doubles[2];
  std::memcpy(doubles, halves, sizeof doubles);
  const auto shuffled = [&]<int... lane>(std::integer_sequence<int, lane...>) {
    return __builtin_shufflevector(__builtin_convertvector(doubles[0], Floats),
                                   __builtin_convertvector(doubles[1], Floats), lane...);
  };
  const auto floats = shuffled(std::make_integer_sequence<int, lanes<float>>());
  Batch<float>::register_type whole;
  std::memcpy(&whole, &floats, sizeof whole);
  return Batch<float>(whole);
#endif
}

// The first `count` lanes, fewer than all; the others are `rest`.
#ifdef __AVX512F__
template <std::size_t lanes>
XTAPE_INLINE auto first_lanes(std::size_t count) {
  return static_cast<std::conditional_t<lanes == 16, __mmask16, __mmask8>>((1U << count) - 1);
}

template <class B, class T>
XTAPE_INLINE B load_partly(const T* from, std::size_t count, T rest) {
  const auto mask = first_lanes<B::size>(count);
  if constexpr (sizeof(T) == 8) {
    return B(_mm512_mask_loadu_pd(_mm512_set1_pd(rest), mask, from));
  } else if constexpr (sizeof(Value<B>) == 8) {
    return B(_mm512_cvtps_pd(_mm256_mask_loadu_ps(_mm256_set1_ps(rest), mask, from)));
  } else {
    return B(_mm512_mask_loadu_ps(_mm512_set1_ps(rest), mask, from));
  }
}
template <class B, class T>
XTAPE_INLINE void store_partly(B x, T* to, std::size_t count) {
  const auto mask = first_lanes<B::size>(count);
  if constexpr (sizeof(T) == 8) {
    _mm512_mask_storeu_pd(to, mask, x);
  } else if constexpr (sizeof(Value<B>) == 8) {
    _mm256_mask_storeu_ps(to, mask, _mm512_cvtpd_ps(x));
  } else {
    _mm512_mask_storeu_ps(to, mask, x);
  }
}
#else
template <class B, class T>
XTAPE_INLINE B load_partly(const T* from, std::size_t count, T rest) {
  T buffer[B::size];
  for (std::size_t i = 0; i < B::size; ++i) buffer[i] = i < count ? from[i] : rest;
  return load<B>(buffer);
}
template <class B, class T>
XTAPE_INLINE void store_partly(B x, T* to, std::size_t count) {
  T buffer[B::size];
  store(x, buffer);
  for (std::size_t i = 0; i < count; ++i) to[i] = buffer[i];
}
#endif

template <class B>
XTAPE_INLINE Value<B> largest_lane(B x) {
#ifdef __AVX512F__
  if constexpr (sizeof(Value<B>) == 4)
    return _mm512_reduce_max_ps(x);
  else
    return _mm512_reduce_max_pd(x);
#else
  Value<B> lane[B::size];
  store(x, lane);
  for (std::size_t i = 1; i < B::size; ++i) lane[0] = lane[0] > lane[i] ? lane[0] : lane[i];
  return lane[0];
#endif
}

// The sum of all lanes, by halves: xsimd adds them in an order that changes with its version, and with it the
// last bits.
#ifdef __SSE2__
XTAPE_INLINE float sum_of_halves(__m128 x) {
  const __m128 pair = _mm_add_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
}
XTAPE_INLINE double sum_of_halves(__m128d x) { return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x))); }
#ifdef __AVX__
XTAPE_INLINE float sum_of_halves(__m256 x) {
  return sum_of_halves(_mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1)));
}
XTAPE_INLINE double sum_of_halves(__m256d x) {
  return sum_of_halves(_mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1)));
}
#endif
#ifdef __AVX512F__
XTAPE_INLINE float sum_of_halves(__m512 x) {
  return sum_of_halves(_mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)));
}
XTAPE_INLINE double sum_of_halves(__m512d x) {
  return sum_of_halves(_mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1)));
}
#endif
template <class B>
XTAPE_INLINE Value<B> sum_of_lanes(B x) {
  return sum_of_halves(typename B::register_type(x));
}
#else
template <class B>
XTAPE_INLINE Value<B> sum_of_lanes(B x) {
#if XSIMD_VERSION_MAJOR >= 10
  return xsimd::reduce_add(x);
#else
  return xsimd::hadd(x);
#endif
}
#endif

// Asks for memory that will be read soon, or does not exist.
XTAPE_INLINE void fetch(const void* address) { __builtin_prefetch(address, 0, 3); }
XTAPE_INLINE void fetch_to_write(const void* address) { __builtin_prefetch(address, 1, 3); }

// Calls f(j, count) for the batches of n elements, which begin at j; count is All, or that of the lanes in a
// last batch of fewer.
template <class T, class F>
XTAPE_INLINE void for_each_batch(std::size_t n, F f) {
  std::size_t j = 0;
  for (; j + lanes<T> <= n; j += lanes<T>) f(j, std::true_type());
  if (j < n) f(j, n - j);
}
// What f is told: all lanes, or how many of them.
using All = std::true_type;
XTAPE_INLINE void fetch_if_whole(const void* address, All) { fetch(address); }
XTAPE_INLINE void fetch_if_whole(const void*, std::size_t) {}
XTAPE_INLINE void fetch_to_write_if_whole(const void* address, All) { fetch_to_write(address); }
XTAPE_INLINE void fetch_to_write_if_whole(const void*, std::size_t) {}
template <class B, class T>
XTAPE_INLINE B load_some(const T* from, All, std::type_identity_t<T>) {
  return load<B>(from);
}
template <class B, class T>
XTAPE_INLINE B load_some(const T* from, std::size_t count, std::type_identity_t<T> rest) {
  return load_partly<B>(from, count, rest);
}
template <class B, class T>
XTAPE_INLINE void store_some(B x, T* to, All) {
  store(x, to);
}
template <class B, class T>
XTAPE_INLINE void store_some(B x, T* to, std::size_t count) {
  store_partly(x, to, count);
}

}  // namespace
}  // namespace xtape::kernels
