// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "threads/thread_pool.hpp"
#include "xtape/optim/optimizer.hpp"

namespace xtape::optim {

// What an optimizer does, beside its options; its file specialises this:
//   name                              for messages
//   elements_per_block                that a thread changes at a time
//   require_sensible(options)         throws ArgumentError
//   settings(options)                 in words, without the learning rate
//   remember(options, add)            add(name, initial = 0) for each array that is remembered of a parameter
//   Rule(options, learning rate, t)   of step t, from 1
//   update(x, g, memory, n)           of n elements; memory(i) is where the array that was added as i-th is
template <class T, class Options>
struct Rule;

template <class T, class Options>
OptimizerOf<T, Options>::OptimizerOf(std::span<const Group> groups)
    : Optimizer<T>(Rule<T, Options>::name, groups) {
  using Rule = optim::Rule<T, Options>;
  for (const auto& [parameters, options] : groups) {
    Rule::require_sensible(options);
    Rule::remember(options,
                   [&](const char* name, T initial = 0) { this->remember(options_.size(), name, initial); });
    this->add_settings(Rule::settings(options));
    options_.push_back(options);
  }
}

template <class T, class Options>
void OptimizerOf<T, Options>::step() {
  using Rule = optim::Rule<T, Options>;
  const std::uint64_t t = this->count_step();
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const Rule rule(options_[group], this->learning_rate(group), t);
    for (auto& [parameter, arrays] : this->slots(group)) {
      T* const x = parameter->values().data();
      const T* const g = parameter->gradients().data();
      parallel_for_ranges(parameter->size(), Rule::elements_per_block,
                          [&, &memory = arrays](std::size_t begin, std::size_t end) {
                            const auto array = [&](std::size_t i) { return memory[i].values.data() + begin; };
                            rule.update(x + begin, g + begin, array, end - begin);
                          });
    }
  }
}

}  // namespace xtape::optim
