// SPDX-License-Identifier: BSD-3-Clause
// What several threads of a program may do with xtape at once. ThreadSanitizer looks at it too.
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace concurrency_test {
namespace {

class NumThreadsRestored {
 public:
  NumThreadsRestored() = default;
  ~NumThreadsRestored() { set_num_threads(before_); }
  NumThreadsRestored(const NumThreadsRestored&) = delete;
  NumThreadsRestored& operator=(const NumThreadsRestored&) = delete;

 private:
  std::size_t before_ = num_threads();
};

constexpr std::size_t rows = 192, features = 200, hidden = 300, classes = 500;

const std::vector<double>& inputs() {
  static const std::vector<double> inputs = values(irregular({rows * features}));
  return inputs;
}

void add_layers(nn::Sequential<float>& model) {
  Random random(3);
  model.add<nn::Linear>(features, hidden, random).add<nn::LayerNorm>(Shape{hidden}).add<nn::Tanh>();
  model.add<nn::Linear>(hidden, classes, random);
}

/// The weights after some steps that are shared between threads wherever xtape does so: products by the
/// kernels and by the BLAS, functions of elements, a normalization, a loss and sums.
std::vector<float> weights_after(
    int steps, const std::function<void(int step)>& before_step = [](int) {}) {
  nn::Sequential<float> model;
  add_layers(model);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 0.01});
  Tape<float> tape;
  for (int step = 0; step < steps; ++step) {
    before_step(step);
    const auto frame = tape.frame();
    const auto x = tape.constant(ArrayView<const double>(inputs().data(), Shape{rows, features}));
    losses::softmax_cross_entropy(model(x), std::vector<int>(rows, 7)).backward();
    optim::clip_gradient_norm(optimizer.parameters(), 1.0);
    optimizer.step();
    optimizer.zero_grad();
  }
  std::vector<float> weights;
  for (const Parameter<float>* parameter : model.parameters())
    weights.insert(weights.end(), parameter->values().begin(), parameter->values().end());
  return weights;
}

void on_threads(int count, const std::function<void(int thread)>& work) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < count; ++thread) threads.emplace_back(work, thread);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("trainings on several threads at once have the bits of one alone", "[core][threads]") {
  const NumThreadsRestored restored;
  set_num_threads(1);
  const std::vector<float> alone = weights_after(3);
  for (const std::size_t threads : {2U, 8U}) {
    set_num_threads(threads);
    std::atomic<int> different{0};
    on_threads(3, [&](int) { different += weights_after(3) != alone; });
    CHECK(different == 0);
  }
}

TEST_CASE("the number of threads may change from step to step, and while others compute", "[core][threads]") {
  const NumThreadsRestored restored;
  set_num_threads(1);
  const std::vector<float> alone = weights_after(4);
  constexpr std::size_t numbers[] = {8, 1, 2, 5};
  std::atomic<int> different{0};
  on_threads(2, [&](int) {
    different += weights_after(4, [&](int step) { set_num_threads(numbers[step]); }) != alone;
  });
  CHECK(different == 0);
}

TEST_CASE("threads may compute with one model at once while nobody changes it", "[core][threads]") {
  nn::Sequential<float> model;
  add_layers(model);
  const auto outputs = [&] {
    Tape<float> tape;
    const auto no_grad = tape.no_grad();
    return values(
        model(tape.constant(ArrayView<const double>(inputs().data(), Shape{rows, features}))).value());
  };
  const auto alone = outputs();
  std::atomic<int> different{0};
  on_threads(4, [&](int) { different += outputs() != alone; });
  CHECK(different == 0);
}

TEST_CASE("a tape may be made, used and destroyed by one thread after the other", "[core][threads]") {
  std::unique_ptr<Tape<double>> tape;
  Variable<double> x, y;
  std::thread([&] {
    tape = std::make_unique<Tape<double>>();
    x = tape->variable(std::vector<double>(100'000, 3));
  }).join();
  std::thread([&] { y = sum(square(x)); }).join();
  std::thread([&] { y.backward(); }).join();
  CHECK(x.gradients()[99'999] == 6);
  std::thread([&] { tape.reset(); }).join();
  CHECK(tape == nullptr);
}

}  // namespace concurrency_test
