// SPDX-License-Identifier: BSD-3-Clause
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::is_probably_softmaxed;

TEMPLATE_TEST_CASE("what softmax makes is probably softmaxed, whatever went in and along any axis",
                   "[losses][softmaxed]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({3, 4, 5}, -30, 30));
  for (const int axis : {0, 1, 2, -1, -2, -3}) CHECK(is_probably_softmaxed(softmax(x, axis), axis));
  CHECK(is_probably_softmaxed(softmax(tape.constant(irregular({2, 50'000}, -5, 5)))));
  CHECK(is_probably_softmaxed(softmax(tape.constant(array({1, 3}, {-inf, 0, 800})))));
}

TEST_CASE("probabilities that were floats are probably softmaxed as doubles", "[losses][softmaxed]") {
  Tape<float> floats;
  Tape<double> doubles;
  const auto p = softmax(floats.constant(irregular({20, 7}, -9, 9)));
  CHECK(is_probably_softmaxed(doubles.constant(p.values())));
}

TEMPLATE_TEST_CASE("scores are not softmaxed", "[losses][softmaxed]", float, double) {
  Tape<TestType> tape;
  const auto scores = [&](const std::vector<double>& row) { return tape.constant(array({1, 3}, row)); };
  CHECK_FALSE(is_probably_softmaxed(scores({0, 0, 0})));
  CHECK_FALSE(is_probably_softmaxed(scores({0.2, 0.3, 0.4999})));
  CHECK_FALSE(is_probably_softmaxed(scores({-0.5, 0.5, 1})));
  CHECK_FALSE(is_probably_softmaxed(scores({1.5, -0.5, 0})));
  CHECK_FALSE(is_probably_softmaxed(scores({NaN, 0.5, 0.5})));
  CHECK_FALSE(is_probably_softmaxed(scores({-inf, 0, 1})));
  CHECK_FALSE(is_probably_softmaxed(log_softmax(scores({1, 2, 3}))));
}

TEST_CASE("one sample of scores is enough to tell that no softmax made them", "[losses][softmaxed]") {
  Tape<double> tape;
  CHECK_FALSE(is_probably_softmaxed(tape.constant(array({3, 2}, {0.5, 0.5, 0.2, 0.9, 1, 0}))));
}

TEST_CASE("probabilities along one axis are scores along another", "[losses][softmaxed]") {
  Tape<double> tape;
  const auto p = softmax(tape.constant(irregular({3, 4})), 0);
  CHECK(is_probably_softmaxed(p, 0));
  CHECK_FALSE(is_probably_softmaxed(p, 1));
}

TEST_CASE("one class, and no elements, tell nothing of a softmax", "[losses][softmaxed]") {
  Tape<double> tape;
  CHECK_FALSE(is_probably_softmaxed(tape.constant(array({2, 1}, {1, 1}))));
  CHECK_FALSE(is_probably_softmaxed(tape.constant(array({0, 3}, {}))));
  CHECK_FALSE(is_probably_softmaxed(tape.constant(array({3, 0}, {}))));
}

TEST_CASE("is_probably_softmaxed refuses an axis that is not there", "[losses][softmaxed][errors]") {
  Tape<double> tape;
  const auto x = tape.constant(irregular({2, 3})), scalar = tape.constant(1);
  CHECK(refusal<ArgumentError>(tape, [&] { is_probably_softmaxed(x, 2); }) ==
        "is_probably_softmaxed: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { is_probably_softmaxed(scalar); }) ==
        "is_probably_softmaxed: the array must have an axis -1, got a scalar, which has none");
}
