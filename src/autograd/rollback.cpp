// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/rollback.hpp"

#include "xtape/autograd/tape.hpp"

namespace xtape::detail {

template <class T>
Rollback<T>::Rollback(Tape<T>& tape) noexcept
    : tape_(tape), begin_(tape.mark()), frames_ended_(tape.frames_ended_) {}

template <class T>
Rollback<T>::~Rollback() {
  if (!kept_ && in_its_frame()) tape_.release(begin_);
}

template <class T>
bool Rollback<T>::in_its_frame() const noexcept {
  return tape_.frames_ended_ == frames_ended_;
}

template class Rollback<float>;
template class Rollback<double>;

}  // namespace xtape::detail
