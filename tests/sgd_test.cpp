// SPDX-License-Identifier: BSD-3-Clause
#include "trajectory.hpp"

using namespace xtape;
using namespace xtape::testing;

// 1e-13: a hundred steps of rounding in double. 1e-6 in float, beside values of about 1.

TEST_CASE("SGD follows PyTorch's for a hundred steps", "[optim][sgd]") {
  Trajectory<double> problem;
  optim::SGD<double> optimizer({&problem.x}, {.learning_rate = 0.05});
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.9290012829192987, -2.0040325412426583, 0.46067761335170365, 2.8745066981417278}, 0, 1e-13));
  CHECK_THAT(problem.after(99, optimizer),
             AllClose({4.6410709111967995e-05, -2.295725248803298, 0.3924337113971261, -1.9620970244186415},
                      0, 1e-13));
}

TEST_CASE("SGD with momentum follows PyTorch's for a hundred steps", "[optim][sgd]") {
  Trajectory<double> problem;
  optim::SGD<double> optimizer({&problem.x}, {.learning_rate = 0.02, .momentum = 0.9});
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.9716005131677194, -2.001613016497063, 0.48427104534068144, 2.9498026792566914}, 0, 1e-13));
  CHECK_THAT(
      problem.after(1, optimizer),
      AllClose({0.9184091648432334, -2.00467271474269, 0.45667545840390644, 2.854909018460193}, 0, 1e-13));
  CHECK_THAT(
      problem.after(98, optimizer),
      AllClose({0.003827926187941848, -2.703292857088082, 0.3923915551597155, -2.149363350948825}, 0, 1e-13));
}

TEST_CASE("SGD in float follows PyTorch's in float for a hundred steps", "[optim][sgd]") {
  Trajectory<float> plain, heavy;
  optim::SGD<float> sgd({&plain.x}, {.learning_rate = 0.05});
  CHECK_THAT(plain.after(100, sgd),
             AllClose({4.640907354769297e-05, -2.2957258224487305, 0.3924337327480316, -1.9620970487594604},
                      0, 1e-6));
  optim::SGD<float> momentum({&heavy.x}, {.learning_rate = 0.02, .momentum = 0.9});
  CHECK_THAT(heavy.after(100, momentum),
             AllClose({0.0038279283326119184, -2.7032926082611084, 0.3923915922641754, -2.1493635177612305},
                      0, 1e-6));
}

TEST_CASE("SGD refuses a momentum outside [0, 1)", "[optim][sgd][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with_momentum = [&](double momentum) { optim::SGD<double>({&p}, {.momentum = momentum}); };
  CHECK_THROWS_AS(with_momentum(1), ArgumentError);
  CHECK_THROWS_WITH(with_momentum(1), "SGD: momentum must be in [0, 1), got 1");
  CHECK_THROWS_WITH(with_momentum(-0.1), "SGD: momentum must be in [0, 1), got -0.1");
  CHECK_THROWS_WITH(with_momentum(NAN), "SGD: momentum must be in [0, 1), got nan");
  CHECK_NOTHROW(with_momentum(0));
}
