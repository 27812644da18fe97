// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using optim::WeightAverage;

TEMPLATE_TEST_CASE("the average begins at the values and moves towards them", "[optim][weight_average]",
                   float, double) {
  Parameter<TestType> p("p", xt::xarray<double>{1, -2}), q("q", 4.0);
  WeightAverage<TestType> average({&p, &q}, {.decay = 0.75});
  p.value() = xt::xarray<double>{3, 6};
  average.update();  // 0.75 * 1 + 0.25 * 3, 0.75 * -2 + 0.25 * 6
  CHECK_THAT(values(average.average(0)), AllClose({1.5, 0}, 0));
  CHECK_THAT(values(average.average(1)), AllClose({4}, 0));
  average.update();
  CHECK_THAT(values(average.average(0)), AllClose({1.875, 1.5}, 0));
  CHECK_THAT(values(p), AllClose({3, 6}, 0));
}

TEST_CASE("after many updates the average is the sum of weighted values", "[optim][weight_average]") {
  Parameter<double> p("p", Shape{});
  WeightAverage<double> average({&p}, {.decay = 0.9});
  double expected = 0;
  for (int step = 1; step <= 50; ++step) {
    p.value() = std::sin(step);
    average.update();
    expected += 0.1 * std::pow(0.9, 50 - step) * std::sin(step);
  }
  CHECK_THAT(average.average(0)[0], WithinRel(expected, 1e-13));
}

TEST_CASE("the decay of the first updates is smaller with warm_up", "[optim][weight_average]") {
  Parameter<double> p("p", 0.0);
  WeightAverage<double> average({&p}, {.decay = 0.3, .warm_up = true});
  p.value() = 1;
  double left = 1;  // the weight of the first value: 2/11, 3/12, and 4/13 is more than 0.3
  for (const double decay : {2.0 / 11, 0.25, 0.3, 0.3}) {
    average.update();
    left *= decay;
    CHECK_THAT(average.average(0)[0], WithinRel(1 - left, 1e-14));
  }
}

// Several threads' worth, and not a whole number of vectors.
TEMPLATE_TEST_CASE("the average treats each of many elements as if it were alone",
                   "[optim][weight_average][simd]", float, double) {
  constexpr std::size_t many = 300'037;
  const auto before = irregular({many}), after = irregular({many}, 1, 5);
  Parameter<TestType> all("all", before);
  WeightAverage<TestType> average({&all});
  all.value() = after;
  average.update();
  for (const std::size_t i : {std::size_t{0}, std::size_t{15}, std::size_t{200'000}, many - 1}) {
    Parameter<TestType> one("one", before(i));
    WeightAverage<TestType> of_one({&one});
    one.values()[0] = static_cast<TestType>(after(i));
    of_one.update();
    CHECK(average.average(0)[i] == of_one.average(0)[0]);
    CHECK_THAT(static_cast<double>(average.average(0)[i]),
               WithinRel(0.999 * before(i) + 0.001 * after(i), 1e-5));
  }
}

TEST_CASE("a scope puts the averages in and the values back", "[optim][weight_average]") {
  Parameter<float> p("p", xt::xarray<float>{1, 2}), empty("empty", Shape{0});
  WeightAverage<float> average({&p, &empty}, {.decay = 0.5});
  p.value() = xt::xarray<float>{0.1F, NAN};
  average.update();
  {
    const auto averaged = average.apply();
    CHECK_THAT(values(p), AllClose({0.55, NaN}, 1e-6));
  }
  CHECK_THAT(values(p), AllClose({0.1F, NaN}, 0));
  average.swap();
  CHECK_THAT(values(p), AllClose({0.55, NaN}, 1e-6));
  average.swap();
  CHECK_THAT(values(p), AllClose({0.1F, NaN}, 0));
  {
    const auto averaged = average.apply();
    average.swap();  // early
    CHECK_THAT(values(p), AllClose({0.1F, NaN}, 0));
  }
  CHECK_THAT(values(p), AllClose({0.1F, NaN}, 0));
}

TEMPLATE_TEST_CASE("an average goes on from its state, bit for bit", "[optim][weight_average][state]", float,
                   double) {
  Parameter<TestType> p("p", irregular({7})), q("q", irregular({7}));
  WeightAverage<TestType> straight({&p}, {.decay = 0.9, .warm_up = true});
  const auto move = [](Parameter<TestType>& one, int step) { one.value() = irregular({7}, step, 9); };
  for (int step = 0; step < 5; ++step) move(p, step), straight.update();
  const NamedArrays state = straight.state();
  CHECK(state.size() == 2);
  CHECK(state.get_scalar<std::uint64_t>("test", "updates") == 5);
  WeightAverage<TestType> resumed({&q}, {.decay = 0.9, .warm_up = true});
  resumed.load_state(state);
  for (int step = 5; step < 9; ++step) {
    move(p, step), straight.update();
    move(q, step), resumed.update();
  }
  CHECK_THAT(values(resumed.average(0)), AllClose(values(straight.average(0)), 0));
}

TEST_CASE("an average refuses what cannot be, and stays as it was", "[optim][weight_average][errors]") {
  Parameter<double> p("p", Shape{2});
  const auto with_decay = [&](double decay) { WeightAverage<double>({&p}, {.decay = decay}); };
  CHECK_THROWS_AS(with_decay(1), ArgumentError);
  CHECK_THROWS_WITH(with_decay(1), "WeightAverage: decay must be in [0, 1), got 1");
  CHECK_THROWS_WITH(with_decay(NAN), "WeightAverage: decay must be in [0, 1), got nan");
  CHECK_THROWS_WITH(WeightAverage<double>({&p, nullptr}), "WeightAverage: parameters must not be null");
  CHECK_THROWS_WITH(WeightAverage<double>({&p, &p}),
                    "WeightAverage: each parameter must be given once, got 'p' twice");

  WeightAverage<double> average({&p});
  CHECK_THROWS_WITH(average.average(1), "WeightAverage::average: parameter must be below 1, got 1");
  NamedArrays state;
  state.add_scalar("updates", std::uint64_t{3});
  state.add("0.average", AnyArray(Array<double>(Shape{3})));
  CHECK_THROWS_AS(average.load_state(state), ShapeError);
  CHECK_THROWS_WITH(average.load_state(state),
                    "WeightAverage::load_state: '0.average' must have shape (2), got (3)");
  CHECK_THROWS_WITH(average.load_state({}),
                    "WeightAverage::load_state: there must be an array 'updates', got none at all");
  CHECK(average.state().get_scalar<std::uint64_t>("test", "updates") == 0);

  const auto averaged = average.apply();
  const std::string rest =
      ": the parameters must hold their own values, got the averages; end the scope of apply, or swap back";
  CHECK_THROWS_WITH(average.update(), "WeightAverage::update" + rest);
  CHECK_THROWS_WITH(average.apply(), "WeightAverage::apply" + rest);
  CHECK_THROWS_WITH(average.average(0), "WeightAverage::average" + rest);
  CHECK_THROWS_WITH(average.state(), "WeightAverage::state" + rest);
  CHECK_THROWS_WITH(average.load_state({}), "WeightAverage::load_state" + rest);
}
