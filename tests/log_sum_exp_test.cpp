// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("log_sum_exp reduces the axes that it is given", "[ops][log_sum_exp]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2, 3}, {1, 2, 3, 0.5, -1, 2, 4, -2, 0, 1, 1, 3}));
  CHECK_THAT(values(log_sum_exp(x, 0)), AllClose({4.048587351573742, 2.01814992791781, 3.048587351573742,
                                                  1.4740769841801067, 1.1269280110429727, 3.313261687518223},
                                                 ulps<TestType>(2)));
  CHECK_THAT(values(log_sum_exp(x, 1)), AllClose({1.4740769841801067, 2.048587351573742, 3.313261687518223,
                                                  4.048587351573742, 1.048587351573742, 3.048587351573742},
                                                 ulps<TestType>(2)));
  CHECK_THAT(values(log_sum_exp(x, -1)),
             AllClose({3.4076059644443806, 2.241311296657157, 4.020581138947329, 3.2395447662218846},
                      ulps<TestType>(2)));
  CHECK_THAT(values(log_sum_exp(x, {0, -1})),
             AllClose({4.4534906523104425, 3.553281853806254}, ulps<TestType>(2)));
  CHECK_THAT(values(log_sum_exp(x)), AllClose({4.794584178210492}, ulps<TestType>(2)));
  CHECK_THAT(values(log_sum_exp(x, {2, 0, 1})), AllClose({4.794584178210492}, ulps<TestType>(2)));
}

TEST_CASE("log_sum_exp drops the reduced axes, or keeps them with extent one", "[ops][log_sum_exp]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4}));
  CHECK(log_sum_exp(x).shape() == Shape{});
  CHECK(log_sum_exp(x, {}, keep_dims).shape() == Shape{1, 1, 1});
  CHECK(log_sum_exp(x, 1).shape() == Shape{2, 4});
  CHECK(log_sum_exp(x, 1, keep_dims).shape() == Shape{2, 1, 4});
  CHECK(log_sum_exp(x, {0, -1}).shape() == Shape{3});
  CHECK(log_sum_exp(x, {0, -1}, keep_dims).shape() == Shape{1, 3, 1});
}

TEST_CASE("log_sum_exp takes a scalar and eight axes", "[ops][log_sum_exp][extremes]") {
  Tape<double> tape;
  CHECK(log_sum_exp(tape.variable(3)).item() == 3);
  const auto x = irregular({3, 4});
  const auto deep = tape.variable(array({1, 3, 1, 1, 2, 2, 1, 1}, values(x)));
  const auto y = log_sum_exp(deep, {1, 3, -1});
  CHECK(y.shape() == Shape{1, 1, 2, 2, 1});
  CHECK(values(y) == values(log_sum_exp(tape.variable(x), 0)));
}

TEST_CASE("log_sum_exp gradient agrees with central differences along every axis",
          "[ops][log_sum_exp][gradient]") {
  for (const Axes& axes :
       {Axes(), Axes(0), Axes(1), Axes(-1), Axes{0, 1}, Axes{0, 2}, Axes{1, 2}, Axes{0, 1, 2}}) {
    for (const KeepDims keep : {KeepDims::no, KeepDims::yes}) {
      CHECK_THAT(gradcheck([&](auto x) { return log_sum_exp(x, axes, keep); }, irregular({2, 3, 4})),
                 HasCorrectGradient());
    }
  }
  CHECK_THAT(gradcheck([](auto x) { return log_sum_exp(x); }, irregular({})), HasCorrectGradient());
}

TEMPLATE_TEST_CASE("log_sum_exp of any axis of any length is the logarithm of how many are alike",
                   "[ops][log_sum_exp]", float, double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 1, 2, 4, 8, 16, 32, 64, 128);
  const std::size_t others = GENERATE(as<std::size_t>{}, 1, 3, 7, 8, 9, 10, 15, 16, 17, 33, 65, 520);
  CAPTURE(length, others);
  Tape<TestType> tape;
  const auto of = [&](const Shape& shape, int axis) {
    const auto x = tape.variable(irregular(shape, 3, 3));
    const auto y = log_sum_exp(x, axis);
    const std::vector<double> expected(2 * others, std::log(static_cast<double>(length)) + 3);
    CHECK_THAT(values(y), AllClose(expected, ulps<TestType>(1)));
    const std::vector<double> probabilities(2 * others * length, 1 / static_cast<double>(length));
    sum(y).backward();
    CHECK_THAT(values(x.grad()), AllClose(probabilities, 0));
    (sum(y) + sum(x)).backward();
    CHECK_THAT(values(x.grad()), AllClose(std::vector<double>(2 * others * length, 1 + probabilities[0]), 0));
  };
  of({length, 2, others}, 0);
  of({2, length, others}, 1);
  of({2, others, length}, 2);
}

