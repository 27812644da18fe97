// SPDX-License-Identifier: BSD-3-Clause
// An operation of your own: the Huber loss, quadratic for small errors and linear for large ones. Value and
// gradient stand in one function, gradcheck compares them, and a line is fitted through points of which one
// is far off: watch the loss fall, and compare the slope with the true 2.
#include <fmt/core.h>

#include <cmath>

#include "xtape/xtape.hpp"

using namespace xtape;

template <class T>
Variable<T> huber(Variable<T> error) {
  Recording<T> op("huber", {error});
  const auto y = op.output(error.shape());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T e = std::abs(error.data()[i]);
    y[i] = e <= 1 ? e * e / 2 : e - T{0.5};
  }
  return op.finish([](Backward<T>& b) {
    const auto de = b.input_grad(0);
    for (std::size_t i = 0; i < de.size(); ++i) {
      de[i] += b.output_grad()[i] * std::fmax(T{-1}, std::fmin(b.input(0)[i], T{1}));  // clip(error, -1, 1)
    }
  });
}

int main() {
  const auto report = gradcheck([](auto x) { return huber(x); }, xt::xarray<double>{-3, -0.4, 0.2, 1.7});
  fmt::print("{}\n", report.message);

  const xt::xarray<double> x{0, 1, 2, 3, 4};
  const xt::xarray<double> y{1, 3, 5, 47, 9};  // 2 x + 1, but for the fourth
  Parameter<double> slope("slope", Shape{}), offset("offset", Shape{});
  optim::SGD<double> optimizer({&slope, &offset}, {.learning_rate = 0.1, .momentum = 0.9});
  Tape<double> tape;
  for (int step = 0; step <= 200; ++step) {
    auto frame = tape.frame();
    const auto predicted = tape.watch(slope) * tape.borrow(x) + tape.watch(offset);
    const auto loss = mean(huber(predicted - tape.borrow(y)));
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
    if (step % 50 == 0)
      fmt::print("step {:3}  loss {:.4f}  slope {:.3f}\n", step, loss.item(), slope.values()[0]);
  }
  return report ? 0 : 1;
}
