// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("a dropout module drops in training and hands on in evaluation", "[nn][dropout]") {
  Random random(1), same(1);
  nn::Sequential<double> model;
  model.add<nn::Dropout>(0.5, random);
  Tape<double> tape;
  const auto x = tape.constant(irregular({100}));
  CHECK(values(model(x)) == values(dropout(x, 0.5, same)));
  CHECK(random == same);
  model.eval();
  CHECK(model(x).data() == x.data());
  CHECK(random == same);
}

TEST_CASE("a dropout module refuses probabilities outside [0, 1)", "[nn][dropout][errors]") {
  Random random(1);
  CHECK_THROWS_AS(nn::Dropout<double>(1, random), ArgumentError);
  CHECK_THROWS_WITH(nn::Dropout<double>(1, random), "Dropout: probability must be in [0, 1), got 1");
  CHECK_THROWS_WITH(nn::Dropout<double>(NaN, random), "Dropout: probability must be in [0, 1), got nan");
}