TEMPLATE_TEST_CASE("log_sum_exp along the first axis is that of each column, whatever it holds",
                   "[ops][log_sum_exp][extremes]", float, double) {
  const xt::xarray<double> x{{inf, NaN, -inf, -inf, 0, 1000, -std::log(2), 0},
                             {inf, 1, 0, -inf, -40, 1000, -std::log(2), NaN},
                             {0, inf, -inf, -inf, -inf, -1000, -inf, NaN}};
  Tape<TestType> tape;
  const auto in = tape.variable(x);
  const auto y = log_sum_exp(in, 0);
  CHECK_THAT(values(y), AllClose(values(log_sum_exp(transpose(in), 1)), ulps<TestType>(1)));
  CHECK_THAT(values(slice(y, 0, 0, 6)),
             AllClose({inf, NaN, 0, -inf, std::log1p(std::exp(-40)), 1000 + std::log(2)}, ulps<TestType>(1)));
}

TEMPLATE_TEST_CASE("log_sum_exp passes a tiny gradient on with all its digits",
                   "[ops][log_sum_exp][extremes]", float, double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 3, 20, 100);
  const TestType tiny = static_cast<TestType>(1e-25);
  const double total = 1 + std::exp(-20) + static_cast<double>(length - 2) * std::exp(-5);
  xt::xarray<double> x = xt::zeros<double>({length, std::size_t{19}}) - 5, expected = x;
  for (std::size_t column = 0; column < 19; ++column) {
    x(1, column) = 0;
    x(2, column) = -20;
  }
  expected = xt::exp(x) * static_cast<double>(tiny) / total;
  for (const int axis : {0, 1}) {
    CAPTURE(length, axis);
    Tape<TestType> tape;
    const auto in = tape.variable(axis == 0 ? x : xt::xarray<double>(xt::transpose(x)));
    log_sum_exp(in, axis).backward(tape.constant(std::vector<TestType>(19, tiny)));
    const auto slopes =
        axis == 0 ? xt::xarray<double>(expected) : xt::xarray<double>(xt::transpose(expected));
    CHECK_THAT(values(in.grad()), AllClose(values(slopes), ulps<TestType>(4)));
  }
}

TEST_CASE("log_sum_exp of a variable used twice adds both gradients", "[ops][log_sum_exp][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return log_sum_exp(x, 0) * x + log_sum_exp(x); }, irregular({3, 2})),
             HasCorrectGradient());
}

TEST_CASE("log_sum_exp of a constant needs no gradient", "[ops][log_sum_exp][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(log_sum_exp(tape.constant(irregular({3}))).requires_grad());
}

TEST_CASE("log_sum_exp names an axis that is not there or is there twice", "[ops][log_sum_exp][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { log_sum_exp(x, 2); }) ==
        "log_sum_exp: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { log_sum_exp(x, -3); }) ==
        "log_sum_exp: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK(refusal<ArgumentError>(tape, [&] {
          log_sum_exp(x, {1, -1});
        }) == "log_sum_exp: axes must be distinct, got axis -1 twice");
  CHECK(refusal<ArgumentError>(tape, [&] { log_sum_exp(scalar, 0); }) ==
        "log_sum_exp: the array must have an axis 0, got a scalar, which has none");
}

TEMPLATE_TEST_CASE("log_sum_exp gradient is softmax", "[ops][log_sum_exp]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({4, 5}, -30, 30));
  sum(log_sum_exp(x, 1)).backward();
  CHECK_THAT(values(x.grad()), AllClose(values(softmax(x)), ulps<TestType>(4)));
}

TEST_CASE("log_sum_exp moves with a shift of its elements", "[ops][log_sum_exp]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 5}));
  // 1000 + x rounds by 1e-13.
  CHECK_THAT(values(log_sum_exp(x + 1000, 0)), AllClose(values(log_sum_exp(x, 0) + 1000), 0, 2e-13));
}

