// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// The learning rates of an optimizer, one for each group of its parameters: what schedules change. A
/// schedule holds its address, so it neither moves nor copies.
class LearningRates {
 public:
  LearningRates(const LearningRates&) = delete;
  LearningRates& operator=(const LearningRates&) = delete;

  /// How many groups of parameters there are.
  std::size_t group_count() const noexcept { return learning_rates_.size(); }

  /// That of one group. An optimizer that was given one list of parameters has one group.
  /// @throws ArgumentError  there is no such group.
  double learning_rate(std::size_t group = 0) const;

  /// One a group.
  const std::vector<double>& learning_rates() const noexcept { return learning_rates_; }

  /// The same for all groups, from the next step on.
  /// @throws ArgumentError  it is negative, infinite or NaN.
  void set_learning_rate(double learning_rate);

  /// That of one group.
  /// @throws ArgumentError  as above, or there is no such group.
  void set_learning_rate(double learning_rate, std::size_t group);

  /// One a group. All are checked before the first is set.
  /// @throws ArgumentError  as above, or they are not as many as the groups.
  void set_learning_rates(const std::vector<double>& learning_rates);

 protected:
  /// @param name  of the optimizer, for messages.
  explicit LearningRates(const char* name) noexcept : name_(name) {}
  ~LearningRates() = default;

  /// Of the optimizer.
  const char* name() const noexcept { return name_; }

  /// @throws ArgumentError  the learning rate is negative, infinite or NaN.
  void add_group(double learning_rate);

 private:
  const char* name_;
  std::vector<double> learning_rates_;
};

}  // namespace xtape::optim
#pragma GCC visibility pop
