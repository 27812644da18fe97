// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64, but -0.0486 from mpmath (PyTorch loses digits). The seed weighs the elements; its
// gradients cancel to about a tenth, hence 16 ulp.
TEMPLATE_TEST_CASE("log_softmax agrees with PyTorch along either axis", "[ops][log_softmax]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 3}, {1, 2, 3, 0.5, -1, 2}));
  const auto seed = tape.constant(array({2, 3}, {1, -1, 2, 0.5, 3, -2}));
  const auto down = log_softmax(x, 0);
  CHECK_THAT(values(down), AllClose({-0.4740769841801067, -0.048587351573742059, -0.31326168751822286,
                                     -0.9740769841801067, -3.048587351573742, -1.3132616875182228},
                                    ulps<TestType>(2)));
  sum(down * seed).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.06631100319721811, -2.9051482536448665, 2, -0.06631100319721811,
                                         2.9051482536448665, -2},
                                        ulps<TestType>(16)));
  const auto across = log_softmax(x);
  CHECK_THAT(values(across), AllClose({-2.4076059644443806, -1.4076059644443804, -0.4076059644443804,
                                       -1.7413112966571571, -3.241311296657157, -0.24131129665715703},
                                      ulps<TestType>(2)));
  sum(across * seed).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.8199388536592391, -1.4894569421095953, 0.6695180884503564,
                                         0.23706441178994497, 2.941331140093969, -3.1783955518839138},
                                        ulps<TestType>(16)));
}

TEMPLATE_TEST_CASE("log_softmax slices exponentiate to a sum of one", "[ops][log_softmax]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({2, 5, 3}, -3, 3));
  const std::vector<double> ones(6, 1);
  // An ulp of a logarithm near -6 is about 4 of the probability.
  CHECK_THAT(values(sum(exp(log_softmax(x, 1)), 1)), AllClose(ones, ulps<TestType>(4)));
}

TEMPLATE_TEST_CASE("log_softmax along any axis of any length is that of each slice", "[ops][log_softmax]",
                   float, double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 1, 2, 3, 10, 64, 65, 300);
  const std::size_t others = GENERATE(as<std::size_t>{}, 1, 2, 7, 8, 15, 16, 17, 33, 100, 600);
  CAPTURE(length, others);
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({2, length, others}, -9, 9));
  const auto dy = tape.constant(irregular({2, length, others}));
  const auto y = log_softmax(x, 1), same = transpose(log_softmax(transpose(x, {0, 2, 1})), {0, 2, 1});
  CHECK_THAT(values(y), AllClose(values(same), ulps<TestType>(4), ulps<TestType>(4)));
  y.backward(dy);
  const auto slopes = values(x.grad());
  same.backward(dy);
  CHECK_THAT(slopes, AllClose(values(x.grad()), ulps<TestType>(8), ulps<TestType>(4)));
  (sum(y * dy) + sum(x)).backward();
  const auto added = values(x.grad());
  (sum(same * dy) + sum(x)).backward();
  CHECK_THAT(added, AllClose(values(x.grad()), ulps<TestType>(8), ulps<TestType>(4)));
}

TEST_CASE("log_softmax along the first axis is that of each column, whatever it holds",
          "[ops][log_softmax][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<double>{{inf, NaN, -inf, -inf, 0, 1000, 1e30, 3},
                                                  {0, 1, 0, -inf, -40, 1001, 1e30, NaN},
                                                  {1, inf, -inf, -inf, -inf, -1000, -inf, NaN}});
  CHECK_THAT(values(log_softmax(x, 0)),
             AllClose(values(transpose(log_softmax(transpose(x)))), ulps<float>(4)));
}

TEST_CASE("log_softmax does not change when all elements are shifted", "[ops][log_softmax]") {
  Tape<double> tape;
  // Eighths, so that the shift does not round.
  const auto x = tape.variable(array({2, 3}, {1, 2.125, -3, 0.5, -1, 2.25}));
  CHECK(values(log_softmax(x + 4096)) == values(log_softmax(x)));
}

TEMPLATE_TEST_CASE("log_softmax of a class far ahead is tiny, not zero", "[ops][log_softmax][extremes]",
                   float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2}, {17, 0, 0, -69}));
  // mpmath, 400 digits; so are all numbers below.
  CHECK_THAT(values(log_softmax(x)),
             AllClose({-4.1399376330897474e-8, -17.000000041399376, -1.0806392777072785e-30, -69},
                      ulps<TestType>(2)));
}

