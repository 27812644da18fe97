// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace sparse_gradient_test {
namespace {

using Rows = std::vector<std::size_t>;

template <class T>
struct Table : Parameter<T> {
  explicit Table(const Shape& shape) : Parameter<T>("table", irregular(shape)) {
    this->set_sparse_gradient(true);
  }

  /// Adds `slope` to the gradient of each element of these rows.
  void look_up(const std::vector<int>& rows, double slope = 1) {
    Tape<T> tape;
    (sum(select_rows(tape.watch(*this), rows)) * static_cast<T>(slope)).backward();
  }

  Rows rows() {
    const auto rows = this->gradient_rows();
    return {rows.begin(), rows.end()};
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a sparse gradient lists the rows that were looked up, once each and in order",
                   "[autograd][sparse]", float, double) {
  Table<TestType> table({4, 2});
  CHECK(table.rows().empty());
  table.look_up({3, 1, 3});
  CHECK(table.rows() == Rows{1, 3});
  CHECK_THAT(values(table.grad()), AllClose({0, 0, 1, 1, 0, 0, 2, 2}, 0));
}

TEST_CASE("a sparse gradient lists rows wherever they are in a large table", "[autograd][sparse]") {
  Table<double> table({200, 1});
  table.look_up({199, 64, 0, 63, 128, 127});
  CHECK(table.rows() == Rows{0, 63, 64, 127, 128, 199});
}

TEST_CASE("a sparse gradient adds up over uses in a step and over backward passes", "[autograd][sparse]") {
  Table<double> table({4, 1});
  Tape<double> tape;
  const auto w = tape.watch(table);
  (sum(select_rows(w, std::vector<int>{0, 2})) + sum(select_rows(w, 2))).backward();
  CHECK_THAT(values(table.grad()), AllClose({1, 0, 2, 0}, 0));
  table.look_up({3, 2});
  CHECK_THAT(values(table.grad()), AllClose({1, 0, 3, 1}, 0));
  CHECK(table.rows() == Rows{0, 2, 3});
}

TEST_CASE("zero_grad leaves a sparse gradient no rows", "[autograd][sparse]") {
  Table<double> table({4, 1});
  table.look_up({0, 2});
  table.zero_grad();
  CHECK(table.rows().empty());
  table.look_up({3});
  CHECK(table.rows() == Rows{3});
  CHECK_THAT(values(table.grad()), AllClose({0, 0, 0, 1}, 0));
}

TEST_CASE("a row whose contributions cancel has no gradient", "[autograd][sparse]") {
  Table<double> table({3, 2});
  table.look_up({0, 1});
  table.look_up({1}, -1);
  CHECK(table.rows() == Rows{0});
}

TEST_CASE("a NaN is a gradient", "[autograd][sparse][extremes]") {
  Table<double> table({3, 2});
  table.look_up({2}, NaN);
  CHECK(table.rows() == Rows{2});
}

// d sum(x^2) = 2 x: of the row of zeros it is 0.
TEST_CASE("a table that is also used as a whole has the gradients of both uses", "[autograd][sparse]") {
  Table<double> table({3, 2});
  table.value() = xt::xarray<double>{{1, 2}, {0, 0}, {0, 3}};
  const auto rows_first = GENERATE(true, false);
  Tape<double> tape;
  const auto w = tape.watch(table);
  const auto rows = [&] { return sum(select_rows(w, 2)); };
  const auto whole = [&] { return sum(square(w)); };
  // Rules run from the last to the first.
  (rows_first ? whole() + rows() : rows() + whole()).backward();
  CHECK_THAT(values(table.grad()), AllClose({2, 4, 0, 0, 1, 7}, 0));
  CHECK(table.rows() == Rows{0, 2});
  table.zero_grad();
  table.look_up({1});
  CHECK(table.rows() == Rows{1});
  CHECK_THAT(values(table.grad()), AllClose({0, 0, 1, 1, 0, 0}, 0));
}

TEST_CASE("reading a sparse gradient changes nothing of it", "[autograd][sparse]") {
  Table<double> table({3, 1});
  table.look_up({1});
  CHECK_THAT(values(table.grad()), AllClose({0, 1, 0}, 0));
  CHECK(table.rows() == Rows{1});
  Tape<double> tape;
  CHECK_THAT(values(tape.watch(table).grad()), AllClose({0, 1, 0}, 0));
  table.look_up({0});
  CHECK(table.rows() == Rows{0, 1});
}

TEST_CASE("what is written into a sparse gradient counts, until zero_grad", "[autograd][sparse]") {
  Table<double> table({3, 1});
  table.look_up({1});
  const auto dx = table.gradients();
  dx[2] = 5;
  CHECK(table.rows() == Rows{1, 2});
  dx[1] = 0;
  CHECK(table.rows() == Rows{2});
  table.zero_grad();
  CHECK(table.rows().empty());
  table.look_up({0});
  CHECK(table.rows() == Rows{0});
  CHECK_THAT(values(table.grad()), AllClose({1, 0, 0}, 0));
}

TEST_CASE("a gradient may become sparse and cease to be at any time", "[autograd][sparse]") {
  Table<double> table({3, 1});
  table.look_up({1});
  table.set_sparse_gradient(false);
  CHECK_FALSE(table.has_sparse_gradient());
  CHECK(table.rows().empty());
  CHECK_THAT(values(table.grad()), AllClose({0, 1, 0}, 0));
  table.look_up({2});
  table.set_sparse_gradient(true);
  CHECK(table.rows() == Rows{1, 2});
}

TEST_CASE("a sparse gradient of no rows, or of rows without elements, lists none",
          "[autograd][sparse][extremes]") {
  Table<double> empty({0, 3}), thin({3, 0});
  empty.look_up({});
  thin.look_up({1, 2});
  CHECK(empty.rows().empty());
  CHECK(thin.rows().empty());
  empty.zero_grad();
  thin.zero_grad();
}

TEST_CASE("a sparse gradient has the bits of another", "[autograd][sparse]") {
  Table<float> sparse({70, 3});
  Parameter<float> other("other", sparse.values());
  Random random(3);
  const auto look_up = [&](Parameter<float>& table, const std::vector<std::size_t>& rows, bool whole) {
    Tape<float> tape;
    const auto w = tape.watch(table);
    const auto loss = sum(square(select_rows(w, rows)));
    (whole ? loss + mean(tanh(w)) : loss).backward();
  };
  for (int step = 0; step < 200; ++step) {
    INFO("step " << step);
    Rows rows(random.below(6));
    for (std::size_t& row : rows) row = random.below(70);
    const bool whole = random.below(10) == 0;
    look_up(sparse, rows, whole);
    look_up(other, rows, whole);
    if (random.below(4) == 0) CHECK(values(sparse.grad()) == values(other.grad()));
    if (random.below(3) == 0) {
      sparse.zero_grad();
      other.zero_grad();
    }
  }
  CHECK(values(sparse.grad()) == values(other.grad()));
}

TEST_CASE("sparse gradients collected apart are added by rows", "[autograd][sparse][gradients]") {
  Table<double> table({4, 1});
  Parameter<double> bias("bias", Shape{2});
  Gradients<double> apart({&bias, &table});
  const auto collect = [&](const std::vector<int>& rows) {
    Tape<double> tape;
    (sum(select_rows(tape.watch(table), rows)) + sum(tape.watch(bias))).backward(apart);
  };
  collect({2, 2});
  table.look_up({0});
  apart.add_to({&bias, &table});
  CHECK(table.rows() == Rows{0, 2});
  CHECK_THAT(values(table.grad()), AllClose({1, 0, 2, 0}, 0));
  collect({3});
  CHECK_THAT(values(view(apart.flat())), AllClose({1, 1, 0, 0, 0, 1}, 0));
  apart.of(table)[1] = 7;
  table.zero_grad();
  apart.add_to({&bias, &table});
  CHECK(table.rows() == Rows{1, 3});
  CHECK_THAT(values(bias.grad()), AllClose({2, 2}, 0));
}

TEST_CASE("sparse gradients are added to others, and others to sparse ones",
          "[autograd][sparse][gradients]") {
  Table<double> table({3, 1});
  Parameter<double> other("other", Shape{3});
  Gradients<double> apart({&table}), apart_from_other({&other});
  Tape<double> tape;
  sum(select_rows(tape.watch(table), 1)).backward(apart);
  sum(select_rows(tape.watch(other), 2)).backward(apart_from_other);
  Parameter<double> same_shape("same shape", Shape{3, 1});
  apart.add_to({&same_shape});
  CHECK_THAT(values(same_shape.grad()), AllClose({0, 1, 0}, 0));
  Table<double> flat({3});
  apart_from_other.add_to({&flat});
  CHECK(flat.rows() == Rows{2});
}

TEST_CASE("a backward that throws leaves a sparse gradient no rows", "[autograd][sparse]") {
  Table<double> table({3, 1});
  Tape<double> tape;
  Recording<double> op("throws", {tape.watch(table)});
  op.output({});
  const std::vector<std::int64_t> rows{1};
  const auto y = op.finish([&](Backward<double>& b) {
    b.input_grad(0, rows)[1] = 4;
    throw ValueError("no slope");
  });
  CHECK_THROWS_AS(y.backward(), ValueError);
  CHECK(table.rows().empty());
  CHECK_THAT(values(table.grad()), AllClose({0, 0, 0}, 0));
}

TEST_CASE("a scalar has no rows that could be sparse", "[autograd][sparse][errors]") {
  Parameter<double> scalar("scale", Shape{});
  CHECK_THROWS_AS(scalar.set_sparse_gradient(true), ShapeError);
  CHECK_THROWS_WITH(scalar.set_sparse_gradient(true),
                    "set_sparse_gradient: the parameter 'scale' must have rows, got a scalar");
}

}  // namespace sparse_gradient_test
