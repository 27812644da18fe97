// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// Two groups whose learning rates are 0.1 and 0.05.
struct Groups {
  Parameter<double> a{"a", Shape{1}}, b{"b", Shape{1}};
  optim::SGD<double> optimizer{{{&a}, {.learning_rate = 0.1}}, {{&b}, {.learning_rate = 0.05}}};
};

// Those of one group before each of so many steps.
std::vector<double> rates(const optim::Curve& curve, int count, std::size_t group = 0) {
  Groups groups;
  optim::CurveSchedule schedule(groups.optimizer, curve);
  std::vector<double> result;
  for (int step = 0; step < count; ++step) {
    result.push_back(groups.optimizer.learning_rate(group));
    schedule.step();
  }
  return result;
}

// PyTorch multiplies from step to step, which rounds a little each time.
constexpr double rounding = 1e-13;

}  // namespace

// The expected numbers are those of torch.optim.lr_scheduler of PyTorch 1.13 for the same two groups.

TEST_CASE("step_decay has the learning rates of StepLR", "[optim][schedule]") {
  const auto curve = optim::step_decay({.every = 3, .factor = 0.5});
  CHECK_THAT(rates(curve, 10),
             AllClose({0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125}, rounding));
  CHECK_THAT(rates(curve, 4, 1), AllClose({0.05, 0.05, 0.05, 0.025}, rounding));
}

TEST_CASE("multi_step_decay has the learning rates of MultiStepLR", "[optim][schedule]") {
  const auto curve = optim::multi_step_decay({.milestones = {2, 5, 6}});
  CHECK_THAT(rates(curve, 8), AllClose({0.1, 0.1, 0.01, 0.01, 0.01, 1e-3, 1e-4, 1e-4}, rounding));
  CHECK_THAT(rates(curve, 3, 1), AllClose({0.05, 0.05, 0.005}, rounding));
  CHECK_THAT(rates(optim::multi_step_decay({}), 2), AllClose({0.1, 0.1}, 0));
}

TEST_CASE("exponential_decay has the learning rates of ExponentialLR", "[optim][schedule]") {
  const auto curve = optim::exponential_decay(0.9);
  CHECK_THAT(rates(curve, 8),
             AllClose({0.1, 0.09000000000000001, 0.08100000000000002, 0.07290000000000002,
                       0.06561000000000002, 0.05904900000000002, 0.05314410000000002, 0.04782969000000002},
                      rounding));
  CHECK_THAT(rates(curve, 3, 1), AllClose({0.05, 0.045000000000000005, 0.04050000000000001}, rounding));
}

TEST_CASE("linear_decay has the learning rates of LinearLR", "[optim][schedule]") {
  const auto curve = optim::linear_decay({.steps = 5});
  CHECK_THAT(rates(curve, 7), AllClose({0.1, 0.08, 0.06, 0.04, 0.02, 0, 0}, rounding));
  CHECK_THAT(rates(optim::linear_decay({.steps = 4, .minimum = 0.02}), 6),
             AllClose({0.1, 0.08, 0.06, 0.04, 0.02, 0.02}, rounding));
}

TEST_CASE("cosine_decay has the learning rates of CosineAnnealingLR, and stays at its minimum",
          "[optim][schedule]") {
  const auto curve = optim::cosine_decay({.steps = 7, .minimum = 0.01});
  CHECK_THAT(rates(curve, 10),
             AllClose({0.1, 0.09554359905560886, 0.08305704108364301, 0.06501344202803415,
                       0.04498655797196586, 0.026942958916356993, 0.014456400944391143, 0.01, 0.01, 0.01},
                      rounding));
  CHECK_THAT(rates(curve, 8, 1),
             AllClose({0.05, 0.048019377358048385, 0.04246979603717468, 0.03445041867912629,
                       0.025549581320873718, 0.017530203962825334, 0.01198062264195162, 0.01},
                      rounding));
}

