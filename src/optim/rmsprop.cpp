// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/rmsprop.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {

template <class T>
RMSprop<T>::RMSprop(std::span<const Group> groups) : Optimizer<T>("RMSprop", groups) {
  for (const auto& [parameters, options] : groups) {
    require_fraction("RMSprop", "alpha", options.alpha);
    require_above_0("RMSprop", "epsilon", options.epsilon);
    require_from_0("RMSprop", "weight_decay", options.weight_decay);
    require_fraction("RMSprop", "momentum", options.momentum);
    this->remember(options_.size(), "square_average");
    if (options.centered) this->remember(options_.size(), "gradient_average");
    if (options.momentum != 0) this->remember(options_.size(), "velocity");
    this->add_settings(fmt::format(
        "alpha = {}, epsilon = {}, weight_decay = {}, momentum = {}, centered = {}", options.alpha,
        options.epsilon, options.weight_decay, options.momentum, options.centered));
    options_.push_back(options);
  }
}

template <class T>
void RMSprop<T>::step() {
  this->count_step();
  const auto number = [](double x) { return static_cast<T>(x); };
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const RMSpropOptions& options = options_[group];
    const kernels::RMSpropStep<T> step{.rate = number(this->learning_rate(group)),
                                       .decay = number(options.alpha),
                                       .rest = number(1 - options.alpha),
                                       .epsilon = number(options.epsilon),
                                       .momentum = number(options.momentum),
                                       .weight_decay = number(options.weight_decay)};
    for (auto& slot : this->slots(group)) {
      T* const x = slot.parameter->values().data();
      const T* const g = slot.parameter->gradients().data();
      T* const square = slot.memory.front().values.data();
      T* const mean = options.centered ? slot.memory[1].values.data() : nullptr;
      T* const velocity = options.momentum != 0 ? slot.memory.back().values.data() : nullptr;
      parallel_for_ranges(
          slot.parameter->size(), exponentials_per_block, [&](std::size_t begin, std::size_t end) {
            const auto from_begin = [begin](T* array) { return array == nullptr ? nullptr : array + begin; };
            kernels::kernel<kernels::RMSprop, T>()(x + begin, g + begin, square + begin, from_begin(mean),
                                                   from_begin(velocity), end - begin, step);
          });
    }
  }
}

template class RMSprop<float>;
template class RMSprop<double>;

}  // namespace xtape::optim
