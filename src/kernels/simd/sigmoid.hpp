// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {
namespace {

// x / (1 + e)^2, for e in [0, 1]
template <class Precision>
XTAPE_INLINE Wide over_square_of_1_plus(Wide x, Wide e) {
  const Wide one(1.0), sum = one + e, square = sum * sum, quotient = x / square;
  if constexpr (std::is_same_v<Precision, Single>) return quotient;
  const Wide lost = multiply_add(sum, sum, -square) + Wide(2.0) * sum * (e - (sum - one));  // by rounding
  return quotient - quotient * (lost / square);
}

struct SigmoidFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    const Wide e = decay<Precision>(x), one(1.0);
    return where_negative(x, e, one) / (one + e);
  }
  // sigmoid(x) sigmoid(-x)
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    const Wide e = decay<Precision>(x);
    return over_square_of_1_plus<Precision>(e, e);
  }
};

}  // namespace
}  // namespace xtape::kernels
