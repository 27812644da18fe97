// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/sgd.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "optim/rule.hpp"

namespace xtape::optim {

template <class T>
struct Rule<T, SGDOptions> {
  static constexpr const char* name = "SGD";
  static constexpr std::size_t elements_per_block = products_per_block;

  static void require_sensible(const SGDOptions& options) {
    require_fraction(name, "momentum", options.momentum);
    require_from_0(name, "weight_decay", options.weight_decay);
    if (options.nesterov && options.momentum == 0) {
      fail<ArgumentError>("{}: momentum must be above 0 with nesterov, got 0", name);
    }
  }
  static std::string settings(const SGDOptions& options) {
    return fmt::format("momentum = {}, weight_decay = {}, nesterov = {}", options.momentum,
                       options.weight_decay, options.nesterov);
  }
  static void remember(const SGDOptions& options, const auto& add) {
    if (options.momentum != 0) add("velocity");
  }

  Rule(const SGDOptions& options, double learning_rate, std::uint64_t)
      : has_velocity(options.momentum != 0),
        moves_all_rows(has_velocity),
        step{.rate = static_cast<T>(learning_rate),
             .momentum = static_cast<T>(options.momentum),
             .weight_decay = static_cast<T>(options.weight_decay),
             .nesterov = options.nesterov} {}

  void update(T* x, const T* g, const auto& memory, std::size_t n) const {
    kernels::kernel<kernels::SGD, T>()(x, g, has_velocity ? memory(0) : nullptr, n, step);
  }

  bool has_velocity;
  bool moves_all_rows;
  kernels::SGDStep<T> step;
};

template class OptimizerOf<float, SGDOptions>;
template class OptimizerOf<double, SGDOptions>;

}  // namespace xtape::optim
