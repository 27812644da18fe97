// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <numeric>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("view gives an xtensor view of the same memory", "[core][xtensor]") {
  std::vector<double> memory{1, 2, 3, 4, 5, 6};
  auto matrix = view(ArrayView<double>(memory.data(), {2, 3}));
  CHECK(matrix.dimension() == 2);
  CHECK(matrix.shape()[1] == 3);
  CHECK(&matrix(1, 0) == memory.data() + 3);
  matrix(1, 2) = 60;
  CHECK(memory[5] == 60);
  matrix = xt::zeros<double>({2, 3});
  CHECK_THAT(memory, AllClose({0, 0, 0, 0, 0, 0}, 0));
}

TEST_CASE("a view keeps its shape whatever is added to it", "[core][xtensor][errors]") {
  Array<double> array(Shape{3});
  auto values = view(array);
  values += xt::xarray<double>{1, 2, 3};
  values *= 2;
  xt::noalias(values) += xt::xarray<double>{1};
  CHECK((values == xt::xarray<double>{3, 5, 7}));
  const xt::xarray<double> rows = xt::ones<double>({3, 3}), row = xt::ones<double>({1, 3}),
                           longer = xt::ones<double>({4});
  for (const xt::xarray<double>* const wrong : {&rows, &row, &longer}) {
    const xt::xarray<double>& other = *wrong;
    CHECK_THROWS_AS(values += other, ShapeError);
    CHECK_THROWS_AS(values -= other, ShapeError);
    CHECK_THROWS_AS(values *= other, ShapeError);
    CHECK_THROWS_AS(values /= other, ShapeError);
    CHECK_THROWS_AS(xt::noalias(values) += other, ShapeError);
  }
  CHECK(values.dimension() == 1);
  CHECK((values == xt::xarray<double>{3, 5, 7}));
}

TEST_CASE("views work in xtensor expressions and functions", "[core][xtensor]") {
  const std::vector<float> memory{1, 2, 3, 4};
  const auto matrix = view(ArrayView<const float>(memory.data(), {2, 2}));
  const xt::xarray<float> result = xt::transpose(matrix) * 2.F + xt::exp(0.F * matrix);
  CHECK_THAT(values(result), AllClose({3, 7, 5, 9}, 0));
  CHECK(xt::xarray<float>(xt::sum(matrix))() == 10);
}

TEST_CASE("arrays of rank 0 to 8 pass through the tape and back", "[core][xtensor]") {
  const auto rank = GENERATE(range(std::size_t{0}, std::size_t{9}));
  const std::vector<std::size_t> extents(rank, 2);
  xt::xarray<double> array = xt::xarray<double>::from_shape(extents);
  std::iota(array.begin(), array.end(), 1.0);
  Tape<double> tape;
  const auto x = tape.constant(array);
  CHECK(x.shape() == Shape(extents.begin(), extents.end()));
  CHECK_THAT(values(x.value()), AllClose(values(array), 0));
  CHECK(tape.borrow(array).shape() == x.shape());
  const auto twice = tape.constant(array + array);
  CHECK_THAT(values(twice.value() / 2), AllClose(values(array), 0));
}

TEST_CASE("an array of nine axes is refused", "[core][xtensor][errors]") {
  Tape<double> tape;
  const xt::xarray<double> array = xt::xarray<double>::from_shape(std::vector<std::size_t>(9, 1));
  CHECK_THROWS_AS(tape.constant(array), ShapeError);
  CHECK_THROWS_WITH(tape.constant(array), "Shape: an array has at most 8 axes, got more");
  CHECK(tape.statistics().nodes == 0);
  CHECK(tape.statistics().bytes_in_use == 0);
}

TEST_CASE("expressions are evaluated in row-major order, whatever their own", "[core][xtensor]") {
  Tape<float> tape;
  const xt::xarray<double> array{{1, 2, 3}, {4, 5, 6}};
  const xt::xarray<double, xt::layout_type::column_major> columns = array;
  CHECK_THAT(values(tape.constant(columns)), AllClose({1, 2, 3, 4, 5, 6}, 0));
  CHECK_THAT(values(tape.constant(xt::transpose(array))), AllClose({1, 4, 2, 5, 3, 6}, 0));
  CHECK_THAT(values(tape.constant(xt::view(array, xt::all(), 1))), AllClose({2, 5}, 0));
  CHECK_THAT(values(tape.constant(xt::view(array, xt::range(0, 1)) + array)),
             AllClose({2, 4, 6, 5, 7, 9}, 0));
  CHECK_THAT(values(tape.constant(xt::sum(array, {1}))), AllClose({6, 15}, 0));
  CHECK_THAT(values(tape.constant(xt::arange<int>(3))), AllClose({0, 1, 2}, 0));
}

TEST_CASE("integers and bools become floats", "[core][xtensor]") {
  Tape<float> tape;
  CHECK_THAT(values(tape.constant(xt::xarray<int>{-1, 16'777'216})), AllClose({-1, 16'777'216}, 0));
  CHECK_THAT(values(tape.constant(xt::xarray<unsigned char>{0, 255})), AllClose({0, 255}, 0));
  CHECK_THAT(values(tape.constant(xt::xarray<bool>{true, false})), AllClose({1, 0}, 0));
  CHECK_THAT(values(tape.constant(std::vector<std::int64_t>{-5, 5})), AllClose({-5, 5}, 0));
  CHECK_THAT(values(tape.constant(xt::xarray<int>{1, 2, 3} > 1)), AllClose({0, 1, 1}, 0));
}

TEST_CASE("an expression may read the tape's own values", "[core][xtensor]") {
  Tape<double> tape;
  const auto x = tape.constant(std::vector<double>{1, 2, 3});
  const auto y = tape.constant(x.value() * x.value() + 1.0);
  CHECK_THAT(values(y), AllClose({2, 5, 10}, 0));
}

TEST_CASE("xtensor evaluates sums of arrays of dynamic rank under the target's flags", "[core][xtensor]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{{1, 2}, {3, 4}});
  const xt::xarray<double> twice = xt::eval(x.value() + x.value());
  CHECK_THAT(values(twice), AllClose({2, 4, 6, 8}, 0));
  CHECK(twice.dimension() == 2);
}
