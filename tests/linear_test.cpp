// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64; every intermediate result is exact in float.
TEMPLATE_TEST_CASE("linear agrees with PyTorch in value and gradients", "[ops][linear]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const auto weight = tape.variable(array({2, 3}, {1, 0.5, -1, 2, 0.25, 3}));
  const auto bias = tape.variable(array({2}, {10, -1}));
  const auto y = linear(x, weight, bias);
  CHECK(y.shape() == Shape{2, 2});
  CHECK_THAT(values(y), AllClose({9, 10.5, 10.5, 26.25}, 0));
  sum(y * tape.constant(array({2, 2}, {1, 2, -1, 0.5}))).backward();
  CHECK_THAT(values(x.grad()), AllClose({5, 1, 5, 0, -0.375, 2.5}, 0));
  CHECK_THAT(values(weight.grad()), AllClose({-3, -3, -3, 4, 6.5, 9}, 0));
  CHECK_THAT(values(bias.grad()), AllClose({0, 2.5}, 0));
}

TEST_CASE("linear is matmul with the transposed weight plus the bias", "[ops][linear]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({5, 4})), weight = tape.variable(irregular({3, 4}, -1, 3));
  const auto bias = tape.variable(irregular({3}));
  const auto product = matmul(x, transpose(weight));
  CHECK_THAT(values(linear(x, weight)), AllClose(values(product), 1e-14, 1e-14));
  CHECK_THAT(values(linear(x, weight, bias)), AllClose(values(product + bias), 1e-14, 1e-14));
}

TEST_CASE("linear works on the last axis of any rank from one to eight", "[ops][linear]") {
  Tape<double> tape;
  const auto weight = tape.variable(irregular({3, 2})), bias = tape.variable(irregular({3}));
  const auto x = tape.variable(irregular({4, 2}));
  const auto flat = linear(x, weight, bias);
  const auto deep = linear(reshape(x, {1, 2, 1, 1, 2, 1, 1, 2}), weight, bias);
  CHECK(deep.shape() == Shape{1, 2, 1, 1, 2, 1, 1, 3});
  CHECK(values(deep) == values(flat));
  const auto row = linear(reshape(slice(x, 0, 0, 1), {2}), weight, bias);
  CHECK(row.shape() == Shape{3});
  CHECK_THAT(values(row), AllClose(values(slice(flat, 0, 0, 1)), 1e-15, 1e-15));
}

TEST_CASE("linear with no inputs is the bias", "[ops][linear][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0})), weight = tape.variable(irregular({3, 0}));
  const auto bias = tape.variable(array({3}, {1, 2, 3}));
  const auto y = linear(x, weight, bias);
  CHECK_THAT(values(y), AllClose({1, 2, 3, 1, 2, 3}, 0));
  CHECK_THAT(values(linear(x, weight)), AllClose({0, 0, 0, 0, 0, 0}, 0));
  sum(y).backward();
  CHECK_THAT(values(bias.grad()), AllClose({2, 2, 2}, 0));
}

TEST_CASE("linear of an empty batch gives weight and bias a gradient of zero", "[ops][linear][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({0, 2})), weight = tape.variable(irregular({1, 2}));
  const auto bias = tape.variable(array({1}, {1}));
  const auto y = linear(x, weight, bias);
  CHECK(y.shape() == Shape{0, 1});
  sum(y).backward();
  CHECK_THAT(values(weight.grad()), AllClose({0, 0}, 0));
  CHECK_THAT(values(bias.grad()), AllClose({0}, 0));
}

TEST_CASE("linear carries NaN and infinity to their row only", "[ops][linear][extremes]") {
  Tape<double> tape;
  const auto y = linear(tape.variable(array({3, 2}, {NaN, 1, inf, 1, 1, 2})),
                        tape.variable(array({2, 2}, {1, 3, -2, 4})), tape.variable(array({2}, {1, 1})));
  CHECK_THAT(values(y), AllClose({NaN, NaN, inf, -inf, 8, 7}, 0));
}

TEST_CASE("linear gradient agrees with central differences", "[ops][linear][gradient]") {
  const auto affine = [](auto x, auto weight, auto bias) { return linear(x, weight, bias); };
  const auto product = [](auto x, auto weight) { return linear(x, weight); };
  for (const Shape& x : {Shape{4}, Shape{3, 4}, Shape{2, 1, 3, 4}}) {
    for (const std::size_t out : {std::size_t{1}, std::size_t{2}}) {
      CAPTURE(x, out);
      const auto weight = irregular({out, 4}, -1, 3);
      CHECK_THAT(gradcheck(affine, irregular(x), weight, irregular({out})), HasCorrectGradient());
      CHECK_THAT(gradcheck(product, irregular(x), weight), HasCorrectGradient());
    }
  }
}

