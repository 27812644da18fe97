// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using optim::Mode;
using optim::ReduceOnPlateauOptions;

namespace {

struct Groups {
  Parameter<double> a{"a", Shape{1}}, b{"b", Shape{1}};
  optim::SGD<double> optimizer{{{&a}, {.learning_rate = 0.1}}, {{&b}, {.learning_rate = 0.05}}};
};

// Those of one group after each measurement.
std::vector<double> rates(const std::vector<double>& measured, const ReduceOnPlateauOptions& options,
                          std::size_t group = 0, const std::vector<double>& start = {0.1, 0.05}) {
  Groups groups;
  groups.optimizer.set_learning_rates(start);
  optim::ReduceOnPlateau schedule(groups.optimizer, options);
  std::vector<double> result;
  for (const double one : measured) {
    schedule.step(one);
    result.push_back(groups.optimizer.learning_rate(group));
  }
  return result;
}

const std::vector<double> measured_losses{1,   0.9, 0.95, 0.89995, 0.92, 0.91, 0.5,
                                          0.6, 0.5, 0.6,  NaN,     0.55, 0.52, 0.51};

}  // namespace

// The expected numbers are those of torch.optim.lr_scheduler.ReduceLROnPlateau of PyTorch 1.13.

TEST_CASE("ReduceOnPlateau has the learning rates of ReduceLROnPlateau", "[optim][reduce_on_plateau]") {
  const ReduceOnPlateauOptions options{.factor = 0.5, .patience = 1};
  CHECK_THAT(rates(measured_losses, options), AllClose({0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.025,
                                                        0.0125, 0.0125, 0.00625, 0.00625, 0.003125, 0.003125},
                                                       1e-15));
  CHECK_THAT(rates(measured_losses, options, 1),
             AllClose({0.05, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.00625, 0.00625, 0.003125,
                       0.003125, 0.0015625, 0.0015625},
                      1e-15));
}

TEST_CASE("ReduceOnPlateau takes thresholds that are absolute, and waits after a reduction",
          "[optim][reduce_on_plateau]") {
  CHECK_THAT(
      rates(measured_losses,
            {.factor = 0.5, .patience = 1, .threshold = 0.1, .threshold_is_relative = false, .cooldown = 2}),
      AllClose({0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.0125, 0.0125},
               1e-15));
}

TEST_CASE("ReduceOnPlateau follows what should grow, and stops at the minimum",
          "[optim][reduce_on_plateau]") {
  const std::vector<double> accuracies{0.1, 0.2, 0.2, 0.19, 0.20001, 0.3, 0.31,
                                       0.3, 0.2, 0.1, 0.1,  0.1,     0.1, 0.1};
  CHECK_THAT(
      rates(accuracies, {.mode = Mode::max, .patience = 2, .threshold = 0.05, .minimum = 2e-3}),
      AllClose({0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 2e-3, 2e-3, 2e-3, 2e-3, 2e-3, 2e-3}, 1e-15));
}

TEST_CASE("ReduceOnPlateau leaves out changes that are too small", "[optim][reduce_on_plateau]") {
  const std::vector<double> flat(8, 1.0);
  CHECK_THAT(rates(flat, {.factor = 0.5, .patience = 0}, 0, {1e-7, 3e-8}),
             AllClose({1e-7, 5e-8, 2.5e-8, 1.25e-8, 1.25e-8, 1.25e-8, 1.25e-8, 1.25e-8}, 1e-14));
  CHECK_THAT(rates(flat, {.factor = 0.5, .patience = 0}, 1, {1e-7, 3e-8}),
             AllClose({3e-8, 1.5e-8, 1.5e-8, 1.5e-8, 1.5e-8, 1.5e-8, 1.5e-8, 1.5e-8}, 1e-14));
}

// PyTorch's relative threshold moves the wrong way below 0: there -10 is followed by an improvement to -9.9.
TEST_CASE("a relative threshold is one of magnitude, below 0 too", "[optim][reduce_on_plateau]") {
  const std::vector<double> measured{-10, -9.9, -9.9};
  CHECK_THAT(rates(measured, {.factor = 0.5, .patience = 1, .threshold = 0.05}),
             AllClose({0.1, 0.1, 0.05}, 1e-15));
}

