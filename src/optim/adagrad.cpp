// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/adagrad.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {

template <class T>
Adagrad<T>::Adagrad(std::span<const Group> groups) : Optimizer<T>("Adagrad", groups) {
  for (const auto& [parameters, options] : groups) {
    require_from_0("Adagrad", "learning_rate_decay", options.learning_rate_decay);
    require_from_0("Adagrad", "weight_decay", options.weight_decay);
    require_from_0("Adagrad", "initial_accumulator", options.initial_accumulator);
    require_above_0("Adagrad", "epsilon", options.epsilon);
    this->remember(options_.size(), "square_sum", static_cast<T>(options.initial_accumulator));
    this->add_settings(fmt::format(
        "learning_rate_decay = {}, weight_decay = {}, initial_accumulator = {}, epsilon = {}",
        options.learning_rate_decay, options.weight_decay, options.initial_accumulator, options.epsilon));
    options_.push_back(options);
  }
}

template <class T>
void Adagrad<T>::step() {
  const auto steps_before = static_cast<double>(this->count_step() - 1);
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const AdagradOptions& options = options_[group];
    const double rate = this->learning_rate(group) / (1 + steps_before * options.learning_rate_decay);
    const kernels::RMSpropStep<T> step{.rate = static_cast<T>(rate),
                                       .decay = 1,
                                       .rest = 1,
                                       .epsilon = static_cast<T>(options.epsilon),
                                       .momentum = 0,
                                       .weight_decay = static_cast<T>(options.weight_decay)};
    for (auto& slot : this->slots(group)) {
      T* const x = slot.parameter->values().data();
      const T* const g = slot.parameter->gradients().data();
      T* const square = slot.memory[0].values.data();
      parallel_for_ranges(slot.parameter->size(), exponentials_per_block,
                          [&](std::size_t begin, std::size_t end) {
                            kernels::kernel<kernels::RMSprop, T>()(x + begin, g + begin, square + begin,
                                                                   nullptr, nullptr, end - begin, step);
                          });
    }
  }
}

template class Adagrad<float>;
template class Adagrad<double>;

}  // namespace xtape::optim