TEST_CASE("one_cycle has the learning rates of OneCycleLR, and stays at its last", "[optim][schedule]") {
  const auto curve = optim::one_cycle({.steps = 12});
  CHECK_THAT(rates(curve, 13),
             AllClose({0.004, 0.0349789654219583, 0.08792851591221287, 0.09944154354509119,
                       0.09330129698414118, 0.0811745653949763, 0.06473789976951033, 0.046263710266697504,
                       0.028306099820869922, 0.01334775301888306, 0.0034566987425395223, 4e-07, 4e-07},
                      rounding));
  CHECK_THAT(rates(curve, 3, 1), AllClose({0.002, 0.01748948271097915, 0.04396425795610644}, rounding));
  CHECK_THAT(
      rates(optim::one_cycle({.steps = 9, .rise = 0.5, .start_divisor = 10, .final_divisor = 100}), 9),
      AllClose({0.01, 0.02694295891635698, 0.06501344202803415, 0.09554359905560886, 0.09698764640825613,
                0.07502500000000001, 0.041376273525536834, 0.011786080066207053, 0.0001},
               rounding));
  CHECK_THAT(
      rates(optim::one_cycle({.steps = 6, .rise = 0}), 6),
      AllClose({0.09330129698414119, 0.0750001, 0.0500002, 0.025000300000000013, 0.006699103015858823, 4e-07},
               rounding));
}

TEST_CASE("one_cycle has an end for any number of steps and any rise", "[optim][schedule]") {
  for (const std::uint64_t steps : {1U, 2U, 4U}) {
    for (const double rise : {0.0, 0.25, 0.5, 1.0}) {
      const auto curve = optim::one_cycle({.steps = steps, .rise = rise});
      for (const std::uint64_t step : {0U, 1U, 3U, 9U}) CHECK((curve(1, step) > 0 && curve(1, step) <= 1));
    }
  }
  CHECK(optim::one_cycle({.steps = 4, .rise = 1})(1, 3) == 1);
  CHECK(optim::one_cycle({.steps = 4, .rise = 0.5})(1, 1) == 1);
}

TEST_CASE("warm_up has the learning rates of LinearLR before those of another", "[optim][schedule]") {
  const auto curve =
      optim::warm_up({.steps = 4, .start = 0.1}, optim::cosine_decay({.steps = 6, .minimum = 0.001}));
  CHECK_THAT(rates(curve, 11),
             AllClose({0.01, 0.0325, 0.055, 0.0775, 0.1, 0.09336825748732973, 0.07525000000000001, 0.0505,
                       0.025750000000000012, 0.007631742512670284, 0.001},
                      rounding));
  CHECK_THAT(rates(curve, 6, 1),
             AllClose({0.005, 0.01625, 0.0275, 0.03875, 0.05, 0.046717622392718754}, rounding));
  CHECK_THAT(rates(optim::warm_up({.steps = 2}), 4), AllClose({0.1 / 3, 0.2 / 3, 0.1, 0.1}, 1e-15));
}

TEST_CASE("any function of base and step is a curve, and a measurement is no matter to it",
          "[optim][schedule]") {
  Groups groups;
  optim::CurveSchedule schedule(groups.optimizer, [](double base, std::uint64_t step) {
    return base / (1 + static_cast<double>(step));
  });
  schedule.step(0.123);
  schedule.step();
  CHECK(schedule.steps() == 2);
  CHECK(groups.optimizer.learning_rates() == std::vector{0.1 / 3, 0.05 / 3});
}

TEST_CASE("a schedule goes on from its state", "[optim][schedule][state]") {
  const auto curve = optim::cosine_decay({.steps = 10});
  Groups straight, resumed;
  optim::CurveSchedule schedule(straight.optimizer, curve);
  for (int step = 0; step < 3; ++step) schedule.step();
  const NamedArrays of_optimizer = straight.optimizer.state(), of_schedule = schedule.state();
  CHECK(of_schedule.get_scalar<std::uint64_t>("test", "steps") == 3);
  CHECK_THAT(values(of_schedule.get<double>("test", "base_learning_rates", {2})), AllClose({0.1, 0.05}, 0));

  resumed.optimizer.set_learning_rates({7, 8});  // the bases come from the state
  optim::CurveSchedule other(resumed.optimizer, curve);
  other.load_state(of_schedule);
  CHECK(resumed.optimizer.learning_rates() == straight.optimizer.learning_rates());
  resumed.optimizer.load_state(of_optimizer);
  for (int step = 0; step < 4; ++step) {
    schedule.step();
    other.step();
    CHECK(resumed.optimizer.learning_rates() == straight.optimizer.learning_rates());
  }
}

