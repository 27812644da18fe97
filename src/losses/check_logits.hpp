// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "core/slices.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::losses {

// Whether each slice is in [0, 1] and sums to 1 within rounding; false for slices of fewer than two elements.
template <class T>
bool holds_probabilities(ArrayView<const T> array, const Slices& slices);

template <class T>
void require_class_scores(const char* loss, Variable<T> logits, int axis);

template <class T>
void require_binary_scores(const char* loss, Variable<T> logits);

// While Tape::check_logits is on, refuses logits that a softmax has made probabilities of.
template <class T>
void check_class_logits(const char* loss, Variable<T> logits, int axis) {
  if (logits.tape().checks_logits()) require_class_scores(loss, logits, axis);
}

// The same for a sigmoid. Only the operation tells: scores may well lie in [0, 1].
template <class T>
void check_binary_logits(const char* loss, Variable<T> logits) {
  if (logits.tape().checks_logits()) require_binary_scores(loss, logits);
}

}  // namespace xtape::losses
