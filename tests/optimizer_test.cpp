// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>
#include <functional>
#include <limits>
#include <memory>

#include "trajectory.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("an optimizer changes all its parameters and no other", "[optim][optimizer]") {
  Parameter<double> a("a", Shape{1}), b("b", Shape{2}), other("other", Shape{1});
  optim::SGD<double> optimizer({&a, &b}, {.learning_rate = 0.5});
  a.grad() = xt::xarray<double>{2};
  b.grad() = xt::xarray<double>{4, 6};
  other.grad() = xt::xarray<double>{8};
  optimizer.step();
  CHECK_THAT(values(a), AllClose({-1}, 0));
  CHECK_THAT(values(b), AllClose({-2, -3}, 0));
  CHECK_THAT(values(other), AllClose({0}, 0));
}

TEST_CASE("zero_grad of an optimizer clears the gradients of its parameters", "[optim][optimizer]") {
  Parameter<double> a("a", Shape{1}), b("b", Shape{1}), other("other", Shape{1});
  optim::SGD<double> optimizer({&a, &b});
  for (auto* parameter : {&a, &b, &other}) parameter->grad() = xt::xarray<double>{2};
  optimizer.zero_grad();
  CHECK(a.grad()(0) == 0);
  CHECK(b.grad()(0) == 0);
  CHECK(other.grad()(0) == 2);
}

TEST_CASE("a step without backward since zero_grad leaves the parameters as they are", "[optim][optimizer]") {
  Parameter<double> p("p", xt::xarray<double>{3});
  optim::SGD<double> optimizer({&p});
  p.grad() = xt::xarray<double>{2};
  optimizer.zero_grad();
  optimizer.step();
  CHECK(p.value()(0) == 3);
}

TEST_CASE("a new learning rate holds from the next step on", "[optim][optimizer]") {
  Parameter<double> p("p", Shape{1});
  optim::SGD<double> optimizer({&p}, {.learning_rate = 1});
  p.grad() = xt::xarray<double>{1};
  optimizer.step();
  optimizer.set_learning_rate(0.25);
  CHECK(optimizer.learning_rate() == 0.25);
  optimizer.step();
  CHECK(p.value()(0) == -1.25);
  optimizer.set_learning_rate(0);
  optimizer.step();
  CHECK(p.value()(0) == -1.25);
}

TEST_CASE("an optimizer refuses a learning rate that makes no sense and keeps the old one",
          "[optim][optimizer][errors]") {
  Parameter<double> p("p", Shape{1});
  optim::SGD<double> optimizer({&p}, {.learning_rate = 0.5});
  CHECK_THROWS_AS(optimizer.set_learning_rate(-1), ArgumentError);
  CHECK_THROWS_WITH(optimizer.set_learning_rate(-0.5),
                    "SGD: learning_rate must be a finite number from 0, got -0.5");
  CHECK_THROWS_WITH(optimizer.set_learning_rate(INFINITY),
                    "SGD: learning_rate must be a finite number from 0, got inf");
  CHECK_THROWS_WITH(optimizer.set_learning_rate(NAN),
                    "SGD: learning_rate must be a finite number from 0, got nan");
  CHECK(optimizer.learning_rate() == 0.5);
  CHECK_THROWS_WITH(optim::SGD<double>({&p}, {.learning_rate = -1}),
                    "SGD: learning_rate must be a finite number from 0, got -1");
}

TEST_CASE("an optimizer refuses no parameters, a null one and one twice", "[optim][optimizer][errors]") {
  Parameter<double> p("weight", Shape{1}), q("bias", Shape{1});
  CHECK_THROWS_AS(optim::SGD<double>({}), ArgumentError);
  CHECK_THROWS_WITH(optim::SGD<double>({}), "SGD: there must be parameters to change, got none");
  CHECK_THROWS_WITH(optim::Adam<double>({&p, nullptr}), "Adam: parameters must not be null");
  CHECK_THROWS_WITH(optim::Adam<double>({&p, &q, &p}),
                    "Adam: each parameter must be given once, got 'weight' twice");
}

