// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "matchers.hpp"

namespace xtape::testing {

/// A small problem for optimizers: minimises sum((c x - t)^2) + sum(tanh(x)) from x = {{1, -2}, {0.5, 3}}
/// with c = {{1, 0.1}, {2, 0.5}} and t = {{0.5, -0.25}, {1, -1}}. The expected values of the tests are those
/// of PyTorch 1.13 for the same problem: torch.optim.SGD and torch.optim.Adam, in float64 and float32.
template <class T>
struct Trajectory {
  Tape<T> tape;
  Parameter<T> x{"x", xt::xarray<T>{{1, -2}, {0.5, 3}}};
  const xt::xarray<T> c{{1, static_cast<T>(0.1)}, {2, 0.5}}, t{{0.5, -0.25}, {1, -1}};

  std::vector<double> after(int steps, optim::Optimizer<T>& optimizer) {
    for (int step = 0; step < steps; ++step) {
      const auto frame = tape.frame();
      const auto at = tape.watch(x);
      (sum(square(at * tape.borrow(c) - tape.borrow(t))) + sum(tanh(at))).backward();
      optimizer.step();
      optimizer.zero_grad();
    }
    return values(x);
  }
};

}  // namespace xtape::testing