TEST_CASE("a schedule refuses a state that is not its own, and stays as it was",
          "[optim][schedule][state][errors]") {
  Groups groups;
  optim::CurveSchedule schedule(groups.optimizer, optim::step_decay({.every = 1}));
  schedule.step();
  NamedArrays state;
  state.add_scalar("steps", std::uint64_t{5});
  const std::vector<double> bases{0.5, -1};
  state.add("base_learning_rates", ArrayView<const double>(bases));
  CHECK_THROWS_AS(schedule.load_state(state), ArgumentError);
  CHECK_THROWS_WITH(schedule.load_state(state),
                    "CurveSchedule::load_state: base_learning_rates must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(schedule.load_state({}),
                    "CurveSchedule::load_state: there must be an array 'steps', got none at all");
  state.add_scalar("best", 1.0);
  CHECK_THROWS_WITH(schedule.load_state(state),
                    "CurveSchedule::load_state: every array must have its place, got 'best' without one");
  CHECK(schedule.steps() == 1);
  CHECK_THAT(groups.optimizer.learning_rates(), AllClose({0.01, 0.005}, 1e-15));
}

TEST_CASE("a schedule refuses a curve that gives no learning rate, and stays as it was",
          "[optim][schedule][errors]") {
  Groups groups;
  CHECK_THROWS_AS(optim::CurveSchedule(groups.optimizer, optim::Curve()), ArgumentError);
  CHECK_THROWS_WITH(optim::CurveSchedule(groups.optimizer, optim::Curve()),
                    "CurveSchedule: curve must be a function, got an empty one");
  optim::CurveSchedule schedule(groups.optimizer, [](double base, std::uint64_t step) {
    return step == 2 && base < 0.1 ? -1.0 : base;
  });
  schedule.step();
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK_THROWS_WITH(
        schedule.step(),
        "CurveSchedule: curve must give finite numbers from 0, got -1 for base 0.05 and step 2");
  }
  CHECK(schedule.steps() == 1);
  CHECK(groups.optimizer.learning_rates() == std::vector{0.1, 0.05});
}

TEST_CASE("curves refuse options out of range", "[optim][schedule][errors]") {
  using namespace optim;
  CHECK_THROWS_AS(step_decay({}), ArgumentError);
  CHECK_THROWS_WITH(step_decay({}), "step_decay: every must be above 0, got 0");
  CHECK_THROWS_WITH(step_decay({.every = 1, .factor = 0}),
                    "step_decay: factor must be a finite number above 0, got 0");
  CHECK_THROWS_WITH(multi_step_decay({.milestones = {1}, .factor = NAN}),
                    "multi_step_decay: factor must be a finite number above 0, got nan");
  CHECK_THROWS_WITH(multi_step_decay({.milestones = {1, 3, 3}}),
                    "multi_step_decay: milestones must be in ascending order, got 3 before 3");
  CHECK_THROWS_WITH(exponential_decay(-1),
                    "exponential_decay: factor must be a finite number above 0, got -1");
  CHECK_THROWS_WITH(linear_decay({}), "linear_decay: steps must be above 0, got 0");
  CHECK_THROWS_WITH(linear_decay({.steps = 1, .minimum = -1}),
                    "linear_decay: minimum must be a finite number from 0, got -1");
  CHECK_THROWS_WITH(cosine_decay({}), "cosine_decay: steps must be above 0, got 0");
  CHECK_THROWS_WITH(cosine_decay({.steps = 1, .minimum = INFINITY}),
                    "cosine_decay: minimum must be a finite number from 0, got inf");
  CHECK_THROWS_WITH(one_cycle({}), "one_cycle: steps must be above 0, got 0");
  CHECK_THROWS_WITH(one_cycle({.steps = 1, .rise = 1.5}), "one_cycle: rise must be in [0, 1], got 1.5");
  CHECK_THROWS_WITH(one_cycle({.steps = 1, .start_divisor = 0}),
                    "one_cycle: start_divisor must be a finite number above 0, got 0");
  CHECK_THROWS_WITH(one_cycle({.steps = 1, .final_divisor = -1}),
                    "one_cycle: final_divisor must be a finite number above 0, got -1");
  CHECK_THROWS_WITH(warm_up({}), "warm_up: steps must be above 0, got 0");
  CHECK_THROWS_WITH(warm_up({.steps = 1, .start = -0.5}),
                    "warm_up: start must be a finite number from 0, got -0.5");
}

