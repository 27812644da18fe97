// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <future>
#include <thread>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace gradients_test {
namespace {

/// The same value; its gradient rule calls `action` and hands the gradient on.
template <class Action>
Variable<double> with_rule(Variable<double> x, Action action) {
  Recording<double> op("with_rule", {x});
  op.output_shares(x.data(), x.shape());
  return op.finish([action](Backward<double>& b) {
    action();
    b.pass_on(0, b.output_grad());
  });
}

/// The gradient of w is `slope`. When it has been added, `action` is called, before the backward ends.
template <class Action>
Variable<double> slope_then(Tape<double>& tape, Parameter<double>& w, double slope, Action action) {
  const auto later = with_rule(tape.variable(0), action);
  return sum(tape.watch(w) * slope) + later;
}

constexpr std::size_t rows_of_part = 6, features = 3, classes = 3;

/// Adds the gradient of the loss of one of the two parts of a batch.
void collect(nn::Module<float>& model, std::size_t part, Gradients<float>& gradients) {
  static const xt::xarray<double> inputs = irregular({2, rows_of_part, features});
  static const std::array<std::int64_t, 2 * rows_of_part> labels{0, 1, 2, 1, 0, 2, 2, 1, 1, 0, 2, 0};
  const double* const first = inputs.data() + part * rows_of_part * features;
  Tape<float> tape;
  const auto logits = model(tape.constant(ArrayView<const double>(first, {rows_of_part, features})));
  losses::softmax_cross_entropy(
      logits, ArrayView<const std::int64_t>(labels.data() + part * rows_of_part, Shape{rows_of_part}),
      {.reduction = losses::Reduction::mean_by(2 * rows_of_part)})
      .backward(gradients);
}

template <class Work>
void for_both_parts(bool on_two_threads, const Work& work) {
  if (!on_two_threads) {
    work(0);
    work(1);
    return;
  }
  std::thread other(work, 1);
  work(0);
  other.join();
}

/// Weights and running statistics.
std::vector<double> numbers_of(const nn::Module<float>& model) {
  std::vector<double> numbers;
  for (const auto& [name, array] : model.state())
    array.visit(
        [&](const auto& elements) { numbers.insert(numbers.end(), elements.begin(), elements.end()); });
  return numbers;
}

constexpr const char* second_call =
    ": one call at a time must add to the gradient of the parameter 'w', got a second one before the first "
    "has ended; where threads share a model, collect the gradients of each by loss.backward(gradients), "
    "and add them up by gradients.add_to(parameters) when all have ended";

}  // namespace

TEMPLATE_TEST_CASE("gradients collected apart add up there, and not in the parameter",
                   "[autograd][gradients]", float, double) {
  Parameter<TestType> w("w", xt::xarray<TestType>{1, 2});
  Gradients<TestType> apart({&w});
  const auto collect = [&] {
    Tape<TestType> tape;
    sum(square(tape.watch(w))).backward(apart);
  };
  CHECK_THAT(values(view(apart.of(w))), AllClose({0, 0}, 0));
  collect();
  CHECK_THAT(values(view(apart.of(w))), AllClose({2, 4}, 0));
  collect();
  CHECK_THAT(values(view(apart.of(w))), AllClose({4, 8}, 0));
  CHECK_THAT(values(w.grad()), AllClose({0, 0}, 0));
  apart.zero();
  collect();
  CHECK_THAT(values(view(apart.of(w))), AllClose({2, 4}, 0));
}

TEST_CASE("the flat list of gradients is in the order of the parameters", "[autograd][gradients]") {
  Parameter<double> a("a", xt::xarray<double>{{1, 2}}), b("b", Shape{2}), c("c", xt::xarray<double>{3}),
      none("none", Shape{0});
  Gradients<double> apart({&c, &b, &none, &a});
  Tape<double> tape;
  (sum(square(tape.watch(a))) + sum(square(tape.watch(c)))).backward(apart);
  CHECK_THAT(values(view(apart.flat())), AllClose({6, 0, 0, 2, 4}, 0));
  CHECK(apart.parameters() == std::vector{&c, &b, &none, &a});
  CHECK(apart.of(a).shape() == Shape{1, 2});
  CHECK(apart.of(a).data() == apart.flat().data() + 3);
}

TEST_CASE("add_to adds to the gradients that parameters have, once", "[autograd][gradients]") {
  Parameter<double> w("w", xt::xarray<double>{1, 2}), unused("unused", Shape{1});
  Gradients<double> apart({&w, &unused});
  Tape<double> tape;
  sum(square(tape.watch(w))).backward(apart);
  w.grad() = xt::xarray<double>{10, 20};
  unused.grad().fill(5);
  apart.add_to({&w, &unused});
  CHECK_THAT(values(w.grad()), AllClose({12, 24}, 0));
  CHECK_THAT(values(unused.grad()), AllClose({5}, 0));
  CHECK_THAT(values(view(apart.flat())), AllClose({0, 0, 0}, 0));
  apart.add_to({&w, &unused});
  CHECK_THAT(values(w.grad()), AllClose({12, 24}, 0));
}

