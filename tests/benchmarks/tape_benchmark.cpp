// SPDX-License-Identifier: BSD-3-Clause
// What the tape itself costs: operations on one element, and whole training steps of small networks.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

// A chain of `range(0)` operations on one element, recorded and reversed; time is per operation.
template <class Operation>
void record_and_reverse(benchmark::State& state, Operation operation, const Shape& shape = {}) {
  const auto length = state.range(0);
  Array<float> start(shape);
  start[0] = 0.5F;
  Tape<float> tape;
  for (auto _ : state) {
    const auto frame = tape.frame();
    const auto x = tape.variable(start);
    auto y = x;
    for (std::int64_t i = 0; i < length; ++i) y = operation(y, x);
    y.backward();
    benchmark::DoNotOptimize(x.gradients().data());
  }
  state.counters["per operation"] =
      benchmark::Counter(static_cast<double>(length),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(record_and_reverse, relu, [](auto y, auto) { return relu(y); }) -> Arg(1000);
BENCHMARK_CAPTURE(record_and_reverse, multiply_by_number, [](auto y, auto) { return y * 0.999F; })
    -> Arg(1000);
BENCHMARK_CAPTURE(record_and_reverse, add, [](auto y, auto x) { return y + x; }) -> Arg(1000);
BENCHMARK_CAPTURE(record_and_reverse, multiply, [](auto y, auto x) { return y * x; }) -> Arg(1000);
BENCHMARK_CAPTURE(record_and_reverse, tanh, [](auto y, auto) { return tanh(y); }) -> Arg(1000);
BENCHMARK_CAPTURE(record_and_reverse, sum, [](auto y, auto) { return sum(y); }) -> Arg(1000);
BENCHMARK_CAPTURE(record_and_reverse, reshape, [](auto y, auto) { return reshape(y, {1, 1}); }) -> Arg(1000);

// Of one input and one output: y = 1 y + 0.
void record_and_reverse_linear(benchmark::State& state) {
  Random random(1);
  nn::Linear<float> layer(1, 1, random);
  layer.weight.values()[0] = 1;
  record_and_reverse(state, [&](auto y, auto) { return layer(y); }, {1, 1});
}

BENCHMARK(record_and_reverse_linear)->Arg(1000);

// The loss is a scalar, so each link reshapes it to the logits of the next.
void record_and_reverse_reshape_and_softmax_cross_entropy(benchmark::State& state) {
  const std::vector<std::int64_t> labels{0};
  record_and_reverse(state, [&](auto y, auto) {
    return losses::softmax_cross_entropy(reshape(y, {1, 1}), labels);
  });
}

BENCHMARK(record_and_reverse_reshape_and_softmax_cross_entropy)->Arg(1000);

template <class Optimizer>
void training_step(benchmark::State& state) {
  const auto in = static_cast<std::size_t>(state.range(0)), hidden = static_cast<std::size_t>(state.range(1));
  const auto classes = static_cast<std::size_t>(state.range(2)),
             batch = static_cast<std::size_t>(state.range(3));
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(in, hidden, random)
      .template add<nn::Relu>()
      .template add<nn::Linear>(hidden, classes, random);
  Optimizer optimizer(model.parameters());
  Array<float> features(Shape{batch, in});
  for (float& x : features) x = static_cast<float>(random.normal());
  std::vector<std::int64_t> labels(batch);
  for (auto& label : labels) label = static_cast<std::int64_t>(random.below(classes));

  Tape<float> tape;
  for (auto _ : state) {
    const auto frame = tape.frame();
    const auto loss = losses::softmax_cross_entropy(model(tape.borrow(features)), labels);
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
  }
}

// GradBench's lse: the gradient of log_sum_exp of doubles. On its own machine it takes 53 microseconds by
// hand, 111 by Enzyme, 120 by PyTorch and 653 by Adept.
Array<double> irregular_numbers(std::size_t count) {
  Random random(1);
  Array<double> x(Shape{count});
  for (double& number : x) number = random.normal();
  return x;
}

void gradient_of_log_sum_exp(benchmark::State& state) {
  const Array<double> numbers = irregular_numbers(static_cast<std::size_t>(state.range(0)));
  Tape<double> tape;
  for (auto _ : state) {
    const auto frame = tape.frame();
    const auto x = tape.variable(numbers);
    log_sum_exp(x, {0}).backward();
    benchmark::DoNotOptimize(x.gradients().data());
  }
}

void gradient_of_log_sum_exp_by_hand(benchmark::State& state) {
  const Array<double> x = irregular_numbers(static_cast<std::size_t>(state.range(0)));
  Array<double> gradient(x.shape());
  for (auto _ : state) {
    double largest = x[0], sum = 0;
    for (const double number : x) largest = std::max(largest, number);
    for (std::size_t i = 0; i < x.size(); ++i) sum += gradient[i] = std::exp(x[i] - largest);
    for (double& slope : gradient) slope /= sum;
    benchmark::DoNotOptimize(gradient.data());
  }
}

BENCHMARK(gradient_of_log_sum_exp)->Arg(10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(gradient_of_log_sum_exp_by_hand)->Arg(10'000)->Unit(benchmark::kMicrosecond);

BENCHMARK(training_step<optim::SGD<float>>)->Args({4, 16, 3, 32})->Unit(benchmark::kMicrosecond);
BENCHMARK(training_step<optim::Adam<float>>)->Args({64, 128, 10, 64})->Unit(benchmark::kMicrosecond);

}  // namespace
