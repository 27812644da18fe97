// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "autograd/check_finite.hpp"
#include "training/loaded_rows.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

inline constexpr auto is_finite = [](auto x) { return std::isfinite(x); };

// Throws NonFiniteError, which says what came of it, for a number of these rows that is not finite.
template <class T>
void require_finite_rows(const char* name, const data::Rows<T>& source, std::span<const std::size_t> rows,
                         const std::string& what_came_of_it) {
  std::vector<T> numbers(source.width());
  for (const std::size_t row : rows) {
    source.read_rows({&row, 1}, numbers);
    const auto at = std::ranges::find_if_not(numbers, is_finite);
    if (at == numbers.end()) continue;
    const std::size_t index = row * source.width() + static_cast<std::size_t>(at - numbers.begin());
    fail<NonFiniteError>("train: {}: {} is {}; leave such rows out, or impute what is missing",
                         what_came_of_it, element_name(name, source.shape(), index),
                         std::isnan(*at) ? "nan" : "infinite");
  }
}

// The same of rows that were read: `numbers` say where they stand in their stream.
template <class T>
void require_finite_elements(const char* name, const char* dataset, ArrayView<const T> elements,
                             std::span<const std::size_t> numbers, const std::string& what_came_of_it) {
  const auto at = std::ranges::find_if_not(elements, is_finite);
  if (at == elements.end()) return;
  const std::size_t width = elements.size() / numbers.size();
  const auto place = static_cast<std::size_t>(at - elements.begin());
  const std::size_t row = numbers[place / width];
  fail<NonFiniteError>("train: {}: {} of {} is {}; leave such rows out, or impute what is missing",
                       what_came_of_it,
                       element_name(name, with_rows(elements.shape(), row + 1), row * width + place % width),
                       dataset, std::isnan(*at) ? "nan" : "infinite");
}

// Throws NonFiniteError, which says what to try, for a weight that is not finite: a step may take finite
// weights and gradients beyond the largest number.
template <class T>
void require_finite_weights(const optim::Optimizer<T>& optimizer, std::size_t epoch,
                            const std::string& advice) {
  for (const Parameter<T>* parameter : optimizer.parameters()) {
    const ArrayView<const T> values = parameter->values();
    const auto at = std::ranges::find_if_not(values, is_finite);
    if (at == values.end()) continue;
    const auto index = static_cast<std::size_t>(at - values.begin());
    fail<NonFiniteError>("train: the parameter '{}' must be finite after epoch {}, got {} at {}; {}",
                         parameter->name(), epoch, detail::in_words(static_cast<double>(*at)),
                         element_name("value", values.shape(), index), advice);
  }
}

}  // namespace xtape::training
