// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Whether these logits look like the probabilities that a softmax has made of them already: all in [0, 1],
/// and those of each sample sum to 1 within rounding. A loss that takes logits would then apply the softmax
/// twice: it still trains, slowly and badly. Tape::check_logits(true) makes such losses refuse it.
/// @param logits  (..., classes, ...)
/// @param axis    the class axis
/// @return        false too for one class, or no elements.
/// @throws ArgumentError  there is no such axis.
template <class T>
bool is_probably_softmaxed(Variable<T> logits, int axis = -1);

}  // namespace xtape::losses
#pragma GCC visibility pop
