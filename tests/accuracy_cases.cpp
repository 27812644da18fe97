// SPDX-License-Identifier: BSD-3-Clause
// accuracy_cases FILE...: how far losses and functions are from exact results, in units in the last place.
// Prints one line per function, kind of labels and type, and fails above the bound: 4 ulp of the value, and
// of each gradient element. Those are ulp of the exact result, unless the case gives another scale; for soft
// labels t with sum T and probabilities p, the gradient may be off by 4 ulp of max(T p, t).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
struct Case {
  json test;
  Variable<T> x;
  std::vector<T> labels;  // of classes or elements; none where there is a class index, or none at all

  losses::ClassLabels<T> class_labels() const {
    if (test.contains("label")) return test["label"].get<std::int64_t>();
    return labels;
  }
  double option(const char* name, double otherwise) const {
    return test.contains("parameters") ? test["parameters"].value(name, otherwise) : otherwise;
  }
  double temperature() const { return option("temperature", 1); }
  losses::KlVariant variant() const {
    const auto name = test["parameters"].value("variant", "plain");
    if (name == "plain") return losses::KlVariant::plain;
    if (name == "generalized") return losses::KlVariant::generalized;
    throw Error("unknown variant " + name);
  }
};

// Of one sample, so that a sum is its loss.
template <class T>
const std::map<std::string, Variable<T> (*)(const Case<T>&)> functions{
    {"softmax_cross_entropy",
     [](const Case<T>& c) {
       return losses::softmax_cross_entropy(c.x, c.class_labels(),
                                            {.temperature = c.temperature(),
                                             .label_smoothing = c.option("label_smoothing", 0),
                                             .z_loss = c.option("z_loss", 0)});
     }},
    {"sigmoid_cross_entropy",
     [](const Case<T>& c) {
       return losses::sigmoid_cross_entropy(c.x, c.labels,
                                            {.temperature = c.temperature(),
                                             .pos_weight = c.option("pos_weight", 1),
                                             .label_smoothing = c.option("label_smoothing", 0),
                                             .reduction = losses::Reduction::sum});
     }},
    {"softmax_focal",
     [](const Case<T>& c) {
       return losses::softmax_focal(c.x, c.class_labels(),
                                    {.gamma = c.option("gamma", 2), .temperature = c.temperature()});
     }},
    {"sigmoid_focal",
     [](const Case<T>& c) {
       return losses::sigmoid_focal(c.x, c.labels,
                                    {.gamma = c.option("gamma", 2),
                                     .temperature = c.temperature(),
                                     .reduction = losses::Reduction::sum});
     }},
    {"poly_cross_entropy",
     [](const Case<T>& c) {
       return losses::poly_cross_entropy(c.x, c.class_labels(),
                                         {.epsilon = c.option("epsilon", 2), .temperature = c.temperature()});
     }},
    {"symmetric_cross_entropy",
     [](const Case<T>& c) {
       return losses::symmetric_cross_entropy(c.x, c.class_labels(), {.temperature = c.temperature()});
     }},
    {"soft_margin",
     [](const Case<T>& c) { return losses::soft_margin(c.x, c.labels, {.temperature = c.temperature()}); }},
    {"squared_error",
     [](const Case<T>& c) { return losses::squared_error(c.x, c.labels, {.scale = c.option("scale", 1)}); }},
    {"huber",
     [](const Case<T>& c) {
       return losses::huber(c.x, c.labels, {.delta = c.option("delta", 1), .scale = c.option("scale", 1)});
     }},
    {"ordinal_cross_entropy",  // of a score and the thresholds behind it
     [](const Case<T>& c) {
       const auto end = static_cast<std::ptrdiff_t>(c.x.size());
       return losses::ordinal_cross_entropy(slice(c.x, 0, 0, 1), slice(c.x, 0, 1, end),
                                            std::vector{c.test["label"].template get<std::int64_t>()});
     }},
    {"binary_cross_entropy",
     [](const Case<T>& c) {
       return losses::binary_cross_entropy(c.x, c.labels, {.epsilon = c.option("epsilon", 1e-7)});
     }},
    {"categorical_cross_entropy",
     [](const Case<T>& c) {
       return losses::categorical_cross_entropy(c.x, c.class_labels(),
                                                {.epsilon = c.option("epsilon", 1e-7)});
     }},
    {"generalized_cross_entropy",
     [](const Case<T>& c) {
       return losses::generalized_cross_entropy(c.x, c.test["label"].template get<std::int64_t>(),
                                                {.q = c.option("q", 0.5)});
     }},
    {"kl_divergence",
     [](const Case<T>& c) {
       return losses::kl_divergence(c.x, c.labels, {.epsilon = c.option("epsilon", 1e-7)});
     }},
    {"kl_divergence_from_log",
     [](const Case<T>& c) {
       return losses::kl_divergence_from_log(c.x, c.labels,
                                             {.variant = c.variant(), .reduction = losses::Reduction::sum});
     }},
    {"log_sum_exp", [](const Case<T>& c) { return log_sum_exp(c.x); }},
    {"gelu", [](const Case<T>& c) { return gelu(c.x); }},
    {"silu", [](const Case<T>& c) { return silu(c.x); }},
    {"softplus", [](const Case<T>& c) { return softplus(c.x); }},
    {"sigmoid", [](const Case<T>& c) { return sigmoid(c.x); }},
    {"tanh", [](const Case<T>& c) { return tanh(c.x); }},
    {"elu", [](const Case<T>& c) { return elu(c.x); }},
    {"exp", [](const Case<T>& c) { return exp(c.x); }},
    {"log", [](const Case<T>& c) { return log(c.x); }},
    {"log1p", [](const Case<T>& c) { return log1p(c.x); }}};