namespace {

// An optimizer of each kind with every option away from its default, of one group of parameters.
template <class T>
using Make = std::function<std::unique_ptr<optim::Optimizer<T>>(std::vector<Parameter<T>*>)>;

template <class Optimizer, class Options>
auto making(Options options) {
  return [options](auto parameters) { return std::make_unique<Optimizer>(parameters, options); };
}

template <class T>
std::vector<std::pair<const char*, Make<T>>> optimizers_with_every_option() {
  using namespace optim;
  return {
      {"SGD", making<SGD<T>>(SGDOptions{.learning_rate = 0.1})},
      {"SGD with momentum", making<SGD<T>>(SGDOptions{.learning_rate = 0.1, .momentum = 0.9})},
      {"SGD with decay", making<SGD<T>>(SGDOptions{.learning_rate = 0.1, .weight_decay = 0.1})},
      {"SGD with all", making<SGD<T>>(SGDOptions{
                           .learning_rate = 0.02, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true})},
      {"Adam", making<Adam<T>>(AdamOptions{.learning_rate = 0.1})},
      {"Adam with all",
       making<Adam<T>>(AdamOptions{
           .learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1})},
      {"AdamW",
       making<AdamW<T>>(AdamWOptions{
           .learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1})},
      {"RMSprop", making<RMSprop<T>>(RMSpropOptions{.learning_rate = 0.02, .alpha = 0.9})},
      {"RMSprop with momentum",
       making<RMSprop<T>>(RMSpropOptions{.learning_rate = 0.02, .epsilon = 1e-3, .momentum = 0.5})},
      {"RMSprop with all", making<RMSprop<T>>(RMSpropOptions{.learning_rate = 0.02,
                                                             .alpha = 0.9,
                                                             .epsilon = 1e-3,
                                                             .weight_decay = 0.1,
                                                             .momentum = 0.5,
                                                             .centered = true})},
      {"Adagrad", making<Adagrad<T>>(AdagradOptions{.learning_rate = 0.2,
                                                    .learning_rate_decay = 0.05,
                                                    .weight_decay = 0.1,
                                                    .initial_accumulator = 0.3,
                                                    .epsilon = 1e-3})},
  };
}

}  // namespace

