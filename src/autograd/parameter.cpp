// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/parameter.hpp"

#include <utility>

#include "arrays/format.hpp"
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
void Parameter<T>::set_sparse_gradient(bool sparse) {
  if (sparse && shape().rank() == 0) {
    fail<ShapeError>("set_sparse_gradient: the parameter '{}' must have rows, got a scalar", name());
  }
  gradient_.set_sparse(sparse);
}

template class Parameter<float>;
template class Parameter<double>;

}  // namespace xtape