TEMPLATE_TEST_CASE("log_sum_exp keeps a term that is small beside the largest",
                   "[ops][log_sum_exp][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2}, {0, -69, -69, 0}));
  const auto y = log_sum_exp(x, 1);
  // log(1 + e^-69); mpmath, 40 digits.
  CHECK_THAT(values(y), AllClose({1.0806392777072785e-30, 1.0806392777072785e-30}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({1, 1.0806392777072785e-30, 1.0806392777072785e-30, 1}, ulps<TestType>(2)));
}

TEMPLATE_TEST_CASE("log_sum_exp neither overflows nor underflows", "[ops][log_sum_exp][extremes]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({3, 2}, {1e6, 1e6, -1e6, -1e6, 3e38, -3e38}));
  const double log_2 = 0.6931471805599453;
  CHECK_THAT(values(log_sum_exp(x, 1)), AllClose({1e6 + log_2, -1e6 + log_2, 3e38}, ulps<TestType>(1)));
}

TEST_CASE("log_sum_exp of a million zeros is log of a million", "[ops][log_sum_exp][extremes]") {
  Tape<float> tape;
  const auto y = log_sum_exp(tape.variable(xt::zeros<float>({1000000})));
  CHECK_THAT(values(y), AllClose({13.815510557964274}, ulps<float>(1)));
}

TEST_CASE("log_sum_exp keeps its digits near 0", "[ops][log_sum_exp][extremes]") {
  Tape<double> tape;
  const auto y = log_sum_exp(tape.variable(array({3, 3}, {-1, -0.5, -2.75, -1.5, -0.25, -inf,  //
                                                          -1, -0.4586751461029053, -inf})),
                             1);
  CHECK_THAT(values(y), AllClose({0.0376213214337139755, 0.00192908134537288895, -4.52486676455681292e-10},
                                 ulps<double>(4)));
  // As near as doubles come: -log(2) and -log(8), rounded.
  const auto halves =
      log_sum_exp(tape.variable(xt::xarray<double>{-0.6931471805599453, -0.6931471805599453}));
  CHECK_THAT(values(halves), AllClose({2.31904681384629962e-17}, 1e-6));
  const auto eighths = log_sum_exp(
      tape.variable(xt::xarray<double>(xt::full_like(xt::zeros<double>({8}), -2.0794415416798357))));
  CHECK_THAT(values(eighths), AllClose({1.80593706877904643e-16}, 1e-6));

  Tape<float> floats;
  const auto of_floats = log_sum_exp(floats.variable(xt::xarray<float>{-1, -0.45867515F}));
  CHECK_THAT(values(of_floats), AllClose({-4.52486676455681292e-10}, ulps<float>(4)));
}

TEST_CASE("log_sum_exp of infinities follows the limit, and NaN spreads", "[ops][log_sum_exp][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({6, 2}, {-inf, -inf, -inf, 1, inf, 1, inf, inf, inf, -inf, inf, NaN}));
  CHECK_THAT(values(log_sum_exp(x, 1)), AllClose({-inf, 1, inf, inf, inf, NaN}, 0));
  const auto with_nan = tape.variable(array({3, 2}, {NaN, 1, 1, NaN, NaN, -inf}));
  CHECK_THAT(values(log_sum_exp(with_nan, 1)), AllClose({NaN, NaN, NaN}, 0));
}

TEST_CASE("log_sum_exp gives an element of minus infinity a gradient of zero",
          "[ops][log_sum_exp][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-inf, 1, -inf}));
  log_sum_exp(x).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 1, 0}, 0));
}

TEST_CASE("log_sum_exp over no elements is minus infinity", "[ops][log_sum_exp][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0}));
  CHECK_THAT(values(log_sum_exp(x)), AllClose({-inf}, 0));
  CHECK_THAT(values(log_sum_exp(x, 1)), AllClose({-inf, -inf}, 0));
  CHECK(log_sum_exp(x, 0).shape() == Shape{0});
  sum(log_sum_exp(x, 1)).backward();
  CHECK(x.gradients().shape() == Shape{2, 0});
}

TEST_CASE("log_sum_exp that check_finite refuses leaves the tape as it was", "[ops][log_sum_exp][errors]") {
  Tape<double> tape;
  tape.check_finite();
  const auto x = tape.variable(irregular({2, 0}));
  CHECK(refusal<NonFiniteError>(tape, [&] { log_sum_exp(x, 1); }) ==
        "log_sum_exp: the output (2) must be finite, got -inf at output[0], though every input variable is "
        "finite");
}
