// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64. The seed weighs the elements; its gradients cancel to about a tenth, hence 16 ulp.
TEMPLATE_TEST_CASE("softmax agrees with PyTorch along either axis", "[ops][softmax]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 3}, {1, 2, 3, 0.5, -1, 2}));
  const auto seed = tape.constant(array({2, 3}, {1, -1, 2, 0.5, 3, -2}));
  const auto down = softmax(x, 0);
  CHECK_THAT(values(down), AllClose({0.6224593312018546, 0.9525741268224334, 0.7310585786300049,
                                     0.37754066879814546, 0.04742587317756679, 0.2689414213699951},
                                    ulps<TestType>(2)));
  sum(down * seed).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.1175018561007972, -0.18070663892364844, 0.7864477329659274,
                                         -0.11750185610079728, 0.18070663892364858, -0.7864477329659274},
                                        ulps<TestType>(16)));
  const auto across = softmax(x);
  CHECK_THAT(values(across), AllClose({0.09003057317038045, 0.2447284710547976, 0.6652409557748218,
                                       0.1752903921400367, 0.039112573270687456, 0.7855970345892759},
                                      ulps<TestType>(2)));
  sum(across * seed).backward();
  CHECK_THAT(values(x.grad()), AllClose({-0.015825935504470326, -0.5324762950097618, 0.5483022305142322,
                                         0.3271288848774485, 0.17077375364860098, -0.4979026385260496},
                                        ulps<TestType>(16)));
}

TEST_CASE("softmax slices sum to one", "[ops][softmax]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 5, 3}, -30, 30));
  const std::vector<double> ones(6, 1);
  CHECK_THAT(values(sum(softmax(x, 1), 1)), AllClose(ones, ulps<double>(2)));
}

TEMPLATE_TEST_CASE("softmax along any axis of any length is that of each slice", "[ops][softmax]", float,
                   double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 1, 2, 3, 10, 64, 65, 300);
  const std::size_t others = GENERATE(as<std::size_t>{}, 1, 2, 7, 8, 15, 16, 17, 33, 100, 600);
  CAPTURE(length, others);
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({2, length, others}, -9, 9));
  const auto dy = tape.constant(irregular({2, length, others}));
  const auto y = softmax(x, 1), same = transpose(softmax(transpose(x, {0, 2, 1})), {0, 2, 1});
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

TEST_CASE("softmax along the first axis is that of each column, whatever it holds",
          "[ops][softmax][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<double>{{inf, NaN, -inf, -inf, 0, 1000, 1e30, 3},
                                                  {0, 1, 0, -inf, -40, 1001, 1e30, NaN},
                                                  {1, inf, -inf, -inf, -inf, -1000, -inf, NaN}});
  CHECK_THAT(values(softmax(x, 0)), AllClose(values(transpose(softmax(transpose(x)))), ulps<float>(4)));
}

TEST_CASE("softmax does not change when all elements are shifted", "[ops][softmax]") {
  Tape<double> tape;
  // Eighths, so that the shift does not round.
  const auto x = tape.variable(array({2, 3}, {1, 2.125, -3, 0.5, -1, 2.25}));
  CHECK(values(softmax(x + 4096)) == values(softmax(x)));
}

TEMPLATE_TEST_CASE("softmax keeps the relative precision of tiny probabilities", "[ops][softmax][extremes]",
                   float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2}, {0, -69, 17, 0}));
  const auto y = softmax(x);
  // mpmath, 400 digits; so are all numbers below.
  CHECK_THAT(values(y), AllClose({1, 1.0806392777072785e-30, 0.99999995860062453, 4.1399375473943306e-8},
                                 ulps<TestType>(2)));
  // p_0 p_1, with a minus sign for the other element.
  y.backward(xt::xarray<TestType>{{0, 1}, {0, 1}});
  CHECK_THAT(values(x.grad()), AllClose({-1.0806392777072785e-30, 1.0806392777072785e-30,
                                         -4.1399373760035016e-8, 4.1399373760035016e-8},
                                        ulps<TestType>(4)));
}

