// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/rmsprop.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "optim/rule.hpp"

namespace xtape::optim {

template <class T>
struct Rule<T, RMSpropOptions> {
  static constexpr const char* name = "RMSprop";
  static constexpr std::size_t elements_per_block = exponentials_per_block;

  static void require_sensible(const RMSpropOptions& options) {
    require_fraction(name, "alpha", options.alpha);
    require_above_0(name, "epsilon", options.epsilon);
    require_from_0(name, "weight_decay", options.weight_decay);
    require_fraction(name, "momentum", options.momentum);
  }
  static std::string settings(const RMSpropOptions& options) {
    return fmt::format("alpha = {}, epsilon = {}, weight_decay = {}, momentum = {}, centered = {}",
                       options.alpha, options.epsilon, options.weight_decay, options.momentum,
                       options.centered);
  }
  static void remember(const RMSpropOptions& options, const auto& add) {
    add("square_average");
    if (options.centered) add("gradient_average");
    if (options.momentum != 0) add("velocity");
  }

  Rule(const RMSpropOptions& options, double learning_rate, std::uint64_t)
      : centered(options.centered),
        has_velocity(options.momentum != 0),
        step{.rate = static_cast<T>(learning_rate),
             .decay = static_cast<T>(options.alpha),
             .rest = static_cast<T>(1 - options.alpha),
             .epsilon = static_cast<T>(options.epsilon),
             .momentum = static_cast<T>(options.momentum),
             .weight_decay = static_cast<T>(options.weight_decay)} {}

  void update(T* x, const T* g, const auto& memory, std::size_t n) const {
    T* const mean = centered ? memory(1) : nullptr;
    T* const velocity = has_velocity ? memory(centered ? 2 : 1) : nullptr;
    kernels::kernel<kernels::RMSprop, T>()(x, g, memory(0), mean, velocity, n, step);
  }

  bool centered;
  bool has_velocity;
  kernels::RMSpropStep<T> step;
};

template class OptimizerOf<float, RMSpropOptions>;
template class OptimizerOf<double, RMSpropOptions>;

}  // namespace xtape::optim
