// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "case.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/core/error.hpp"
#include "xtape/losses/option_arrays.hpp"

namespace reference {

// The value that belongs to the name that a parameter holds.
template <class Value>
Value choose(const nlohmann::json& name, std::initializer_list<std::pair<std::string_view, Value>> choices) {
  for (const auto& [key, value] : choices) {
    if (name.is_string() && name.get_ref<const std::string&>() == key) return value;
  }
  throw xtape::ArgumentError(fmt::format("unknown choice {}", name.dump()));
}

// What a family reads from a case, whatever type it computes in.
class Arguments {
 public:
  explicit Arguments(const Case& test) : test_(test) {}

  // An input of class indices, or a mask.
  xtape::Array<std::int64_t> integers(const std::string& name) const;

  // An input that need not be given.
  const Tensor* find(const std::string& name) const;
  xtape::losses::Weights weights(const std::string& name) const;

  const nlohmann::json& param(const std::string& name) const { return test_.params.at(name); }
  bool flag(const std::string& name) const { return param(name).get<bool>(); }
  int integer(const std::string& name) const { return param(name).get<int>(); }
  double number(const std::string& name) const { return param(name).get<double>(); }

  // Sets an option if the family has a parameter for it.
  template <class Option>
  void set(Option& option, const std::string& name) const {
    using Value = typename decltype(std::optional(option))::value_type;
    constexpr bool nullable = !std::is_same_v<Option, Value>;
    if (!test_.params.contains(name) || (nullable && param(name).is_null())) return;
    option = param(name).get<Value>();
  }

 protected:
  const Case& test_;
};

// A case on a tape.
template <class T>
class Call : public Arguments {
 public:
  Call(const Case& test, xtape::Tape<T>& tape) : Arguments(test), tape_(tape) {}

  // An input of real numbers; a variable if the case asks for its gradient, else a constant.
  xtape::Variable<T> real(const std::string& name) {
    const Tensor& values = test_.inputs.at(name);
    const auto leaf = test_.gradients.contains(name) ? tape_.variable(values) : tape_.constant(values);
    return leaves_.insert_or_assign(name, leaf).first->second;
  }

  // What real() gave.
  xtape::Variable<T> leaf(const std::string& name) const {
    const auto leaf = leaves_.find(name);
    if (leaf == leaves_.end()) throw MalformedCase(name + " counts as a constant: it has no gradient");
    return leaf->second;
  }

  // Tells that these probabilities are clipped to [low, high].
  void clips(xtape::Variable<T> probabilities, T low, T high) {
    for (const T p : probabilities.values()) at_clip_end_ = at_clip_end_ || p <= low || p >= high;
  }
  bool at_clip_end() const { return at_clip_end_; }

 private:
  xtape::Tape<T>& tape_;
  std::map<std::string, xtape::Variable<T>> leaves_;
  bool at_clip_end_ = false;
};

// Sets the options that are called like the parameters.
template <class Options>
Options with_params(const Arguments& arguments, Options options) {
  if constexpr (requires { options.axis; }) arguments.set(options.axis, "axis");
  if constexpr (requires { options.epsilon; }) arguments.set(options.epsilon, "epsilon");
  if constexpr (requires { options.gamma; }) arguments.set(options.gamma, "gamma");
  if constexpr (requires { options.label_smoothing; })
    arguments.set(options.label_smoothing, "label_smoothing");
  if constexpr (requires { options.q; }) arguments.set(options.q, "q");
  return options;
}

}  // namespace reference
