// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("select_rows takes rows in any order and number", "[ops][select_rows]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({3, 2}, {1, 2, 3, 4, 5, 6}));
  const auto y = select_rows(x, std::vector<int>{2, 0, 2, 1});
  CHECK(y.shape() == Shape{4, 2});
  CHECK_THAT(values(y), AllClose({5, 6, 1, 2, 5, 6, 3, 4}, 0));
}

TEST_CASE("select_rows has the shape of the indices and the rest of x", "[ops][select_rows]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 2, 4}));
  const xt::xarray<int> indices{{0, 1, 2}, {2, 1, 0}};
  const auto y = select_rows(x, indices);
  CHECK(y.shape() == Shape{2, 3, 2, 4});
  CHECK(values(slice(reshape(y, {6, 8}), 0, 3, 4)) == values(slice(x, 0, 2, 3)));
  CHECK(select_rows(tape.variable(irregular({3})), indices).shape() == Shape{2, 3});
}

TEST_CASE("select_rows by one number drops the axis", "[ops][select_rows]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3, 2}, {1, 2, 3, 4, 5, 6}));
  const auto y = select_rows(x, 1);
  CHECK(y.shape() == Shape{2});
  CHECK_THAT(values(y), AllClose({3, 4}, 0));
}

TEST_CASE("select_rows takes any integer type and xtensor expressions", "[ops][select_rows]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 2}));
  const auto expected = values(select_rows(x, std::vector<int>{1, 2}));
  CHECK(values(select_rows(x, std::vector<std::uint8_t>{1, 2})) == expected);
  CHECK(values(select_rows(x, xt::xarray<std::size_t>{1, 2})) == expected);
  CHECK(values(select_rows(x, xt::arange<std::int64_t>(1, 3))) == expected);
  CHECK(values(select_rows(x, xt::xarray<short>{0, 1} + 1)) == expected);
}

TEST_CASE("select_rows by counting is the identity", "[ops][select_rows]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({5, 3}));
  CHECK(values(select_rows(x, xt::arange(5))) == values(x));
}

TEST_CASE("select_rows moves NaN and infinity unchanged", "[ops][select_rows][extremes]") {
  Tape<double> tape;
  const auto y = select_rows(tape.variable(array({3}, {NaN, inf, 5e-324})), std::vector<int>{2, 1, 0});
  CHECK_THAT(values(y), AllClose({5e-324, inf, NaN}, 0));
}

TEST_CASE("select_rows of no rows, or of rows without elements, is empty", "[ops][select_rows][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), thin = tape.variable(irregular({2, 0}));
  const auto y = select_rows(x, std::vector<int>{});
  CHECK(y.shape() == Shape{0, 3});
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0, 0, 0, 0}, 0));
  CHECK(select_rows(thin, std::vector<int>{1, 1, 1}).shape() == Shape{3, 0});
}

TEST_CASE("select_rows fills eight axes", "[ops][select_rows][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 1, 2, 1, 2, 1}));
  const xt::xarray<int> indices = xt::ones<int>({1, 2, 1});
  CHECK(select_rows(x, indices).shape() == Shape{1, 2, 1, 1, 2, 1, 2, 1});
}

TEST_CASE("select_rows gradient agrees with central differences", "[ops][select_rows][gradient]") {
  const xt::xarray<int> indices{{0, 3}, {3, 2}};
  CHECK_THAT(gradcheck([&](auto x) { return select_rows(x, indices); }, irregular({4, 3})),
             HasCorrectGradient());
}

TEST_CASE("select_rows adds the gradients of a row that is taken several times",
          "[ops][select_rows][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 1}));
  sum(select_rows(x, std::vector<int>{2, 0, 2, 2})).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 0, 3}, 0));
}

TEST_CASE("select_rows of a variable used twice adds both gradients", "[ops][select_rows][gradient]") {
  const auto twice = [](auto x) { return select_rows(x, 1) * select_rows(x, std::vector<int>{0, 1}); };
  CHECK_THAT(gradcheck(twice, irregular({2, 3})), HasCorrectGradient());
}

TEST_CASE("select_rows of a constant needs no gradient", "[ops][select_rows][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(select_rows(tape.constant(irregular({4})), 1).requires_grad());
}

TEST_CASE("select_rows names the index that has no row", "[ops][select_rows][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 2})), empty = tape.variable(irregular({0, 2}));
  CHECK(refusal<LabelError>(tape, [&] {
          select_rows(x, std::vector<int>{0, 3});
        }) == "select_rows: indices[1] is 3, but x (3, 2) has rows 0 to 2");
  CHECK(refusal<LabelError>(tape, [&] {
          select_rows(x, xt::xarray<int>{{0, 1}, {-1, 2}});
        }) == "select_rows: indices[1, 0] is -1, but x (3, 2) has rows 0 to 2");
  CHECK(refusal<LabelError>(tape, [&] { select_rows(empty, 0); }) ==
        "select_rows: indices is 0, but x (0, 2) has no rows");
}

TEST_CASE("select_rows asks for rows", "[ops][select_rows][errors]") {
  Tape<double> tape;
  const auto scalar = tape.variable(1);
  CHECK(refusal<ShapeError>(tape, [&] { select_rows(scalar, 0); }) ==
        "select_rows: x must have rows, got a scalar");
}
