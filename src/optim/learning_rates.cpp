// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/learning_rates.hpp"

#include <algorithm>

#include "arrays/format.hpp"
#include "optim/option_checks.hpp"

namespace xtape::optim {
namespace {

void require_group(const char* name, std::size_t group, std::size_t groups) {
  if (group >= groups) fail<ArgumentError>("{}: group must be below {}, got {}", name, groups, group);
}

}  // namespace

double LearningRates::learning_rate(std::size_t group) const {
  require_group(name_, group, group_count());
  return learning_rates_[group];
}

void LearningRates::set_learning_rate(double learning_rate) {
  require_from_0(name_, "learning_rate", learning_rate);
  std::fill(learning_rates_.begin(), learning_rates_.end(), learning_rate);
}

void LearningRates::set_learning_rate(double learning_rate, std::size_t group) {
  require_group(name_, group, group_count());
  require_from_0(name_, "learning_rate", learning_rate);
  learning_rates_[group] = learning_rate;
}

void LearningRates::set_learning_rates(const std::vector<double>& learning_rates) {
  if (learning_rates.size() != group_count()) {
    fail<ArgumentError>("{}: there must be {} learning rates, one a group, got {}", name_, group_count(),
                        learning_rates.size());
  }
  for (const double rate : learning_rates) require_from_0(name_, "learning_rate", rate);
  std::copy(learning_rates.begin(), learning_rates.end(), learning_rates_.begin());
}

void LearningRates::add_group(double learning_rate) {
  require_from_0(name_, "learning_rate", learning_rate);
  learning_rates_.push_back(learning_rate);
}

}  // namespace xtape::optim
