// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/claims.hpp"

#include <utility>

#include "arrays/format.hpp"

namespace xtape::detail {

template <class T>
bool Claims<T>::take_if_free(Parameter<T>& parameter) noexcept {
  if (!parameter.claim_.take(this)) return false;
  parameter.next_claimed_ = std::exchange(newest_, &parameter);
  return true;
}

template <class T>
void Claims<T>::take(const char* function, Parameter<T>& parameter) {
  if (take_if_free(parameter)) return;
  fail<TapeError>(
      "{}: one call at a time must add to the gradient of the parameter '{}', got a second one before the "
      "first has ended; where threads share a model, collect the gradients of each by "
      "loss.backward(gradients), and add them up by gradients.add_to(parameters) when all have ended",
      function, parameter.name());
}

template <class T>
void Claims<T>::release() noexcept {
  while (newest_ != nullptr) {
    Parameter<T>& parameter = *std::exchange(newest_, newest_->next_claimed_);
    parameter.claim_.release();
  }
}

template class Claims<float>;
template class Claims<double>;

}  // namespace xtape::detail
