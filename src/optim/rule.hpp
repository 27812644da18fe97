// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "autograd/gradient_access.hpp"
#include "kernels/prefetch.hpp"
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
//   moves_all_rows                    if there is such a member: whether those without a gradient move, too
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
  const auto gradient_of = [](const auto& slot) -> auto& {
    return detail::GradientAccess<T>::of(*slot.parameter);
  };
  const std::uint64_t t = this->count_step();
  for (std::size_t group = 0; group < options_.size(); ++group) {
    const Rule rule(options_[group], this->learning_rate(group), t);
    const auto slots = this->slots(group);
    for (const auto& slot : slots) gradient_of(slot).settle();
    const auto elements = [&](std::size_t p) {
      if constexpr (requires { rule.moves_all_rows; }) {
        if (rule.moves_all_rows) return detail::ElementsOfRows(slots[p].parameter->size());
      }
      return gradient_of(slots[p]).elements();
    };
    parallel_for_arrays(
        slots.size(), Rule::elements_per_block, [&](std::size_t p) { return elements(p).size(); },
        [&](std::size_t p, std::size_t begin, std::size_t end) {
          T* const x = slots[p].parameter->values().data();
          const T* const g = gradient_of(slots[p]).data();
          if (gradient_of(slots[p]).is_sparse()) {
            elements(p).for_each_run(begin, end, [&](std::size_t offset, std::size_t count) {
              for (auto& memory : slots[p].memory) kernels::prefetch(memory.values.data() + offset, count);
            });
          }
          elements(p).for_each_run(begin, end, [&](std::size_t offset, std::size_t count) {
            const auto memory = [&](std::size_t i) { return slots[p].memory[i].values.data() + offset; };
            rule.update(x + offset, g + offset, memory, count);
          });
        });
  }
}

}  // namespace xtape::optim
