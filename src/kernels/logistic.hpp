// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

namespace xtape::kernels {

// 1 / (1 + e^-x). The exponential is taken of -|x| only, so that it neither overflows nor is subtracted.
template <class T>
T sigmoid(T x) {
  const T e = std::exp(-std::abs(x));
  return (x < 0 ? e : T{1}) / (1 + e);
}

}  // namespace xtape::kernels
