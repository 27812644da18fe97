// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "xtape/xtape.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace changed_parameter_test {
namespace {

/// out = x w1 w2 with x = 3, w1 = 1 and w2 = 2, so that d out^2 / d w1 = 2 x^2 w1 w2^2 = 72.
struct Product {
  Parameter<double> w1{"w1", xt::xtensor<double, 2>{{1}}}, w2{"w2", xt::xtensor<double, 2>{{2}}};
  optim::SGD<double> optimizer{{&w2}, {.learning_rate = 1}};
  Tape<double> tape;
  Variable<double> out =
      matmul(matmul(tape.constant(xt::xtensor<double, 2>{{3}}), tape.watch(w1)), tape.watch(w2));
};

constexpr const char* complaint =
    "backward: the gradient of 'matmul' needs the value that the parameter 'w2' had when it was watched, got "
    "another: an optimizer's step, load_state or an assignment has changed it since; call every backward "
    "before "
    "that, or watch it and compute what depends on it anew";

}  // namespace

TEST_CASE("a parameter that has changed since it was watched gives no wrong gradient",
          "[autograd][parameter]") {
  SECTION("nothing changed") {
    Product p;
    sum(p.out).backward();
    p.w1.zero_grad();
    sum(square(p.out)).backward();
    CHECK(p.w1.grad()(0, 0) == 72);
  }
  SECTION("an optimizer's step") {
    Product p;
    sum(p.out).backward();
    p.optimizer.step();
    p.w1.zero_grad();
    CHECK_THROWS_AS(sum(square(p.out)).backward(), TapeError);
    CHECK_THROWS_WITH(sum(square(p.out)).backward(), complaint);
    CHECK(values(p.w1.grad()) == std::vector<double>{0});
  }
  SECTION("an assignment") {
    Product p;
    p.w2.value() = xt::xtensor<double, 2>{{5}};
    CHECK_THROWS_WITH(sum(p.out).backward(), complaint);
  }
  SECTION("an assignment of an expression") {
    Product p;
    p.w2.value() = 2.0 * p.w2.value();
    CHECK_THROWS_WITH(sum(p.out).backward(), complaint);
  }
  SECTION("an assignment that computes") {
    Product p;
    p.w2.value() += 1.0;
    CHECK_THROWS_WITH(sum(p.out).backward(), complaint);
    CHECK(p.w2.value()(0, 0) == 3);
  }
  SECTION("an assignment that computes with an array") {
    Product p;
    p.w2.value() *= xt::xtensor<double, 2>{{4}};
    CHECK_THROWS_WITH(sum(p.out).backward(), complaint);
    CHECK(p.w2.value()(0, 0) == 8);
  }
  SECTION("an assignment of another parameter's value") {
    Product p;
    p.w2.value() = p.w1.value();
    CHECK_THROWS_WITH(sum(p.out).backward(), complaint);
    CHECK(p.w2.value()(0, 0) == 1);
  }
  SECTION("elements, said to have changed") {
    Product p;
    p.w2.values()[0] = 5;
    p.w2.note_change();
    CHECK_THROWS_WITH(sum(p.out).backward(), complaint);
  }
}

TEST_CASE("weights that were loaded or swapped count as changed", "[autograd][parameter]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 2, random).add<nn::Linear>(2, 1, random);
  Tape<double> tape;
  const auto out = sum(model(tape.constant(xt::xtensor<double, 2>{{1, 2}})));
  SECTION("loaded") {
    model.load_state(model.state());
    CHECK_THROWS_AS(out.backward(), TapeError);
  }
  SECTION("swapped") {
    optim::WeightAverage<double> average(model.parameters());
    average.swap();
    CHECK_THROWS_AS(out.backward(), TapeError);
  }
}

TEST_CASE("a changed parameter is no error where no rule needs its value", "[autograd][parameter]") {
  // d sum(x w) / d w = x, whatever w is.
  Parameter<double> w("w", xt::xtensor<double, 2>{{2}});
  optim::SGD<double> optimizer({&w}, {.learning_rate = 1});
  Tape<double> tape;
  const auto out = matmul(tape.constant(xt::xtensor<double, 2>{{3}}), tape.watch(w));
  sum(out).backward();
  optimizer.step();
  optimizer.zero_grad();
  sum(out).backward();
  CHECK(w.grad()(0, 0) == 3);
  // Only to read a value is no change.
  const auto product = tape.watch(w) * tape.watch(w);
  const double read = w.value()(0, 0);
  optimizer.zero_grad();
  sum(product).backward();
  CHECK(w.grad()(0, 0) == 2 * read);
}

TEST_CASE("what shares the memory of a parameter is known by it", "[autograd][parameter]") {
  Parameter<double> w("w", std::vector<double>{2});
  Tape<double> tape;
  const auto x = tape.variable(std::vector<double>{3});
  const auto reshaped = reshape(tape.watch(w), {1});
  const auto detached = tape.watch(w).detach();
  const auto by_reshaped = sum(x * reshaped), by_detached = sum(x * detached);
  w.value() = std::vector<double>{4}[0] * xt::ones<double>({1});
  CHECK_THROWS_WITH(by_reshaped.backward(),
                    ContainsSubstring("'multiply' needs the value that the parameter 'w'"));
  CHECK_THROWS_WITH(by_detached.backward(),
                    ContainsSubstring("'multiply' needs the value that the parameter 'w'"));
}

}  // namespace changed_parameter_test
