// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "arrays/slices.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::losses {

// What Tape::check_logits examines: whether predictions and labels are of the kind that a loss takes.

// Whether each slice is in [0, 1] and sums to 1 within rounding; false for slices of fewer than two elements.
template <class T>
bool holds_probabilities(ArrayView<const T> array, const Slices& slices);

// Whether such numbers may be a distribution that has been rounded in some way: none is negative, and they
// sum to 1 or nearly so.
template <class T>
bool are_nearly_distribution(const T* numbers, std::size_t length, std::size_t step);

// Whether they may be the logarithms of one.
template <class T>
bool are_nearly_logarithms(const T* numbers, std::size_t length, std::size_t step);

// Throws ShapeError for a single class, whose loss is the same whatever the predictions.
void require_two_classes(const char* loss, const char* predictions_name, const Shape& predictions, int axis);

// `sample` is what messages call the first that is none.
[[noreturn]] void throw_no_probabilities(const char* loss, const std::string& sample);
[[noreturn]] void throw_no_log_probabilities(const char* loss, const std::string& sample,
                                             bool are_probabilities);
[[noreturn]] void throw_no_distribution(const char* loss, const std::string& sample);

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
