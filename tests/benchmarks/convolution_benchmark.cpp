// SPDX-License-Identifier: BSD-3-Clause
// Convolutions of usual shapes beside a matrix product of as many multiplications, and beside libtorch and
// oneDNN where those are there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convolutions.hpp"
#include "figures.hpp"
#include "numbers.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace benchmarks;
using namespace xtape;
using Clock = std::chrono::steady_clock;

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double aim = 0.7;  // of the product's rate

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Runs, and returns the seconds of what counts.
using TimedRun = std::function<double()>;

// The sides take turns of many runs. @return the best run of each.
std::vector<double> best_runs(const std::vector<TimedRun>& sides, double seconds) {
  constexpr int fewest_turns = 3, fewest_runs = 2;
  constexpr double turn_seconds = 0.02;
  std::vector<double> best(sides.size(), never);
  const auto start = Clock::now();
  for (int turn = 0; turn < fewest_turns || seconds_since(start) < seconds; ++turn) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const auto turn_start = Clock::now();
      for (int run = 0; run < fewest_runs || seconds_since(turn_start) < turn_seconds; ++run)
        best[i] = std::min(best[i], sides[i]());
    }
  }
  return best;
}

struct NamedConvolution {
  std::string name;
  Convolution shape;
};

std::vector<NamedConvolution> convolutions() {
  const Extents three{3, 3}, padded{1, 1};
  return {
      {"3x3, 1 to 16, 28x28, batch 64", {64, 1, {28, 28}, 16, three}},
      {"3x3, 16 to 32, 13x13, batch 64", {64, 16, {13, 13}, 32, three}},
      {"3x3, 8 to 8, 32x32, batch 16", {16, 8, {32, 32}, 8, three, padded}},
      {"3x3, 3 to 32, 32x32, batch 16", {16, 3, {32, 32}, 32, three, padded}},
      {"3x3, 16 to 16, 8x8, batch 256", {256, 16, {8, 8}, 16, three, padded}},
      {"3x3, 64 to 64, 28x28, batch 16", {16, 64, {28, 28}, 64, three, padded}},
      {"3x3, 64 to 64, 28x28, batch 1", {1, 64, {28, 28}, 64, three, padded}},
      {"3x3, 256 to 256, 14x14, batch 1", {1, 256, {14, 14}, 256, three, padded}},
      {"3x3, 32 to 64, 28x28, stride 2, batch 16", {16, 32, {28, 28}, 64, three, padded, 2}},
      {"7x7, 3 to 64, 64x64, stride 2, batch 1", {1, 3, {64, 64}, 64, {7, 7}, {3, 3}, 2}},
      {"5x5, 16 to 32, 14x14, batch 64", {64, 16, {14, 14}, 32, {5, 5}, {2, 2}}},
      {"1x1, 64 to 256, 14x14, batch 16", {16, 64, {14, 14}, 256, {1, 1}}},
      {"1x1, 256 to 64, 14x14, batch 1", {1, 256, {14, 14}, 64, {1, 1}}},
      {"3x3 depthwise, 64, 28x28, batch 16", {16, 64, {28, 28}, 64, three, padded, 1, 64}},
      {"1x5, 8 to 16, 1x256, batch 64", {64, 8, {1, 256}, 16, {1, 5}, {0, 2}}},
      {"1x9, 32 to 32, 1x512, batch 16", {16, 32, {1, 512}, 32, {1, 9}, {0, 4}}},
      {"1x3, 4 to 4, 1x1000, batch 1", {1, 4, {1, 1000}, 4, {1, 3}, {0, 1}}},
  };
}

Array<float> numbers(const Shape& shape) {
  const Numbers numbers = uniform({shape.begin(), shape.end()}, -1, 1, shape.elements());
  return Array<float>(ArrayView<const float>(numbers.values.data(), shape));
}

// Only what the pass asks for needs a gradient.
TimedRun with_xtape(const Convolution& shape, Pass pass) {
  const auto tape = std::make_shared<Tape<float>>();
  const auto leaf = [&](const Array<float>& array, bool requires_grad) {
    return requires_grad ? tape->variable(array) : tape->constant(array);
  };
  const Extents image = shape.image, out_image = shape.out_image(), kernel = shape.kernel;
  const auto x = leaf(numbers({shape.batch, shape.in, image[0], image[1]}), pass != Pass::weight_gradient);
  const auto weight =
      leaf(numbers({shape.out, shape.in / shape.groups, kernel[0], kernel[1]}), pass != Pass::input_gradient);
  const auto dy = leaf(numbers({shape.batch, shape.out, out_image[0], out_image[1]}), false);
  const ConvolutionOptions options{
      .stride = shape.stride, .padding = {shape.padding[0], shape.padding[1]}, .groups = shape.groups};
  return [=] {
    const auto frame = tape->frame();
    const auto start = Clock::now();
    const auto y = conv2d(x, weight, options);
    if (pass == Pass::forward) return seconds_since(start);
    const auto turn = Clock::now();
    y.backward(dy);
    return seconds_since(turn);
  };
}

