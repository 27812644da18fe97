// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <optional>
#include <stdexcept>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// The example of the header.
template <class T>
Variable<T> cube(Variable<T> x) {
  Recording<T> op("cube", {x});
  auto y = op.output(x.shape());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x.data()[i] * x.data()[i] * x.data()[i];
  return op.finish([](Backward<T>& b) {
    auto dx = b.input_grad(0);
    for (std::size_t i = 0; i < dx.size(); ++i) {
      dx[i] += 3 * b.input(0)[i] * b.input(0)[i] * b.output_grad()[i];  // d x^3 = 3 x^2 dx
    }
  });
}

// e^x, which saves a copy of its result for the rule.
Variable<double> exp_with_saved_result(Variable<double> x) {
  Recording<double> op("exp_with_saved_result", {x});
  const auto y = op.output(x.shape());
  const auto saved = op.save<double>(x.shape());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = saved[i] = std::exp(x.data()[i]);
  return op.finish([saved](Backward<double>& b) {
    const auto [dx, first] = b.contribution(0);
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const double term = saved[i] * b.output_grad()[i];
      dx[i] = first ? term : dx[i] + term;
    }
  });
}

// x, whose gradient is that of the result.
Variable<double> same(Variable<double> x) {
  Recording<double> op("same", {x});
  op.output_shares(x.data(), x.shape());
  return op.finish([](Backward<double>& b) { b.pass_on(0, b.output_grad()); });
}

}  // namespace

TEMPLATE_TEST_CASE("an operation of one's own computes values and gradients", "[autograd][recording]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(xt::xarray<double>{{1, -2}, {3, 0.5}});
  const auto y = cube(x);
  CHECK_THAT(values(y), AllClose({1, -8, 27, 0.125}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({3, 12, 27, 0.75}, 0));
}

TEST_CASE("an operation of one's own passes the gradient check", "[autograd][recording][gradient]") {
  const xt::xarray<double> x{{1, -2}, {3, 0.5}};
  CHECK_THAT(gradcheck([](auto v) { return cube(v); }, x), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto v) { return exp_with_saved_result(v) * cube(v); }, x), HasCorrectGradient());
}

TEST_CASE("a throw before finish leaves nodes and bytes as they were", "[autograd][recording][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{1, 2, 3});
  const auto resource = std::make_shared<int>(1);
  const auto fails = [&] {
    Recording<double> op("fails", {x});
    op.output({1000});
    op.save<int>({1000});
    const auto inner = cube(x);
    throw std::runtime_error(inner.requires_grad() ? "too late" : "");
  };
  const TapeStatistics before = tape.statistics();
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_WITH(fails(), "too late");
    CHECK(tape.statistics().nodes == before.nodes);
    CHECK(tape.statistics().bytes_in_use == before.bytes_in_use);
  }
  sum(cube(x)).backward();
  CHECK_THAT(values(x.grad()), AllClose({3, 12, 27}, 0));
}

TEST_CASE("a rule whose move throws leaves nodes and bytes as they were", "[autograd][recording][errors]") {
  struct Unmovable {
    Unmovable() = default;
    Unmovable(const Unmovable&) { throw std::runtime_error("cannot move"); }
    void operator()(Backward<double>&) const {}
  };
  Tape<double> tape;
  const auto x = tape.variable(1);
  const TapeStatistics before = tape.statistics();
  const Unmovable rule{};
  const auto fails = [&] {
    Recording<double> op("fails", {x});
    op.output({});
    op.finish(rule);
  };
  CHECK_THROWS_WITH(fails(), "cannot move");
  CHECK(tape.statistics().nodes == before.nodes);
  CHECK(tape.statistics().bytes_in_use == before.bytes_in_use);
}

TEST_CASE("a rule whose recording is refused releases its resources at once",
          "[autograd][recording][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  const auto resource = std::make_shared<int>(1);
  Recording<double> op("nothing", {x});
  CHECK_THROWS_AS(op.finish([resource](Backward<double>&) {}), TapeError);
  CHECK(resource.use_count() == 1);
}

TEST_CASE("an output may share memory that outlives the frame", "[autograd][recording]") {
  Tape<double> tape;
  const double memory[] = {1, 2, 3, 4};
  Recording<double> op("shares", tape);
  op.output_shares(memory, {2, 2});
  const auto y = op.finish();
  CHECK(y.data() == memory);
  CHECK(y.shape() == Shape{2, 2});
  CHECK_FALSE(y.requires_grad());
}

TEST_CASE("an output without a rule carries no gradient", "[autograd][recording]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  Recording<double> op("sign", {x});
  op.output({})[0] = 1;
  CHECK_FALSE(op.finish().requires_grad());
}

TEST_CASE("needs_grad of a recording tells whether its rule is kept", "[autograd][recording]") {
  Tape<double> tape;
  const auto x = tape.variable(1), c = tape.constant(1);
  CHECK(Recording<double>("op", {c, x}).needs_grad());
  CHECK_FALSE(Recording<double>("op", {c, c}).needs_grad());
  CHECK_FALSE(Recording<double>("op", tape).needs_grad());
  const auto no_grad = tape.no_grad();
  CHECK_FALSE(Recording<double>("op", {c, x}).needs_grad());
}

