// SPDX-License-Identifier: BSD-3-Clause
#include "case.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <optional>

#include "xtape/core/error.hpp"

namespace reference {

namespace {

using nlohmann::json;
using xtape::Shape;

double parse_number(const json& source) {
  if (source.is_number()) return source.get<double>();
  if (source == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (source == "inf") return std::numeric_limits<double>::infinity();
  if (source == "-inf") return -std::numeric_limits<double>::infinity();
  throw MalformedCase(
      fmt::format(R"(an element must be a number, "nan", "inf" or "-inf", got {})", source.dump()));
}

Tensor parse_tensor(const json& source) {
  const auto extents = source.at("shape").get<std::vector<std::size_t>>();
  const json& data = source.at("data");
  const Shape shape(extents.begin(), extents.end());
  if (!data.is_array() || data.size() != shape.elements()) {
    throw MalformedCase(fmt::format("data must be a list of the {} elements of shape {}, got {}",
                                    shape.elements(), to_string(shape), data.dump()));
  }
  Tensor tensor(shape);
  std::ranges::transform(data, tensor.begin(), parse_number);
  return tensor;
}

std::map<std::string, Tensor> parse_tensors(const json& source) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : source.items()) tensors.emplace(name, parse_tensor(tensor));
  return tensors;
}

bool matches(double got, double want, Tolerance tolerance) {
  if (std::isnan(want)) return std::isnan(got);
  return got == want || std::abs(got - want) <= tolerance.absolute + tolerance.relative * std::abs(want);
}

std::optional<std::string> difference(const std::string& what, const Tensor& got, const Tensor& want,
                                      Tolerance tolerance) {
  if (got.shape() != want.shape()) {
    return fmt::format("shape of {}: got {}, expected {}", what, to_string(got.shape()),
                       to_string(want.shape()));
  }
  std::size_t wrong = 0, first = 0;
  for (std::size_t i = got.size(); i-- > 0;) {
    if (matches(got[i], want[i], tolerance)) continue;
    ++wrong;
    first = i;
  }
  if (wrong == 0) return std::nullopt;
  return fmt::format("{}, element {}: got {}, expected {} ({} of {} differ)", what, first, got[first],
                     want[first], wrong, got.size());
}

}  // namespace

std::vector<json> read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw xtape::FileError(path + ": the file must be readable");
  try {
    return json::parse(file).get<std::vector<json>>();
  } catch (const std::exception& error) {
    throw xtape::FileError(
        fmt::format("{}: the file must hold a JSON list of cases: {}", path, error.what()));
  }
}

Case parse(const json& source) {
  Case test;
  test.id = source.at("id").get<std::string>();
  test.family = source.at("family").get<std::string>();
  test.inputs = parse_tensors(source.at("inputs"));
  test.params = source.at("params").get<std::map<std::string, json>>();
  test.tolerance = source.at("tolerance").get<double>();
  test.atol = source.at("atol").get<double>();
  const json& expected = source.at("expected");
  if (expected.contains("error")) {
    test.error = expected.at("error").get<std::string>();
    return test;
  }
  test.value = parse_tensor(expected);
  if (source.contains("expected_grad")) test.gradients = parse_tensors(source.at("expected_grad"));
  for (const auto& [name, gradient] : test.gradients) {
    const auto input = test.inputs.find(name);
    if (input == test.inputs.end() || input->second.shape() != gradient.shape()) {
      throw MalformedCase(
          fmt::format("expected_grad: {} must be an input and have the shape of its gradient", name));
    }
  }
  return test;
}

std::vector<std::string> differences(const Case& test, const Outcome& outcome, Tolerance tolerance) {
  if (outcome.error != test.error) {
    return {fmt::format("error: got {}, expected {}",
                        outcome.error.empty() ? "none" : outcome.error + " (" + outcome.message + ")",
                        test.error.empty() ? "none" : test.error)};
  }
  std::vector<std::string> found;
  const auto compare = [&](const std::string& what, const Tensor& got, const Tensor& want) {
    if (auto sentence = difference(what, got, want, tolerance)) found.push_back(std::move(*sentence));
  };
  if (test.error.empty()) compare("value", outcome.value, test.value);
  for (const auto& [name, gradient] : test.gradients) {
    compare("gradient of " + name, outcome.gradients.at(name), gradient);
  }
  return found;
}

}  // namespace reference
