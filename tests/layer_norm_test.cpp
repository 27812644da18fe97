// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// Of gradients that are no linear function of x.
xt::xarray<double> seed(const Shape& shape) { return xt::square(irregular(shape)) - 1; }

}  // namespace

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("layer_norm agrees with PyTorch in value and gradient", "[ops][layer_norm]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({2, 3})), weight = tape.variable(array({3}, {0.5, 2, -1})),
             bias = tape.variable(array({3}, {0.1, 0.2, 0.3}));
  const auto y = layer_norm(x, weight, bias);
  const double tolerance = ulps<TestType>(16);
  CHECK_THAT(values(y), AllClose({0.19549104261456582, -2.418021371774915, -0.8180286006583259,
                                  0.1954910426145658, -2.4180213717749153, -0.8180286006583257},
                                 tolerance));
  y.backward(tape.constant(seed({2, 3})));
  CHECK_THAT(values(x.grad()), AllClose({0.09369304033436288, -0.03578171211987502, -0.057911328214487745,
                                         -1.2672783446305416, 0.4840735098936578, 0.783204834736884},
                                        tolerance, tolerance));
  CHECK_THAT(values(weight.grad()),
             AllClose({-0.33701943197578926, -2.358749028803126, 0.7823889017690808}, tolerance, tolerance));
  CHECK_THAT(values(bias.grad()),
             AllClose({-1.7646651599360677, 1.8019326001177653, 0.699793280161517}, tolerance));
}

TEST_CASE("layer_norm over two axes without weight agrees with PyTorch", "[ops][layer_norm]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 2, 2}));
  const auto y = layer_norm(x, {2, 2}, {.epsilon = 0.1});
  CHECK_THAT(values(y),
             AllClose({0.3064745765755878, -1.298247139749656, 1.298247139749656, -0.3064745765755877,
                       -1.2556330553066735, 0.5615361732922948, -0.5615361732922948, 1.2556330553066735},
                      ulps<double>(8)));
  y.backward(tape.constant(seed({2, 2, 2})));
  CHECK_THAT(values(x.grad()),
             AllClose({-0.7454528174863924, 0.7059921962863964, 0.8093014438051702, -0.7698408226051745,
                       0.8486042938719162, -0.8537709867761676, -0.8621308715046789, 0.8672975644089304},
                      ulps<double>(8)));
}

TEMPLATE_TEST_CASE("layer_norm keeps its precision beside a large mean", "[ops][layer_norm][stability]",
                   float, double) {
  // Whole numbers around an offset: the deviations are exact, whatever the offset.
  const std::vector<double> deviations{-3, 1, 4, -1, 5, -9, 2, 6, -5, 3, 5, -8};
  const double offset = sizeof(TestType) == 4 ? 1e6 : 1e15;
  std::vector<double> numbers, shifted;
  for (const double d : deviations) {
    numbers.push_back(d);
    shifted.push_back(offset + d);
  }
  Tape<TestType> tape;
  const auto x = tape.variable(array({1, 12}, numbers)), far = tape.variable(array({1, 12}, shifted));
  const auto y = layer_norm(x, {12}), same = layer_norm(far, {12});
  CHECK_THAT(values(same), AllClose(values(y), ulps<TestType>(2)));
  y.backward(tape.constant(seed({1, 12})));
  const auto slopes = values(x.grad());
  same.backward(tape.constant(seed({1, 12})));
  CHECK_THAT(values(far.grad()), AllClose(slopes, ulps<TestType>(8), ulps<TestType>(2)));
}

// The first is (n - 1) / sqrt(n - 1 + n / a^2) deviations from the mean, with a = 1e4 times that of the
// others.
TEMPLATE_TEST_CASE("layer_norm keeps its precision behind a first element far from all others",
                   "[ops][layer_norm][stability]", float, double) {
  const std::size_t pairs = GENERATE(as<std::size_t>{}, 1, 4, 32, 500, 60'000, 1'500'000);
  CAPTURE(pairs);
  const double far = 1e4, n = static_cast<double>(2 * pairs + 1);
  std::vector<TestType> x{static_cast<TestType>(far)};
  for (std::size_t i = 0; i < pairs; ++i) x.insert(x.end(), {TestType{-1}, TestType{1}});
  Tape<TestType> tape;
  const auto y = layer_norm(tape.variable(x), {x.size()}, {.epsilon = 0});
  const double mean = far / n, deviation = std::sqrt((n - 1) / n * (far * mean + 1));
  CHECK_THAT(values(slice(y, 0, 0, 3)),
             AllClose({(far - mean) / deviation, (-1 - mean) / deviation, (1 - mean) / deviation},
                      ulps<TestType>(4)));
}

TEMPLATE_TEST_CASE("layer_norm of a row is the same alone and among others", "[ops][layer_norm]", float,
                   double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 1, 7, 8, 10, 64, 65, 600, 5'000);
  CAPTURE(length);
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({21, length})), weight = tape.variable(irregular({length}));
  const auto dy = tape.constant(seed({21, length}));
  const auto y = layer_norm(x, weight);
  y.backward(dy);
  const auto row = [](const auto& all, std::ptrdiff_t r) { return values(slice(all, 0, r, r + 1)); };
  const auto slopes = tape.constant(x.grad());
  for (const std::ptrdiff_t r : {0, 1, 7, 8, 15, 19, 20}) {
    CAPTURE(r);
    const auto alone = tape.variable(array({1, length}, row(x, r)));
    const auto same = layer_norm(alone, weight);
    CHECK(values(same) == row(y, r));
    same.backward(tape.constant(array({1, length}, row(dy, r))));
    CHECK(values(alone.grad()) == row(slopes, r));
  }
}

