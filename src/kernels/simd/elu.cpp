// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct Elu;

namespace {

// alpha (e^x - 1) up to 0
struct EluFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x, Wide alpha) {
    // Below -40 the exponential is lost beside 1. See tanh.cpp.
    const auto is_negative = x < Wide(0.0);
    const Wide bounded = at_least(Wide(-40.0), xsimd::select(is_negative, x, Wide(0.0)));
    return xsimd::select(is_negative, alpha * xsimd::expm1(bounded), x);
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x, Wide alpha) {
    return xsimd::select(x > Wide(0.0), Wide(1.0), alpha * exponential<Precision>(x));
  }
};

}  // namespace

XTAPE_KERNEL(Parametric<Elu>, over_wide<EluFunction, T, T>);

}  // namespace xtape::kernels
