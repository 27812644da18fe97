// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64; every intermediate result is exact in float.
TEMPLATE_TEST_CASE("matmul is the matrix product, with PyTorch's gradients", "[ops][matmul]", float, double) {
  Tape<TestType> tape;
  const auto a = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const auto b = tape.variable(array({3, 2}, {1, -1, 0.5, 2, 0, 3}));
  const auto y = matmul(a, b);
  CHECK(y.shape() == Shape{2, 2});
  CHECK_THAT(values(y), AllClose({2, 12, 6.5, 24}, 0));
  sum(y * tape.constant(array({2, 2}, {1, 2, -1, 0.5}))).backward();
  CHECK_THAT(values(a.grad()), AllClose({-1, 4.5, 6, -1.5, 0.5, 1.5}, 0));
  CHECK_THAT(values(b.grad()), AllClose({-3, 4, -3, 6.5, -3, 9}, 0));
}

TEST_CASE("matmul of transposes is the transpose of the product in reverse", "[ops][matmul]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 5})), b = tape.variable(irregular({5, 4}, -1, 3));
  CHECK_THAT(values(matmul(transpose(b), transpose(a))),
             AllClose(values(transpose(matmul(a, b))), 1e-14, 1e-14));
}

// The matrix of f(row, column).
template <class F>
static xt::xarray<double> matrix_of(std::size_t rows, std::size_t columns, F f) {
  std::vector<double> elements;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c)
      elements.push_back(f(static_cast<double>(r), static_cast<double>(c)));
  }
  return array({rows, columns}, elements);
}

static double sum_below(double n) { return n * (n - 1) / 2; }
static double sum_of_squares_below(double n) { return n * (n - 1) * (2 * n - 1) / 6; }

// All numbers are whole and below 2^53, so that any order of summation is exact.
TEST_CASE("matmul of large matrices is exact in whole numbers, whichever way it is cut",
          "[ops][matmul][extremes]") {
  const auto [rows, inner, columns] =
      GENERATE(std::array<std::size_t, 3>{300, 200, 170}, std::array<std::size_t, 3>{70, 300, 500});
  const double m = static_cast<double>(rows), n = static_cast<double>(inner),
               p = static_cast<double>(columns);
  Tape<double> tape;
  const auto a = tape.variable(matrix_of(rows, inner, [](double i, double k) { return i + k; }));
  const auto b = tape.variable(matrix_of(inner, columns, [](double k, double j) { return k - j; }));
  const auto y = matmul(a, b);
  // The sum over k of (i + k) (k - j).
  const auto product = matrix_of(rows, columns, [n](double i, double j) {
    return (i - j) * sum_below(n) - n * i * j + sum_of_squares_below(n);
  });
  CHECK(values(y) == values(product));
  sum(y).backward();
  CHECK(values(a.grad()) ==
        values(matrix_of(rows, inner, [=](double, double k) { return p * k - sum_below(p); })));
  CHECK(values(b.grad()) ==
        values(matrix_of(inner, columns, [=](double k, double) { return sum_below(m) + m * k; })));
}

TEST_CASE("matmul carries NaN and infinity to their row and column", "[ops][matmul][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({3, 2}, {NaN, 1, inf, 1, 1, 2}));
  const auto b = tape.variable(array({2, 2}, {1, -2, 3, 4}));
  CHECK_THAT(values(matmul(a, b)), AllClose({NaN, NaN, inf, -inf, 7, 6}, 0));
}

TEST_CASE("matmul over no inner elements is zero", "[ops][matmul][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 0})), b = tape.variable(irregular({0, 3}));
  const auto y = matmul(a, b);
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({0, 0, 0, 0, 0, 0}, 0));
  sum(y).backward();
  CHECK(a.gradients().shape() == Shape{2, 0});
}

TEST_CASE("matmul without rows gives the other operand a gradient of zero", "[ops][matmul][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({0, 2})), b = tape.variable(irregular({2, 1}));
  const auto y = matmul(a, b);
  CHECK(y.shape() == Shape{0, 1});
  sum(y).backward();
  CHECK_THAT(values(b.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("matmul gradient agrees with central differences", "[ops][matmul][gradient]") {
  const auto product = [](auto a, auto b) { return matmul(a, b); };
  CHECK_THAT(gradcheck(product, irregular({3, 4}), irregular({4, 2}, -1, 3)), HasCorrectGradient());
  CHECK_THAT(gradcheck(product, irregular({1, 4}), irregular({4, 1}, -1, 3)), HasCorrectGradient());
  CHECK_THAT(gradcheck(product, irregular({4, 1}), irregular({1, 3}, -1, 3)), HasCorrectGradient());
}

TEST_CASE("matmul of a variable by itself adds both gradients", "[ops][matmul][gradient]") {
  CHECK_THAT(gradcheck([](auto a) { return matmul(a, a) + a; }, irregular({3, 3})), HasCorrectGradient());
}

TEST_CASE("matmul computes only the gradients that are needed", "[ops][matmul][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(irregular({2, 2})), x = tape.variable(irregular({2, 2}));
  CHECK_FALSE(matmul(c, c).requires_grad());
  CHECK_THAT(gradcheck(
                 [&](auto x) {
                   return matmul(x.tape().constant(irregular({2, 2})), x);
                 },
                 irregular({2, 2})),
             HasCorrectGradient());
  sum(matmul(x, c)).backward();
  CHECK(refusal<TapeError>(tape, [&] { c.grad(); }) ==
        "grad: the variable must need a gradient, got one recorded by 'constant' that does not");
}

TEST_CASE("matmul names operands that are not matrices or do not fit", "[ops][matmul][errors]") {
  Tape<double> tape;
  const auto matrix = tape.variable(irregular({2, 3})), vector = tape.variable(irregular({3}));
  const std::string rule =
      "matmul: a (rows, inner) and b (inner, columns) must be matrices that agree in inner, got ";
  CHECK(refusal<ShapeError>(tape, [&] { matmul(matrix, matrix); }) == rule + "(2, 3) and (2, 3)");
  CHECK(refusal<ShapeError>(tape, [&] { matmul(matrix, vector); }) == rule + "(2, 3) and (3)");
  CHECK(refusal<ShapeError>(tape, [&] { matmul(vector, matrix); }) == rule + "(3) and (2, 3)");
}

TEST_CASE("matmul refuses an extent that the BLAS cannot index", "[ops][matmul][errors]") {
  Tape<double> tape;
  const auto tall = tape.borrow(ArrayView<const double>(nullptr, Shape{2147483648, 0}));
  const auto empty = tape.variable(irregular({0, 1}));
  CHECK(refusal<ShapeError>(tape, [&] { matmul(tall, empty); }) ==
        "matmul: extents must be at most 2147483647, what the BLAS can index, got 2147483648");
}

TEMPLATE_TEST_CASE("matmul is the same, bit for bit, on one thread and on several", "[ops][matmul][threads]",
                   float, double) {
  const auto a = irregular({300, 170}), b = irregular({170, 230});
  const auto product = [&](std::size_t threads) {
    const std::size_t before = num_threads();
    set_num_threads(threads);
    Tape<TestType> tape;
    const auto x = tape.variable(a), y = tape.variable(b);
    sum(square(matmul(x, y))).backward();
    set_num_threads(before);
    std::vector<double> all = values(x.grad());
    for (const double dy : values(y.grad())) all.push_back(dy);
    return all;
  };
  const auto alone = product(1);
  CHECK(product(2) == alone);
  CHECK(product(3) == alone);
}
