// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradients.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/distinct_parameters.hpp"
#include "core/at_end.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/claims.hpp"

namespace xtape {
namespace {

template <class T>
void add(ArrayView<const T> part, ArrayView<T> sum) {
  parallel_for_ranges(sum.size(), products_per_block, [=](std::size_t begin, std::size_t end) {
    T* const to = sum.data() + begin;
    kernels::kernel<kernels::Binary<kernels::Add>, T>()(to, true, part.data() + begin, true, to, end - begin);
  });
}

}  // namespace

template <class T>
Gradients<T>::Gradients(const std::vector<Parameter<T>*>& parameters)
    : parameters_(parameters), by_address_(parameters.size()) {
  detail::require_distinct("Gradients", parameters);
  std::size_t elements = 0;
  for (const Parameter<T>* parameter : parameters)
    parts_.push_back({std::exchange(elements, elements + parameter->size()), true});
  std::iota(by_address_.begin(), by_address_.end(), std::size_t{0});
  std::ranges::sort(by_address_, std::less<>(), [&](std::size_t p) { return parameters[p]; });
  values_ = Array<T>(Shape{elements});
}

template <class T>
auto Gradients<T>::find(const Parameter<T>& parameter) noexcept -> Part* {
  const auto address = [this](std::size_t p) -> const Parameter<T>* { return parameters_[p]; };
  const auto found = std::ranges::lower_bound(by_address_, &parameter, std::less<>(), address);
  return found != by_address_.end() && address(*found) == &parameter ? &parts_[*found] : nullptr;
}

template <class T>
ArrayView<T> Gradients<T>::filled(Part& part, const Shape& shape) noexcept {
  const ArrayView<T> values(values_.data() + part.begin, shape);
  if (part.is_zero) {
    std::fill(values.begin(), values.end(), T{0});
    part.is_zero = false;  // Nothing is written from the second call on, which threads may make at once.
  }
  return values;
}

// What a backward adds to. `first` tells whether the memory is uninitialised.
template <class T>
T* Gradients<T>::memory_of(const Parameter<T>& parameter, bool& first) {
  Part* const part = find(parameter);
  if (part == nullptr) {
    fail<ArgumentError>(
        "backward: gradients must be of every parameter that the variable depends on, got none of '{}'; make "
        "them of all parameters(), or use its value without its gradient, by detach() or no_grad()",
        parameter.name());
  }
  first = std::exchange(part->is_zero, false);
  return values_.data() + part->begin;
}

template <class T>
ArrayView<T> Gradients<T>::of(const Parameter<T>& parameter) {
  Part* const part = find(parameter);
  if (part == nullptr) {
    fail<ArgumentError>("Gradients::of: parameter must be one that they are gradients of, got '{}'",
                        parameter.name());
  }
  return filled(*part, parameter.shape());
}

template <class T>
ArrayView<T> Gradients<T>::flat() {
  for (std::size_t p = 0; p < parts_.size(); ++p) filled(parts_[p], parameters_[p]->shape());
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
    if (parts_[p].is_zero) continue;
    add<T>(filled(parts_[p], parameters[p]->shape()), parameters[p]->gradients());
  }
  zero();
}

template <class T>
void Gradients<T>::zero() noexcept {
  for (Part& part : parts_) part.is_zero = true;
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
