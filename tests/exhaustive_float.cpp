// SPDX-License-Identifier: BSD-3-Clause
// exhaustive_float [--function NAME] [--stride N]: compares functions of one float, and gradients, with the
// same in double: at every float there is, or at every Nth. Prints the largest errors and the inputs where
// they occur, and fails above the bounds: 4 ulp of a result that is a normal number, and one step between
// subnormal numbers of one that is smaller. What should be NaN or infinite must be just that.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <future>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

// In forms that subtract nothing from what is nearly equal.
namespace exact {

double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double tanh_slope(double x) {
  const double e = std::exp(-2 * std::abs(x));
  return 4 * e / ((1 + e) * (1 + e));
}

// So far out all tails are 0 and infinity times 0 would be NaN.
constexpr double far = 1000;

double silu(double x) { return std::max(x, -far) * sigmoid(x); }

double silu_slope(double x) { return sigmoid(x) * (1 + std::clamp(x, -far, far) * sigmoid(-x)); }

double normal_distribution(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

double gelu(double x) { return std::max(x, -far) * normal_distribution(x); }

double gelu_slope(double x) {
  const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
  return normal_distribution(x) + std::clamp(x, -far, far) * density;
}

double hard_swish(double x) { return x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6; }

double hard_swish_slope(double x) { return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6; }

}  // namespace exact

template <int label>
Variable<float> cross_entropy(Variable<float> x) {
  const std::vector<float> labels(x.size(), label);
  return losses::sigmoid_cross_entropy(x, labels, {.reduction = losses::Reduction::none});
}

struct Function {
  const char* name;
  Variable<float> (*record)(Variable<float> x);
  double (*value)(double x);
  double (*slope)(double x);
};

const Function functions[] = {
    {"sigmoid_cross_entropy_of_0", cross_entropy<0>, exact::softplus, exact::sigmoid},
    {"sigmoid_cross_entropy_of_1", cross_entropy<1>, [](double x) { return exact::softplus(-x); },
     [](double x) { return -exact::sigmoid(-x); }},
    {"softplus", softplus, exact::softplus, exact::sigmoid},
    {"sigmoid", sigmoid, exact::sigmoid, [](double x) { return exact::sigmoid(x) * exact::sigmoid(-x); }},
    {"tanh", tanh, std::tanh, exact::tanh_slope},
    {"silu", silu, exact::silu, exact::silu_slope},
    {"gelu", gelu, exact::gelu, exact::gelu_slope},
    {"hard_swish", hard_swish, exact::hard_swish, exact::hard_swish_slope},
    {"exp", exp, std::exp, std::exp},
    {"log", log, std::log, [](double x) { return 1 / x; }},
    {"log1p", log1p, std::log1p, [](double x) { return 1 / (1 + x); }},
};

constexpr float infinity = std::numeric_limits<float>::infinity();

// Compared whatever the stride.
const std::vector<float> edges{-infinity, std::numeric_limits<float>::lowest(), -1,      -0.0F,
                               1,         std::numeric_limits<float>::max(),    infinity};

struct Worst {
  double error = 0;
  float input = 0;
  void take(const Worst& other) {
    if (other.error > error) *this = other;
  }
};

struct Errors {
  Worst ulps;   // of results that are normal numbers
  Worst steps;  // of smaller ones

  void take(const Errors& other) {
    ulps.take(other.ulps);
    steps.take(other.steps);
  }

  // An infinite result counts as the power of two that is too large for a float.
  void compare(float input, float got, double exact) {
    constexpr double first_infinite = 0x1p128;
    const bool nan = std::isnan(input) || std::isnan(exact);
    if (nan && std::isnan(got)) return;
    if (nan || std::isnan(got) || (std::abs(exact) >= first_infinite && std::isfinite(got))) {
      ulps.take({infinity, input});
      return;
    }
    const double bounded = std::clamp(exact, -first_infinite, first_infinite);
    const double error = std::abs(std::clamp<double>(got, -first_infinite, first_infinite) - bounded);
    if (std::abs(exact) < std::numeric_limits<float>::min()) {
      steps.take({std::ldexp(error, 149), input});
    } else {
      ulps.take({std::ldexp(error, 23 - std::ilogb(bounded)), input});
    }
  }
};

struct Report {
  Errors value, gradient;

  void take(const Report& other) {
    value.take(other.value);
    gradient.take(other.gradient);
  }

  void examine(const Function& function, Tape<float>& tape, const std::vector<float>& inputs) {
    const auto frame = tape.frame();
    const auto x = tape.variable(inputs);
    const auto y = function.record(x);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      value.compare(inputs[i], y.data()[i], function.value(inputs[i]));
    }
    y.backward(std::vector<float>(inputs.size(), 1));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      gradient.compare(inputs[i], x.gradients()[i], function.slope(inputs[i]));
    }
  }
};

// Inputs 0, stride, 2 stride, ... by their bits, in blocks, of which each thread takes every threads-th.
Report examine(const Function& function, std::uint64_t stride, std::size_t threads) {
  constexpr std::uint64_t all = std::uint64_t{1} << 32, block = std::uint64_t{1} << 20;
  std::vector<std::future<Report>> parts;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    parts.push_back(std::async(std::launch::async, [=, &function] {
      Report report;
      Tape<float> tape;
      std::vector<float> inputs;
      for (std::uint64_t bits = thread * block * stride; bits < all; bits += (threads - 1) * block * stride) {
        for (inputs.clear(); inputs.size() < block && bits < all; bits += stride) {
          inputs.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        }
        report.examine(function, tape, inputs);
      }
      return report;
    }));
  }
  Report report;
  Tape<float> tape;
  report.examine(function, tape, edges);
  for (auto& part : parts) report.take(part.get());
  return report;
}

bool print(const char* name, const char* what, const Errors& errors) {
  const bool good = errors.ulps.error <= 4 && errors.steps.error <= 1;
  fmt::print("{:26} {:8} {:6.3f} ulp at {:<16a} and {:.3f} steps at {:<16a}{}\n", name, what,
             errors.ulps.error, errors.ulps.input, errors.steps.error, errors.steps.input,
             good ? "" : "  ABOVE THE BOUND");
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names;
  for (const Function& function : functions) names.emplace_back(function.name);
  std::uint64_t stride = 1;
  std::size_t threads = num_threads();
  CLI::App app("Compares functions of floats with the same in double.");
  app.option_defaults()->always_capture_default();
  app.add_option("--function", names, "which ones")->check(CLI::IsMember(names));
  app.add_option("--stride", stride, "compare at every Nth float only")->check(CLI::Range(1, 1 << 30));
  app.add_option("--threads", threads, "at most")->check(CLI::Range(1, 1024));
  CLI11_PARSE(app, argc, argv);

  set_num_threads(1);  // one for each operation: the inputs are shared out instead
  bool good = true;
  for (const Function& function : functions) {
    if (std::find(names.begin(), names.end(), function.name) == names.end()) continue;
    const Report report = examine(function, stride, threads);
    good = print(function.name, "value", report.value) && good;
    good = print(function.name, "gradient", report.gradient) && good;
    std::fflush(stdout);
  }
  return good ? 0 : 1;
}