TEMPLATE_TEST_CASE("layer_norm of rows of any length has mean 0 and variance 1", "[ops][layer_norm]", float,
                   double) {
  for (const std::size_t length :
       std::vector<std::size_t>{2, 3, 7, 8, 9, 15, 16, 17, 33, 100, 1000, 40'000}) {
    Tape<TestType> tape;
    const auto y = layer_norm(tape.variable(irregular({3, length}, 9'999, 10'001)), {length}, {.epsilon = 0});
    CAPTURE(length);
    const double of_sum = static_cast<double>(length) * ulps<TestType>(1);
    CHECK_THAT(values(sum(y, 1)), AllClose({0, 0, 0}, 0, of_sum));
    CHECK_THAT(values(mean(square(y), 1)), AllClose({1, 1, 1}, ulps<TestType>(4)));
  }
}

TEST_CASE("layer_norm of equal numbers is the bias", "[ops][layer_norm][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(std::vector<float>(5, 0.1F)), weight = tape.variable(std::vector<float>(5, 3)),
             bias = tape.variable(std::vector<float>{1, 2, 3, 4, 5});
  CHECK_THAT(values(layer_norm(x, weight, bias)), AllClose({1, 2, 3, 4, 5}, 0));
}

TEST_CASE("layer_norm of a row with NaN or infinity is NaN, and of others not",
          "[ops][layer_norm][extremes]") {
  Tape<double> tape;
  const auto y = layer_norm(tape.constant(array({3, 2}, {1, NaN, 1, 3, inf, 1})), {2}, {.epsilon = 0});
  CHECK_THAT(values(y), AllClose({NaN, NaN, -1, 1, NaN, NaN}, 0));
}

TEST_CASE("layer_norm of no rows, or of rows without elements, is empty", "[ops][layer_norm][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({0, 3})), weight = tape.variable(irregular({3})),
             bias = tape.variable(irregular({3}));
  const auto y = layer_norm(x, weight, bias);
  CHECK(y.shape() == Shape{0, 3});
  sum(y).backward();
  CHECK_THAT(values(weight.grad()), AllClose({0, 0, 0}, 0));
  CHECK_THAT(values(bias.grad()), AllClose({0, 0, 0}, 0));
  const auto thin = tape.variable(irregular({2, 0}));
  sum(layer_norm(thin, {0})).backward();
  CHECK(thin.gradients().shape() == Shape{2, 0});
}

TEST_CASE("layer_norm gradient agrees with central differences", "[ops][layer_norm][gradient]") {
  const auto all = [](auto x, auto w, auto b) { return layer_norm(x, w, b); };
  CHECK_THAT(gradcheck(all, irregular({2, 5}), irregular({5}, 0.5, 2), irregular({5})), HasCorrectGradient());
  CHECK_THAT(gradcheck(all, irregular({2, 3, 4}), irregular({3, 4}, 0.5, 2), irregular({3, 4})),
             HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x, auto w) { return layer_norm(x, w, {.epsilon = 0.5}); }, irregular({3, 19}),
                       irregular({19})),
             HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return layer_norm(x, {4}) + square(sum(x)); }, irregular({2, 4})),
             HasCorrectGradient());
}

TEST_CASE("layer_norm of a row that is its own weight and bias adds all gradients",
          "[ops][layer_norm][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return layer_norm(x, x, x); }, irregular({6})), HasCorrectGradient());
}

TEST_CASE("layer_norm adds up the gradient of a weight over many rows exactly",
          "[ops][layer_norm][gradient]") {
  Tape<float> tape;
  const auto x = tape.variable(irregular({5'000, 300})), weight = tape.variable(std::vector<float>(300, 1));
  const auto y = layer_norm(x, weight);
  sum(y).backward();
  // dweight is then the sum of y over the rows, but of what y is before it is rounded.
  CHECK_THAT(values(weight.grad()), AllClose(values(sum(y, 0)), 1e-6, 5e-5));
}

TEST_CASE("layer_norm says what does not fit", "[ops][layer_norm][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), weight = tape.variable(irregular({2})),
             three = tape.variable(irregular({3})), scalar = tape.variable(1);
  CHECK(refusal<ShapeError>(tape, [&] { layer_norm(x, weight); }) ==
        "layer_norm: the last axes of x must have the shape that is normalized, (2), got x (2, 3)");
  CHECK(
      refusal<ShapeError>(tape, [&] {
        layer_norm(x, {1, 2, 3});
      }) == "layer_norm: the last axes of x must have the shape that is normalized, (1, 2, 3), got x (2, 3)");
  CHECK(refusal<ShapeError>(tape, [&] { layer_norm(x, scalar); }) ==
        "layer_norm: the last axes of x must have the shape that is normalized, (), got x (2, 3)");
  CHECK(refusal<ShapeError>(tape, [&] { layer_norm(x, three, weight); }) ==
        "layer_norm: bias must have the shape of weight (3), got (2)");
  CHECK(refusal<ArgumentError>(tape, [&] { layer_norm(x, {3}, {.epsilon = -1}); }) ==
        "layer_norm: epsilon must be a finite number from 0, got -1");
}