// So many elements that they fill whole vectors and leave some over, and several threads' worth. Some have
// neighbours that are not ordinary.
TEMPLATE_TEST_CASE("optimizers treat each of many elements as if it were alone", "[optim][simd]", float,
                   double) {
  constexpr std::size_t many = 300'037;
  const auto start = irregular({many});
  auto gradients = irregular({many}, -1, 3);
  gradients(14) = 1e30;
  gradients(200'001) = std::numeric_limits<double>::quiet_NaN();
  gradients(many - 2) = std::numeric_limits<double>::infinity();
  for (const auto& [name, make] : optimizers_with_every_option<TestType>()) {
    CAPTURE(name);
    Parameter<TestType> all("all", start);
    const auto optimizer = make({&all});
    for (int step = 0; step < 2; ++step) {
      all.grad() = gradients;
      optimizer->step();
    }
    for (const std::size_t i : {std::size_t{0}, std::size_t{15}, std::size_t{200'000}, many - 1}) {
      Parameter<TestType> one("one", Shape{1});
      one.values()[0] = static_cast<TestType>(start(i));
      const auto optimizer_of_one = make({&one});
      for (int step = 0; step < 2; ++step) {
        one.gradients()[0] = static_cast<TestType>(gradients(i));
        optimizer_of_one->step();
      }
      CHECK(all.values()[i] == one.values()[0]);
    }
  }
}

TEST_CASE("optimizers leave parameters without elements, and change scalars", "[optim][optimizer]") {
  for (const auto& [name, make] : optimizers_with_every_option<double>()) {
    CAPTURE(name);
    Parameter<double> empty("empty", Shape{0, 3}), scalar("scalar", 2.0);
    const auto optimizer = make({&empty, &scalar});
    scalar.gradients()[0] = 1;
    CHECK_NOTHROW(optimizer->step());
    CHECK(scalar.values()[0] < 2);
  }
}

TEST_CASE("groups of parameters follow PyTorch's for a hundred steps", "[optim][optimizer][groups]") {
  Parameter<double> x("x", xt::xarray<double>{1, -2}), y("y", xt::xarray<double>{0.5, 3});
  optim::Adam<double> optimizer(
      {{{&x}, {.learning_rate = 0.01}}, {{&y}, {.learning_rate = 0.05, .beta1 = 0.8, .weight_decay = 0.1}}});
  Tape<double> tape;
  for (int step = 0; step < 100; ++step) {
    const auto frame = tape.frame();
    const auto a = tape.watch(x), b = tape.watch(y);
    (sum(square(a * b - 0.5)) + sum(tanh(a - b))).backward();
    optimizer.step();
    optimizer.zero_grad();
  }
  // torch.optim.Adam([{'params': [x], 'lr': 0.01}, {'params': [y], 'lr': 0.05, ...}]), float64
  CHECK_THAT(values(x), AllClose({0.2518928292473518, -1.5373034813971118}, 0, 1e-13));
  CHECK_THAT(values(y), AllClose({1.8097363673582243, 0.17214579156908727}, 0, 1e-13));
}

TEST_CASE("a list of groups may be made while the program runs, and hold empty ones",
          "[optim][optimizer][groups]") {
  Parameter<double> a("a", Shape{1}), b("b", Shape{1});
  std::vector<optim::SGD<double>::Group> groups{{}, {{&a}, {.learning_rate = 1}}};
  groups.push_back({{&b}, {.learning_rate = 2, .momentum = 0.5}});
  optim::SGD<double> optimizer(groups);
  for (int step = 0; step < 2; ++step) {
    a.grad() = xt::xarray<double>{1};
    b.grad() = xt::xarray<double>{1};
    optimizer.step();
  }
  CHECK(a.value()(0) == -2);
  CHECK(b.value()(0) == -5);
  CHECK(optimizer.parameters() == std::vector<Parameter<double>*>{&a, &b});
  CHECK(optimizer.group_count() == 3);
}

TEST_CASE("each group has a learning rate, which can be set alone or with the others",
          "[optim][optimizer][groups]") {
  Parameter<double> a("a", Shape{1}), b("b", Shape{1});
  optim::RMSprop<double> optimizer({{{&a}, {}}, {{&b}, {.learning_rate = 0.5}}});
  CHECK(optimizer.learning_rates() == std::vector{0.01, 0.5});
  CHECK(optimizer.learning_rate() == 0.01);
  CHECK(optimizer.learning_rate(1) == 0.5);
  optimizer.set_learning_rate(0.25, 1);
  CHECK(optimizer.learning_rates() == std::vector{0.01, 0.25});
  optimizer.set_learning_rate(2);
  CHECK(optimizer.learning_rates() == std::vector{2.0, 2.0});
  optimizer.set_learning_rates({3, 4});
  CHECK(optimizer.learning_rates() == std::vector{3.0, 4.0});

  CHECK_THROWS_WITH(optimizer.learning_rate(2), "RMSprop: group must be below 2, got 2");
  CHECK_THROWS_WITH(optimizer.set_learning_rate(1, 2), "RMSprop: group must be below 2, got 2");
  CHECK_THROWS_WITH(optimizer.set_learning_rates({1}),
                    "RMSprop: there must be 2 learning rates, one a group, got 1");
  CHECK_THROWS_WITH(optimizer.set_learning_rates({1, -1}),
                    "RMSprop: learning_rate must be a finite number from 0, got -1");
  CHECK(optimizer.learning_rates() == std::vector{3.0, 4.0});
}

TEST_CASE("groups are refused for what lists of parameters are", "[optim][optimizer][groups][errors]") {
  Parameter<double> a("weight", Shape{1}), b("bias", Shape{1});
  using Adam = optim::Adam<double>;
  CHECK_THROWS_WITH((Adam({{{&a}, {}}, {{&b, &a}, {}}})),
                    "Adam: each parameter must be given once, got 'weight' twice");
  CHECK_THROWS_WITH((Adam({{{&a}, {}}, {{nullptr}, {}}})), "Adam: parameters must not be null");
  CHECK_THROWS_WITH((Adam({{{}, {}}, {{}, {}}})), "Adam: there must be parameters to change, got none");
  CHECK_THROWS_WITH((Adam({{{&a}, {}}, {{&b}, {.learning_rate = -1}}})),
                    "Adam: learning_rate must be a finite number from 0, got -1");
  CHECK_THROWS_WITH((Adam({{{&a}, {}}, {{&b}, {.beta1 = 1}}})), "Adam: beta1 must be in [0, 1), got 1");
}

TEMPLATE_TEST_CASE("an optimizer goes on from its state as if it had not been interrupted, bit for bit",
                   "[optim][optimizer][state]", float, double) {
  for (const auto& [name, make] : optimizers_with_every_option<TestType>()) {
    CAPTURE(name);
    Trajectory<TestType> straight;
    const auto of_straight = make({&straight.x});
    const auto halve = [](optim::Optimizer<TestType>& one) {
      one.set_learning_rate(one.learning_rate() / 2);
    };
    straight.after(40, *of_straight);
    halve(*of_straight);
    straight.after(60, *of_straight);

    Trajectory<TestType> before, after;
    const auto of_before = make({&before.x});
    before.after(40, *of_before);
    halve(*of_before);
    before.after(10, *of_before);
    const NamedArrays state = of_before->state();
    std::copy(before.x.values().begin(), before.x.values().end(), after.x.values().begin());
    const auto of_after = make({&after.x});
    of_after->load_state(state);
    after.after(50, *of_after);

    const auto bytes = after.x.size() * sizeof(TestType);
    CHECK(std::memcmp(after.x.values().data(), straight.x.values().data(), bytes) == 0);
    CHECK(of_after->learning_rate() == of_straight->learning_rate());
  }
}

TEST_CASE("the state of an optimizer is named by the positions of its parameters",
          "[optim][optimizer][state]") {
  Parameter<float> a("a", Shape{2}), b("b", Shape{});
  optim::SGD<float> optimizer(
      {{{&a}, {.learning_rate = 1}}, {{&b}, {.learning_rate = 0.5, .momentum = 0.5}}});
  b.grad() = 3;
  optimizer.step();
  const NamedArrays state = optimizer.state();
  CHECK(state.size() == 3);
  CHECK(state.get_scalar<std::uint64_t>("test", "steps") == 1);
  CHECK_THAT(values(state.get<double>("test", "learning_rates", {2})), AllClose({1, 0.5}, 0));
  CHECK(state.get_scalar<float>("test", "1.velocity") == 3);

  const auto names = [](const optim::Optimizer<float>& one) {
    std::vector<std::string> result;
    for (const auto& [name, array] : one.state()) result.push_back(name);
    return result;
  };
  using Names = std::vector<std::string>;
  CHECK(names(optim::Adam<float>({&a})) ==
        Names{"0.first_moment", "0.second_moment", "learning_rates", "steps"});
  CHECK(names(optim::AdamW<float>({&a})) ==
        Names{"0.first_moment", "0.second_moment", "learning_rates", "steps"});
  CHECK(names(optim::RMSprop<float>({&a}, {.momentum = 0.5, .centered = true})) ==
        Names{"0.gradient_average", "0.square_average", "0.velocity", "learning_rates", "steps"});
  CHECK(names(optim::Adagrad<float>({&a})) == Names{"0.square_sum", "learning_rates", "steps"});
}

TEST_CASE("an optimizer refuses a state that is not its own, and stays as it was",
          "[optim][optimizer][state][errors]") {
  Parameter<double> p("p", Shape{2}), q("q", Shape{3});
  optim::Adam<double> optimizer({&p}, {.learning_rate = 0.5});
  p.grad() = xt::xarray<double>{1, 2};
  optimizer.step();
  const auto changed = [&](const std::string& left_out) {
    NamedArrays result;
    for (const auto& [name, array] : optimizer.state()) {
      if (name == left_out) continue;
      array.visit(
          [&, &to = name]<class U>(const Array<U>& typed) { result.add(to, ArrayView<const U>(typed)); });
    }
    return result;
  };
  const auto refused = [&](const char* name, auto replacement, const char* text) {
    NamedArrays state = changed(name);
    state.add(name, AnyArray(std::move(replacement)));
    CHECK_THROWS_WITH(optimizer.load_state(state), text);
  };
  CHECK_THROWS_AS(optimizer.load_state({}), ArgumentError);
  CHECK_THROWS_WITH(optimizer.load_state({}),
                    "Adam::load_state: there must be an array 'steps', got none at all");
  CHECK_THROWS_WITH(optimizer.load_state(changed("0.second_moment")),
                    "Adam::load_state: there must be an array '0.second_moment', got 0.first_moment, "
                    "learning_rates, steps");
  refused("0.second_moment", Array<float>(Shape{2}),
          "Adam::load_state: '0.second_moment' must hold float64, got float32");
  refused("0.second_moment", Array<double>(Shape{3}),
          "Adam::load_state: '0.second_moment' must have shape (2), got (3)");
  refused("learning_rates", Array<double>(Shape{2}),
          "Adam::load_state: 'learning_rates' must have shape (1), got (2)");
  refused("steps", Array<std::int64_t>(Shape{}), "Adam::load_state: 'steps' must hold uint64, got int64");
  refused("1.first_moment", Array<double>(Shape{2}),
          "Adam::load_state: every array must have its place, got '1.first_moment' without one");
  const xt::xarray<double> negative{-1};
  refused("learning_rates", Array<double>(ArrayView<const double>(negative)),
          "Adam: learning_rate must be a finite number from 0, got -1");

  const NamedArrays state = optimizer.state();
  CHECK(state.get_scalar<std::uint64_t>("test", "steps") == 1);
  CHECK_THAT(values(state.get<double>("test", "0.first_moment", {2})), AllClose({0.1, 0.2}, 1e-15));
  CHECK(optimizer.learning_rate() == 0.5);
  CHECK_THROWS_WITH(optim::AdamW<double>({&q}).load_state(state),
                    "AdamW::load_state: '0.first_moment' must have shape (3), got (2)");
}
