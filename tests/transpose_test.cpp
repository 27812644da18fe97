// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("transpose of a matrix swaps rows and columns", "[ops][transpose]", float, double) {
  Tape<TestType> tape;
  const auto y = transpose(tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6})));
  CHECK(y.shape() == Shape{3, 2});
  CHECK_THAT(values(y), AllClose({1, 4, 2, 5, 3, 6}, 0));
}

// numpy: np.arange(12).reshape(2, 3, 2).transpose(2, 0, 1) and so on.
TEST_CASE("transpose puts axis axes[i] in place i, as numpy does", "[ops][transpose]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  const auto y = transpose(x, {2, 0, 1});
  CHECK(y.shape() == Shape{2, 2, 3});
  CHECK_THAT(values(y), AllClose({0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11}, 0));
  CHECK_THAT(values(transpose(x, {-1, -3, 1})), AllClose(values(y), 0));
  CHECK_THAT(values(transpose(x, {0, 2, 1})), AllClose({0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11}, 0));
  CHECK_THAT(values(transpose(x, {1, 0, 2})), AllClose({0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}, 0));
  CHECK_THAT(values(transpose(x)), AllClose({0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}, 0));
}

TEST_CASE("transpose twice is the identity", "[ops][transpose]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    const auto y = transpose(transpose(x));
    CHECK(y.shape() == shape);
    CHECK(values(y) == values(x));
  }
}

TEST_CASE("transpose by a permutation and its inverse is the identity", "[ops][transpose]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4, 5}));
  CHECK(values(transpose(transpose(x, {2, 0, 3, 1}), {1, 3, 0, 2})) == values(x));
}

TEMPLATE_TEST_CASE("transpose of every size puts element (r, c) at (c, r)", "[ops][transpose]", float,
                   double) {
  // Whatever whole vectors and remainders of them the rows and columns make.
  const std::size_t rows =
      GENERATE(as<std::size_t>{}, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 33U, 200U);
  const std::size_t columns =
      GENERATE(as<std::size_t>{}, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 15U, 16U, 17U, 63U, 64U, 65U, 70U);
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({rows, columns}));
  const auto y = transpose(x);
  const auto dy = tape.constant(irregular({columns, rows}, 1, 2));
  (sum(y * dy) + sum(transpose(x) * dy)).backward();
  const auto slopes = x.gradients();
  bool is_value = true, is_slope = true;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      is_value = is_value && y.data()[c * rows + r] == x.data()[r * columns + c];
      is_slope = is_slope && slopes[r * columns + c] == 2 * dy.data()[c * rows + r];
    }
  }
  CHECK(is_value);
  CHECK(is_slope);
}

TEMPLATE_TEST_CASE("transpose of matrices within an array moves each", "[ops][transpose]", float, double) {
  constexpr std::size_t pixels = 70, channels = 19, images = 150;  // work for several threads
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({images, pixels, channels}));
  const auto last = transpose(x, {0, 2, 1}), middle = transpose(x, {1, 0, 2}), all = transpose(x, {2, 1, 0});
  const auto of_last = tape.constant(irregular(last.shape(), 1, 2)),
             of_all = tape.constant(irregular(all.shape(), 3, 4));
  (sum(last * of_last) + sum(all * of_all)).backward();
  const auto slopes = x.gradients();
  bool is_value = true, is_slope = true;
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t at = (i * pixels + p) * channels + c;
        const std::size_t in_last = (i * channels + c) * pixels + p, in_all = (c * pixels + p) * images + i;
        const TestType value = x.data()[at];
        is_value = is_value && last.data()[in_last] == value && all.data()[in_all] == value &&
                   middle.data()[(p * images + i) * channels + c] == value;
        is_slope = is_slope && slopes[at] == of_last.data()[in_last] + of_all.data()[in_all];
      }
    }
  }
  CHECK(is_value);
  CHECK(is_slope);
}

TEST_CASE("transpose in the given order leaves the variable as it is", "[ops][transpose]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(3);
  CHECK(transpose(x, {0, 1}).data() == x.data());
  CHECK(transpose(scalar, {}).item() == 3);
}

TEST_CASE("transpose in the given order passes the gradient on, but not under no_grad",
          "[ops][transpose][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return x * transpose(x); }, irregular({3})), HasCorrectGradient());
  Tape<double> tape;
  const auto x = tape.variable(irregular({3}));
  const auto no_grad = tape.no_grad();
  CHECK_FALSE(transpose(x).requires_grad());
}

TEST_CASE("transpose moves NaN and infinity unchanged", "[ops][transpose][extremes]") {
  Tape<double> tape;
  const auto y = transpose(tape.variable(array({2, 2}, {NaN, inf, -inf, 5e-324})));
  CHECK_THAT(values(y), AllClose({NaN, -inf, inf, 5e-324}, 0));
}

TEST_CASE("transpose of an array without elements has none", "[ops][transpose][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0, 3}));
  const auto y = transpose(x, {2, 0, 1});
  CHECK(y.shape() == Shape{3, 2, 0});
  sum(y).backward();
  CHECK(x.gradients().shape() == Shape{2, 0, 3});
}

TEST_CASE("transpose gradient agrees with central differences", "[ops][transpose][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return transpose(x); }, irregular({2, 3})), HasCorrectGradient());
  CHECK_THAT(gradcheck(
                 [](auto x) {
                   return transpose(x, {2, 0, 3, 1});
                 },
                 irregular({2, 3, 1, 4})),
             HasCorrectGradient());
}

TEST_CASE("transpose of a variable used twice adds both gradients", "[ops][transpose][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return transpose(x) * x + transpose(x); }, irregular({3, 3})),
             HasCorrectGradient());
}

TEST_CASE("transpose of a constant needs no gradient", "[ops][transpose][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(transpose(tape.constant(irregular({2, 3}))).requires_grad());
}

TEST_CASE("transpose names axes that are no permutation", "[ops][transpose][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4}));
  CHECK(refusal<ArgumentError>(tape, [&] {
          transpose(x, {0, 1});
        }) == "transpose: axes must name all 3 axes of shape (2, 3, 4), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] {
          transpose(x, {0, 1, -3});
        }) == "transpose: axes must be distinct, got axis -3 twice");
  CHECK(refusal<ArgumentError>(tape, [&] {
          transpose(x, {0, 1, 3});
        }) == "transpose: axis must be in [-3, 3) for shape (2, 3, 4), got 3");
}
