// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/adam.hpp"

#include <cmath>

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {
namespace {

template <class Options>
void require_sensible(const char* name, const Options& options) {
  require_fraction(name, "beta1", options.beta1);
  require_fraction(name, "beta2", options.beta2);
  require_above_0(name, "epsilon", options.epsilon);
  require_from_0(name, "weight_decay", options.weight_decay);
}

// Without weight decay. The corrections of both moments are moved out of the loop: r m' / (sqrt(v') + e) with
// m' = m / c1 and v' = v / c2 is (r / c1) m / (sqrt(v) / sqrt(c2) + e).
template <class T, class Options>
kernels::AdamStep<T> numbers_of_step(const Options& options, double learning_rate, std::uint64_t steps) {
  const auto t = static_cast<double>(steps);
  const double correction1 = 1 - std::pow(options.beta1, t);
  const double correction2 = 1 - std::pow(options.beta2, t);
  const auto number = [](double x) { return static_cast<T>(x); };
  return {.rate = number(learning_rate / correction1),
          .scale = number(1 / std::sqrt(correction2)),
          .epsilon = number(options.epsilon),
          .beta1 = number(options.beta1),
          .rest1 = number(1 - options.beta1),
          .beta2 = number(options.beta2),
          .rest2 = number(1 - options.beta2),
          .weight_decay = 0,
          .lost = 0};
}

template <class T>
void update(Parameter<T>& parameter, Array<T>& first_moment, Array<T>& second_moment,
            const kernels::AdamStep<T>& step) {
  T* const x = parameter.values().data();
  const T* const g = parameter.gradients().data();
  T *const m = first_moment.data(), *const v = second_moment.data();
  parallel_for_ranges(parameter.size(), exponentials_per_block, [&](std::size_t begin, std::size_t end) {
    kernels::kernel<kernels::Adam, T>()(x + begin, g + begin, m + begin, v + begin, end - begin, step);
  });
}

}  // namespace

template <class T>
Adam<T>::Adam(std::span<const Group> groups) : Optimizer<T>("Adam", groups) {
  for (const auto& [parameters, options] : groups) {
    require_sensible("Adam", options);
    this->remember(options_.size(), "first_moment");
    this->remember(options_.size(), "second_moment");
    this->add_settings(fmt::format("beta1 = {}, beta2 = {}, epsilon = {}, weight_decay = {}", options.beta1,
                                   options.beta2, options.epsilon, options.weight_decay));
    options_.push_back(options);
  }
}

template <class T>
void Adam<T>::step() {
  const std::uint64_t steps = this->count_step();
  for (std::size_t group = 0; group < options_.size(); ++group) {
    auto step = numbers_of_step<T>(options_[group], this->learning_rate(group), steps);
    step.weight_decay = static_cast<T>(options_[group].weight_decay);
    for (auto& [parameter, memory] : this->slots(group)) {
      update(*parameter, memory[0].values, memory[1].values, step);
    }
  }
}

template <class T>
AdamW<T>::AdamW(std::span<const Group> groups) : Optimizer<T>("AdamW", groups) {
  for (const auto& [parameters, options] : groups) {
    require_sensible("AdamW", options);
    this->remember(options_.size(), "first_moment");
    this->remember(options_.size(), "second_moment");
    this->add_settings(fmt::format("beta1 = {}, beta2 = {}, epsilon = {}, weight_decay = {}", options.beta1,
                                   options.beta2, options.epsilon, options.weight_decay));
    options_.push_back(options);
  }
}

template <class T>
void AdamW<T>::step() {
  const std::uint64_t steps = this->count_step();
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const double rate = this->learning_rate(group);
    auto step = numbers_of_step<T>(options_[group], rate, steps);
    step.lost = static_cast<T>(rate * options_[group].weight_decay);
    for (auto& [parameter, memory] : this->slots(group)) {
      update(*parameter, memory[0].values, memory[1].values, step);
    }
  }
}

template class Adam<float>;
template class Adam<double>;
template class AdamW<float>;
template class AdamW<double>;

}  // namespace xtape::optim
