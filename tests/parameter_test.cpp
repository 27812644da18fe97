// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("a parameter begins with zeros or with a copy", "[autograd][parameter]", float, double) {
  Parameter<TestType> zeros("zeros", Shape{2, 1});
  CHECK(zeros.name() == "zeros");
  CHECK(zeros.shape() == Shape{2, 1});
  CHECK(zeros.size() == 2);
  CHECK_THAT(values(zeros.value()), AllClose({0, 0}, 0));
  CHECK_THAT(values(zeros.grad()), AllClose({0, 0}, 0));

  xt::xarray<TestType> initial{1, 2};
  const Parameter<TestType> copy("copy", initial);
  initial(0) = 9;
  CHECK_THAT(values(copy.value()), AllClose({1, 2}, 0));
}

TEST_CASE("a parameter stays where the tape finds it", "[autograd][parameter]") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Parameter<double>>);
  STATIC_REQUIRE_FALSE(std::is_move_constructible_v<Parameter<double>>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Parameter<double>>);
}

TEST_CASE("the value of a parameter can be assigned to", "[autograd][parameter]") {
  Parameter<double> p("p", Shape{2});
  p.value() = xt::xarray<double>{3, 4};
  CHECK_THAT(values(p), AllClose({3, 4}, 0));
  p.values()[0] = 5;
  CHECK_THAT(values(p), AllClose({5, 4}, 0));
}

TEST_CASE("values and gradients are copied between parameters", "[autograd][parameter]") {
  Parameter<double> a("a", xt::xarray<double>{1, 2}), b("b", xt::xarray<double>{3, 4});
  const Parameter<double> c("c", xt::xarray<double>{5, 6});
  a.value() = b.value();
  CHECK_THAT(values(a), AllClose({3, 4}, 0));
  a.values()[0] = 9;
  CHECK_THAT(values(b), AllClose({3, 4}, 0));
  a.value() = c.value();
  CHECK_THAT(values(a), AllClose({5, 6}, 0));
  a.grad() = b.value();
  b.grad() = a.grad();
  CHECK_THAT(values(b.grad()), AllClose({3, 4}, 0));

  auto view_of_a = a.value();
  const auto view_of_b = b.value();
  view_of_a = view_of_b;
  CHECK_THAT(values(a), AllClose({3, 4}, 0));
  view_of_a = view_of_a * 2 + view_of_b;
  CHECK_THAT(values(a), AllClose({9, 12}, 0));
  CHECK_THAT(values(b), AllClose({3, 4}, 0));
}

TEST_CASE("a value of another size is refused, and nothing changes", "[autograd][parameter][errors]") {
  Parameter<double> a("a", xt::xarray<double>{1, 2}), b("b", xt::xarray<double>{3, 4, 5});
  CHECK_THROWS_AS(a.value() = b.value(), ShapeError);
  CHECK_THROWS_WITH(a.value() = b.value(),
                    "view: what is assigned must have the shape of the array (2), got (3)");
  CHECK_THROWS_AS(a.value() = (xt::xarray<double>{3, 4, 5}), ShapeError);
  CHECK_THROWS_AS(xt::noalias(a.value()) = b.value() + 1.0, ShapeError);
  CHECK_THAT(values(a), AllClose({1, 2}, 0));
}

TEST_CASE("a value of another shape is refused, though it has as many elements",
          "[autograd][parameter][errors]") {
  Parameter<double> p("p", Shape{2, 3});
  const xt::xarray<double> transposed{{1, 2}, {3, 4}, {5, 6}};
  CHECK_THROWS_WITH(
      p.value() = transposed,
      "view: what is assigned must have the shape of the array (2, 3), got (3, 2); reshape it if its "
      "elements are in the right order");
  CHECK_THROWS_AS(p.value() = transposed * 2.0, ShapeError);
  CHECK_THROWS_AS(p.grad() = transposed, ShapeError);
  CHECK_THROWS_AS(xt::noalias(p.value()) = transposed, ShapeError);
  CHECK_THAT(values(p), AllClose({0, 0, 0, 0, 0, 0}, 0));
  p.value() = xt::transpose(transposed);
  CHECK_THAT(values(p), AllClose({1, 3, 5, 2, 4, 6}, 0));
}

