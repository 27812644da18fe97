// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/rollback.hpp"

#include "xtape/autograd/tape.hpp"

namespace xtape::detail {

template <class T>
Rollback<T>::Rollback(Tape<T>& tape) noexcept
    : tape_(tape),
      nodes_(tape.table_.nodes.size()),
      values_(tape.values_.position()),
      owning_rules_(tape.owning_rules_),
      frames_ended_(tape.frames_ended_) {}

template <class T>
Rollback<T>::~Rollback() {
  if (!kept_ && in_its_frame()) tape_.release(nodes_, values_, owning_rules_);
}

template <class T>
bool Rollback<T>::in_its_frame() const noexcept {
  return tape_.frames_ended_ == frames_ended_;
}

template class Rollback<float>;
template class Rollback<double>;

}  // namespace xtape::detail
