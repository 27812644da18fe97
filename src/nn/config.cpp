// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/config.hpp"

#include <cmath>

#include "arrays/format.hpp"

namespace xtape::nn {
namespace {

constexpr double most_exact = 0x1p53;

bool is_count(double number) { return number >= 0 && number <= most_exact && number == std::trunc(number); }

std::size_t require_count(const std::string& name, double number) {
  if (is_count(number)) return static_cast<std::size_t>(number);
  fail<ArgumentError>("Config: '{}' must be of whole numbers from 0 to 2^53, got {}", name, number);
}

}  // namespace

Config& Config::set(std::string name, bool flag) { return put(std::move(name), flag); }

Config& Config::set_number(std::string name, double number) { return put(std::move(name), number); }

Config& Config::set(std::string name, std::string text) { return put(std::move(name), std::move(text)); }

Config& Config::set(std::string name, std::vector<double> numbers) {
  return put(std::move(name), std::move(numbers));
}

Config& Config::set(std::string name, const Shape& shape) {
  return put(std::move(name), std::vector<double>(shape.begin(), shape.end()));
}

Config& Config::set(std::string name, const Size2d& size) {
  return put(std::move(name), std::vector{static_cast<double>(size.rows), static_cast<double>(size.columns)});
}

Config& Config::set(std::string name, std::vector<ModuleConfig> modules) {
  return put(std::move(name), std::move(modules));
}

Config& Config::put(std::string name, Value value) {
  if (contains(name)) fail<ArgumentError>("Config::set: names must be distinct, got '{}' twice", name);
  auto kept = std::make_shared<const Value>(std::move(value));
  values_.emplace(std::move(name), std::move(kept));
  return *this;
}

template <class Kind>
const Kind& Config::get(const std::string& name, const char* kind) const {
  const auto place = values_.find(name);
  if (place == values_.end()) fail<ArgumentError>("Config: there must be {} '{}', got none", kind, name);
  const Kind* const value = std::get_if<Kind>(place->second.get());
  if (value == nullptr) fail<ArgumentError>("Config: '{}' must be {}, got another kind of value", name, kind);
  return *value;
}

bool Config::contains(const std::string& name) const { return values_.contains(name); }

bool Config::flag(const std::string& name) const { return get<bool>(name, "a flag, true or false,"); }

double Config::number(const std::string& name) const { return get<double>(name, "a number"); }

std::size_t Config::count(const std::string& name) const { return require_count(name, number(name)); }

const std::string& Config::text(const std::string& name) const { return get<std::string>(name, "a text"); }

Shape Config::shape(const std::string& name) const {
  Shape shape;
  for (const double extent : numbers(name)) {
    if (shape.rank() == Shape::max_rank)
      fail<ArgumentError>("Config: '{}' must be a shape of at most {} axes", name, Shape::max_rank);
    shape.append(require_count(name, extent));
  }
  return shape;
}

Size2d Config::size(const std::string& name) const {
  const std::vector<double>& sizes = numbers(name);
  if (sizes.size() != 2)
    fail<ArgumentError>("Config: '{}' must be rows and columns, got {} numbers", name, sizes.size());
  return {require_count(name, sizes[0]), require_count(name, sizes[1])};
}

const std::vector<double>& Config::numbers(const std::string& name) const {
  return get<std::vector<double>>(name, "a list of numbers");
}

const std::vector<ModuleConfig>& Config::modules(const std::string& name) const {
  return get<std::vector<ModuleConfig>>(name, "a list of modules");
}

}  // namespace xtape::nn
