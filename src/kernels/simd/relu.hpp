// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// That of -0 is 0: so the relu of the largest of some numbers is the largest of their relus to the last bit.
struct ReluFunction {
  template <class B>
  XTAPE_INLINE static B value(B x) {
    return xsimd::select(x <= B(Value<B>{0}), B(Value<B>{0}), x);
  }
  template <class B>
  XTAPE_INLINE static B derivative(B x) {
    return xsimd::select(x > B(Value<B>{0}), B(Value<B>{1}), B(Value<B>{0}));
  }
};

}  // namespace
}  // namespace xtape::kernels