// All products of the groups, of which one is run.
TimedRun product(const Convolution& shape) {
  const auto tape = std::make_shared<Tape<float>>();
  const auto weight = tape->constant(numbers({shape.out / shape.groups, shape.patch()}));
  const auto patches = tape->constant(numbers({shape.patch(), shape.pixels()}));
  return [=, groups = static_cast<double>(shape.groups)] {
    const auto frame = tape->frame();
    const auto start = Clock::now();
    matmul(weight, patches);
    return groups * seconds_since(start);
  };
}

TimedRun timed(RunPass run) {
  return [run = std::move(run)] {
    const auto start = Clock::now();
    run();
    return seconds_since(start);
  };
}

using Rival = std::pair<std::string, std::function<RunPass(const Convolution&, Pass)>>;

const std::vector<Rival>& rivals() {
  static const std::vector<Rival> all{
#ifdef XTAPE_BENCHMARK_LIBTORCH
      {"libtorch", with_torch::convolution},
#endif
#ifdef XTAPE_BENCHMARK_ONEDNN
      {"oneDNN", with_onednn::convolution},
#endif
  };
  return all;
}

double operations(const Convolution& shape) {
  return 2.0 * static_cast<double>(shape.out) * static_cast<double>(shape.patch()) *
         static_cast<double>(shape.pixels());
}

void print_title() {
  fmt::print("{:42} {:15} {:>8} {:>8} {:>18}", "GFLOP/s, float, 1 thread", "", "xtape", "product",
             fmt::format("of product ({})", aim));
  for (const Rival& rival : rivals()) fmt::print(" {:>9}", rival.first);
  fmt::print("\n");
}

// Times are of xtape, of the product, and of the rivals.
void print(const NamedConvolution& convolution, const std::string& pass, const std::vector<double>& times) {
  const auto rate = [&](double time) { return operations(convolution.shape) / time * 1e-9; };
  const double quotient = times[1] / times[0];
  fmt::print("{:42} {:15} {:8.1f} {:8.1f} {:>18}", convolution.name, pass, rate(times[0]), rate(times[1]),
             fmt::format("{:.2f}{}", quotient, quotient < aim ? " !" : "  "));
  for (std::size_t i = 2; i < times.size(); ++i) fmt::print(" {:9.1f}", rate(times[i]));
  fmt::print("\n");
  std::fflush(stdout);
}

// Of the rivals, the fastest.
Figure figure(const std::string& name, const std::vector<double>& times) {
  Figure result{name, 1, times[0], {}, {}, times[1], {.of_floor = 1 / aim}};
  const auto fastest = std::min_element(times.begin() + 2, times.end());
  if (fastest == times.end()) return result;
  result.rival = rivals()[static_cast<std::size_t>(fastest - times.begin()) - 2].first;
  result.rival_time = *fastest;
  return result;
}

void measure(const NamedConvolution& convolution, double seconds, nlohmann::ordered_json& rows) {
  const std::pair<Pass, std::string> passes[] = {{Pass::forward, "forward"},
                                                 {Pass::input_gradient, "input gradient"},
                                                 {Pass::weight_gradient, "weight gradient"}};
  for (const auto& [pass, name] : passes) {
    std::vector<TimedRun> sides{with_xtape(convolution.shape, pass), product(convolution.shape)};
    for (const Rival& rival : rivals()) sides.push_back(timed(rival.second(convolution.shape, pass)));
    const std::vector<double> times = best_runs(sides, seconds);
    print(convolution, name, times);
    rows.push_back(json_row(figure(convolution.name + ", " + name, times)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "convolutions.json", only;
  double seconds = 0.3;
  CLI::App app("Times convolutions, in GFLOP/s. Prints a table and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--only", only, "run those whose names contain this");
  app.add_option("--seconds", seconds, "for each pass of each convolution")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    set_num_threads(1);
    auto rows = nlohmann::ordered_json::array();
    print_title();
    for (const NamedConvolution& convolution : convolutions()) {
      if (convolution.name.find(only) != std::string::npos) measure(convolution, seconds, rows);
    }
    write_json(file, rows);
  } catch (const std::exception& error) {
    fmt::print(stderr, "convolution_benchmark: {}\n", error.what());
    return 1;
  }
}
