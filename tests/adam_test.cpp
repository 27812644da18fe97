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

TEST_CASE("Adam with weight decay follows PyTorch's for a hundred steps", "[optim][adam][simd]") {
  Trajectory<double> problem;
  optim::Adam<double> optimizer({&problem.x}, {.learning_rate = 0.02, .weight_decay = 0.1});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.9600110037435582, -1.9600280154334748, 0.4601933864074502, 2.9600021994085144}, 0, 1e-13));
  CHECK_THAT(problem.after(98, optimizer),
             AllClose({-0.01199192476749324, -1.6228334877788322, 0.3873669515569895, 1.1287307719941284}, 0,
                      1e-13));
}

TEST_CASE("AdamW with its defaults follows PyTorch's for a hundred steps", "[optim][adam][simd]") {
  Trajectory<double> problem;
  optim::AdamW<double> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.9979800354575123, -2.0019599400148294, 0.49799026437677385, 2.997940015451513}, 0, 1e-13));
  CHECK_THAT(
      problem.after(98, optimizer),
      AllClose({0.9007022276298678, -2.094774276147647, 0.42015854525315205, 2.897384759506186}, 0, 1e-13));
}

TEST_CASE("AdamW with other options follows PyTorch's for a hundred steps", "[optim][adam][simd]") {
  Trajectory<double> problem;
  optim::AdamW<double> optimizer(
      {&problem.x},
      {.learning_rate = 0.02, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.2});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.9521453429018913, -2.0234397295614923, 0.4564614881620902, 2.9361492585964366}, 0, 1e-13));
  CHECK_THAT(problem.after(98, optimizer),
             AllClose({0.00034330679199719323, -2.6580578195019906, 0.3921862497704337, 0.39921978386560697},
                      0, 1e-13));
}

// Beside PyTorch's numbers in float64: in float32 it multiplies by 1 - 1e-5, rounded, which a hundred steps
// add up to 3e-6.
TEST_CASE("AdamW in float follows PyTorch's in double for a hundred steps", "[optim][adam][simd]") {
  Trajectory<float> problem;
  optim::AdamW<float> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(100, optimizer),
      AllClose({0.9007022276298678, -2.094774276147647, 0.42015854525315205, 2.897384759506186}, 0, 1e-6));
}

TEST_CASE("Adam in float follows PyTorch's in float for a hundred steps", "[optim][adam]") {
  Trajectory<float> problem;
  optim::Adam<float> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(100, optimizer),
      AllClose({0.9016366004943848, -2.096754312515259, 0.4204789102077484, 2.900324583053589}, 0, 1e-6));
  Trajectory<float> decaying;
  optim::Adam<float> with_decay({&decaying.x}, {.learning_rate = 0.02, .weight_decay = 0.1});
  CHECK_THAT(
      decaying.after(100, with_decay),
      AllClose({-0.011991927400231361, -1.622833490371704, 0.3873669505119324, 1.1287317276000977}, 0, 1e-6));
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
  CHECK_THROWS_WITH(with({.epsilon = 0}), "Adam: epsilon must be a finite number above 0, got 0");
  CHECK_THROWS_WITH(with({.learning_rate = -1}),
                    "Adam: learning_rate must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(with({.epsilon = INFINITY}), "Adam: epsilon must be a finite number above 0, got inf");
  CHECK_THROWS_WITH(with({.weight_decay = -0.1}),
                    "Adam: weight_decay must be a finite number from 0, got -0.1");
}

TEST_CASE("AdamW refuses options that make no sense", "[optim][adam][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with = [&](const optim::AdamWOptions& options) { optim::AdamW<double>({&p}, options); };
  CHECK_THROWS_AS(with({.beta1 = 1}), ArgumentError);
  CHECK_THROWS_WITH(with({.beta1 = 1}), "AdamW: beta1 must be in [0, 1), got 1");
  CHECK_THROWS_WITH(with({.beta2 = -1}), "AdamW: beta2 must be in [0, 1), got -1");
  CHECK_THROWS_WITH(with({.epsilon = 0}), "AdamW: epsilon must be a finite number above 0, got 0");
  CHECK_THROWS_WITH(with({.weight_decay = NAN}),
                    "AdamW: weight_decay must be a finite number from 0, got nan");
  CHECK_THROWS_WITH(with({.learning_rate = -1}),
                    "AdamW: learning_rate must be a finite number from 0, got -1");
}

TEST_CASE("AdamW decays weights that have no gradient by learning rate times decay", "[optim][adam]") {
  Parameter<double> p("p", xt::xarray<double>{2, -4});
  optim::AdamW<double> optimizer({&p}, {.learning_rate = 0.5, .weight_decay = 0.25});
  optimizer.step();
  CHECK_THAT(values(p), AllClose({1.75, -3.5}, 0));
}
