// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/lion.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {

template <class T>
Lion<T>::Lion(std::span<const Group> groups) : Optimizer<T>("Lion", groups) {
  for (const auto& [parameters, options] : groups) {
    require_fraction("Lion", "beta1", options.beta1);
    require_fraction("Lion", "beta2", options.beta2);
    require_from_0("Lion", "weight_decay", options.weight_decay);
    this->remember(options_.size(), "momentum");
    this->add_settings(fmt::format("beta1 = {}, beta2 = {}, weight_decay = {}", options.beta1, options.beta2,
                                   options.weight_decay));
    options_.push_back(options);
  }
}

template <class T>
void Lion<T>::step() {
  this->count_step();
  const auto number = [](double x) { return static_cast<T>(x); };
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const LionOptions& options = options_[group];
    const double rate = this->learning_rate(group);
    const kernels::LionStep<T> step{.rate = number(rate),
                                    .lost = number(rate * options.weight_decay),
                                    .beta1 = number(options.beta1),
                                    .rest1 = number(1 - options.beta1),
                                    .beta2 = number(options.beta2),
                                    .rest2 = number(1 - options.beta2)};
    for (auto& slot : this->slots(group)) {
      T* const x = slot.parameter->values().data();
      const T* const g = slot.parameter->gradients().data();
      T* const momentum = slot.memory.front().values.data();
      parallel_for_ranges(
          slot.parameter->size(), exponentials_per_block, [&](std::size_t begin, std::size_t end) {
            kernels::kernel<kernels::Lion, T>()(x + begin, g + begin, momentum + begin, end - begin, step);
          });
    }
  }
}

template class Lion<float>;
template class Lion<double>;

}  // namespace xtape::optim