// accuracy.jsonl calls them as TensorFlow does.
std::string function_of(const json& test) {
  if (test.contains("function")) return test["function"];
  const auto loss = test.at("loss").get<std::string>();
  if (loss == "sparse_softmax_cross_entropy_with_logits") return "softmax_cross_entropy";
  if (loss == "softmax_cross_entropy_with_logits") return "softmax_cross_entropy";
  if (loss == "sigmoid_cross_entropy_with_logits") return "sigmoid_cross_entropy";
  throw Error("unknown loss " + loss);
}

std::string name_of(const json& test, const std::string& function, bool is_soft) {
  std::string name = function;
  if (test.contains("label")) name += " index";
  if (test.contains("labels")) name += is_soft ? " soft" : " hard";
  const json parameters = test.value("parameters", json::object());
  for (const auto& [option, value] : parameters.items()) {
    name += fmt::format(" {}={}", option, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return fmt::format("{} {}", name, test.at("dtype").get<std::string>());
}

long double number(const json& text) { return std::stold(text.get<std::string>()); }

template <class T>
void run(const json& test, std::map<std::string, Tally>& tallies) {
  const auto id = test.at("id").get<std::string>();
  const std::string function = function_of(test);
  if (!functions<T>.contains(function)) throw Error("unknown function " + function);
  Tape<T> tape;
  const Variable<T> x = tape.variable(hex_floats<T>(test.at(test.contains("inputs") ? "inputs" : "logits")));
  const auto labels = hex_floats<T>(test.value("labels", json::array()));
  const Variable<T> y = functions<T>.at(function)(Case<T>{test, x, labels});
  sum(y).backward();

  const bool is_soft =
      std::any_of(labels.begin(), labels.end(), [](T t) { return t != 0 && std::abs(t) != 1; });
  Tally& tally = tallies[name_of(test, function, is_soft)];
  ++tally.cases;
  const long double exact = number(test.at("value"));
  tally.value.take(ulps<T>(y.data()[0], exact, number(test.value("value_scale", test["value"]))), id);
  for (std::size_t j = 0; j < x.size(); ++j) {
    const long double slope = number(test.at("gradient").at(j));
    long double scale = slope;
    if (test.contains("gradient_scales")) {
      scale = number(test["gradient_scales"].at(j));
    } else if (is_soft) {  // p sum(t) - t is the gradient, so p sum(t) is the gradient and t.
      scale = std::max(slope + labels[j], static_cast<long double>(labels[j]));
    }
    tally.gradient.take(ulps<T>(x.gradients()[j], slope, scale), id);
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
    fmt::print("{:62} {:5} cases  value {:6.3f} ulp ({})  gradient {:6.3f} ulp ({}){}\n", name, tally.cases,
               tally.value.ulp, tally.value.id, tally.gradient.ulp, tally.gradient.id,
               good ? "" : "  ABOVE THE BOUND");
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "accuracy_cases: {}\n", error.what());
  return 1;
}