TEST_CASE("linear of a variable with itself as weight and bias adds all gradients",
          "[ops][linear][gradient]") {
  CHECK_THAT(
      gradcheck([](auto x) { return linear(x, x, reshape(slice(x, 0, 0, 1), {2})); }, irregular({2, 2})),
      HasCorrectGradient());
}

TEST_CASE("linear computes only the gradients that are needed", "[ops][linear][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(irregular({3, 2})), weight = tape.constant(irregular({1, 2}));
  const auto bias = tape.variable(array({1}, {1}));
  CHECK_FALSE(linear(x, weight).requires_grad());
  sum(linear(x, weight, bias)).backward();
  CHECK_THAT(values(bias.grad()), AllClose({3}, 0));
}

TEST_CASE("linear names what does not fit the weight", "[ops][linear][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3})), weight = tape.variable(irregular({2, 3}));
  const auto scalar = tape.variable(1), vector = tape.variable(irregular({3}));
  CHECK(refusal<ShapeError>(tape, [&] { linear(x, vector); }) == "linear: weight must be (out, in), got (3)");
  CHECK(refusal<ShapeError>(tape, [&] { linear(x, x, vector); }) ==
        "linear: bias must have the 4 outputs of weight (4, 3) (out, in), got (3)");
  CHECK(refusal<ShapeError>(tape, [&] { linear(scalar, weight); }) ==
        "linear: the last axis of x must have the 3 inputs of weight (2, 3) (out, in), got x ()");
  const auto wide = tape.variable(irregular({3, 4}));
  CHECK(refusal<ShapeError>(tape, [&] { linear(wide, weight); }) ==
        "linear: the last axis of x must have the 3 inputs of weight (2, 3) (out, in), got x (3, 4)");
}

TEST_CASE("linear refuses an extent that the BLAS cannot index", "[ops][linear][errors]") {
  Tape<double> tape;
  const auto x = tape.borrow(ArrayView<const double>(nullptr, Shape{65536, 65536, 0}));
  const auto weight = tape.variable(irregular({1, 0}));
  CHECK(refusal<ShapeError>(tape, [&] { linear(x, weight); }) ==
        "linear: extents must be at most 2147483647, what the BLAS can index, got 4294967296");
}

TEMPLATE_TEST_CASE("linear_relu is relu after linear, bit for bit", "[ops][linear]", float, double) {
  for (const bool has_bias : {true, false}) {
    std::vector<std::vector<double>> results;
    for (const bool at_once : {true, false}) {
      Tape<TestType> tape;
      const auto x = tape.variable(irregular({2, 7, 5})), weight = tape.variable(irregular({9, 5}, -1, 2));
      const auto bias = tape.variable(irregular({9}));
      const auto y = at_once ? has_bias ? linear_relu(x, weight, bias) : linear_relu(x, weight)
                             : relu(has_bias ? linear(x, weight, bias) : linear(x, weight));
      y.backward(tape.constant(irregular({2, 7, 9}, -1, 1)));
      results.push_back(values(y));
      for (const auto& input : {x, weight}) results.push_back(values(input.grad()));
      if (has_bias) results.push_back(values(bias.grad()));
    }
    const std::size_t half = results.size() / 2;
    for (std::size_t i = 0; i < half; ++i) CHECK(results[i] == results[half + i]);
  }
}

TEST_CASE("linear_relu agrees with central differences", "[ops][linear][gradient]") {
  const auto f = [](auto x, auto weight, auto bias) { return linear_relu(x, weight, bias); };
  CHECK_THAT(gradcheck(f, irregular({4, 3}), irregular({5, 3}, -1, 3), irregular({5})), HasCorrectGradient());
}

TEST_CASE("linear_relu hands NaN on, and gives no gradient where its output is 0",
          "[ops][linear][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3, 1}, {NaN, -1, 0}));
  const auto y = linear_relu(x, tape.variable(array({1, 1}, {1})), tape.variable(array({1}, {0})));
  CHECK_THAT(values(y), AllClose({NaN, 0, 0}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0}, 0));
}

TEST_CASE("linear_relu names the shapes it was given", "[ops][linear][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), weight = tape.variable(irregular({4, 5}));
  CHECK(refusal<ShapeError>(tape, [&] { linear_relu(x, weight); }) ==
        "linear_relu: the last axis of x must have the 5 inputs of weight (4, 5) (out, in), got x (2, 3)");
}
