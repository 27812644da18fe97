// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("a variable is a small, trivially copyable handle", "[autograd][variable]") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<Variable<float>>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<Variable<double>>);
  STATIC_REQUIRE(sizeof(Variable<double>) <= 3 * sizeof(void*));
}

TEST_CASE("a variable tells its shape, size and tape", "[autograd][variable]") {
  Tape<float> tape;
  const auto x = tape.constant(xt::xarray<float>{{1, 2, 3}, {4, 5, 6}});
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.size() == 6);
  CHECK(&x.tape() == &tape);
}

TEST_CASE("a variable tells what made it", "[autograd][variable]") {
  Tape<float> tape;
  Parameter<float> parameter("p", Shape{2});
  const auto x = tape.variable(1);
  CHECK(std::string(x.operation()) == "variable");
  CHECK(std::string(tape.constant(1).operation()) == "constant");
  CHECK(std::string(tape.watch(parameter).operation()) == "watch");
  CHECK(std::string(log_softmax(tape.watch(parameter)).operation()) == "log_softmax");
  CHECK(std::string((x * x).operation()) == "multiply");
}

TEST_CASE("value and grad are views usable in xtensor expressions", "[autograd][variable]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{{1, 2}, {3, 4}});
  CHECK(x.value()(1, 0) == 3);
  CHECK(&x.value()(0, 1) == x.data() + 1);
  const xt::xarray<double> doubled = 2 * x.value();
  CHECK_THAT(values(doubled), AllClose({2, 4, 6, 8}, 0));

  sum(x * x).backward();
  const xt::xarray<double> stepped = x.value() - 0.5 * x.grad();
  CHECK_THAT(values(stepped), AllClose({0, 0, 0, 0}, 0));
  CHECK_THAT(values(x.gradients()), AllClose({2, 4, 6, 8}, 0));
}

TEST_CASE("item takes the element of a one-element array of any rank", "[autograd][variable]") {
  Tape<double> tape;
  CHECK(tape.constant(1.5).item() == 1.5);
  const double element = 2.5;
  CHECK(tape.constant(ArrayView<const double>(&element, {1, 1, 1})).item() == 2.5);
}

TEST_CASE("item of more or no elements tells the shape", "[autograd][variable][errors]") {
  Tape<double> tape;
  const auto row = tape.constant(xt::xarray<double>{{1, 2}});
  CHECK_THROWS_AS(row.item(), ShapeError);
  CHECK_THROWS_WITH(row.item(), "item: the variable must have one element, got shape (1, 2)");
  const auto nothing = tape.constant(std::vector<double>{});
  CHECK_THROWS_WITH(nothing.item(), "item: the variable must have one element, got shape (0)");
}
