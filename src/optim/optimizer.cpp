// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/optimizer.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/distinct_parameters.hpp"

namespace xtape::optim {

template <class T>
Optimizer<T>::~Optimizer() = default;

template <class T>
void Optimizer<T>::add_group(const std::vector<Parameter<T>*>& parameters, double learning_rate) {
  LearningRates::add_group(learning_rate);
  parameters_.insert(parameters_.end(), parameters.begin(), parameters.end());
  for (Parameter<T>* parameter : parameters) slots_.push_back({parameter, {}});
  group_ends_.push_back(slots_.size());
}

template <class T>
void Optimizer<T>::require_parameters() const {
  if (parameters_.empty()) fail<ArgumentError>("{}: there must be parameters to change, got none", name());
  detail::require_distinct(name(), parameters_);
}

template <class T>
auto Optimizer<T>::slots(std::size_t group) -> std::span<Slot> {
  const std::size_t begin = group == 0 ? 0 : group_ends_[group - 1];
  return std::span(slots_).subspan(begin, group_ends_[group] - begin);
}

template <class T>
void Optimizer<T>::remember(std::size_t group, const char* name, T initial) {
  for (Slot& slot : slots(group)) {
    Memory& memory = slot.memory.emplace_back(Memory{name, Array<T>(slot.parameter->shape())});
    std::fill(memory.values.begin(), memory.values.end(), initial);
  }
}

template <class T>
std::uint64_t Optimizer<T>::count_step() noexcept {
  for (Parameter<T>* parameter : parameters_) parameter->note_change();
  return ++steps_;
}

template <class T>
std::string Optimizer<T>::settings() const {
  std::vector<std::size_t> sparse;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    if (parameters_[p]->has_sparse_gradient()) sparse.push_back(p);
  }
  const std::string settings = fmt::format("{}: {}", name(), fmt::join(settings_, "; "));
  return sparse.empty() ? settings : fmt::format("{}; sparse: {}", settings, fmt::join(sparse, ", "));
}

template <class T>
NamedArrays Optimizer<T>::state() const {
  NamedArrays state;
  state.add_scalar("steps", steps_);
  state.add("learning_rates", ArrayView<const double>(learning_rates()));
  for (std::size_t p = 0; p < slots_.size(); ++p) {
    for (const Memory& memory : slots_[p].memory) {
      state.add(fmt::format("{}.{}", p, memory.name), ArrayView<const T>(memory.values));
    }
  }
  return state;
}

template <class T>
void Optimizer<T>::load_state(const NamedArrays& state) {
  const std::string function = fmt::format("{}::load_state", name());
  std::vector<std::string> names{"steps", "learning_rates"};
  const auto steps = state.get_scalar<std::uint64_t>(function.c_str(), names[0]);
  const auto rates = state.get<double>(function.c_str(), names[1], {group_count()});
  std::vector<std::pair<Array<T>*, ArrayView<const T>>> loads;
  for (std::size_t p = 0; p < slots_.size(); ++p) {
    for (Memory& memory : slots_[p].memory) {
      names.push_back(fmt::format("{}.{}", p, memory.name));
      loads.emplace_back(&memory.values, state.get<T>(function.c_str(), names.back(), memory.values.shape()));
    }
  }
  state.require_only(function.c_str(), names);

  this->set_learning_rates({rates.begin(), rates.end()});
  for (const auto& [values, loaded] : loads) std::copy(loaded.begin(), loaded.end(), values->begin());
  steps_ = steps;
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace xtape::optim
