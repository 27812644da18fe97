// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace ordinal_log_probabilities_test {
namespace {

const std::vector<double> ends{-1, 0.25, 2};

struct Result {
  std::vector<double> y, dx, dthresholds;
};

// With the gradients of the sum of all elements, each times that of the seed.
template <class T>
Result result_of(const std::vector<double>& scores, const std::vector<double>& thresholds,
                 const std::vector<double>& seed) {
  Tape<T> tape;
  const auto x = tape.variable(scores), theta = tape.variable(thresholds);
  const auto y = ordinal_log_probabilities(x, theta);
  const xt::xarray<T> from_above = array(y.shape(), seed);
  y.backward(from_above);
  return {values(y), values(x.grad()), values(theta.grad())};
}

}  // namespace

// mpmath, 120 digits, from the differences of sigmoids; so are all numbers below.
TEMPLATE_TEST_CASE("ordinal_log_probabilities are what differences of sigmoids give in 120 digits",
                   "[ops][ordinal]", float, double) {
  const auto result =
      result_of<TestType>({0.5, -2, 1.125}, ends, {1, -2, 0.5, 3, 1, -2, 0.5, 3, 1, -2, 0.5, 3});
  CHECK_THAT(result.y, AllClose({-1.70141327798275241, -1.36493226294900704, -0.968239564555142832,
                                 -1.70141327798275241, -0.313261687518222834, -1.75104781152238112,
                                 -2.55924335352810381, -4.01814992791780974, -2.23782227877156927,
                                 -1.67384642486403605, -0.887776028703658285, -1.22344458100505571},
                                ulps<TestType>(2)));
  CHECK_THAT(result.dx,
             AllClose({2.52234989420009362, 1.84901388385133891, 2.42223454523940494}, ulps<TestType>(2)));
  CHECK_THAT(result.dthresholds,
             AllClose({6.42948140734008969, -6.26975697621188908, -6.95332275441903808}, ulps<TestType>(4)));
}

TEMPLATE_TEST_CASE("ordinal_log_probabilities of two classes are those of the sigmoid", "[ops][ordinal]",
                   float, double) {
  const auto first = result_of<TestType>({17, -1}, {0}, {1, 0, 1, 0});
  // log(1 + e^17) and log(1 + e^-17), log(1 + e^-1) and log(1 + e)
  CHECK_THAT(first.y, AllClose({-17.000000041399376, -4.1399376330897474e-8, -0.31326168751822283,
                                -1.3132616875182228},
                               ulps<TestType>(2)));
  CHECK_THAT(first.dx, AllClose({-0.99999995860062453, -0.26894142136999512}, ulps<TestType>(2)));
}

TEST_CASE("ordinal_log_probabilities exponentiate to a sum of one", "[ops][ordinal]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 5}, -10, 10));
  const auto y = ordinal_log_probabilities(x, tape.constant(ends));
  CHECK(y.shape() == Shape{2, 5, 4});
  CHECK_THAT(values(sum(exp(y), -1)), AllClose(std::vector<double>(10, 1), ulps<double>(8)));
}

TEMPLATE_TEST_CASE("ordinal_log_probabilities of a class that is almost certain are tiny, not zero",
                   "[ops][ordinal][extremes]", float, double) {
  const auto certain = result_of<TestType>({0}, {-40, 40}, {0, 1, 0});
  CHECK_THAT(certain.y, AllClose({-40, -8.49670851058317799e-18, -40}, ulps<TestType>(4)));
  CHECK_THAT(certain.dx, AllClose({0}, 0));
  CHECK_THAT(certain.dthresholds,
             AllClose({-4.248354255291589e-18, 4.248354255291589e-18}, ulps<TestType>(4)));
  const auto last = result_of<TestType>({30}, {-1, 2}, {0, 0, 1});
  CHECK_THAT(last.y, AllClose({-31.0000000000000344, -28.0510691809434275, -6.91440010693781256e-13},
                              ulps<TestType>(4)));
  CHECK_THAT(last.dx, AllClose({6.91440010693542212e-13}, ulps<TestType>(4)));
}

