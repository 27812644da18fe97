// SPDX-License-Identifier: BSD-3-Clause
#include "trajectory.hpp"

using namespace xtape;
using namespace xtape::testing;

// 1e-13: a hundred steps of rounding in double. 1e-6 in float, beside values of about 1.

TEST_CASE("Adagrad with its defaults follows PyTorch's for a hundred steps", "[optim][adagrad][simd]") {
  Trajectory<double> problem;
  optim::Adagrad<double> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.9900000000007042, -2.009999999987601, 0.49000000000127153, 2.9900000000003986}, 0, 1e-13));
  CHECK_THAT(
      problem.after(99, optimizer),
      AllClose({0.8202954346768091, -2.173967743534021, 0.39676573698317286, 2.8153252745117032}, 0, 1e-13));
}

TEST_CASE("Adagrad with every option follows PyTorch's for a hundred steps", "[optim][adagrad][simd]") {
  Trajectory<double> problem;
  optim::Adagrad<double> optimizer({&problem.x}, {.learning_rate = 0.2,
                                                  .learning_rate_decay = 0.05,
                                                  .weight_decay = 0.1,
                                                  .initial_accumulator = 0.3,
                                                  .epsilon = 1e-3});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.6951512483885057, -1.9214513105459998, 0.4046002351133284, 2.6731872379878796}, 0, 1e-13));
  CHECK_THAT(
      problem.after(98, optimizer),
      AllClose({0.011170306665160805, -1.62609066779293, 0.38717314271007924, 1.2814307756560883}, 0, 1e-13));
}

TEST_CASE("Adagrad in float follows PyTorch's for a hundred steps", "[optim][adagrad][simd]") {
  Trajectory<float> problem;
  optim::Adagrad<float> optimizer({&problem.x});
  CHECK_THAT(
      problem.after(100, optimizer),
      AllClose({0.8202954346768091, -2.173967743534021, 0.39676573698317286, 2.8153252745117032}, 0, 1e-6));
}

TEST_CASE("Adagrad refuses options that make no sense", "[optim][adagrad][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with = [&](const optim::AdagradOptions& options) { optim::Adagrad<double>({&p}, options); };
  CHECK_THROWS_AS(with({.learning_rate_decay = -1}), ArgumentError);
  CHECK_THROWS_WITH(with({.learning_rate_decay = -1}),
                    "Adagrad: learning_rate_decay must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(with({.weight_decay = NAN}),
                    "Adagrad: weight_decay must be a finite number from 0, got nan");
  CHECK_THROWS_WITH(with({.initial_accumulator = INFINITY}),
                    "Adagrad: initial_accumulator must be a finite number from 0, got inf");
  CHECK_THROWS_WITH(with({.epsilon = 0}), "Adagrad: epsilon must be a finite number above 0, got 0");
  CHECK_THROWS_WITH(with({.learning_rate = -1}),
                    "Adagrad: learning_rate must be a finite number from 0, got -1");
}