TEST_CASE("ReduceOnPlateau goes on from its state", "[optim][reduce_on_plateau][state]") {
  const ReduceOnPlateauOptions options{.factor = 0.5, .patience = 1, .cooldown = 1};
  Groups straight;
  optim::ReduceOnPlateau schedule(straight.optimizer, options);
  for (std::size_t i = 0; i < measured_losses.size(); ++i) {
    CAPTURE(i);
    Groups resumed;
    optim::ReduceOnPlateau other(resumed.optimizer, options);
    resumed.optimizer.load_state(straight.optimizer.state());
    other.load_state(schedule.state());
    schedule.step(measured_losses[i]);
    other.step(measured_losses[i]);
    CHECK(resumed.optimizer.learning_rates() == straight.optimizer.learning_rates());
    CHECK(other.best() == schedule.best());
  }
  CHECK(schedule.best() == 0.5);
}

TEST_CASE("ReduceOnPlateau refuses a state that is not its own",
          "[optim][reduce_on_plateau][state][errors]") {
  Groups groups;
  optim::ReduceOnPlateau schedule(groups.optimizer);
  schedule.step(3);
  NamedArrays state;
  state.add_scalar("best", NaN);
  CHECK_THROWS_AS(schedule.load_state(state), ArgumentError);
  CHECK_THROWS_WITH(
      schedule.load_state(state),
      "ReduceOnPlateau::load_state: there must be an array 'steps_without_improvement', got best");
  state.add_scalar("steps_without_improvement", std::uint64_t{1});
  state.add_scalar("cooldown_left", std::uint64_t{1});
  CHECK_THROWS_WITH(schedule.load_state(state),
                    "ReduceOnPlateau::load_state: best must be a number, got nan");
  state.add_scalar("steps", std::uint64_t{1});
  CHECK_THROWS_WITH(schedule.load_state(state),
                    "ReduceOnPlateau::load_state: every array must have its place, got 'steps' without one");
  CHECK(schedule.best() == 3);
}

TEST_CASE("ReduceOnPlateau refuses options out of range, and a step without a measurement",
          "[optim][reduce_on_plateau][errors]") {
  Groups groups;
  const auto with = [&](const ReduceOnPlateauOptions& options) {
    optim::ReduceOnPlateau(groups.optimizer, options);
  };
  CHECK_THROWS_AS(with({.factor = 1}), ArgumentError);
  CHECK_THROWS_WITH(with({.factor = 1}), "ReduceOnPlateau: factor must be in (0, 1), got 1");
  CHECK_THROWS_WITH(with({.factor = 0}), "ReduceOnPlateau: factor must be in (0, 1), got 0");
  CHECK_THROWS_WITH(with({.threshold = -1}),
                    "ReduceOnPlateau: threshold must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(with({.minimum = NAN}),
                    "ReduceOnPlateau: minimum must be a finite number from 0, got nan");
  CHECK_THROWS_WITH(with({.smallest_change = -1}),
                    "ReduceOnPlateau: smallest_change must be a finite number from 0, got -1");
  optim::ReduceOnPlateau plateau(groups.optimizer);
  optim::Schedule& schedule = plateau;
  CHECK_THROWS_WITH(schedule.step(),
                    "ReduceOnPlateau::step: there must be a measurement, got none; call step(loss)");
}

TEST_CASE("a reduced learning rate goes on with the options of the schedule that loads the state",
          "[optim][reduce_on_plateau][state]") {
  Groups finished, lengthened;
  optim::ReduceOnPlateau before(finished.optimizer, {.factor = 0.5, .patience = 0});
  optim::ReduceOnPlateau now(lengthened.optimizer, {.factor = 0.1, .patience = 1});
  const double base = finished.optimizer.learning_rate();
  before.step(1);
  before.step(1);  // no improvement: half
  CHECK(finished.optimizer.learning_rate() == base / 2);
  now.load_state(before.state());
  CHECK(lengthened.optimizer.learning_rate() == base);  // the rate is the optimizer's
  lengthened.optimizer.load_state(finished.optimizer.state());
  now.step(1);
  CHECK(lengthened.optimizer.learning_rate() == base / 2);  // patience is 1 now
  now.step(1);
  CHECK_THAT(lengthened.optimizer.learning_rate(), WithinRel(base / 2 * 0.1, 1e-15));
}
