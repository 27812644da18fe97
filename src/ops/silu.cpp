// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "kernels/logistic.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {
namespace {

// So far out e^-|x| is 0 in double. Infinity is never multiplied by it: that would be NaN.
constexpr double far = 800;

}  // namespace

// Floats are computed in double too, and rounded once.
template <class T>
Variable<T> silu(Variable<T> x) {
  return unary(
      "silu", x,
      [](T x) {
        const double kept = std::max<double>(x, -far);
        return static_cast<T>(kept * kernels::sigmoid(kept));
      },
      [](T x, T) {
        const double kept = std::clamp<double>(x, -far, far);
        return static_cast<T>(kernels::sigmoid(kept) * (1 + kept * kernels::sigmoid(-kept)));
      });
}

template Variable<float> silu(Variable<float>);
template Variable<double> silu(Variable<double>);

}  // namespace xtape
