// SPDX-License-Identifier: BSD-3-Clause
// What each operation costs, forward and backward, beside copying as many floats as it reads and writes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include "figures.hpp"
#include "operations.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace benchmarks;
using namespace xtape;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Seconds {
  double forward, backward;
  double copy;  // of a float
};

class Copy {
 public:
  double seconds_per_float() {
    const auto start = Clock::now();
    std::memcpy(to_.data(), from_.data(), floats * sizeof(float));
    benchmark::ClobberMemory();
    return seconds_since(start) / floats;
  }

 private:
  static constexpr std::size_t floats = 1'000'000;
  std::vector<float> from_ = std::vector<float>(floats, 1), to_ = from_;
};

Array<float> ones_like_output(const Operation::Record& record, Tape<float>& tape) {
  const auto frame = tape.frame();
  Array<float> ones(record().shape());
  std::ranges::fill(ones, 1.0F);
  return ones;
}

// The best of all steps of a while, which take turns with copies. The tape has its memory from the first
// ones.
Seconds best_of_steps(const Operation& operation, double seconds) {
  constexpr double never = std::numeric_limits<double>::infinity();
  constexpr int fewest = 5;
  Tape<float> tape;
  Copy copy;
  const Operation::Record record = operation.on(tape);
  const Array<float> output_gradient = ones_like_output(record, tape);
  Seconds best{never, never, never};
  const auto begin = Clock::now();
  for (int step = 0; step < fewest || seconds_since(begin) < seconds; ++step) {
    best.copy = std::min(best.copy, copy.seconds_per_float());
    const auto frame = tape.frame();
    const auto start = Clock::now();
    const Variable<float> y = record();
    best.forward = std::min(best.forward, seconds_since(start));
    const auto turn = Clock::now();
    y.backward(tape.borrow(output_gradient));
    best.backward = std::min(best.backward, seconds_since(turn));
  }
  return best;
}

// A copied float is read and written.
Figure figure(const Operation& operation, const std::string& pass, double seconds, double floats,
              double copy_of_float) {
  Figure result{operation.name + ", " + pass, 1, seconds, {}, {}, {}, {.of_floor = operation.aim}};
  if (floats > 0) result.floor = operation.elements * floats / 2 * copy_of_float;
  return result;
}

std::string of_floor(const Figure& figure) {
  if (!figure.floor) return "-";
  const bool missed = figure.of_floor() > figure.aims.of_floor;
  return fmt::format("{:.2f}{}", figure.of_floor(), missed ? " !" : "  ");
}

class Table {
 public:
  Table() {
    fmt::print("{:46} {:>9} {:>9} {:>10} {:>11} {:>9} {:>10} {:>5}\n", "float, 10^6 elements, 1 thread",
               "forward", "copying", "of copying", "backward", "copying", "of copying", "aim");
  }

  void add(const Operation& operation, const Seconds& seconds) {
    const Figure forward =
        figure(operation, "forward", seconds.forward, operation.traffic.forward, seconds.copy);
    const Figure backward =
        figure(operation, "backward", seconds.backward, operation.traffic.backward, seconds.copy);
    const auto ns = [&](std::optional<double> time) {
      return time ? fmt::format("{:.3f}", *time * 1e9 / operation.elements) : "-";
    };
    fmt::print("{:46} {:>9} {:>9} {:>10} {:>11} {:>9} {:>10} {:>5}\n", operation.name, ns(forward.xtape),
               ns(forward.floor), of_floor(forward), ns(backward.xtape), ns(backward.floor),
               of_floor(backward), std::isfinite(operation.aim) ? fmt::format("{}", operation.aim) : "");
    std::fflush(stdout);
    for (const Figure& one : {forward, backward}) figures_.push_back(one);
  }

  void print_missed() const {
    std::vector<Figure> missed;
    std::ranges::copy_if(figures_, std::back_inserter(missed),
                         [](const Figure& one) { return one.floor && one.of_floor() > one.aims.of_floor; });
    std::ranges::sort(missed, std::ranges::greater{}, &Figure::of_floor);
    fmt::print("\nAbove their aim, the worst first: {}\n", missed.empty() ? "none" : "");
    for (const Figure& one : missed) fmt::print("{:56} {:.2f}\n", one.name, one.of_floor());
  }

  nlohmann::ordered_json json() const {
    auto rows = nlohmann::ordered_json::array();
    for (const Figure& one : figures_) rows.push_back(json_row(one));
    return rows;
  }

 private:
  std::vector<Figure> figures_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string file = "ops.json", only;
  double seconds = 0.2;
  CLI::App app(
      "Times each operation, in nanoseconds for each element. Prints a table and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--only", only, "run those whose names contain this");
  app.add_option("--seconds", seconds, "for each operation")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    set_num_threads(1);
    Table table;
    for (const auto& group : {elementwise_operations(), arithmetic_operations(), reductions(),
                              poolings_and_normalizations(), rearrangements(), products()}) {
      for (const Operation& operation : group) {
        if (operation.name.find(only) != std::string::npos)
          table.add(operation, best_of_steps(operation, seconds));
      }
    }
    table.print_missed();
    write_json(file, table.json());
  } catch (const std::exception& error) {
    fmt::print(stderr, "ops_benchmark: {}\n", error.what());
    return 1;
  }
}