TEMPLATE_TEST_CASE("ordinal_log_probabilities of thresholds that touch keep their digits",
                   "[ops][ordinal][extremes]", float, double) {
  const auto close = result_of<TestType>({0.5}, {1, 1 + 0x1p-23}, {0, 1, 0});
  CHECK_THAT(close.y, AllClose({-0.474076984180106681, -17.3905391358372464, -0.974077058383042998},
                               ulps<TestType>(4)));
  CHECK_THAT(close.dx, AllClose({0.244918690418334294}, ulps<TestType>(4)));
  CHECK_THAT(close.dthresholds, AllClose({-8388608.12245934114, 8388607.87754065072}, ulps<TestType>(4)));
}

TEST_CASE("ordinal_log_probabilities of infinite scores are the limit", "[ops][ordinal][extremes]") {
  const auto result = result_of<double>({inf, -inf, 1e308, -1e308}, {-1, 2}, std::vector<double>(12, 1));
  CHECK_THAT(result.y, AllClose({-inf, -inf, 0, 0, -inf, -inf, -1e308, -1e308, 0, 0, -1e308, -1e308}, 0));
  CHECK_THAT(result.dx, AllClose({-2, 2, -2, 2}, 0));
}

TEST_CASE("ordinal_log_probabilities of infinite thresholds leave the classes beyond no probability",
          "[ops][ordinal][extremes]") {
  const auto result = result_of<double>({0}, {-inf, 0, inf}, {0, 1, 1, 0});
  CHECK_THAT(result.y, AllClose({-inf, std::log(0.5), std::log(0.5), -inf}, ulps<double>(1)));
  CHECK_THAT(result.dthresholds, AllClose({0, 0, 0}, 0));
}

TEST_CASE("ordinal_log_probabilities let NaN through in its own row only", "[ops][ordinal][extremes]") {
  const auto score = result_of<double>({NaN, 0}, {0, 40}, {1, 1, 1, 1, 0, 0});
  CHECK_THAT(score.y,
             AllClose({NaN, NaN, NaN, -0.69314718055994531, -0.69314718055994531, -40}, ulps<double>(1)));
  CHECK_THAT(score.dx, AllClose({NaN, -0.5}, 0));
  const auto threshold = result_of<double>({0, 1}, {NaN}, {1, 0, 0, 1});
  CHECK_THAT(threshold.y, AllClose({NaN, NaN, NaN, NaN}, 0));
}

TEST_CASE("ordinal_log_probabilities add nothing where no gradient arrives, whatever the score is",
          "[ops][ordinal][extremes]") {
  const auto result = result_of<double>({NaN, 0, inf}, {0}, {0, 0, 1, 0, 0, 0});
  CHECK_THAT(result.dx, AllClose({0, -0.5, 0}, 0));
  CHECK_THAT(result.dthresholds, AllClose({0.5}, 0));
}

TEST_CASE("ordinal_log_probabilities of a single class are zero", "[ops][ordinal][extremes]") {
  const auto result = result_of<double>({-3, 1e9}, {}, {1, 1});
  CHECK_THAT(result.y, AllClose({0, 0}, 0));
  CHECK_THAT(result.dx, AllClose({0, 0}, 0));
  CHECK(result.dthresholds.empty());
}

TEST_CASE("ordinal_log_probabilities take scores of any shape, also without elements",
          "[ops][ordinal][extremes]") {
  Tape<double> tape;
  const auto thresholds = tape.variable(ends);
  for (const Shape& shape : shapes_of_every_kind) {
    if (shape.rank() == Shape::max_rank) continue;
    const auto x = tape.variable(irregular(shape));
    Shape expected = shape;
    expected.append(4);
    const auto y = ordinal_log_probabilities(x, thresholds);
    CHECK(y.shape() == expected);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
    CHECK(thresholds.gradients().shape() == Shape{3});
  }
}

