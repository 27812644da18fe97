// SPDX-License-Identifier: BSD-3-Clause
// A training on rows of a mapped file, which may be larger than memory, beside the same on rows in memory:
// how fast it is, and how much memory it takes.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "numbers.hpp"
#include "process_status.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

constexpr std::size_t file_bytes = std::size_t{2} << 30;
constexpr std::size_t width = 1024;
constexpr std::size_t rows = file_bytes / (width * sizeof(float));
constexpr std::size_t classes = 10;
constexpr double aimed_ratio = 0.95;
constexpr double aimed_megabytes = 64;

// Random rows, of which many are equal: the system does not know.
void make_file(const std::string& path) {
  constexpr std::size_t different = 1024;
  const benchmarks::Numbers some = benchmarks::uniform({different, width}, -1, 1, 3);
  Array<float> all(Shape{rows, width});
  for (std::size_t row = 0; row < rows; row += different)
    std::ranges::copy(some.values, all.begin() + row * width);
  data::write_npy(path, all);
}

// A row is as long as a page of memory, and does not begin with one: every second row takes all pages.
std::vector<std::size_t> rows_to_train() {
  std::vector<std::size_t> result;
  for (std::size_t row = 0; row < rows; row += 2) result.push_back(row);
  return result;
}

struct Training {
  Random random{1};
  nn::Sequential<float> model;
  optim::Adam<float> optimizer{add_layers(), {.learning_rate = 1e-6}};
  training::Dataset<float> data;

  explicit Training(data::Rows<float> features)
      : data{.features = std::move(features),
             .targets = benchmarks::class_indices(rows, classes),
             .train = rows_to_train()} {}

  std::vector<Parameter<float>*> add_layers() {
    model.add<nn::Linear>(width, 256, random).add<nn::Relu>().add<nn::Linear>(256, classes, random);
    return model.parameters();
  }

  void run_epoch(const training::Callbacks& callbacks = {}) {
    training::train(model, data,
                    {.optimizer = optimizer, .random = random, .epochs = 1, .batch_size = 128, .shards = 2},
                    callbacks);
  }
};

double seconds_of_epoch(const std::function<data::Rows<float>()>& features) {
  const auto start = std::chrono::steady_clock::now();
  Training(features()).run_epoch();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The most that is held at once beside the file, above what is there before the training.
double megabytes_of_mapped_epoch(const std::string& path) {
  Training training(data::map_npy(path));
  const double before = benchmarks::status_megabytes("RssAnon");
  double most = before;
  training.run_epoch({.on_batch = [&most](const training::Batch& batch) {
    if (batch.number % 16 == 1) most = std::max(most, benchmarks::status_megabytes("RssAnon"));
  }});
  return most - before;
}

double in_a_process_of_its_own(const std::function<double()>& measure) {
  int ends[2];
  if (pipe(ends) != 0) throw Error("pipe: the system must have one more");
  const pid_t child = fork();
  if (child == 0) {
    try {
      const double result = measure();
      _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
    } catch (const std::exception& error) {
      fmt::print(stderr, "mapped_rows_benchmark: {}\n", error.what());
      _exit(1);
    }
  }
  close(ends[1]);
  double result = 0;
  const bool is_whole = read(ends[0], &result, sizeof result) == sizeof result;
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  if (!is_whole) throw Error("fork: the process that measures must come to its end");
  return result;
}

struct Speeds {
  double mapped = 0, in_memory = 0;  // rows a second
};

Speeds speeds(const std::string& path, const Array<float>& in_memory, std::size_t threads, int rounds) {
  set_num_threads(threads);
  double of_mapped = std::numeric_limits<double>::infinity(), of_memory = of_mapped;
  for (int round = 0; round < rounds; ++round) {
    of_mapped = std::min(of_mapped, seconds_of_epoch([&] { return data::Rows<float>(data::map_npy(path)); }));
    of_memory = std::min(of_memory, seconds_of_epoch([&] { return data::Rows<float>(in_memory); }));
  }
  const auto count = static_cast<double>(rows / 2);
  return {count / of_mapped, count / of_memory};
}

nlohmann::ordered_json measure(const std::string& path, int rounds) {
  const double megabytes = in_a_process_of_its_own([&] { return megabytes_of_mapped_epoch(path); });
  fmt::print("memory beside the file and above what was there before the training: {:.1f} MB (aim: {})\n",
             megabytes, aimed_megabytes);
  nlohmann::ordered_json result{{"megabytes", megabytes}, {"aimed_megabytes", aimed_megabytes}};

  const Array<float> in_memory = data::read_npy<float>(path);
  for (const std::size_t threads : {1U, 2U}) {
    const Speeds found = speeds(path, in_memory, threads, rounds);
    const double ratio = found.mapped / found.in_memory;
    fmt::print(
        "{} thread{}: {:.0f} rows a second from the file, {:.0f} from memory, ratio {:.3f} (aim: {})\n",
        threads, threads == 1 ? "" : "s", found.mapped, found.in_memory, ratio, aimed_ratio);
    result["speeds"].push_back({{"threads", threads},
                                {"mapped_rows_per_second", found.mapped},
                                {"in_memory_rows_per_second", found.in_memory},
                                {"ratio", ratio},
                                {"aim", aimed_ratio}});
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "mapped_rows.json";
  int rounds = 3;
  CLI::App app(
      "Trains on rows of a mapped file of 2 GiB, which it makes beside its table and removes, and on rows in "
      "memory, in turns.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--rounds", rounds, "of which the best counts")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  const std::string mapped_file = file + ".npy";
  int status = 0;
  try {
    make_file(mapped_file);
    fmt::print("an epoch of 1024-256-10 on {} rows of a mapped file of {} rows, 2 GiB\n", rows / 2, rows);
    const nlohmann::ordered_json result = measure(mapped_file, rounds);
    std::ofstream table(file);
    table << result.dump(2) << '\n';
    if (!table.flush()) throw Error(file + ": the file must be writable");
  } catch (const std::exception& error) {
    fmt::print(stderr, "mapped_rows_benchmark: {}\n", error.what());
    status = 1;
  }
  std::error_code any;
  std::filesystem::remove(mapped_file, any);
  return status;
}
