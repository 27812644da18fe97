// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/parameter.hpp"

#include <algorithm>
#include <utility>

#include "autograd/parameter_budget.hpp"

namespace xtape {
namespace {

const Shape& within_budget(const Shape& shape) {
  ParameterBudget::spend(shape.elements());
  return shape;
}

}  // namespace

template <class T>
Parameter<T>::Parameter(std::string name, const Shape& shape)
    : name_(std::move(name)), value_(within_budget(shape)), grad_(shape) {}

template <class T>
ArrayView<T> Parameter<T>::gradients() {
  if (grad_is_zero_) {
    std::fill(grad_.begin(), grad_.end(), T{0});
    grad_is_zero_ = false;  // Nothing is written from the second call on, which threads may make at once.
  }
  return grad_;
}

template class Parameter<float>;
template class Parameter<double>;

}  // namespace xtape