TEST_CASE("a rule sees which inputs need a gradient, and inputs, output and its gradient",
          "[autograd][recording]") {
  Tape<double> tape;
  const auto x = tape.variable(2), c = tape.constant(5);
  Recording<double> op("op", {c, x});
  op.output({})[0] = 7;
  int calls = 0;
  const auto y = op.finish([&calls](Backward<double>& b) {
    ++calls;
    CHECK_FALSE(b.needs_grad(0));
    CHECK(b.needs_grad(1));
    CHECK(b.input(0)[0] == 5);
    CHECK(b.input(1)[0] == 2);
    CHECK(b.output()[0] == 7);
    CHECK(b.output_grad()[0] == 4);
    b.input_grad(0)[0] += 100;  // which nobody reads
    CHECK(b.contribution(1).first);
    CHECK_FALSE(b.contribution(1).first);
    b.input_grad(1)[0] = 3;
  });
  const double seed = 4;
  y.backward({&seed, {}});
  CHECK(calls == 1);
  CHECK(x.grad()() == 3);
  CHECK_THROWS_AS(c.grad(), TapeError);
}

TEST_CASE("input_grad is zero on first use, also where memory was used before", "[autograd][recording]") {
  Tape<double> tape;
  for (int step = 0; step < 3; ++step) {
    const auto frame = tape.frame();
    const auto x = tape.variable(xt::xarray<double>{1, 2, 3});
    sum(cube(x)).backward();
    CHECK_THAT(values(x.grad()), AllClose({3, 12, 27}, 0));
  }
}

TEST_CASE("a gradient that is passed on alone is not copied", "[autograd][recording]") {
  Tape<double> tape;
  const auto x = tape.variable(std::vector{1.0, 2.0});
  const auto y = same(x);
  y.backward(std::vector{3.0, 4.0});
  CHECK(x.gradients().data() == y.gradients().data());
  CHECK_THAT(values(x.grad()), AllClose({3, 4}, 0));
}

TEST_CASE("a gradient that is passed on is added to others, and stays as it is where it came from",
          "[autograd][recording]") {
  Tape<double> tape;
  const auto x = tape.variable(std::vector{1.0, 2.0});
  const auto y = same(x);
  for (int time = 0; time < 2; ++time) {
    sum(y + square(x) + same(x) + same(x)).backward();
    CHECK_THAT(values(x.grad()), AllClose({5, 7}, 0));
    CHECK_THAT(values(y.grad()), AllClose({1, 1}, 0));
  }
}

TEST_CASE("a gradient that is passed on to a parameter adds up", "[autograd][recording]") {
  Parameter<double> parameter("p", Array<double>(std::vector{1.0, 2.0}));
  for (const double expected : {3.0, 6.0}) {
    Tape<double> tape;
    same(tape.watch(parameter)).backward(std::vector{3.0, 3.0});
    CHECK_THAT(values(parameter.grad()), AllClose({expected, expected}, 0));
  }
}

TEST_CASE("the gradient of a loss is the same in every backward, beside other gradients too",
          "[autograd][recording]") {
  Tape<double> tape;
  const auto x = tape.variable(std::vector{0.0, 0.0});
  const auto loss = losses::softmax_cross_entropy(reshape(x, {1, 2}), std::vector{0});
  const auto both = loss + sum(x);
  for (int time = 0; time < 2; ++time) {
    loss.backward();
    CHECK_THAT(values(x.grad()), AllClose({-0.5, 0.5}, 0));
    both.backward();
    CHECK_THAT(values(x.grad()), AllClose({0.5, 1.5}, 0));
    (loss * 3.0).backward();
    CHECK_THAT(values(x.grad()), AllClose({-1.5, 1.5}, 0));
  }
}

TEST_CASE("inputs of two tapes are refused", "[autograd][recording][errors]") {
  Tape<double> one, other;
  const auto a = one.variable(1), b = other.variable(2);
  CHECK_THROWS_AS(Recording<double>("op", {a, b}), TapeError);
  CHECK_THROWS_WITH(Recording<double>("op", {a, a, b}),
                    "op: all inputs must be of one tape, got input 2 of another tape than input 0");
  CHECK_THROWS_WITH(a + b, "add: all inputs must be of one tape, got input 1 of another tape than input 0");
  CHECK(one.statistics().nodes == 1);
  CHECK(other.statistics().nodes == 1);
}

TEST_CASE("an operation without inputs is refused unless it names its tape",
          "[autograd][recording][errors]") {
  const auto records_nothing = [] { Recording<double>("op", std::span<const Variable<double>>()); };
  CHECK_THROWS_AS(records_nothing(), ArgumentError);
  CHECK_THROWS_WITH(records_nothing(), "op: an operation must have at least one input, got none");
}

TEST_CASE("a recording without output, finished twice, or whose frame has ended is refused",
          "[autograd][recording][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  {
    Recording<double> op("nothing", {x});
    CHECK_THROWS_WITH(op.finish(), "nothing: output must be called before finish");
  }
  {
    Recording<double> op("twice", {x});
    op.output(Shape{})[0] = 1;
    op.finish([](Backward<double>&) {});
    CHECK_THROWS_WITH(op.finish(), "Recording: finish must be called once, got a second call");
  }
  {
    std::optional<Tape<double>::Frame> frame;
    frame.emplace(tape);
    Recording<double> op("late", {x});
    frame.reset();
    CHECK_THROWS_AS(op.output(Shape{}), TapeError);
  }
  CHECK(tape.statistics().nodes == 2);
}