TEST_CASE("ordinal_log_probabilities gradient agrees with central differences, to thresholds too",
          "[ops][ordinal][gradient]") {
  const auto f = [](auto x, auto theta) { return ordinal_log_probabilities(x, theta); };
  CHECK_THAT(gradcheck(f, irregular({2, 3}), array({3}, ends)), HasCorrectGradient());
  CHECK_THAT(gradcheck(f, array({2}, {-4, 5}), array({1}, {0.5})), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return ordinal_log_probabilities(x, x); }, array({3}, ends)),
             HasCorrectGradient());
}

TEST_CASE("ordinal_log_probabilities give a gradient to those who need one", "[ops][ordinal][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {0.5, -2})), fixed_x = tape.constant(array({2}, {0.5, -2}));
  const auto theta = tape.variable(ends), fixed_theta = tape.constant(ends);
  CHECK_FALSE(ordinal_log_probabilities(fixed_x, fixed_theta).requires_grad());
  sum(ordinal_log_probabilities(x, theta)).backward();
  const auto both_x = values(x.grad()), both_theta = values(theta.grad());
  sum(ordinal_log_probabilities(x, fixed_theta)).backward();
  CHECK(values(x.grad()) == both_x);
  sum(ordinal_log_probabilities(fixed_x, theta)).backward();
  CHECK(values(theta.grad()) == both_theta);
}

TEST_CASE("ordinal_log_probabilities are the same, bit for bit, on one thread and on two",
          "[ops][ordinal][threads]") {
  const std::size_t before = num_threads();
  const std::vector<double> scores = values(irregular({50000}, -5, 5)), seed = values(irregular({200000}));
  set_num_threads(1);
  const auto one = result_of<float>(scores, ends, seed);
  set_num_threads(2);
  const auto two = result_of<float>(scores, ends, seed);
  set_num_threads(before);
  CHECK(one.y == two.y);
  CHECK(one.dx == two.dx);
  CHECK(one.dthresholds == two.dthresholds);
}

TEST_CASE("ordinal_log_probabilities name thresholds that do not rise", "[ops][ordinal][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2}));
  const auto refused = [&](const xt::xarray<double>& thresholds) {
    const auto theta = tape.variable(thresholds);
    return refusal<ValueError>(tape, [&] { ordinal_log_probabilities(x, theta); });
  };
  CHECK(
      refused({-1, 0.5, 0.25}) ==
      "ordinal_log_probabilities: thresholds must rise, got 0.5 at thresholds[1] and 0.25 at thresholds[2]; "
      "nn::Ordinal keeps them apart");
  CHECK(refused({1, 1}) ==
        "ordinal_log_probabilities: thresholds must rise, got 1 at thresholds[0] and 1 at thresholds[1]; "
        "nn::Ordinal keeps them apart");
}

TEST_CASE("ordinal_log_probabilities name shapes that do not fit", "[ops][ordinal][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2})), number = tape.variable(1.0),
             table = tape.variable(irregular({2, 3})), theta = tape.constant(ends);
  const auto deep = tape.variable(irregular({1, 1, 1, 1, 1, 1, 1, 2}));
  CHECK(refusal<ShapeError>(tape, [&] { ordinal_log_probabilities(x, number); }) ==
        "ordinal_log_probabilities: thresholds must have one axis, shape (classes - 1), got ()");
  CHECK(refusal<ShapeError>(tape, [&] { ordinal_log_probabilities(x, table); }) ==
        "ordinal_log_probabilities: thresholds must have one axis, shape (classes - 1), got (2, 3)");
  CHECK(refusal<ShapeError>(tape, [&] { ordinal_log_probabilities(deep, theta); }) ==
        "ordinal_log_probabilities: scores must leave an axis for the classes, at most 7 axes, got "
        "(1, 1, 1, 1, 1, 1, 1, 2)");
}

}  // namespace ordinal_log_probabilities_test
