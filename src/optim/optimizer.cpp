// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/format.hpp"

namespace xtape::optim {

template <class T>
Optimizer<T>::Optimizer(const char* name, std::vector<Parameter<T>*> parameters, double learning_rate)
    : name_(name), parameters_(std::move(parameters)) {
  if (parameters_.empty()) fail<ArgumentError>("{}: there must be parameters to change, got none", name_);
  std::vector<Parameter<T>*> sorted = parameters_;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.front() == nullptr) fail<ArgumentError>("{}: parameters must not be null", name_);
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    fail<ArgumentError>("{}: each parameter must be given once, got '{}' twice", name_, (*twice)->name());
  }
  set_learning_rate(learning_rate);
}

template <class T>
void Optimizer<T>::set_learning_rate(double learning_rate) {
  if (!(learning_rate >= 0) || std::isinf(learning_rate)) {
    fail<ArgumentError>("{}: learning_rate must be a finite number from 0, got {}", name_, learning_rate);
  }
  learning_rate_ = learning_rate;
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace xtape::optim