TEMPLATE_TEST_CASE("softmax of logits near a million keeps half a nat", "[ops][softmax][extremes]", float,
                   double) {
  Tape<TestType> tape;
  const auto y = softmax(tape.variable(array({3}, {1e6, 1e6 - 0.5, 1e6 - 8})));
  CHECK_THAT(values(y),
             AllClose({0.62232938145675492, 0.37746185029352066, 0.00020876824972442773}, ulps<TestType>(2)));
}

TEST_CASE("softmax of doubles carries the rounding error of large differences", "[ops][softmax][extremes]") {
  Tape<double> tape;
  // 0.1 - 700.3 rounds by up to 6e-14, which is 250 ulp of the probability.
  const auto y = softmax(tape.variable(array({3}, {0.1, 700.3, -3.7})));
  CHECK_THAT(values(y), AllClose({8.0724204017781177e-305, 1, 1.8058627513523485e-306}, ulps<double>(4)));
}

TEST_CASE("softmax over a million equal logits is uniform", "[ops][softmax][extremes]") {
  Tape<float> tape;
  const auto y = softmax(tape.variable(xt::zeros<float>({1000000})));
  CHECK(y.values()[0] == 1e-6f);
  CHECK(y.values()[999999] == 1e-6f);
}

TEST_CASE("softmax of a single element is one, however large", "[ops][softmax][extremes]") {
  Tape<double> tape;
  CHECK_THAT(values(softmax(tape.variable(array({3, 1}, {-1e308, 0, inf})))), AllClose({1, 1, 1}, 0));
}

TEST_CASE("softmax of infinities follows the limit where there is one", "[ops][softmax][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5, 2}, {-inf, 1, inf, 1, 1e308, -1e308, inf, inf, -inf, -inf}));
  CHECK_THAT(values(softmax(x)), AllClose({0, 1, 1, 0, 1, 0, NaN, NaN, NaN, NaN}, 0));
}

TEST_CASE("softmax of a slice that holds NaN is NaN", "[ops][softmax][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({4, 3}, {NaN, 1, 2, 1, NaN, 2, 1, 2, NaN, 1, 1, -inf}));
  CHECK_THAT(values(softmax(x)), AllClose({NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, 0.5, 0.5, 0}, 0));
}

TEST_CASE("softmax takes eight axes, and any one of them", "[ops][softmax][extremes]") {
  Tape<double> tape;
  const auto x = irregular({3, 4});
  const auto deep = tape.variable(array({1, 3, 1, 1, 2, 2, 1, 1}, values(x)));
  CHECK(softmax(deep, -7).shape() == deep.shape());
  CHECK(values(softmax(deep, -7)) == values(softmax(tape.variable(x), 0)));
}

TEST_CASE("softmax of an array without elements has none", "[ops][softmax][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : {Shape{0}, Shape{2, 0}, Shape{0, 3}}) {
    const auto x = tape.variable(irregular(shape));
    const auto y = softmax(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("softmax gradient agrees with central differences along every axis", "[ops][softmax][gradient]") {
  for (const int axis : {-3, -2, -1, 0, 1, 2}) {
    CHECK_THAT(gradcheck([&](auto x) { return softmax(x, axis); }, irregular({2, 3, 4})),
               HasCorrectGradient());
  }
}

TEST_CASE("softmax of a variable used twice adds both gradients", "[ops][softmax][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return softmax(x, 0) * x + softmax(x, 1); }, irregular({2, 3})),
             HasCorrectGradient());
}

TEST_CASE("softmax of a constant needs no gradient", "[ops][softmax][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(softmax(tape.constant(irregular({3}))).requires_grad());
}

TEST_CASE("softmax names an axis that is not there", "[ops][softmax][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { softmax(x, 2); }) ==
        "softmax: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { softmax(x, -3); }) ==
        "softmax: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK(refusal<ArgumentError>(tape, [&] { softmax(scalar); }) ==
        "softmax: the array must have an axis -1, got a scalar, which has none");
}

TEST_CASE("softmax gradient of a row won by 17 keeps its digits in float", "[ops][softmax][exactness]") {
  Tape<float> tape;
  const auto x = tape.variable(array({2}, {17, 0}));
  softmax(x).backward(std::vector<float>{1, 0});
  const double expected = 4.139937376e-08;  // p (1 - p) with p = 1 / (1 + e^17)
  CHECK_THAT(values(x.grad()), AllClose({expected, -expected}, ulps<float>(4)));
}
