// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::kernels {

// The closed interval to which a loss clips probabilities. NaN counts as inside, so that it is seen.
struct ClipInterval {
  double low, high;

  // [epsilon, 1 - epsilon] in T
  template <class T>
  static ClipInterval of(double epsilon) {
    return {static_cast<T>(epsilon), static_cast<T>(1 - static_cast<T>(epsilon))};
  }

  bool contains(double p) const { return !(p < low) && !(p > high); }
  double clip(double p) const { return p < low ? low : p > high ? high : p; }
};

}  // namespace xtape::kernels
