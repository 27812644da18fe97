// SPDX-License-Identifier: BSD-3-Clause
// What a step costs on several ranks. Started alone it measures two threads, and keeps the figure in a file;
// under `mpirun -np 2` it measures ranks of one thread each, what they send, and how fast messages are.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "numbers.hpp"
#include "xtape/mpi.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace xtape;
using Clock = std::chrono::steady_clock;

// Hands all on, and counts the bytes.
class Counted final : public distributed::Communicator {
 public:
  explicit Counted(distributed::Communicator& inner) : inner_(inner) {}

  std::size_t rank() const noexcept override { return inner_.rank(); }
  std::size_t size() const noexcept override { return inner_.size(); }
  void sum(std::span<float> elements) override { add(elements); }
  void sum(std::span<double> elements) override { add(elements); }
  void sum(std::span<std::uint64_t> elements) override { add(elements); }
  void barrier() override { inner_.barrier(); }

  std::size_t summed = 0;     // by the engine
  std::size_t exchanged = 0;  // sent to other ranks by OrderedSum

 private:
  template <class T>
  void add(std::span<T> elements) {
    summed += elements.size_bytes();
    inner_.sum(elements);
  }
  void exchange_bytes(std::size_t peer, std::span<const std::byte> sent,
                      std::span<std::byte> received) override {
    exchanged += sent.size();
    inner_.exchange(peer, {reinterpret_cast<const float*>(sent.data()), sent.size() / sizeof(float)},
                    {reinterpret_cast<float*>(received.data()), received.size() / sizeof(float)});
  }
  void broadcast_bytes(std::span<std::byte> bytes, std::size_t root) override {
    inner_.broadcast(bytes, root);
  }

  distributed::Communicator& inner_;
};

struct StepCost {
  double seconds = std::numeric_limits<double>::infinity();  // in the best stretch of 16 steps
  double bytes_summed = 0, bytes_exchanged = 0;              // a step
};

// Of 784-256-128-10 with batches of 128 and Adam.
StepCost cost_of_step(distributed::Communicator& communicator, std::size_t shards) {
  constexpr std::size_t rows = 40 * 128, steps = 16;
  Array<float> features(Shape{rows, 784});
  std::ranges::copy(benchmarks::uniform({rows, 784}, -1, 1, 3).values, features.begin());
  const auto classes = benchmarks::class_indices(rows, 10);
  std::vector<std::size_t> train(rows);
  for (std::size_t row = 0; row < rows; ++row) train[row] = row;

  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(784, 256, random).add<nn::Relu>().add<nn::Linear>(256, 128, random).add<nn::Relu>();
  model.add<nn::Linear>(128, 10, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 1e-6});
  Counted counted(communicator);
  std::vector<Clock::time_point> ends;
  std::size_t summed = 0, exchanged = 0;
  training::train(model, {.features = features, .targets = classes, .train = train},
                  {.optimizer = optimizer,
                   .random = random,
                   .epochs = 8,
                   .batch_size = 128,
                   .shards = shards,
                   .communicator = &counted},
                  {.on_batch = [&](const training::Batch& batch) {
                    if (batch.epoch == 1 && batch.number == 1) {
                      summed = counted.summed;
                      exchanged = counted.exchanged;
                    } else if (batch.epoch == 1 && batch.number == 2) {
                      summed = counted.summed - summed;
                      exchanged = counted.exchanged - exchanged;
                    } else if (batch.epoch > 1) {
                      ends.push_back(Clock::now());
                    }
                  }});
  StepCost cost{.bytes_summed = static_cast<double>(summed),
                .bytes_exchanged = static_cast<double>(exchanged)};
  for (std::size_t i = steps; i < ends.size(); ++i) {
    const double stretch = std::chrono::duration<double>(ends[i] - ends[i - steps]).count();
    cost.seconds = std::min(cost.seconds, stretch / steps);
  }
  return cost;
}

// Of the sum of so many floats, the best of 200.
double seconds_of_sum(distributed::Communicator& communicator, std::size_t floats) {
  std::vector<float> numbers(floats);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 200; ++i) {
    communicator.barrier();
    const auto start = Clock::now();
    communicator.sum(std::span(numbers));
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

void measure_threads(distributed::Communicator& communicator, const std::string& path) {
  set_num_threads(2);
  const double seconds = cost_of_step(communicator, 2).seconds;
  fmt::print("784-256-128-10, batch 128, Adam, shards = 2, two threads: {:.1f} µs a step\n", seconds * 1e6);
  std::ofstream file(path);
  file << nlohmann::json{{"two_threads_us", seconds * 1e6}}.dump(2) << '\n';
  if (!file.flush()) throw Error(path + ": the file must be writable");
}

void measure_ranks(distributed::Communicator& communicator, const std::string& path) {
  set_num_threads(1);
  const std::size_t ranks = communicator.size();
  const StepCost fixed = cost_of_step(communicator, ranks), free = cost_of_step(communicator, 1);
  const double latency = seconds_of_sum(communicator, 1);
  constexpr std::size_t many = std::size_t{1} << 20;
  const double bandwidth = many * sizeof(float) / seconds_of_sum(communicator, many);
  if (communicator.rank() != 0) return;

  double threads = std::numeric_limits<double>::quiet_NaN();
  if (std::ifstream file(path); file) threads = nlohmann::json::parse(file).at("two_threads_us");
  const auto print = [&](const char* how, const StepCost& cost) {
    fmt::print("{:40} {:8.1f} µs a step, {:.2f} of two threads; {:.0f} bytes summed, {:.0f} sent in order\n",
               how, cost.seconds * 1e6, threads / (cost.seconds * 1e6), cost.bytes_summed,
               cost.bytes_exchanged);
  };
  print(fmt::format("{0} ranks, shards = {0}", ranks).c_str(), fixed);
  print(fmt::format("{} ranks, the engine's sums", ranks).c_str(), free);
  fmt::print("sum of one float: {:.1f} µs; of 4 MiB: {:.2f} GB/s\n", latency * 1e6, bandwidth * 1e-9);
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "ranks.json";
  CLI::App app("Times steps on two threads if started alone, and on ranks under mpirun.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the time of two threads is kept, as JSON");
  CLI11_PARSE(app, argc, argv);
  return distributed::run(argc, argv, [&](distributed::Communicator& communicator) {
    if (communicator.size() == 1) {
      measure_threads(communicator, file);
    } else {
      measure_ranks(communicator, file);
    }
    return 0;
  });
}
