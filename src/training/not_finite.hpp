// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "autograd/check_finite.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

inline constexpr auto is_finite = [](auto x) { return std::isfinite(x); };

// Throws NonFiniteError, which says what came of it, for a feature that is not finite.
template <class T>
void require_finite_features(const Dataset<T>& data, std::span<const std::size_t> rows,
                             const std::string& what_came_of_it) {
  const std::size_t width = data.features.size() / data.features.shape()[0];
  for (const std::size_t row : rows) {
    const std::span<const T> features(data.features.data() + row * width, width);
    const auto at = std::ranges::find_if_not(features, is_finite);
    if (at == features.end()) continue;
    const std::size_t index = row * width + static_cast<std::size_t>(at - features.begin());
    fail<NonFiniteError>("train: {}: {} is {}; leave such rows out, or impute what is missing",
                         what_came_of_it, element_name("features", data.features.shape(), index),
                         std::isnan(*at) ? "nan" : "infinite");
  }
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
