// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/arrays/convert.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

template <class To, class From>
bool holds(From x) {
  if constexpr (std::is_floating_point_v<To>) {
    if constexpr (sizeof(From) > sizeof(To) && std::is_floating_point_v<From>) {
      // Half a unit in the last place beyond the largest To, where rounding would lead to an infinity.
      using Limits = std::numeric_limits<To>;
      const From beyond =
          static_cast<From>(Limits::max()) + std::ldexp(From{1}, Limits::max_exponent - Limits::digits - 1);
      return !std::isfinite(x) || std::abs(x) < beyond;
    } else {
      return true;
    }
  } else if constexpr (std::is_floating_point_v<From>) {
    // 2^digits is exact where the largest To itself would be rounded up to it.
    const From beyond = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    return x == std::trunc(x) && x < beyond && x >= (std::is_signed_v<To> ? -beyond : From{0});
  } else if constexpr (std::is_same_v<From, bool>) {
    return true;
  } else if constexpr (std::is_same_v<To, bool>) {
    return x == 0 || x == 1;
  } else {
    return std::in_range<To>(x);
  }
}

}  // namespace

template <class T>
Array<T> convert(const AnyArray& array) {
  return array.visit([](const auto& source) {
    Array<T> result(source.shape());
    for (std::size_t i = 0; i < source.size(); ++i) {
      if (!holds<T>(source[i])) {
        fail<ValueError>("convert: {} must be a number that {} holds, got {}",
                         element_name("array", source.shape(), i), to_string(element_type_of<T>()),
                         source[i]);
      }
      result[i] = static_cast<T>(source[i]);
    }
    return result;
  });
}

template Array<float> convert(const AnyArray&);
template Array<double> convert(const AnyArray&);
template Array<std::int8_t> convert(const AnyArray&);
template Array<std::int16_t> convert(const AnyArray&);
template Array<std::int32_t> convert(const AnyArray&);
template Array<std::int64_t> convert(const AnyArray&);
template Array<std::uint8_t> convert(const AnyArray&);
template Array<std::uint16_t> convert(const AnyArray&);
template Array<std::uint32_t> convert(const AnyArray&);
template Array<std::uint64_t> convert(const AnyArray&);
template Array<bool> convert(const AnyArray&);

}  // namespace xtape
#pragma GCC visibility pop
