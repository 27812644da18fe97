// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/adam.hpp"

#include <cmath>
#include <type_traits>

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "optim/rule.hpp"

namespace xtape::optim {

// Of Adam, and of AdamW, where the decay is of the weights.
template <class T, class Options>
struct AdamRule {
  static constexpr bool decays_weights = std::is_same_v<Options, AdamWOptions>;
  static constexpr const char* name = decays_weights ? "AdamW" : "Adam";
  static constexpr std::size_t elements_per_block = exponentials_per_block;

  static void require_sensible(const Options& options) {
    require_fraction(name, "beta1", options.beta1);
    require_fraction(name, "beta2", options.beta2);
    require_above_0(name, "epsilon", options.epsilon);
    require_from_0(name, "weight_decay", options.weight_decay);
  }
  static std::string settings(const Options& options) {
    return fmt::format("beta1 = {}, beta2 = {}, epsilon = {}, weight_decay = {}", options.beta1,
                       options.beta2, options.epsilon, options.weight_decay);
  }
  static void remember(const Options&, const auto& add) {
    add("first_moment");
    add("second_moment");
  }

  // The corrections of both moments are moved out of the loop: r m' / (sqrt(v') + e) with m' = m / c1 and
  // v' = v / c2 is (r / c1) m / (sqrt(v) / sqrt(c2) + e).
  AdamRule(const Options& options, double learning_rate, std::uint64_t steps) {
    const auto t = static_cast<double>(steps);
    const double correction1 = 1 - std::pow(options.beta1, t);
    const double correction2 = 1 - std::pow(options.beta2, t);
    const auto number = [](double x) { return static_cast<T>(x); };
    step = {.rate = number(learning_rate / correction1),
            .scale = number(1 / std::sqrt(correction2)),
            .epsilon = number(options.epsilon),
            .beta1 = number(options.beta1),
            .rest1 = number(1 - options.beta1),
            .beta2 = number(options.beta2),
            .rest2 = number(1 - options.beta2),
            .weight_decay = number(decays_weights ? 0 : options.weight_decay),
            .lost = number(decays_weights ? learning_rate * options.weight_decay : 0)};
  }

  void update(T* x, const T* g, const auto& memory, std::size_t n) const {
    kernels::kernel<kernels::Adam, T>()(x, g, memory(0), memory(1), n, step);
  }

  kernels::AdamStep<T> step;
};

template <class T>
struct Rule<T, AdamOptions> : AdamRule<T, AdamOptions> {
  using AdamRule<T, AdamOptions>::AdamRule;
};
template <class T>
struct Rule<T, AdamWOptions> : AdamRule<T, AdamWOptions> {
  using AdamRule<T, AdamWOptions>::AdamRule;
};

template class OptimizerOf<float, AdamOptions>;
template class OptimizerOf<double, AdamOptions>;
template class OptimizerOf<float, AdamWOptions>;
template class OptimizerOf<double, AdamWOptions>;

}  // namespace xtape::optim