TEST_CASE("a state goes on with the curve that it is loaded into", "[optim][schedule][state]") {
  using namespace optim;
  const double pi = 3.14159265358979323846;
  const double of_cycle = (1 + std::cos(pi * 5 / 14)) / 2, cycle_end = 0.1 / 25 / 1e4;
  struct Change {
    const char* name;
    Curve before, now;
    double rate;  // of the second, with base 0.1, after 10 steps
  };
  const std::vector<Change> changes{
      {"step", step_decay({.every = 2, .factor = 0.5}), step_decay({.every = 4, .factor = 0.5}), 0.1 / 4},
      {"multi_step", multi_step_decay({.milestones = {3, 6}}), multi_step_decay({.milestones = {6, 12}}),
       0.01},
      {"exponential", exponential_decay(0.5), exponential_decay(0.9), 0.1 * 0.3486784401},
      {"linear", linear_decay({.steps = 10}), linear_decay({.steps = 20}), 0.05},
      {"linear to", linear_decay({.steps = 10, .minimum = 0.02}),
       linear_decay({.steps = 20, .minimum = 0.02}), 0.06},
      {"cosine", cosine_decay({.steps = 10}), cosine_decay({.steps = 20}),
       0.05 * (1 + std::cos(pi * 10 / 20))},
      {"cosine to", cosine_decay({.steps = 10, .minimum = 0.02}),
       cosine_decay({.steps = 30, .minimum = 0.02}), 0.02 + 0.08 * 0.75},
      {"one_cycle", one_cycle({.steps = 10}), one_cycle({.steps = 20}),
       0.1 * of_cycle + cycle_end * (1 - of_cycle)},
      {"warm_up", warm_up({.steps = 2}, cosine_decay({.steps = 8})),
       warm_up({.steps = 2}, cosine_decay({.steps = 16})), 0.05},
      {"long warm_up", cosine_decay({.steps = 10}), warm_up({.steps = 20, .start = 0.5}), 0.075},
      {"a function", cosine_decay({.steps = 10}),
       [](double base, std::uint64_t step) { return base / static_cast<double>(step + 1); }, 0.1 / 11}};
  for (const Change& change : changes) {
    CAPTURE(change.name);
    Groups finished, lengthened;
    CurveSchedule before(finished.optimizer, change.before), now(lengthened.optimizer, change.now);
    for (int step = 0; step < 10; ++step) before.step();
    lengthened.optimizer.load_state(finished.optimizer.state());
    now.load_state(before.state());
    CHECK(now.steps() == 10);
    CHECK_THAT(lengthened.optimizer.learning_rate(), WithinRel(change.rate, rounding));
    now.step();
    CHECK(lengthened.optimizer.learning_rate() == change.now(0.1, 11));
    CHECK(lengthened.optimizer.learning_rate(1) == change.now(0.05, 11));
  }
}

TEST_CASE("a learning rate set by hand is the curve's again once the schedule is loaded",
          "[optim][schedule][state]") {
  Groups saved, curve_last, optimizer_last;
  const auto curve = optim::linear_decay({.steps = 4});
  optim::CurveSchedule schedule(saved.optimizer, curve), one(curve_last.optimizer, curve),
      other(optimizer_last.optimizer, curve);
  schedule.step();
  saved.optimizer.set_learning_rate(7);
  const NamedArrays state = schedule.state(), of_optimizer = saved.optimizer.state();
  CHECK_THAT(values(state.get<double>("test", "learning_rates", {2})), AllClose({0.075, 0.0375}, rounding));
  curve_last.optimizer.load_state(of_optimizer);
  one.load_state(state);
  CHECK_THAT(curve_last.optimizer.learning_rates(), AllClose({0.075, 0.0375}, rounding));
  other.load_state(state);
  optimizer_last.optimizer.load_state(of_optimizer);
  CHECK(optimizer_last.optimizer.learning_rates() == std::vector<double>{7, 7});
  other.step();
  CHECK_THAT(optimizer_last.optimizer.learning_rates(), AllClose({0.05, 0.025}, rounding));
}

TEST_CASE("the state tells the rates that the schedule set, also where a curve then fails",
          "[optim][schedule][state][errors]") {
  Groups groups;
  optim::CurveSchedule schedule(groups.optimizer, [](double base, std::uint64_t step) {
    return step == 2 && base < 0.1 ? -1.0 : base / static_cast<double>(step + 1);
  });
  schedule.step();
  CHECK_THROWS_AS(schedule.step(), ArgumentError);
  CHECK_THAT(values(schedule.state().get<double>("test", "learning_rates", {2})),
             AllClose({0.05, 0.025}, rounding));
}
