// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("a flatten module keeps the first axis and makes one of the others", "[nn][flatten]") {
  nn::Flatten<double> flatten;
  Tape<double> tape;
  const auto x = tape.constant(irregular({2, 3, 1, 4}));
  CHECK(flatten(x).shape() == Shape{2, 12});
  CHECK(flatten(x).data() == x.data());
  CHECK(flatten(tape.constant(irregular({2, 3}))).shape() == Shape{2, 3});
  CHECK(flatten(tape.constant(irregular({0, 3, 2}))).shape() == Shape{0, 6});
}

TEST_CASE("a flatten module refuses arrays of fewer than two axes", "[nn][flatten][errors]") {
  nn::Flatten<double> flatten;
  Tape<double> tape;
  const auto x = tape.constant(irregular({3}));
  CHECK(refusal<ShapeError>(tape, [&] { flatten(x); }) ==
        "Flatten: x must be (batch, ...) of two axes or more, got (3)");
}
