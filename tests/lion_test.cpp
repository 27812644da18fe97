// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "trajectory.hpp"

using namespace xtape;
using namespace xtape::testing;

// The expected values are those of program 1 of arXiv 2302.06675, in Python's doubles.

TEST_CASE("Lion with its defaults goes the way of its paper for a hundred steps", "[optim][lion][simd]") {
  Trajectory<double> problem;
  optim::Lion<double> optimizer({&problem.x});
  CHECK_THAT(problem.after(100, optimizer), AllClose({0.99, -2.01, 0.49, 2.99}, 0, 1e-13));
}

TEMPLATE_TEST_CASE("Lion with weight decay goes the way of its paper for forty steps", "[optim][lion][simd]",
                   float, double) {
  const double bound = sizeof(TestType) == sizeof(float) ? 1e-5 : 1e-13;
  Trajectory<TestType> problem;
  optim::Lion<TestType> optimizer({&problem.x},
                                  {.learning_rate = 0.002, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1});
  CHECK_THAT(problem.after(1, optimizer), AllClose({0.9978, -2.0016, 0.4979, 2.9974}, 0, bound));
  CHECK_THAT(
      problem.after(39, optimizer),
      AllClose({0.9123423321661503, -2.063751031151891, 0.4163267716131437, 2.896404574378177}, 0, bound));
}

TEST_CASE("Lion follows the sign of gradient and momentum together", "[optim][lion][simd]") {
  Parameter<double> p("p", xt::xarray<double>{1});
  optim::Lion<double> optimizer({&p}, {.learning_rate = 0.1});
  const auto after = [&](double gradient) {
    p.grad() = xt::xarray<double>{gradient};
    optimizer.step();
    return values(p)[0];
  };
  CHECK_THAT(after(1), WithinRel(0.9, 1e-15));
  CHECK_THAT(after(1), WithinRel(0.8, 1e-15));
  CHECK_THAT(after(-0.1), WithinRel(0.7, 1e-15));  // 0.9 0.0199 > 0.1 0.1
  CHECK_THAT(after(-5), WithinRel(0.8, 1e-15));
  CHECK_THAT(after(0), WithinRel(0.9, 1e-15));  // The momentum is below 0 by now.
}

TEST_CASE("Lion stands still where nothing pulls, and lets NaN through in its own element",
          "[optim][lion][simd]") {
  Parameter<double> p("p", xt::xarray<double>{1, 2, 3});
  optim::Lion<double> optimizer({&p}, {.learning_rate = 0.5});
  p.grad() = xt::xarray<double>{0, NaN, -1};
  optimizer.step();
  CHECK_THAT(values(p), AllClose({1, NaN, 3.5}, 0));
}

TEST_CASE("Lion refuses options that make no sense", "[optim][lion][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with = [&](const optim::LionOptions& options) { optim::Lion<double>({&p}, options); };
  CHECK_THROWS_AS(with({.beta1 = 1}), ArgumentError);
  CHECK_THROWS_WITH(with({.beta1 = 1}), "Lion: beta1 must be in [0, 1), got 1");
  CHECK_THROWS_WITH(with({.beta2 = -0.5}), "Lion: beta2 must be in [0, 1), got -0.5");
  CHECK_THROWS_WITH(with({.weight_decay = NAN}),
                    "Lion: weight_decay must be a finite number from 0, got nan");
  CHECK_THROWS_WITH(with({.learning_rate = -1}),
                    "Lion: learning_rate must be a finite number from 0, got -1");
}
