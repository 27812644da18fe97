// SPDX-License-Identifier: BSD-3-Clause
// Training steps of perceptrons with xtape, and with other libraries for small networks as far as they are
// there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agreement.hpp"
#include "figures.hpp"
#include "rival_trainings.hpp"
#include "timing.hpp"
#include "xtape/core/simd.hpp"
#include "xtape/threads/threads.hpp"

extern "C" {
void openblas_set_num_threads(int threads);
char* openblas_get_config();
char* openblas_get_corename();
}

namespace {

using namespace benchmarks;

struct Contest {
  std::string name;
  std::vector<std::size_t> widths;
  std::size_t batch;
  Optimizer optimizer;
};

struct Rival {
  std::string name;
  std::function<std::unique_ptr<Step>(const Network&, Optimizer, std::size_t own_threads)> training;
  std::optional<float> tolerance = 1e-4F;  // of its results; none: it computes something else
};

const std::vector<Rival>& rivals() {
  static const std::vector<Rival> all{
#ifdef XTAPE_BENCHMARK_DLIB
      {"dlib", with_dlib::training},
#endif
#ifdef XTAPE_BENCHMARK_FANN
      {"FANN", with_fann::training, std::nullopt},
#endif
#ifdef XTAPE_BENCHMARK_KANN
      {"KANN", with_kann::training},
#endif
#ifdef XTAPE_BENCHMARK_MLPACK
      {"mlpack", with_mlpack::training, 1e-3F},  // Its log-softmax approximates the exponential function.
#endif
  };
  return all;
}

// @return  seconds of a step with xtape and with each rival, which has the best of its settings.
std::vector<double> best_steps(const Contest& contest, std::size_t threads) {
  const Network same = network(contest.widths, contest.batch);
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<Side> sides;
  std::vector<std::size_t> rival_of_side;
  const auto add = [&](std::size_t rival, std::unique_ptr<Step> step, std::size_t of_openblas) {
    sides.push_back({[=] { openblas_set_num_threads(static_cast<int>(of_openblas)); },
                     [step = step.get()] { step->run(); }});
    steps.push_back(std::move(step));
    rival_of_side.push_back(rival);
  };

  xtape::set_num_threads(threads);
  add(0, with_xtape::training(same, contest.optimizer), 1);
  const Step::Results ours = steps.front()->results();
  for (std::size_t i = 0; i < rivals().size(); ++i) {
    for (std::size_t own = 1; own <= threads; ++own) {
      for (std::size_t of_openblas = 1; own * of_openblas <= threads; ++of_openblas) {
        add(1 + i, rivals()[i].training(same, contest.optimizer, own), of_openblas);
        if (const auto tolerance = rivals()[i].tolerance)
          require_agreement(contest.name + ", " + rivals()[i].name, ours, steps.back()->results(),
                            *tolerance);
      }
    }
  }

  const std::vector<double> times = best_times(sides, 1.5);
  std::vector<double> best(1 + rivals().size(), std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < times.size(); ++i)
    best[rival_of_side[i]] = std::min(best[rival_of_side[i]], times[i]);
  return best;
}

void print_title() {
  fmt::print("{:42} {:>7} {:>10}", "forward, backward and update, float", "threads", "xtape µs");
  for (const Rival& rival : rivals()) fmt::print(" {:>18}", rival.name + " µs (ratio)");
  fmt::print("\n");
}

void measure(const Contest& contest, std::size_t threads, nlohmann::ordered_json& rows) {
  const std::vector<double> seconds = best_steps(contest, threads);
  fmt::print("{:42} {:7} {:10.2f}", contest.name, threads, seconds[0] * 1e6);
  nlohmann::ordered_json row{{"name", contest.name}, {"threads", threads}, {"xtape_us", seconds[0] * 1e6}};
  for (std::size_t i = 0; i < rivals().size(); ++i) {
    const double of_rival = seconds[1 + i];
    fmt::print(" {:>18}", fmt::format("{:.1f} ({:5.2f})", of_rival * 1e6, of_rival / seconds[0]));
    row[rivals()[i].name + "_us"] = of_rival * 1e6;
  }
  fmt::print("\n");
  std::fflush(stdout);
  rows.push_back(std::move(row));
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "rivals.json", only;
  CLI::App app(
      "Times xtape and other libraries in turns on the same arrays. Prints a table and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--only", only, "run those whose names contain this");
  CLI11_PARSE(app, argc, argv);
  const std::vector<Contest> contests{
      {"step 4-16-3, batch 32, SGD", {4, 16, 3}, 32, Optimizer::sgd},
      {"step 64-128-10, batch 64, Adam", {64, 128, 10}, 64, Optimizer::adam},
      {"step 784-256-128-10, batch 128, Adam", {784, 256, 128, 10}, 128, Optimizer::adam}};
  try {
    fmt::print("The BLAS of all that have one: {}, kernels for {}; xtape's loops: {}\n",
               openblas_get_config(), openblas_get_corename(), xtape::simd_name());
    auto rows = nlohmann::ordered_json::array();
    print_title();
    for (const Contest& contest : contests) {
      if (contest.name.find(only) == std::string::npos) continue;
      for (const std::size_t threads : {1U, 2U}) measure(contest, threads, rows);
    }
    write_json(file, rows);
  } catch (const std::exception& error) {
    fmt::print(stderr, "rivals_benchmark: {}\n", error.what());
    return 1;
  }
}
