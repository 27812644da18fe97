// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "xtape/arrays/shape.hpp"
#include "xtape/ops/size2d.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

struct ModuleConfig;

/// What a module was made with, by names: enough to make one alike, whose state can then be loaded.
///
///     Config config() const override { return nn::Config().set("channels", channels_).set("bias", true); }
///     explicit Residual(const nn::Config& config) : Residual(config.count("channels")) {}
class Config {
 public:
  /// What a name stands for.
  using Value = std::variant<bool, double, std::string, std::vector<double>, std::vector<ModuleConfig>>;

  /// @throws ArgumentError  the name is taken.
  Config& set(std::string name, bool flag);
  /// The same of a number; whole ones are kept exactly up to 2^53.
  template <class Number>
  requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>) Config& set(std::string name,
                                                                                    Number number) {
    return set_number(std::move(name), static_cast<double>(number));
  }
  /// The same of a text.
  Config& set(std::string name, std::string text);
  /// The same, lest it be taken for a flag.
  Config& set(std::string name, const char* text) { return set(std::move(name), std::string(text)); }
  /// The same of extents.
  Config& set(std::string name, const Shape& shape);
  /// The same of rows and columns.
  Config& set(std::string name, const Size2d& size);
  /// The same of numbers.
  Config& set(std::string name, std::vector<double> numbers);
  /// The same of modules within this one.
  Config& set(std::string name, std::vector<ModuleConfig> modules);

  /// Whether there is something of that name.
  bool contains(const std::string& name) const;

  /// @throws ArgumentError  there is nothing of that name, or it is no true or false.
  bool flag(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is no number.
  double number(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is no whole number from 0 to 2^53.
  std::size_t count(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is no text.
  const std::string& text(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is not up to Shape::max_rank extents.
  Shape shape(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is not a number of rows and one of columns.
  Size2d size(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is no list of numbers.
  const std::vector<double>& numbers(const std::string& name) const;
  /// @throws ArgumentError  there is nothing of that name, or it is no list of modules.
  const std::vector<ModuleConfig>& modules(const std::string& name) const;

  /// All there is, by name. Copies of a config share it.
  const std::map<std::string, std::shared_ptr<const Value>>& values() const noexcept { return values_; }

 private:
  Config& set_number(std::string name, double number);
  Config& put(std::string name, Value value);
  template <class Kind>
  const Kind& get(const std::string& name, const char* kind) const;

  std::map<std::string, std::shared_ptr<const Value>> values_;
};

/// A module as what makes it anew takes it: see make_module.
struct ModuleConfig {
  std::string type;  ///< the name of its class: Module::type_name
  Config config;     ///< what it was made with: Module::config
};

}  // namespace xtape::nn
#pragma GCC visibility pop
