// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/sgd.hpp"

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {

template <class T>
SGD<T>::SGD(std::span<const Group> groups) : Optimizer<T>("SGD", groups) {
  for (const auto& [parameters, options] : groups) {
    require_fraction("SGD", "momentum", options.momentum);
    require_from_0("SGD", "weight_decay", options.weight_decay);
    if (options.nesterov && options.momentum == 0) {
      fail<ArgumentError>("SGD: momentum must be above 0 with nesterov, got 0");
    }
    if (options.momentum != 0) this->remember(options_.size(), "velocity");
    this->add_settings(fmt::format("momentum = {}, weight_decay = {}, nesterov = {}", options.momentum,
                                   options.weight_decay, options.nesterov));
    options_.push_back(options);
  }
}

template <class T>
void SGD<T>::step() {
  this->count_step();
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const SGDOptions& options = options_[group];
    const kernels::SGDStep<T> step{.rate = static_cast<T>(this->learning_rate(group)),
                                   .momentum = static_cast<T>(options.momentum),
                                   .weight_decay = static_cast<T>(options.weight_decay),
                                   .nesterov = options.nesterov};
    for (auto& slot : this->slots(group)) {
      T* const x = slot.parameter->values().data();
      const T* const g = slot.parameter->gradients().data();
      T* const velocity = slot.memory.empty() ? nullptr : slot.memory[0].values.data();
      parallel_for_ranges(
          slot.parameter->size(), products_per_block, [&](std::size_t begin, std::size_t end) {
            kernels::kernel<kernels::SGD, T>()(
                x + begin, g + begin, velocity == nullptr ? nullptr : velocity + begin, end - begin, step);
          });
    }
  }
}

template class SGD<float>;
template class SGD<double>;

}  // namespace xtape::optim
