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

TEST_CASE("SGD with weight decay follows PyTorch's for a hundred steps", "[optim][sgd][simd]") {
  Trajectory<double> problem;
  optim::SGD<double> optimizer({&problem.x}, {.learning_rate = 0.05, .weight_decay = 0.1});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.8534646855295218, -1.9881417568985702, 0.4318004816221401, 2.7230691975052865}, 0, 1e-13));
  CHECK_THAT(problem.after(98, optimizer),
             AllClose({2.5798529433364502e-05, -1.6864454149106007, 0.38717314271007924, -1.7647654457575626},
                      0, 1e-13));
}

TEST_CASE("SGD with Nesterov's momentum follows PyTorch's for a hundred steps", "[optim][sgd][simd]") {
  Trajectory<double> problem;
  optim::SGD<double> optimizer({&problem.x}, {.learning_rate = 0.02, .momentum = 0.9, .nesterov = true});
  CHECK_THAT(
      problem.after(2, optimizer),
      AllClose({0.8718339331813031, -2.007417857865947, 0.43575937964265377, 2.7703241560953957}, 0, 1e-13));
  CHECK_THAT(problem.after(98, optimizer),
             AllClose({0.0005942027871800684, -2.700602169682377, 0.39243370647850456, -2.132447544713588}, 0,
                      1e-13));
}

TEST_CASE("SGD with momentum and weight decay follows PyTorch's for a hundred steps", "[optim][sgd][simd]") {
  Trajectory<double> heavy, nesterov;
  optim::SGD<double> momentum({&heavy.x}, {.learning_rate = 0.02, .momentum = 0.8, .weight_decay = 0.1});
  CHECK_THAT(
      heavy.after(2, momentum),
      AllClose({0.9157636059405267, -1.9933286924023055, 0.4556274684517156, 2.8432985274310973}, 0, 1e-13));
  CHECK_THAT(heavy.after(98, momentum),
             AllClose({5.9483664342062505e-06, -1.6267586056413572, 0.38717281351508587, -1.829566873972552},
                      0, 1e-13));
  optim::SGD<double> all({&nesterov.x},
                         {.learning_rate = 0.02, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true});
  CHECK_THAT(
      nesterov.after(2, all),
      AllClose({0.8739500292599502, -1.9899189051241748, 0.4370718573980133, 2.76382915296493}, 0, 1e-13));
  CHECK_THAT(nesterov.after(98, all),
             AllClose({-1.2500790122774158e-06, -1.627569224784683, 0.3871731431342776, -1.829726271413917},
                      0, 1e-13));
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
  Trajectory<float> all;
  optim::SGD<float> nesterov({&all.x},
                             {.learning_rate = 0.02, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true});
  CHECK_THAT(all.after(100, nesterov),
             AllClose({-1.2563626796691096e-06, -1.6275694370269775, 0.3871731460094452, -1.8297263383865356},
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

TEST_CASE("SGD refuses a weight decay that makes no sense and Nesterov without momentum",
          "[optim][sgd][errors]") {
  Parameter<double> p("p", Shape{1});
  const auto with = [&](const optim::SGDOptions& options) { optim::SGD<double>({&p}, options); };
  CHECK_THROWS_AS(with({.weight_decay = -1}), ArgumentError);
  CHECK_THROWS_WITH(with({.weight_decay = -1}), "SGD: weight_decay must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(with({.weight_decay = NAN}), "SGD: weight_decay must be a finite number from 0, got nan");
  CHECK_THROWS_WITH(with({.nesterov = true}), "SGD: momentum must be above 0 with nesterov, got 0");
}