TEST_CASE("add_to takes the parameters of another copy of the model", "[autograd][gradients]") {
  Parameter<double> w("w", xt::xarray<double>{1, 2}), copy("copy", xt::xarray<double>{1, 2});
  Gradients<double> apart({&copy});
  Tape<double> tape;
  sum(square(tape.watch(copy))).backward(apart);
  apart.add_to({&w});
  CHECK_THAT(values(w.grad()), AllClose({2, 4}, 0));
  CHECK_THAT(values(copy.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("gradients can be moved into a list", "[autograd][gradients]") {
  Parameter<double> w("w", xt::xarray<double>{3});
  std::vector<Gradients<double>> parts;
  for (int part = 0; part < 5; ++part) parts.emplace_back(std::vector{&w});
  for (Gradients<double>& part : parts) {
    Tape<double> tape;
    sum(square(tape.watch(w))).backward(part);
  }
  for (Gradients<double>& part : parts) part.add_to({&w});
  CHECK_THAT(values(w.grad()), AllClose({30}, 0));
}

TEST_CASE("threads that collect gradients apart lose none", "[autograd][gradients][threads]") {
  constexpr int threads = 4, steps = 200;
  Parameter<double> w("w", xt::ones<double>({1 << 12}));
  std::vector<Gradients<double>> parts;
  for (int thread = 0; thread < threads; ++thread) parts.emplace_back(std::vector{&w});
  std::vector<std::thread> workers;
  for (int thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&w, &part = parts[static_cast<std::size_t>(thread)], slope = thread + 1] {
      for (int step = 0; step < steps; ++step) {
        Tape<double> tape;
        sum(tape.watch(w) * slope).backward(part);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (Gradients<double>& part : parts) part.add_to({&w});
  // 200 times 1 + 2 + 3 + 4
  CHECK(std::ranges::all_of(w.gradients(), [](double g) { return g == 2000; }));
}

TEST_CASE("a training on parts of each batch has the same bits on one thread and on two",
          "[autograd][gradients][threads]") {
  const auto weights_after = [](bool on_two_threads) {
    Random random(1);
    nn::Sequential<float> model;
    model.add<nn::Linear>(features, 8, random).add<nn::Relu>().add<nn::Linear>(8, classes, random);
    optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 0.05});
    std::vector<Gradients<float>> parts;
    for (int part = 0; part < 2; ++part) parts.emplace_back(model.parameters());
    for (int step = 0; step < 30; ++step) {
      for_both_parts(on_two_threads, [&](std::size_t part) { collect(model, part, parts[part]); });
      for (Gradients<float>& part : parts) part.add_to(optimizer.parameters());
      optimizer.step();
      optimizer.zero_grad();
    }
    return numbers_of(model);
  };
  CHECK(weights_after(false) == weights_after(true));
}

TEST_CASE("copies of a model whose layers have a state train with the same bits on one thread and on two",
          "[autograd][gradients][threads]") {
  struct Copy {
    Random random;
    nn::Sequential<float> model;
    Gradients<float> gradients{add_layers(model, random).parameters()};

    explicit Copy(std::uint64_t seed) : random(seed) {}
    static nn::Sequential<float>& add_layers(nn::Sequential<float>& model, Random& random) {
      model.add<nn::Linear>(features, 8, random).add<nn::BatchNorm1d>(8).add<nn::Dropout>(0.25, random);
      return model.add<nn::Linear>(8, classes, random);
    }
  };
  const auto weights_after = [](bool on_two_threads) {
    Copy original(1), copy(2);
    optim::Adam<float> optimizer(original.model.parameters(), {.learning_rate = 0.05});
    for (int step = 0; step < 30; ++step) {
      copy.model.load_state(original.model.state());
      for_both_parts(on_two_threads, [&](std::size_t part) {
        Copy& of_part = part == 0 ? original : copy;
        collect(of_part.model, part, of_part.gradients);
      });
      original.gradients.add_to(optimizer.parameters());
      copy.gradients.add_to(optimizer.parameters());
      optimizer.step();
      optimizer.zero_grad();
    }
    return numbers_of(original.model);
  };
  CHECK(weights_after(false) == weights_after(true));
}

TEST_CASE("two threads that add to the gradient of a parameter at the same time are told so",
          "[autograd][parameter][threads][errors]") {
  Parameter<double> w("w", xt::xarray<double>{1});
  std::promise<void> first_has_added, second_has_tried;
  std::thread first([&] {
    Tape<double> tape;
    slope_then(tape, w, 3, [&] {
      first_has_added.set_value();
      second_has_tried.get_future().wait();
    }).backward();
  });
  first_has_added.get_future().wait();
  Tape<double> tape;
  const auto loss = sum(tape.watch(w) * 5);
  CHECK_THROWS_AS(loss.backward(), TapeError);
  CHECK_THROWS_WITH(loss.backward(), std::string("backward") + second_call);
  CHECK_THROWS_WITH(tape.watch(w).backward(), std::string("backward") + second_call);
  second_has_tried.set_value();
  first.join();
  CHECK(w.grad()(0) == 3);
  loss.backward();
  CHECK(w.grad()(0) == 8);
}

TEST_CASE("a backward within the rule of another tape may not add to the same gradient",
          "[autograd][parameter][errors]") {
  Parameter<double> w("w", xt::xarray<double>{1}), other("other", xt::xarray<double>{1});
  Gradients<double> apart({&w});
  Tape<double> outer;
  slope_then(outer, w, 3, [&] {
    Tape<double> inner;
    CHECK_THROWS_WITH(sum(inner.watch(w) * 5).backward(), std::string("backward") + second_call);
    sum(inner.watch(w) * 5).backward(apart);
    sum(inner.watch(other) * 7).backward();
    CHECK_THROWS_WITH(apart.add_to({&w}), std::string("Gradients::add_to") + second_call);
  }).backward();
  CHECK(w.grad()(0) == 3);
  CHECK(other.grad()(0) == 7);
  CHECK(apart.flat()[0] == 5);
}

TEST_CASE("two backwards may not collect in the same gradients at a time", "[autograd][gradients][errors]") {
  Parameter<double> w("w", xt::xarray<double>{1});
  Gradients<double> apart({&w});
  const std::string complaint =
      ": one call at a time must use the same gradients, got a second one before the first has ended; give "
      "each "
      "thread Gradients of its own";
  Tape<double> outer;
  slope_then(outer, w, 3, [&] {
    Tape<double> inner;
    CHECK_THROWS_AS(sum(inner.watch(w)).backward(apart), TapeError);
    CHECK_THROWS_WITH(sum(inner.watch(w)).backward(apart), "backward" + complaint);
    CHECK_THROWS_WITH(apart.add_to({&w}), "Gradients::add_to" + complaint);
  }).backward(apart);
  CHECK(apart.flat()[0] == 3);
  apart.add_to({&w});
  CHECK(w.grad()(0) == 3);
}

TEST_CASE("a rule that throws leaves gradients apart at zero, and the parameters' as they were",
          "[autograd][gradients][errors]") {
  Parameter<double> w("w", xt::xarray<double>{1});
  w.grad().fill(7);
  Gradients<double> apart({&w});
  Tape<double> tape;
  const auto loss = slope_then(tape, w, 3, [] { throw std::runtime_error("out of cheese"); });
  CHECK_THROWS_WITH(loss.backward(apart), "out of cheese");
  CHECK(apart.flat()[0] == 0);
  CHECK(w.grad()(0) == 7);
  sum(tape.watch(w) * 3).backward(apart);
  CHECK(apart.flat()[0] == 3);
}

TEST_CASE("gradients refuse parameters that they do not have", "[autograd][gradients][errors]") {
  Parameter<double> w("w", xt::xarray<double>{1}), other("other", xt::xarray<double>{1, 2});
  Gradients<double> apart({&w});
  Tape<double> tape;
  const auto loss = sum(tape.watch(w) * tape.watch(other));
  CHECK_THROWS_AS(loss.backward(apart), ArgumentError);
  CHECK_THROWS_WITH(
      loss.backward(apart),
      "backward: gradients must be of every parameter that the variable depends on, got none of "
      "'other'; make them of all parameters(), or use its value without its gradient, by detach() "
      "or no_grad()");
  CHECK_THROWS_WITH(apart.of(other),
                    "Gradients::of: parameter must be one that they are gradients of, got 'other'");
  CHECK_THROWS_WITH(Gradients<double>({&w, nullptr}), "Gradients: parameters must not be null");
  CHECK_THROWS_WITH(Gradients<double>({&w, &other, &w}),
                    "Gradients: each parameter must be given once, got 'w' twice");
}

TEST_CASE("add_to refuses parameters that do not fit, and nothing changes", "[autograd][gradients][errors]") {
  Parameter<double> a("a", xt::xarray<double>{1}), b("b", xt::xarray<double>{1}), pair("pair", Shape{2});
  Gradients<double> apart({&a, &b});
  Tape<double> tape;
  sum(tape.watch(a) * tape.watch(b)).backward(apart);
  CHECK_THROWS_WITH(apart.add_to({&a}),
                    "Gradients::add_to: there must be as many parameters as gradients, 2, got 1");
  CHECK_THROWS_AS(apart.add_to({&a, &pair}), ShapeError);
  CHECK_THROWS_WITH(
      apart.add_to({&a, &pair}),
      "Gradients::add_to: parameter 1, 'pair', must have the shape of its gradient, (1), got (2)");
  CHECK_THROWS_WITH(apart.add_to({&a, nullptr}), "Gradients::add_to: parameters must not be null");
  CHECK_THROWS_WITH(apart.add_to({&a, &a}),
                    "Gradients::add_to: each parameter must be given once, got 'a' twice");
  CHECK(a.grad()(0) == 0);
  apart.add_to({&a, &b});
  CHECK(a.grad()(0) == 1);
  CHECK(b.grad()(0) == 1);
}

}  // namespace gradients_test
