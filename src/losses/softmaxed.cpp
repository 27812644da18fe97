// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/softmaxed.hpp"

#include "losses/check_logits.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
bool is_probably_softmaxed(Variable<T> logits, int axis) {
  return holds_probabilities(logits.values(), slices_along("is_probably_softmaxed", logits.shape(), axis));
}

template bool is_probably_softmaxed(Variable<float>, int);
template bool is_probably_softmaxed(Variable<double>, int);

}  // namespace xtape::losses
#pragma GCC visibility pop
