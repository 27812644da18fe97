// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using optim::EarlyStopping;
using optim::Mode;

namespace {

// One letter a measurement: b for the best so far, s for time to stop, - otherwise.
std::string verdicts(EarlyStopping& stopping, const std::vector<double>& measured) {
  std::string result;
  for (const double one : measured) {
    stopping.step(one);
    result += stopping.is_best() ? 'b' : stopping.should_stop() ? 's' : '-';
  }
  return result;
}

}  // namespace

TEST_CASE("early stopping waits for an improvement as long as its patience", "[optim][early_stopping]") {
  EarlyStopping stopping({.patience = 3});
  CHECK_FALSE(stopping.is_best());
  CHECK_FALSE(stopping.should_stop());
  CHECK(stopping.best() == inf);
  CHECK(verdicts(stopping, {5, 4, 4, 4.5, 3, 3, 3, 3}) == "bb--b--s");
  CHECK(stopping.should_stop());
  CHECK(stopping.best() == 3);
  CHECK(stopping.best_step() == 5);
  CHECK(verdicts(stopping, {9, 2}) == "sb");
  CHECK_FALSE(stopping.should_stop());
}

TEST_CASE("early stopping asks for the improvement that it was told", "[optim][early_stopping]") {
  EarlyStopping stopping({.patience = 2, .minimum_improvement = 0.5});
  CHECK(verdicts(stopping, {5, 4.5, 4.25, 4.25}) == "b-b-");
  EarlyStopping accuracy({.patience = 2, .minimum_improvement = 0.125, .mode = Mode::max});
  CHECK(accuracy.best() == -inf);
  CHECK(verdicts(accuracy, {-1, 0.5, 0.625, 0.75, 0.25, 0.8}) == "bb-b-s");
  CHECK(accuracy.best() == 0.75);
}

TEST_CASE("a NaN is no improvement, and a number is one over it", "[optim][early_stopping]") {
  EarlyStopping stopping({.patience = 3});
  CHECK(verdicts(stopping, {NaN, NaN, 7, NaN, inf, NaN}) == "--b--s");
  EarlyStopping never({.patience = 2});
  CHECK(verdicts(never, {NaN, inf}) == "-s");
  CHECK(never.best_step() == 0);
}

TEST_CASE("early stopping goes on from its state", "[optim][early_stopping][state]") {
  const std::vector<double> measured{5, 4, 4, 4.5, 3, 3, 3, 3};
  EarlyStopping straight({.patience = 3});
  for (const double one : measured) {
    EarlyStopping resumed({.patience = 3});
    resumed.load_state(straight.state());
    resumed.step(one);
    straight.step(one);
    CHECK(resumed.is_best() == straight.is_best());
    CHECK(resumed.should_stop() == straight.should_stop());
    CHECK(resumed.best() == straight.best());
    CHECK(resumed.best_step() == straight.best_step());
  }
  CHECK(straight.should_stop());
}

TEST_CASE("early stopping refuses options and states that make no sense", "[optim][early_stopping][errors]") {
  CHECK_THROWS_AS(EarlyStopping({.patience = 0}), ArgumentError);
  CHECK_THROWS_WITH(EarlyStopping({.patience = 0}), "EarlyStopping: patience must be above 0, got 0");
  CHECK_THROWS_WITH(EarlyStopping({.minimum_improvement = -1}),
                    "EarlyStopping: minimum_improvement must be a finite number from 0, got -1");

  EarlyStopping stopping;
  stopping.step(2);
  const auto refused = [&](std::uint64_t steps, std::uint64_t best_step, double best, const char* text) {
    NamedArrays state;
    state.add_scalar("steps", steps);
    state.add_scalar("best_step", best_step);
    state.add_scalar("best", best);
    CHECK_THROWS_WITH(stopping.load_state(state), text);
  };
  refused(3, 4, 1, "EarlyStopping::load_state: best_step must be at most steps, 3, got 4");
  refused(3, 2, NaN, "EarlyStopping::load_state: best must be a number, got nan");
  CHECK_THROWS_WITH(stopping.load_state({}),
                    "EarlyStopping::load_state: there must be an array 'steps', got none at all");
  CHECK(stopping.best() == 2);
  CHECK(stopping.is_best());
}
