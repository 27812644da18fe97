// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"
#include "kernels/simd/sigmoid.hpp"

namespace xtape::kernels {

struct Softplus;

namespace {

// log(1 + e^x)
struct SoftplusFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return where_negative(x, Wide(0.0), x) + log1p_of_fraction<Precision>(decay<Precision>(x));
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return SigmoidFunction::value<Precision>(x);
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Softplus>, over_wide<SoftplusFunction, T>);

}  // namespace xtape::kernels