TEST_CASE("log_softmax gradient of a float class far ahead is tiny, not zero",
          "[ops][log_softmax][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(array({2}, {17, 0}));
  slice(log_softmax(x), 0, 0, 1).backward();
  CHECK_THAT(values(x.grad()), AllClose({4.1399375473943306e-8, -4.1399375473943306e-8}, ulps<float>(2)));
}

TEMPLATE_TEST_CASE("log_softmax of logits near a million keeps half a nat", "[ops][log_softmax][extremes]",
                   float, double) {
  Tape<TestType> tape;
  const auto y = log_softmax(tape.variable(array({3}, {1e6, 1e6 - 0.5, 1e6 - 8})));
  CHECK_THAT(values(y),
             AllClose({-0.47428577422495563, -0.97428577422495563, -8.4742857742249556}, ulps<TestType>(2)));
}

TEST_CASE("log_softmax over a million equal logits is minus log of a million",
          "[ops][log_softmax][extremes]") {
  Tape<float> tape;
  const auto y = log_softmax(tape.variable(xt::zeros<float>({1000000})));
  CHECK(y.values()[0] == -13.815510557964274f);
  CHECK(y.values()[999999] == -13.815510557964274f);
}

TEST_CASE("log_softmax of infinities follows the limit where there is one", "[ops][log_softmax][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5, 2}, {-inf, 1, inf, 1, 1e307, -1e307, inf, inf, -inf, -inf}));
  CHECK_THAT(values(log_softmax(x)),
             AllClose({-inf, 0, 0, -inf, 0, -2e307, NaN, NaN, NaN, NaN}, ulps<double>(1)));
}

TEST_CASE("log_softmax beside a logit of infinity passes the gradient on to all others",
          "[ops][log_softmax][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {0, inf, -inf}));
  log_softmax(x, 0).backward(std::vector{2.0, 1.0, 3.0});
  CHECK_THAT(values(x.grad()), AllClose({2, -5, 3}, 0));
}

TEST_CASE("log_softmax gives an element of minus infinity a finite gradient",
          "[ops][log_softmax][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-inf, 1, 1}));
  slice(log_softmax(x), 0, 1, 2).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0.5, -0.5}, 0));
}

TEST_CASE("log_softmax of a slice that holds NaN is NaN", "[ops][log_softmax][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3, 3}, {NaN, 1, 2, 1, NaN, 2, 1, 2, NaN}));
  CHECK_THAT(values(log_softmax(x)), AllClose(std::vector<double>(9, NaN), 0));
}

TEST_CASE("log_softmax takes eight axes, and any one of them", "[ops][log_softmax][extremes]") {
  Tape<double> tape;
  const auto x = irregular({3, 4});
  const auto deep = tape.variable(array({1, 3, 1, 1, 2, 2, 1, 1}, values(x)));
  CHECK(log_softmax(deep, -7).shape() == deep.shape());
  CHECK(values(log_softmax(deep, -7)) == values(log_softmax(tape.variable(x), 0)));
}

TEST_CASE("log_softmax of an array without elements has none", "[ops][log_softmax][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : {Shape{0}, Shape{2, 0}, Shape{0, 3}}) {
    const auto x = tape.variable(irregular(shape));
    const auto y = log_softmax(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("log_softmax gradient agrees with central differences along every axis",
          "[ops][log_softmax][gradient]") {
  for (const int axis : {-3, -2, -1, 0, 1, 2}) {
    CHECK_THAT(gradcheck([&](auto x) { return log_softmax(x, axis); }, irregular({2, 3, 4})),
               HasCorrectGradient());
  }
}

TEST_CASE("log_softmax of a variable used twice adds both gradients", "[ops][log_softmax][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return log_softmax(x, 0) * x + log_softmax(x, 1); }, irregular({2, 3})),
             HasCorrectGradient());
}

TEST_CASE("log_softmax of a constant needs no gradient", "[ops][log_softmax][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(log_softmax(tape.constant(irregular({3}))).requires_grad());
}

TEST_CASE("log_softmax names an axis that is not there", "[ops][log_softmax][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { log_softmax(x, 2); }) ==
        "log_softmax: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { log_softmax(x, -3); }) ==
        "log_softmax: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK(refusal<ArgumentError>(tape, [&] { log_softmax(scalar); }) ==
        "log_softmax: the array must have an axis -1, got a scalar, which has none");
}

TEST_CASE("log_softmax gradient of a row won by 40 keeps its digits in double",
          "[ops][log_softmax][exactness]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {40, 0}));
  log_softmax(x).backward(std::vector<double>{1, 0});
  const double expected = 4.248354255291589e-18;  // e^-40 / (1 + e^-40)
  CHECK_THAT(values(x.grad()), AllClose({expected, -expected}, ulps<double>(4)));
}
