// SPDX-License-Identifier: BSD-3-Clause
// What a second core gives: trainings on one thread and on two, beside what it gives where nothing but
// arithmetic is done.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "multiply_adds.hpp"
#include "numbers.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace xtape;
using Clock = std::chrono::steady_clock;

constexpr double aim = 0.95;
// So small that thousands of steps leave the work the same.
constexpr double learning_rate = 1e-6;

// What one thread and two do in turns.
struct Contest {
  std::string name;
  double aim;                       // of the speed-up over the ceiling; 0: none
  std::function<double()> seconds;  // of one unit of its work
  std::vector<double> best = std::vector<double>(2, std::numeric_limits<double>::infinity());

  void take_turn(std::size_t threads) {
    set_num_threads(threads);
    best[threads - 1] = std::min(best[threads - 1], seconds());
  }
  double speed_up() const { return best[0] / best[1]; }
};

std::vector<std::size_t> all_rows(std::size_t count) {
  std::vector<std::size_t> rows(count);
  for (std::size_t row = 0; row < count; ++row) rows[row] = row;
  return rows;
}

training::Dataset<float> dataset(std::size_t rows, std::size_t features, std::size_t classes) {
  Array<float> numbers(Shape{rows, features});
  std::ranges::copy(benchmarks::uniform({rows, features}, -1, 1, 3).values, numbers.begin());
  return {.features = std::move(numbers),
          .targets = benchmarks::class_indices(rows, classes),
          .train = all_rows(rows)};
}

struct Perceptron {
  std::vector<std::size_t> widths;
  bool has_tanh = false;

  void add_layers(nn::Sequential<float>& model, Random& random) const {
    for (std::size_t layer = 1; layer < widths.size(); ++layer) {
      if (layer > 1) {
        if (has_tanh) {
          model.add<nn::Tanh>();
        } else {
          model.add<nn::Relu>();
        }
      }
      model.add<nn::Linear>(widths[layer - 1], widths[layer], random);
    }
  }
};

// In the best of many stretches of some steps, which take about as long as the multiply-adds: so short that
// some of them meet nothing else that the machine does. The first epoch, which takes memory, is left out.
double seconds_of_step(const Perceptron& perceptron, const training::Dataset<float>& data,
                       std::size_t batch_size, std::size_t shards) {
  constexpr std::size_t steps = 8;
  Random random(1);
  nn::Sequential<float> model;
  perceptron.add_layers(model, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = learning_rate});
  std::vector<Clock::time_point> ends;
  training::train(
      model, data,
      {.optimizer = optimizer, .random = random, .epochs = 6, .batch_size = batch_size, .shards = shards},
      {.on_batch = [&ends](const training::Batch& batch) {
        if (batch.epoch > 1) ends.push_back(Clock::now());
      }});
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = steps; i < ends.size(); ++i)
    best = std::min(best, std::chrono::duration<double>(ends[i] - ends[i - steps]).count());
  return best / steps;
}

void add_steps(std::vector<Contest>& contests, const std::string& name, const Perceptron& perceptron,
               const training::Dataset<float>& data, std::size_t batch_size) {
  for (const std::size_t shards : {1U, 2U}) {
    contests.push_back({fmt::format("{}, shards = {}", name, shards), shards == 1 ? 0 : aim,
                        [=] { return seconds_of_step(perceptron, data, batch_size, shards); }});
  }
}

double seconds_of_search(const training::Dataset<float>& data) {
  const Perceptron perceptron{{64, 32, 10}};
  Random random(1);
  const auto folds = data::k_fold(data.train.size(), 10, random);
  const auto settings = training::grid({{"learning_rate", {1e-4, 2e-4, 4e-4, 8e-4, 1e-3, 2e-3, 4e-3, 8e-3}}});
  const auto start = Clock::now();
  training::search(
      settings, folds,
      [&](const training::Setting& setting, const data::Split& fold, Random& random_of_fold) {
        nn::Sequential<float> model;
        perceptron.add_layers(model, random_of_fold);
        optim::Adam<float> optimizer(model.parameters(), {.learning_rate = setting["learning_rate"]});
        training::train(model, {.features = data.features, .targets = data.targets, .train = fold.train},
                        {.optimizer = optimizer, .random = random_of_fold, .epochs = 2});
        return training::evaluate(model, data, {.rows = fold.test});
      });
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Each thread does all of the work.
double seconds_of_arithmetic() {
  const std::size_t threads = num_threads();
  return benchmarks::seconds_of_multiply_adds(threads) / static_cast<double>(threads);
}

std::vector<Contest> all_contests() {
  std::vector<Contest> contests{{"multiply-adds in registers", 0, seconds_of_arithmetic}};
  add_steps(contests, "step 784-256-128-10, relu, batch 128, Adam", {{784, 256, 128, 10}},
            dataset(40 * 128, 784, 10), 128);
  training::Dataset<float> binary = dataset(40 * 100, 28, 2);
  binary.targets = training::binary(benchmarks::class_indices(40 * 100, 2));
  add_steps(contests, "step 28-300-300-300-300-300-1, tanh, batch 100, Adam",
            {{28, 300, 300, 300, 300, 300, 1}, true}, binary, 100);
  contests.push_back({"search, 8 settings x 10 folds of 64-32-10, 2 epochs", aim,
                      [data = dataset(1797, 64, 10)] { return seconds_of_search(data); }});
  return contests;
}

// The others are compared with the first.
void take_turns(std::vector<Contest>& contests, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 1; i < contests.size(); ++i) {
      for (const std::size_t threads : {1U, 2U}) {
        contests[0].take_turn(threads);
        contests[i].take_turn(threads);
      }
    }
  }
}

void print(const std::vector<Contest>& contests) {
  const double ceiling = contests[0].speed_up();
  fmt::print("{:62} {:>11} {:>12} {:>9} {:>12}\n", "float (in brackets: the aim)", "1 thread µs",
             "2 threads µs", "speed-up", "of ceiling");
  for (const Contest& contest : contests) {
    fmt::print("{:62} {:11.1f} {:12.1f} {:9.3f}", contest.name, contest.best[0] * 1e6, contest.best[1] * 1e6,
               contest.speed_up());
    if (&contest != &contests[0]) fmt::print(" {:12.3f}", contest.speed_up() / ceiling);
    if (contest.aim > 0) fmt::print(" ({:4})", contest.aim);
    fmt::print("\n");
  }
}

void write(const std::vector<Contest>& contests, const std::string& path) {
  auto list = nlohmann::ordered_json::array();
  for (const Contest& contest : contests) {
    nlohmann::ordered_json entry{{"name", contest.name},
                                 {"one_thread_us", contest.best[0] * 1e6},
                                 {"two_threads_us", contest.best[1] * 1e6},
                                 {"speed_up", contest.speed_up()},
                                 {"of_ceiling", contest.speed_up() / contests[0].speed_up()},
                                 {"aim", nullptr}};
    if (contest.aim > 0) entry["aim"] = contest.aim;
    list.push_back(std::move(entry));
  }
  std::ofstream file(path);
  file << list.dump(2) << '\n';
  if (!file.flush()) throw Error(path + ": the file must be writable");
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "cores.json";
  int rounds = 7;
  CLI::App app("Times trainings on one thread and on two in turns. Prints a table and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--rounds", rounds, "of which the best counts")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<Contest> contests = all_contests();
    take_turns(contests, rounds);
    print(contests);
    write(contests, file);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cores_benchmark: {}\n", error.what());
    return 1;
  }
}
