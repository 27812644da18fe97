// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "xtape/training/train.hpp"

namespace xtape::training {

// As fmt writes it, a NaN would show its sign.
inline const char* in_words(double not_finite) {
  return std::isnan(not_finite) ? "nan" : not_finite > 0 ? "inf" : "-inf";
}

// Throws NonFiniteError, which says what came of it, for a feature that is not finite.
template <class T>
void require_finite_features(const Dataset<T>& data, std::span<const std::size_t> rows,
                             const std::string& what_came_of_it);

// Throws NonFiniteError, which says what to try, for a weight that is not finite: a step may take finite
// weights and gradients beyond the largest number.
template <class T>
void require_finite_weights(const optim::Optimizer<T>& optimizer, std::size_t epoch,
                            const std::string& advice);

}  // namespace xtape::training
