// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "xtape/nn/module.hpp"

namespace xtape::nn {

// While it lives a model is in evaluation mode; then each module is in its own again. A model that is in it
// already is not written to, since other threads may be using it.
template <class T>
class EvaluationMode {
 public:
  explicit EvaluationMode(Module<T>& model) : modules_(model.named_modules()) {
    for (const auto& [name, module] : modules_) was_training_.push_back(module->is_training());
    if (is_any_training()) model.eval();
  }
  ~EvaluationMode() {
    if (!is_any_training()) return;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      modules_[i].second->train(was_training_[i]);  // those below follow
    }
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  bool is_any_training() const { return std::ranges::find(was_training_, true) != was_training_.end(); }

  std::vector<std::pair<std::string, Module<T>*>> modules_;
  std::vector<bool> was_training_;
};

}  // namespace xtape::nn
