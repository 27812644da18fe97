// SPDX-License-Identifier: BSD-3-Clause
#include "losses/check_logits.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#include "arrays/format.hpp"

namespace xtape::losses {

template <class T>
bool holds_probabilities(ArrayView<const T> array, const Slices& slices) {
  if (slices.count == 0 || slices.length < 2) return false;
  // Doubles may have been floats, and the sum that they were divided by may have been rounded at each class.
  const double tolerance =
      static_cast<double>(slices.length + 4) * static_cast<double>(std::numeric_limits<float>::epsilon());
  for (std::size_t s = 0; s < slices.count; ++s) {
    double sum = 0;
    for (std::size_t j = 0; j < slices.length; ++j) {
      const T probability = array[slices.start(s) + j * slices.step];
      if (!(probability >= 0 && probability <= 1)) return false;
      sum += probability;
    }
    if (std::abs(sum - 1) > tolerance) return false;
  }
  return true;
}

namespace {

bool is_nearly_1(double sum) { return std::abs(sum - 1) <= 0.01; }

}  // namespace

template <class T>
bool are_nearly_distribution(const T* numbers, std::size_t length, std::size_t step) {
  double sum = 0;
  for (std::size_t j = 0; j < length; ++j) {
    if (!(numbers[j * step] >= 0)) return false;
    sum += numbers[j * step];
  }
  return is_nearly_1(sum);
}

template <class T>
bool are_nearly_logarithms(const T* numbers, std::size_t length, std::size_t step) {
  double sum = 0;
  for (std::size_t j = 0; j < length; ++j) sum += std::exp(static_cast<double>(numbers[j * step]));
  return is_nearly_1(sum);
}

void require_two_classes(const char* loss, const char* predictions_name, const Shape& predictions, int axis) {
  if (predictions[resolve_axis(loss, axis, predictions)] != 1) return;
  fail<ShapeError>(
      "{}: {} must have at least two classes along axis {}, got {}, which have the same loss whatever they "
      "are; for yes or no take sigmoid_cross_entropy or binary_cross_entropy",
      loss, predictions_name, axis, predictions);
}

void throw_no_probabilities(const char* loss, const std::string& sample) {
  fail<ValueError>(
      "{}: probabilities must be from 0 and sum to 1 along the class axis, got other numbers at {}; logits "
      "go to softmax_cross_entropy",
      loss, sample);
}

void throw_no_log_probabilities(const char* loss, const std::string& sample, bool are_probabilities) {
  fail<ValueError>(
      "{}: log_probabilities must be logarithms of probabilities, got {} at {}; give log_softmax(logits), or "
      "the logits to softmax_cross_entropy",
      loss, are_probabilities ? "probabilities" : "numbers whose exponentials do not sum to 1", sample);
}

void throw_no_distribution(const char* loss, const std::string& sample) {
  fail<LabelError>(
      "{}: soft_labels must be from 0 and sum to 1 along the class axis, got other numbers at {}; divide "
      "them by their sum, or, where several classes are true at once, take sigmoid_cross_entropy",
      loss, sample);
}

template <class T>
void require_class_scores(const char* loss, Variable<T> logits, int axis) {
  const bool made_by_softmax = std::string_view(logits.operation()) == "softmax";
  if (!made_by_softmax && !holds_probabilities(logits.values(), slices_along(loss, logits.shape(), axis)))
    return;
  fail<ArgumentError>(
      "{}: logits {} must be scores, got {} made by {}; give what went into the softmax, or use a "
      "loss of probabilities, such as categorical_cross_entropy",
      loss, logits.shape(), made_by_softmax ? "probabilities" : "samples in [0, 1] that sum to 1,",
      logits.operation());
}

template <class T>
void require_binary_scores(const char* loss, Variable<T> logits) {
  const std::string_view operation = logits.operation();
  if (operation != "sigmoid" && operation != "softmax") return;
  fail<ArgumentError>(
      "{}: logits {} must be scores, got probabilities made by {}; give what went into the {}, or use a "
      "loss of probabilities, such as binary_cross_entropy",
      loss, logits.shape(), operation, operation);
}

template bool holds_probabilities(ArrayView<const float>, const Slices&);
template bool holds_probabilities(ArrayView<const double>, const Slices&);
template bool are_nearly_distribution(const float*, std::size_t, std::size_t);
template bool are_nearly_distribution(const double*, std::size_t, std::size_t);
template bool are_nearly_logarithms(const float*, std::size_t, std::size_t);
template bool are_nearly_logarithms(const double*, std::size_t, std::size_t);
template void require_class_scores(const char*, Variable<float>, int);
template void require_class_scores(const char*, Variable<double>, int);
template void require_binary_scores(const char*, Variable<float>);
template void require_binary_scores(const char*, Variable<double>);

}  // namespace xtape::losses
