// SPDX-License-Identifier: BSD-3-Clause
#include "trajectory.hpp"

using namespace xtape;
using namespace xtape::testing;

// 1e-13: a hundred steps of rounding in double. 1e-6 in float, beside values of about 1.

TEST_CASE("RMSprop with its defaults follows PyTorch's for a hundred steps", "[optim][rmsprop][simd]") {
  Trajectory<double> problem;
  optim::RMSprop<double> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.9000000070423804, -2.0999998760088614, 0.4000000127154016, 2.9000000039842764}, 0, 1e-13));
  CHECK_THAT(
      problem.after(99, optimizer),
      AllClose({0.004295568885596885, -2.953356448432857, 0.392433711397126, 1.079875442449751}, 0, 1e-13));
}

TEST_CASE("centered RMSprop follows PyTorch's for a hundred steps", "[optim][rmsprop][simd]") {
  Trajectory<double> problem;
  optim::RMSprop<double> optimizer({&problem.x}, {.centered = true});
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.8994962255875942, -2.100503656282348, 0.3994962313179188, 2.8994962224986}, 0, 1e-13));
  CHECK_THAT(
      problem.after(99, optimizer),
      AllClose({0.0016445196847236995, -2.967873234403106, 0.392433711397126, 0.650305891037539}, 0, 1e-13));
}

TEST_CASE("RMSprop with momentum and weight decay follows PyTorch's for a hundred steps",
          "[optim][rmsprop][simd]") {
  const optim::RMSpropOptions options{
      .learning_rate = 0.005, .alpha = 0.9, .epsilon = 1e-2, .weight_decay = 0.1, .momentum = 0.5};
  Trajectory<double> problem;
  optim::RMSprop<double> optimizer({&problem.x}, options);
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.9655477007068523, -1.9717769693608576, 0.46679434066427966, 2.9651865702132953}, 0, 1e-13));
  CHECK_THAT(
      problem.after(98, optimizer),
      AllClose({0.0834695878212836, -1.6217274821087633, 0.38717314271007935, 1.9406826576213352}, 0, 1e-13));
}

TEST_CASE("RMSprop with every option follows PyTorch's for a hundred steps", "[optim][rmsprop][simd]") {
  const optim::RMSpropOptions options{.learning_rate = 0.005,
                                      .alpha = 0.95,
                                      .epsilon = 1e-2,
                                      .weight_decay = 0.1,
                                      .momentum = 0.5,
                                      .centered = true};
  Trajectory<double> problem;
  optim::RMSprop<double> optimizer({&problem.x}, options);
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.9502840196032476, -1.9622892460383705, 0.45300161281043505, 2.9495231873647887}, 0, 1e-13));
  CHECK_THAT(problem.after(98, optimizer),
             AllClose({0.001975424064409359, -1.621727480729895, 0.3871731427100792, -0.7729539605940416}, 0,
                      1e-13));
}

TEST_CASE("RMSprop in float follows PyTorch's for a hundred steps", "[optim][rmsprop][simd]") {
  Trajectory<float> plain, centered, heavy;
  optim::RMSprop<float> rmsprop({&plain.x});
  CHECK_THAT(
      plain.after(100, rmsprop),
      AllClose({0.004295568885596885, -2.953356448432857, 0.392433711397126, 1.079875442449751}, 0, 1e-6));
  optim::RMSprop<float> with_mean({&centered.x}, {.centered = true});
  CHECK_THAT(
      centered.after(100, with_mean),
      AllClose({0.0016445196847236995, -2.967873234403106, 0.392433711397126, 0.650305891037539}, 0, 1e-6));
  optim::RMSprop<float> with_momentum(
      {&heavy.x},
      {.learning_rate = 0.005, .alpha = 0.9, .epsilon = 1e-2, .weight_decay = 0.1, .momentum = 0.5});
  CHECK_THAT(
      heavy.after(100, with_momentum),
      AllClose({0.0834695878212836, -1.6217274821087633, 0.38717314271007935, 1.9406826576213352}, 0, 1e-6));
}

// PyTorch's gives NaN here: q - m^2 falls below 0 by rounding.
TEMPLATE_TEST_CASE("centered RMSprop stays finite where gradients do not change", "[optim][rmsprop][simd]",
                   float, double) {
  Parameter<TestType> p("p", irregular({40}));
  const auto gradients = irregular({40}, 1, 3);
  optim::RMSprop<TestType> optimizer({&p}, {.learning_rate = 1e-12, .alpha = 0.5, .centered = true});
  for (int step = 0; step < 200; ++step) {
    p.grad() = gradients;
    optimizer.step();
  }
  for (const double x : values(p)) CHECK(std::isfinite(x));
}

TEST_CASE("RMSprop refuses options that make no sense", "[optim][rmsprop][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with = [&](const optim::RMSpropOptions& options) { optim::RMSprop<double>({&p}, options); };
  CHECK_THROWS_AS(with({.alpha = 1}), ArgumentError);
  CHECK_THROWS_WITH(with({.alpha = 1}), "RMSprop: alpha must be in [0, 1), got 1");
  CHECK_THROWS_WITH(with({.epsilon = 0}), "RMSprop: epsilon must be a finite number above 0, got 0");
  CHECK_THROWS_WITH(with({.weight_decay = -1}),
                    "RMSprop: weight_decay must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(with({.momentum = NAN}), "RMSprop: momentum must be in [0, 1), got nan");
  CHECK_THROWS_WITH(with({.learning_rate = -1}),
                    "RMSprop: learning_rate must be a finite number from 0, got -1");
}
