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
    const auto slots = this->slots(group);
    for (const auto& slot : slots) slot.parameter->gradients();  // Writes the zeros that nobody has written.
    parallel_for_arrays(
        slots.size(), Rule::elements_per_block, [&](std::size_t p) { return slots[p].parameter->size(); },
        [&](std::size_t p, std::size_t begin, std::size_t end) {
          Parameter<T>& parameter = *slots[p].parameter;
          const auto memory = [&](std::size_t i) { return slots[p].memory[i].values.data() + begin; };
          rule.update(parameter.values().data() + begin, parameter.gradients().data() + begin, memory,
                      end - begin);
        });
  }
}

}  // namespace xtape::optim
