// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "xtape/xtape.hpp"

namespace xtape::testing {

/// The parameters of a model by their names, as a state.
template <class T>
class ParameterState {
 public:
  explicit ParameterState(const nn::Module<T>& model) : parameters_(model.named_parameters()) {}

  NamedArrays state() const {
    NamedArrays state;
    for (const auto& [name, parameter] : parameters_) state.add(name, parameter->values());
    return state;
  }

  void load_state(const NamedArrays& state) {
    std::vector<std::string> names;
    for (const auto& [name, parameter] : parameters_) {
      names.push_back(name);
      state.get<T>("load_state", name, parameter->shape());
    }
    state.require_only("load_state", names);
    for (const auto& [name, parameter] : parameters_) {
      const ArrayView<const T> values = state.get<T>("load_state", name, parameter->shape());
      std::copy(values.begin(), values.end(), parameter->values().begin());
    }
  }

 private:
  std::vector<std::pair<std::string, Parameter<T>*>> parameters_;
};

}  // namespace xtape::testing
