// SPDX-License-Identifier: BSD-3-Clause
#include "trajectory.hpp"

using namespace xtape;
using namespace xtape::testing;

// 1e-13: a hundred steps of rounding in double. 1e-6 in float, beside values of about 1.

TEST_CASE("Adam with its defaults follows PyTorch's for a hundred steps", "[optim][adam]") {
  Trajectory<double> problem;
  optim::Adam<double> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.9990000000070424, -2.000999999876009, 0.4990000000127154, 2.9990000000039845}, 0, 1e-13));
  CHECK_THAT(
      problem.after(99, optimizer),
      AllClose({0.9016366539190925, -2.096754616740778, 0.4204789570618702, 2.9003242519199266}, 0, 1e-13));
}

TEST_CASE("Adam with other options follows PyTorch's for a hundred steps", "[optim][adam]") {
  Trajectory<double> problem;
  optim::Adam<double> optimizer({&problem.x},
                                {.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.8006842954300396, -2.196156955224132, 0.33103962631404016, 2.8001668362566376}, 0, 1e-13));
  CHECK_THAT(problem.after(98, optimizer), AllClose({-2.0366250448644497e-05, -2.9966505595245816,
                                                     0.40287063769662207, -2.1159325095159627},
                                                    0, 1e-13));
}

TEST_CASE("Adam in float follows PyTorch's in float for a hundred steps", "[optim][adam]") {
  Trajectory<float> problem;
  optim::Adam<float> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(100, optimizer),
      AllClose({0.9016366004943848, -2.096754312515259, 0.4204789102077484, 2.900324583053589}, 0, 1e-6));
}

TEST_CASE("the first step of Adam is the learning rate, whatever the gradient's size", "[optim][adam]") {
  Parameter<double> p("p", Shape{3});
  optim::Adam<double> optimizer({&p}, {.learning_rate = 0.1, .epsilon = 1e-20});
  p.grad() = xt::xarray<double>{1e-6, -1, 1e6};
  optimizer.step();
  CHECK_THAT(values(p), AllClose({-0.1, 0.1, -0.1}, 1e-12));
}

TEST_CASE("Adam refuses decays and an epsilon that make no sense", "[optim][adam][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with = [&](const optim::AdamOptions& options) { optim::Adam<double>({&p}, options); };
  CHECK_THROWS_AS(with({.beta1 = 1}), ArgumentError);
  CHECK_THROWS_WITH(with({.beta1 = 1}), "Adam: beta1 must be in [0, 1), got 1");
  CHECK_THROWS_WITH(with({.beta2 = -0.5}), "Adam: beta2 must be in [0, 1), got -0.5");
  CHECK_THROWS_WITH(with({.beta2 = NAN}), "Adam: beta2 must be in [0, 1), got nan");
  CHECK_THROWS_WITH(with({.epsilon = 0}), "Adam: epsilon must be above 0, got 0");
  CHECK_THROWS_WITH(with({.learning_rate = -1}),
                    "Adam: learning_rate must be a finite number from 0, got -1");
}
