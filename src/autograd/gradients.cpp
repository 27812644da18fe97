// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradients.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/distinct_parameters.hpp"
#include "autograd/gradient_access.hpp"
#include "core/at_end.hpp"
#include "xtape/autograd/claims.hpp"

namespace xtape {

template <class T>
Gradients<T>::Gradients(const std::vector<Parameter<T>*>& parameters)
    : parameters_(parameters), by_address_(parameters.size()) {
  detail::require_distinct("Gradients", parameters);
  std::iota(by_address_.begin(), by_address_.end(), std::size_t{0});
  std::ranges::sort(by_address_, std::less<>(), [&](std::size_t p) { return parameters[p]; });
  std::size_t elements = 0;
  for (const Parameter<T>* parameter : parameters) elements += parameter->size();
  values_ = Array<T>(Shape{elements});
  T* memory = values_.data();
  for (const Parameter<T>* parameter : parameters) {
    parts_.emplace_back(ArrayView<T>(memory, parameter->shape()), parameter->has_sparse_gradient());
    memory += parameter->size();
  }
}

template <class T>
detail::GradientMemory<T>* Gradients<T>::find(const Parameter<T>& parameter) noexcept {
  const auto address = [this](std::size_t p) -> const Parameter<T>* { return parameters_[p]; };
  const auto found = std::ranges::lower_bound(by_address_, &parameter, std::less<>(), address);
  return found != by_address_.end() && address(*found) == &parameter ? &parts_[*found] : nullptr;
}

// What a backward adds to.
template <class T>
detail::GradientMemory<T>& Gradients<T>::memory_of(const Parameter<T>& parameter) {
  detail::GradientMemory<T>* const part = find(parameter);
  if (part == nullptr) {
    fail<ArgumentError>(
        "backward: gradients must be of every parameter that the variable depends on, got none of '{}'; make "
        "them of all parameters(), or use its value without its gradient, by detach() or no_grad()",
        parameter.name());
  }
  return *part;
}

template <class T>
ArrayView<T> Gradients<T>::of(const Parameter<T>& parameter) {
  detail::GradientMemory<T>* const part = find(parameter);
  if (part == nullptr) {
    fail<ArgumentError>("Gradients::of: parameter must be one that they are gradients of, got '{}'",
                        parameter.name());
  }
  return part->open();
}

template <class T>
ArrayView<T> Gradients<T>::flat() {
  for (auto& part : parts_) part.open();
  return values_;
}

template <class T>
void Gradients<T>::add_to(const std::vector<Parameter<T>*>& parameters) {
  require_same_shapes(parameters);
  claim("Gradients::add_to", this);
  const AtEnd released([this] { claim_.release(); });
  detail::Claims<T> claims;
  for (Parameter<T>* parameter : parameters) {
    if (claims.has(*parameter)) {
      fail<ArgumentError>("Gradients::add_to: each parameter must be given once, got '{}' twice",
                          parameter->name());
    }
    claims.take("Gradients::add_to", *parameter);
  }
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    detail::GradientAccess<T>::of(*parameters[p]).add(parts_[p]);
  }
  zero();
}

template <class T>
void Gradients<T>::zero() noexcept {
  for (auto& part : parts_) part.zero();
}

template <class T>
void Gradients<T>::claim(const char* function, const void* owner) {
  if (claim_.take(owner)) return;
  fail<TapeError>(
      "{}: one call at a time must use the same gradients, got a second one before the first has ended; give "
      "each thread Gradients of its own",
      function);
}

template <class T>
void Gradients<T>::require_same_shapes(const std::vector<Parameter<T>*>& parameters) const {
  if (parameters.size() != parameters_.size()) {
    fail<ArgumentError>("Gradients::add_to: there must be as many parameters as gradients, {}, got {}",
                        parameters_.size(), parameters.size());
  }
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (parameters[p] == nullptr) fail<ArgumentError>("Gradients::add_to: parameters must not be null");
    if (parameters[p]->shape() != parameters_[p]->shape()) {
      fail<ShapeError>(
          "Gradients::add_to: parameter {}, '{}', must have the shape of its gradient, {}, got {}", p,
          parameters[p]->name(), parameters_[p]->shape(), parameters[p]->shape());
    }
  }
}

template class Gradients<float>;
template class Gradients<double>;

}  // namespace xtape
