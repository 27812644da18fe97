// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct Exp;

namespace {

struct ExpFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return exponential<Precision>(x);
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return exponential<Precision>(x);
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Exp>, over_wide<ExpFunction, T>);

}  // namespace xtape::kernels
