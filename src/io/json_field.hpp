// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arrays/format.hpp"
#include "io/json.hpp"
#include "xtape/arrays/shape.hpp"

namespace xtape::io {

// A value of a document, which must be of the kind that is asked for. What it finds wrong it says by
// ArgumentError.
class JsonField {
 public:
  JsonField(const Json& value, std::string where) : value_(value), where_(std::move(where)) {}

  const std::string& where() const noexcept { return where_; }

  // A member of an object, which must be there.
  JsonField operator[](const char* name) const {
    const Json* const value = find(name);
    if (value == nullptr) fail<ArgumentError>("{}: it must have '{}', got none", where_, name);
    return {*value, where_ + "." + name};
  }
  bool contains(const char* name) const { return find(name) != nullptr; }

  bool flag() const { return get<bool>("true or false"); }
  double number() const { return get<double>("a number"); }
  const std::string& text() const { return get<std::string>("a text"); }
  std::size_t count() const {
    constexpr double most_exact = 0x1p53;
    const double count = number();
    if (!(count >= 0 && count <= most_exact && count == std::trunc(count))) wrong("a whole number from 0");
    return static_cast<std::size_t>(count);
  }
  // One character, or none for '\0'.
  char character() const {
    if (text().size() > 1) wrong("one character");
    return text().empty() ? '\0' : text()[0];
  }

  // Calls function(element) for each element of a list.
  template <class Function>
  void for_each_element(Function function) const {
    std::size_t i = 0;
    for (const Json& element : get<Json::List>("a list"))
      function(JsonField(element, fmt::format("{}[{}]", where_, i++)));
  }
  // Calls function(name, value) for each member of an object.
  template <class Function>
  void for_each_member(Function function) const {
    for (const auto& [name, value] : get<Json::Object>("an object"))
      function(name, JsonField(value, where_ + "." + name));
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for_each_element([&](const JsonField& element) { texts.push_back(element.text()); });
    return texts;
  }
  std::vector<double> numbers() const {
    std::vector<double> numbers;
    for_each_element([&](const JsonField& element) { numbers.push_back(element.number()); });
    return numbers;
  }
  Shape shape() const {
    Shape shape;
    for_each_element([&](const JsonField& element) { shape.append(element.count()); });
    return shape;
  }
  template <class Enum, std::size_t count>
  Enum one_of(const std::array<std::pair<Enum, const char*>, count>& names) const {
    for (const auto& [value, spelling] : names) {
      if (text() == spelling) return value;
    }
    wrong("one that this version knows");
  }

  const Json& value() const noexcept { return value_; }

 private:
  [[noreturn]] void wrong(const char* rule) const {
    const bool is_text = std::holds_alternative<std::string>(value_.value());
    const bool is_number = std::holds_alternative<double>(value_.value());
    const std::string got = is_text     ? in_quotes(std::get<std::string>(value_.value()))
                            : is_number ? fmt::format("{}", std::get<double>(value_.value()))
                                        : std::string(value_.kind());
    fail<ArgumentError>("{} must be {}, got {}", where_, rule, got);
  }

  template <class Kind>
  const Kind& get(const char* rule) const {
    const Kind* const value = std::get_if<Kind>(&value_.value());
    if (value == nullptr) wrong(rule);
    return *value;
  }

  const Json* find(const char* name) const {
    get<Json::Object>("an object");
    return value_.find(name);
  }

  const Json& value_;
  std::string where_;
};

}  // namespace xtape::io
