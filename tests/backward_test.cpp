// SPDX-License-Identifier: BSD-3-Clause
#include <stdexcept>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// The identity, with a rule that does what is asked and then lets the gradient through.
template <class Action>
Variable<double> with_rule(Variable<double> x, Action action) {
  Recording<double> op("with_rule", {x});
  op.output_shares(x.data(), x.shape());
  return op.finish([action](Backward<double>& b) {
    action();
    const auto dx = b.input_grad(0);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += b.output_grad()[i];
  });
}

}  // namespace

TEST_CASE("backward of a leaf gives gradient one", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(5);
  x.backward();
  CHECK(x.grad()() == 1);
}

TEST_CASE("gradients of all paths of a diamond add up", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto left = x * x, right = 2 * x;
  const auto y = left * right;  // 2 x^3
  y.backward();
  CHECK(x.grad()() == 54);
  CHECK(left.grad()() == 6);  // intermediates can be read too
  CHECK(right.grad()() == 9);
  CHECK(y.grad()() == 1);
}

TEST_CASE("a chain of diamonds doubles the gradient at each", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  auto y = x;
  for (int i = 0; i < 40; ++i) y = y + y;
  y.backward();
  CHECK(x.grad()() == 0x1p40);
}

TEST_CASE("a graph of a million nodes needs no recursion", "[autograd][backward]") {
  Tape<float> tape;
  const auto x = tape.variable(1);
  auto y = x;
  for (int i = 0; i < 1'000'000; ++i) y = reshape(y, {});
  y.backward();
  CHECK(x.grad()() == 1);
}

TEST_CASE("a variable given twice to an operation gets both gradients", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{3, -4});
  sum(x * x).backward();
  CHECK_THAT(values(x.grad()), AllClose({6, -8}, 0));
}

TEST_CASE("backward with a seed gives the gradient of the weighted sum", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{{1, 2}, {3, 4}});
  const auto y = x * x;
  y.backward(xt::xarray<double>{{1, 0}, {-1, 10}});
  CHECK_THAT(values(x.grad()), AllClose({2, 0, -6, 80}, 0));
  CHECK_THAT(values(y.grad()), AllClose({1, 0, -1, 10}, 0));
}

TEST_CASE("a variable can be the seed, and is neither copied nor changed", "[autograd][backward]") {
  Tape<double> tape;
  const std::vector<double> from_above{1, -1, 10};
  const auto x = tape.variable(xt::xarray<double>{1, 2, 3});
  const auto y = x + 1.0, z = tape.variable(xt::xarray<double>{4, 5, 6}) + y;
  const auto seed = tape.borrow(from_above);
  z.backward(seed);
  CHECK(z.gradients().data() == from_above.data());
  CHECK_THAT(values(x.grad()), AllClose({1, -1, 10}, 0));
  (y * y).backward(seed);  // two contributions to y
  CHECK_THAT(values(x.grad()), AllClose({4, -6, 80}, 0));
  CHECK_THAT(from_above, AllClose({1, -1, 10}, 0));
}

TEST_CASE("a parameter adds up the seeds that are variables", "[autograd][backward]") {
  Tape<double> tape;
  Parameter<double> p("p", xt::xarray<double>{1, 2});
  const auto seed = tape.constant(xt::xarray<double>{3, 4});
  for (int i = 0; i < 2; ++i) tape.watch(p).backward(seed);
  CHECK_THAT(values(p.grad()), AllClose({6, 8}, 0));
}

TEST_CASE("a borrowed gradient of an earlier backward can be the seed", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{1, 2, 3}), z = tape.variable(xt::xarray<double>{4, 5, 6});
  sum(z * z).backward();
  (x * x).backward(tape.borrow(z.gradients()));
  CHECK_THAT(values(x.grad()), AllClose({16, 40, 72}, 0));
}

TEST_CASE("a gradient of one backward can seed the next", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{1, 2, 3});
  const auto y = x * x;
  const auto rest = tape.variable(y.value());
  sum(rest * rest).backward();
  y.backward(rest.gradients());
  CHECK_THAT(values(x.grad()), AllClose({4, 32, 108}, 0));  // d x^4 = 4 x^3
}

TEST_CASE("backward twice gives variables the latest gradient and adds for parameters",
          "[autograd][backward]") {
  Tape<double> tape;
  Parameter<double> p("p", xt::xarray<double>{5});
  const auto w = tape.watch(p), x = tape.variable(xt::xarray<double>{2});
  const auto square_loss = sum(w * x * x), loss = sum(w * x);
  square_loss.backward();
  CHECK(x.grad()(0) == 20);
  CHECK(p.grad()(0) == 4);
  loss.backward();
  CHECK(x.grad()(0) == 5);
  CHECK(p.grad()(0) == 6);
  CHECK(square_loss.grad()() == 0);
  loss.backward();
  CHECK(x.grad()(0) == 5);
  CHECK(p.grad()(0) == 8);
}

TEST_CASE("a variable that the result does not use has gradient zero", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(3), unused = tape.variable(xt::xarray<double>{1, 2});
  const auto y = x * x;
  const auto made_later = 2 * y;
  y.backward();
  CHECK_THAT(values(unused.grad()), AllClose({0, 0}, 0));
  CHECK(made_later.grad()() == 0);
}

