// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// As in Vigna's splitmix64.c.
struct SplitMix {
  std::uint64_t state;
  std::uint64_t operator()() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("dropout drops the share it is told and scales what it keeps", "[ops][dropout]", float,
                   double) {
  constexpr std::size_t count = 20'000;
  Random random(1);
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({count}, 1, 3));
  const auto y = dropout(x, 0.2, random);
  sum(y).backward();
  const double scale = static_cast<TestType>(1 / (1 - 0.2));
  std::size_t dropped = 0;
  bool is_scaled = true, slopes_are_scales = true;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_kept = y.data()[i] != 0;
    dropped += is_kept ? 0 : 1;
    is_scaled = is_scaled && (!is_kept || y.data()[i] == static_cast<TestType>(x.data()[i] * scale));
    slopes_are_scales = slopes_are_scales && x.gradients()[i] == (is_kept ? static_cast<TestType>(scale) : 0);
  }
  // Five standard deviations: a false alarm in a million.
  CHECK_THAT(static_cast<double>(dropped), WithinAbs(0.2 * count, 5 * std::sqrt(count * 0.2 * 0.8)));
  CHECK(is_scaled);
  CHECK(slopes_are_scales);
}

TEST_CASE("dropout drops elements independently of their neighbours", "[ops][dropout]") {
  Random random(2);
  Tape<double> tape;
  const auto y = dropout(tape.constant(std::vector<double>(20'000, 1)), 0.5, random);
  double both = 0;
  for (std::size_t i = 0; i + 1 < y.size(); ++i) both += y.data()[i] != 0 && y.data()[i + 1] != 0 ? 1 : 0;
  CHECK_THAT(both / 20'000, WithinAbs(0.25, 5 * std::sqrt(0.25 / 20'000)));
}

TEST_CASE("dropout of the same random state drops the same elements", "[ops][dropout]") {
  Random first(3), second(3);
  Tape<double> tape;
  const auto x = tape.constant(irregular({100}));
  const auto y = values(dropout(x, 0.5, first));
  CHECK(values(dropout(x, 0.5, second)) == y);
  CHECK(first == second);
  CHECK(values(dropout(x, 0.5, first)) != y);
}

TEMPLATE_TEST_CASE(
    "dropout keeps the elements whose half of a number of SplitMix64 is at least the probability",
    "[ops][dropout]", float, double) {
  // Whatever whole vectors and remainders of them the elements make, and whatever threads there are.
  const std::size_t count = GENERATE(as<std::size_t>{}, 1U, 7U, 8U, 9U, 15U, 16U, 17U, 63U, 64U, 65U, 127U,
                                     1000U, 100'001U, 300'001U);
  Random random(9), same(9);
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({count}, 1, 2));
  const auto y = dropout(x, 0.25, random);
  (sum(y) + sum(x)).backward();
  SplitMix numbers{same()};
  const TestType scale = static_cast<TestType>(1 / 0.75);
  std::uint64_t number = 0;
  bool is_value = true, is_slope = true;
  for (std::size_t i = 0; i < count; ++i) {
    number = i % 2 == 0 ? numbers() : number >> 32;
    const bool is_kept = static_cast<std::uint32_t>(number) >= std::uint32_t{1} << 30;
    is_value = is_value && y.data()[i] == (is_kept ? x.data()[i] * scale : 0);
    is_slope = is_slope && x.gradients()[i] == (is_kept ? scale + 1 : 1);
  }
  CHECK(is_value);
  CHECK(is_slope);
  CHECK(random == same);
}

TEST_CASE("the SplitMix64 that dropout is compared with gives its published numbers", "[ops][dropout]") {
  SplitMix numbers{1234567};
  CHECK(numbers() == 6457827717110365317U);
  CHECK(numbers() == 3203168211198807973U);
  CHECK(numbers() == 9817491932198370423U);
}

TEST_CASE("dropout drops the same elements of floats and doubles", "[ops][dropout]") {
  Random first(3), second(3);
  Tape<float> floats;
  Tape<double> doubles;
  const auto as_floats = values(dropout(floats.constant(std::vector<float>(1000, 1)), 0.5, first));
  const auto as_doubles = values(dropout(doubles.constant(std::vector<double>(1000, 1)), 0.5, second));
  CHECK(std::equal(as_floats.begin(), as_floats.end(), as_doubles.begin(), as_doubles.end()));
}

TEST_CASE("dropout keeps or drops next to all elements where the probability is next to 0 or 1",
          "[ops][dropout][extremes]") {
  Random random(10);
  Tape<double> tape;
  const auto x = tape.constant(std::vector<double>(1000, 1));
  CHECK(values(dropout(x, 0x1p-60, random)) == std::vector<double>(1000, 1));
  CHECK(values(dropout(x, 1 - 0x1p-53, random)) == std::vector<double>(1000, 0));
}

TEST_CASE("dropout with probability 0 is x and draws nothing", "[ops][dropout]") {
  Random random(4);
  Tape<double> tape;
  const auto x = tape.variable(irregular({3}));
  CHECK(dropout(x, 0, random).data() == x.data());
  CHECK(random == Random(4));
}

TEST_CASE("dropout with probability 0 passes the gradient on, but not under no_grad",
          "[ops][dropout][gradient]") {
  Random random(4);
  const auto twice = [&](auto x) { return x * dropout(x, 0, random); };
  CHECK_THAT(gradcheck(twice, irregular({3})), HasCorrectGradient());
  Tape<double> tape;
  const auto x = tape.variable(irregular({3}));
  const auto no_grad = tape.no_grad();
  CHECK_FALSE(dropout(x, 0, random).requires_grad());
}

TEST_CASE("dropout makes 0 of a NaN that it drops", "[ops][dropout][extremes]") {
  Random random(5);
  Tape<double> tape;
  const auto y = dropout(tape.constant(std::vector<double>(100, NaN)), 0.5, random);
  std::size_t zeros = 0, nans = 0;
  for (const double value : y.values()) {
    zeros += value == 0 ? 1 : 0;
    nans += std::isnan(value) ? 1 : 0;
  }
  CHECK(zeros > 0);
  CHECK(zeros + nans == 100);
}

TEST_CASE("dropout keeps every shape", "[ops][dropout][extremes]") {
  Random random(6);
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    const auto y = dropout(x, 0.5, random);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("dropout gradient agrees with central differences", "[ops][dropout][gradient]") {
  CHECK_THAT(gradcheck(
                 [](auto x) {
                   Random random(7);
                   return dropout(x, 0.4, random) * x + x;
                 },
                 irregular({4, 5})),
             HasCorrectGradient());
}

TEST_CASE("dropout refuses probabilities outside [0, 1) and draws nothing then", "[ops][dropout][errors]") {
  Random random(8);
  Tape<double> tape;
  const auto x = tape.variable(irregular({3}));
  CHECK(refusal<ArgumentError>(tape, [&] { dropout(x, 1, random); }) ==
        "dropout: probability must be in [0, 1), got 1");
  CHECK(refusal<ArgumentError>(tape, [&] { dropout(x, -0.5, random); }) ==
        "dropout: probability must be in [0, 1), got -0.5");
  CHECK(refusal<ArgumentError>(tape, [&] { dropout(x, NaN, random); }) ==
        "dropout: probability must be in [0, 1), got nan");
  tape.check_finite();
  const auto huge = tape.variable(std::vector<double>(100, 1e308));
  CHECK(refusal<NonFiniteError>(tape, [&] { dropout(huge, 0.9, random); }).find("(and the tape") ==
        std::string::npos);
  CHECK(random == Random(8));
}
