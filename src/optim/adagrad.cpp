// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/adagrad.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "optim/rule.hpp"

namespace xtape::optim {

template <class T>
struct Rule<T, AdagradOptions> {
  static constexpr const char* name = "Adagrad";
  static constexpr std::size_t elements_per_block = exponentials_per_block;

  static void require_sensible(const AdagradOptions& options) {
    require_from_0(name, "learning_rate_decay", options.learning_rate_decay);
    require_from_0(name, "weight_decay", options.weight_decay);
    require_from_0(name, "initial_accumulator", options.initial_accumulator);
    require_above_0(name, "epsilon", options.epsilon);
  }
  static std::string settings(const AdagradOptions& options) {
    return fmt::format("learning_rate_decay = {}, weight_decay = {}, initial_accumulator = {}, epsilon = {}",
                       options.learning_rate_decay, options.weight_decay, options.initial_accumulator,
                       options.epsilon);
  }
  static void remember(const AdagradOptions& options, const auto& add) {
    add("square_sum", static_cast<T>(options.initial_accumulator));
  }

  Rule(const AdagradOptions& options, double learning_rate, std::uint64_t t)
      : step{.rate = static_cast<T>(learning_rate /
                                    (1 + static_cast<double>(t - 1) * options.learning_rate_decay)),
             .decay = 1,
             .rest = 1,
             .epsilon = static_cast<T>(options.epsilon),
             .momentum = 0,
             .weight_decay = static_cast<T>(options.weight_decay)} {}

  void update(T* x, const T* g, const auto& memory, std::size_t n) const {
    kernels::kernel<kernels::RMSprop, T>()(x, g, memory(0), nullptr, nullptr, n, step);
  }

  kernels::RMSpropStep<T> step;
};

template class OptimizerOf<float, AdagradOptions>;
template class OptimizerOf<double, AdagradOptions>;

}  // namespace xtape::optim
