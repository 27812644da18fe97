// SPDX-License-Identifier: BSD-3-Clause
// accuracy_cases FILE...: how far the losses are from exact results, in units in the last place. Prints one
// line per loss, kind of labels and type, and fails above the bounds: 4 ulp of the value, and of each
// gradient element, for hard labels; for soft labels t with sum T and probabilities p the gradient may be off
// by 4 ulp of max(T p, t).
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "xtape/xtape.hpp"

namespace {

using nlohmann::json;
using namespace xtape;

constexpr double bound = 4;

struct Worst {
  double ulp = 0;
  std::string id = "-";
  void take(double candidate, const std::string& candidate_id) {
    if (candidate <= ulp) return;
    ulp = candidate;
    id = candidate_id;
  }
};

struct Tally {
  std::size_t cases = 0;
  Worst value, gradient;
};

// |got - exact| in units in the last place of `scale`; a result below the normal numbers has the spacing of
// the smallest of them.
template <class T>
double ulps(T got, long double exact, long double scale) {
  const int exponent = std::max(std::ilogb(scale), std::numeric_limits<T>::min_exponent - 1);
  const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1);
  const long double error = std::abs(static_cast<long double>(got) - exact) / ulp;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : static_cast<double>(error);
}

template <class T>
std::vector<T> hex_floats(const json& strings) {
  std::vector<T> numbers;
  for (const auto& text : strings) numbers.push_back(static_cast<T>(std::stod(text.get<std::string>())));
  return numbers;
}

template <class T>
void run(const json& test, std::map<std::string, Tally>& tallies) {
  const auto id = test.at("id").get<std::string>(), loss_name = test.at("loss").get<std::string>();
  Tape<T> tape;
  const auto logits = tape.variable(hex_floats<T>(test.at("logits")));
  std::vector<T> labels;
  if (test.contains("labels")) labels = hex_floats<T>(test.at("labels"));
  const auto record = [&]() -> Variable<T> {
    if (loss_name == "sparse_softmax_cross_entropy_with_logits") {
      return losses::softmax_cross_entropy(logits, test.at("label").get<std::int64_t>());
    }
    if (loss_name == "softmax_cross_entropy_with_logits")
      return losses::softmax_cross_entropy(logits, labels);
    if (loss_name == "sigmoid_cross_entropy_with_logits")
      return losses::sigmoid_cross_entropy(logits, labels);
    throw Error("unknown loss " + loss_name);
  };
  const Variable<T> loss = record();
  loss.backward();

  bool hard = true;
  for (const T label : labels) hard = hard && (label == 0 || label == 1);
  Tally& tally = tallies[fmt::format("{} {} {}", loss_name, hard ? "hard" : "soft",
                                     test.at("dtype").get<std::string>())];
  ++tally.cases;
  const long double exact = std::stold(test.at("value").get<std::string>());
  tally.value.take(ulps<T>(loss.item(), exact, exact), id);
  for (std::size_t j = 0; j < logits.size(); ++j) {
    const long double slope = std::stold(test.at("gradient")[j].get<std::string>());
    // p sum(t) - t is the gradient, so p sum(t) is the gradient and t.
    const long double scale = hard ? slope : std::max(slope + labels[j], static_cast<long double>(labels[j]));
    tally.gradient.take(ulps<T>(logits.gradients()[j], slope, scale), id);
  }
}

void run_file(const std::string& path, std::map<std::string, Tally>& tallies) {
  std::ifstream file(path);
  if (!file) throw Error(path + ": the file must be readable");
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    try {
      const json test = json::parse(line);
      test.at("dtype") == "float32" ? run<float>(test, tallies) : run<double>(test, tallies);
    } catch (const std::exception& error) {
      throw Error(fmt::format("{}:{}: {}", path, number, error.what()));
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw Error("usage: accuracy_cases FILE...");
  std::map<std::string, Tally> tallies;
  for (int i = 1; i < argc; ++i) run_file(argv[i], tallies);
  std::size_t passed = 0, failed = 0;
  for (const auto& [name, tally] : tallies) {
    const bool good = tally.value.ulp <= bound && tally.gradient.ulp <= bound;
    good ? ++passed : ++failed;
    fmt::print("{:58} {:5} cases  value {:6.3f} ulp ({})  gradient {:6.3f} ulp ({}){}\n", name, tally.cases,
               tally.value.ulp, tally.value.id, tally.gradient.ulp, tally.gradient.id,
               good ? "" : "  ABOVE THE BOUND");
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "accuracy_cases: {}\n", error.what());
  return 1;
}
