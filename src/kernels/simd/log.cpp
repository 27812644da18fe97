// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct Log;

namespace {

struct LogFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    if constexpr (std::is_same_v<Precision, Single>) return xsimd::log(x);
    // xsimd's does not know subnormal numbers.
    const auto is_small = (x < Wide(std::numeric_limits<double>::min())) & (x > Wide(0.0));
    return xsimd::log(xsimd::select(is_small, x * Wide(0x1p54), x)) -
           xsimd::select(is_small, Wide(54 * 0.6931471805599453), Wide(0.0));
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Wide(1.0) / x;
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Log>, over_wide<LogFunction, T>);

}  // namespace xtape::kernels