TEST_CASE("a number goes to all elements by fill, and to a scalar by itself", "[autograd][parameter]") {
  Parameter<double> p("p", Shape{2}), scalar("scalar", Shape{});
  CHECK_THROWS_WITH(
      p.value() = 3.0,
      "view: what is assigned must have the shape of the array (2), got (); fill(x) sets all elements "
      "to a number");
  p.value().fill(3);
  scalar.value() = 4.0;
  CHECK_THAT(values(p), AllClose({3, 3}, 0));
  CHECK_THAT(values(scalar), AllClose({4}, 0));
}

TEST_CASE("a whole number is neither an extent nor a value of a parameter", "[autograd][parameter]") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Parameter<float>, std::string, int>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Parameter<float>, const char*, std::size_t>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Parameter<float>, const char*, bool>);
  STATIC_REQUIRE(std::is_constructible_v<Parameter<float>, const char*, Shape>);
  STATIC_REQUIRE(std::is_constructible_v<Parameter<float>, const char*, double>);
}

TEST_CASE("gradients of a parameter add up until zero_grad", "[autograd][parameter]") {
  Tape<double> tape;
  Parameter<double> p("p", xt::xarray<double>{1, 2});
  const auto backward_of_squares = [&] {
    const auto frame = tape.frame();
    sum(square(tape.watch(p))).backward();
  };
  backward_of_squares();
  CHECK_THAT(values(p.grad()), AllClose({2, 4}, 0));
  backward_of_squares();
  CHECK_THAT(values(p.grad()), AllClose({4, 8}, 0));
  p.zero_grad();
  CHECK_THAT(values(p.grad()), AllClose({0, 0}, 0));
  backward_of_squares();
  p.zero_grad();
  backward_of_squares();
  CHECK_THAT(values(p.grad()), AllClose({2, 4}, 0));
}

TEST_CASE("a parameter watched twice, or by two tapes, gets every contribution", "[autograd][parameter]") {
  Tape<double> one, other;
  Parameter<double> p("p", xt::xarray<double>{3});
  sum(one.watch(p) * one.watch(p)).backward();
  CHECK_THAT(values(p.grad()), AllClose({6}, 0));
  sum(2 * other.watch(p)).backward();
  CHECK_THAT(values(p.grad()), AllClose({8}, 0));
}

TEST_CASE("the gradient of a watching variable is the parameter's", "[autograd][parameter]") {
  Tape<double> tape;
  Parameter<double> p("p", xt::xarray<double>{3});
  const auto x = tape.watch(p);
  CHECK(x.gradients().data() == p.gradients().data());
  x.backward(std::vector<double>{7});
  CHECK_THAT(values(x.grad()), AllClose({7}, 0));
}

TEST_CASE("a parameter outlives the tape that watched it", "[autograd][parameter]") {
  Parameter<double> p("p", xt::xarray<double>{3});
  {
    Tape<double> tape;
    sum(square(tape.watch(p))).backward();
  }
  CHECK_THAT(values(p.grad()), AllClose({6}, 0));
}

TEST_CASE("a parameter may begin as a number, an expression or an array of another type",
          "[autograd][parameter]") {
  CHECK_THAT(values(Parameter<float>("p", 0.5)), AllClose({0.5}, 0));
  CHECK_THAT(values(Parameter<float>("p", xt::xarray<double>{1, 2} * 2)), AllClose({2, 4}, 0));
  CHECK_THAT(values(Parameter<double>("p", std::vector<int>{3, 4})), AllClose({3, 4}, 0));
}
