// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/lion.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "optim/rule.hpp"

namespace xtape::optim {

template <class T>
struct Rule<T, LionOptions> {
  static constexpr const char* name = "Lion";
  static constexpr std::size_t elements_per_block = exponentials_per_block;

  static void require_sensible(const LionOptions& options) {
    require_fraction(name, "beta1", options.beta1);
    require_fraction(name, "beta2", options.beta2);
    require_from_0(name, "weight_decay", options.weight_decay);
  }
  static std::string settings(const LionOptions& options) {
    return fmt::format("beta1 = {}, beta2 = {}, weight_decay = {}", options.beta1, options.beta2,
                       options.weight_decay);
  }
  static void remember(const LionOptions&, const auto& add) { add("momentum"); }

  Rule(const LionOptions& options, double learning_rate, std::uint64_t)
      : step{.rate = static_cast<T>(learning_rate),
             .lost = static_cast<T>(learning_rate * options.weight_decay),
             .beta1 = static_cast<T>(options.beta1),
             .rest1 = static_cast<T>(1 - options.beta1),
             .beta2 = static_cast<T>(options.beta2),
             .rest2 = static_cast<T>(1 - options.beta2)} {}

  void update(T* x, const T* g, const auto& memory, std::size_t n) const {
    kernels::kernel<kernels::Lion, T>()(x, g, memory(0), n, step);
  }

  kernels::LionStep<T> step;
};

template class OptimizerOf<float, LionOptions>;
template class OptimizerOf<double, LionOptions>;

}  // namespace xtape::optim
