// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/adam.hpp"

#include <cmath>
#include <type_traits>

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {
namespace {

template <class Options>
constexpr bool decays_weights = std::is_same_v<Options, AdamWOptions>;

template <class Options>
constexpr const char* name = decays_weights<Options> ? "AdamW" : "Adam";

// The corrections of both moments are moved out of the loop: r m' / (sqrt(v') + e) with m' = m / c1 and
// v' = v / c2 is (r / c1) m / (sqrt(v) / sqrt(c2) + e).
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
          .weight_decay = number(decays_weights<Options> ? 0 : options.weight_decay),
          .lost = number(decays_weights<Options> ? learning_rate * options.weight_decay : 0)};
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

template <class T, class Options>
AdamOptimizer<T, Options>::AdamOptimizer(std::span<const Group> groups)
    : Optimizer<T>(name<Options>, groups) {
  for (const auto& [parameters, options] : groups) {
    require_fraction(name<Options>, "beta1", options.beta1);
    require_fraction(name<Options>, "beta2", options.beta2);
    require_above_0(name<Options>, "epsilon", options.epsilon);
    require_from_0(name<Options>, "weight_decay", options.weight_decay);
    this->remember(options_.size(), "first_moment");
    this->remember(options_.size(), "second_moment");
    this->add_settings(fmt::format("beta1 = {}, beta2 = {}, epsilon = {}, weight_decay = {}", options.beta1,
                                   options.beta2, options.epsilon, options.weight_decay));
    options_.push_back(options);
  }
}

template <class T, class Options>
void AdamOptimizer<T, Options>::step() {
  const std::uint64_t steps = this->count_step();
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const auto step = numbers_of_step<T>(options_[group], this->learning_rate(group), steps);
    for (auto& [parameter, memory] : this->slots(group)) {
      update(*parameter, memory[0].values, memory[1].values, step);
    }
  }
}

template class AdamOptimizer<float, AdamOptions>;
template class AdamOptimizer<double, AdamOptions>;
template class AdamOptimizer<float, AdamWOptions>;
template class AdamOptimizer<double, AdamWOptions>;

}  // namespace xtape::optim