TEST_CASE("a constant gets no gradient", "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(3), c = tape.constant(2);
  const auto of_constants = c * c;
  (x * of_constants).backward();
  CHECK(x.grad()() == 4);
  CHECK_THROWS_AS(c.grad(), TapeError);
  CHECK_THROWS_WITH(c.grad(),
                    "grad: the variable must need a gradient, got one recorded by 'constant' that does not");
  CHECK_THROWS_WITH(of_constants.gradients(),
                    "grad: the variable must need a gradient, got one recorded by 'multiply' that does not");
}

TEST_CASE("backward of constants says how to make variables", "[autograd][backward][errors]") {
  Tape<double> tape;
  const std::string advice = "; make inputs with tape.variable() or tape.watch(), outside no_grad()";
  const auto y = tape.constant(3) * tape.constant(2);
  CHECK_THROWS_AS(y.backward(), TapeError);
  CHECK_THROWS_WITH(
      y.backward(),
      "backward: the variable must depend on one that needs a gradient, got one recorded by 'multiply' "
      "that does not" +
          advice);
  const auto x = tape.variable(2);
  const auto no_grad = tape.no_grad();
  CHECK_THROWS_WITH(
      tanh(x).backward(),
      "backward: the variable must depend on one that needs a gradient, got one recorded by 'tanh' that "
      "does not" +
          advice);
}

TEST_CASE("backward of an array asks for a sum or a seed", "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK_THROWS_AS(x.backward(), ShapeError);
  CHECK_THROWS_WITH(
      x.backward(),
      "backward: the variable must have one element, got shape (2, 3); take its sum() or mean(), "
      "or give the gradient to start from as backward(seed)");
}

TEST_CASE("a seed of another shape is refused before gradients are lost", "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{{1, 2}, {3, 4}});
  x.backward(xt::xarray<double>{{5, 6}, {7, 8}});
  CHECK_THROWS_AS(x.backward(std::vector<double>{1, 2}), ShapeError);
  CHECK_THROWS_WITH(x.backward(std::vector<double>{1, 2, 3, 4}),
                    "backward: seed must have the shape of the variable (2, 2), got (4)");
  CHECK_THROWS_WITH(x.backward(tape.constant(3)),
                    "backward: seed must have the shape of the variable (2, 2), got ()");
  Tape<double> other;
  CHECK_THROWS_WITH(
      x.backward(other.constant(xt::ones<double>({2, 2}))),
      "backward: seed must be of the tape of the variable, got one recorded by 'constant' on another");
  CHECK_THAT(values(x.grad()), AllClose({5, 6, 7, 8}, 0));
}

TEST_CASE("a gradient before backward is refused", "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto y = tanh(tape.variable(3));
  CHECK_THROWS_AS(y.grad(), TapeError);
  CHECK_THROWS_WITH(y.grad(),
                    "grad: backward must have run in this frame, got one recorded by 'tanh' before it or "
                    "after it was released");
}

TEST_CASE("a gradient of an inner frame's backward is gone when that frame ends",
          "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  {
    const auto frame = tape.frame();
    (x * x).backward();
    CHECK(x.grad()() == 6);
  }
  CHECK_THROWS_WITH(x.grad(),
                    "grad: backward must have run in this frame, got one recorded by 'variable' before it or "
                    "after it was released");
}

TEST_CASE("a gradient outlives an inner frame without backward", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  (x * x).backward();
  {
    const auto frame = tape.frame();
    const auto y = tanh(x);
    CHECK(y.grad()() == 0);
  }
  CHECK(x.grad()() == 6);
}

TEST_CASE("a gradient of no elements is an empty array", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>::from_shape({0, 3}));
  sum(x * x).backward();
  CHECK(x.gradients().shape() == Shape{0, 3});
}

TEST_CASE("a rule that throws leaves no gradient half-written", "[autograd][backward][errors]") {
  Tape<double> tape;
  Parameter<double> parameter("p", xt::xarray<double>{1, 2});
  parameter.grad().fill(7);
  const auto x = tape.watch(parameter);
  Recording<double> op("half", {x});
  op.output(Shape{})[0] = 0;
  const auto y = op.finish([](Backward<double>& b) {
    b.input_grad(0)[0] += 1;
    throw std::runtime_error("out of cheese");
  });
  CHECK_THROWS_WITH(y.backward(), "out of cheese");
  CHECK_THAT(values(parameter.grad()), AllClose({0, 0}, 0));
  CHECK_THROWS_AS(y.grad(), TapeError);
}

TEST_CASE("a rule that throws leaves the tape usable", "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto y = with_rule(x, [] { throw std::runtime_error("out of cheese"); });
  CHECK_THROWS_WITH(y.backward(), "out of cheese");
  CHECK_THROWS_WITH(y.backward(), "out of cheese");
  (x * x).backward();
  CHECK(x.grad()() == 6);
}

TEST_CASE("a rule can neither record operations nor run backward", "[autograd][backward][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto records = with_rule(x, [x] { tanh(x); });
  CHECK_THROWS_AS(records.backward(), TapeError);
  CHECK_THROWS_WITH(
      records.backward(),
      "tanh: a gradient rule must compute on plain memory, got an operation recorded inside backward");
  const auto recurses = with_rule(x, [x] { x.backward(); });
  CHECK_THROWS_WITH(recurses.backward(), "backward: it must not be called from a gradient rule");
  (x * x).backward();
  CHECK(x.grad()() == 6);
}

TEST_CASE("the rules of inputs that the result does not depend on do not run", "[autograd][backward]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  int calls = 0;
  with_rule(x, [&calls] { ++calls; });
  (x * x).backward();
  CHECK(calls == 0);
}
