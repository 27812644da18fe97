// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/kernel.hpp"
#include "kernels/standardise_kernels.hpp"

namespace xtape {

// What takes numbers with this mean and variance to their distance from it in standard deviations.
inline kernels::Standard standard_of(const kernels::Moments& moments, double epsilon) {
  return {moments.mean, moments.rest, 1 / std::sqrt(moments.variance + epsilon)};
}

// The value of layer_norm for one row of it.
// @param factors, shifts  null: 1, 0
// @return  the distances' standard
template <class T>
kernels::Standard normalize_row(const T* x, std::size_t length, double epsilon, const T* factors,
                                const T* shifts, T* y) {
  const auto& functions = kernels::kernel<kernels::Standardise, T>();
  const kernels::Standard standard = standard_of(functions.moments(x, {1, length, length}), epsilon);
  functions.row_value(x, length, standard, factors, shifts, y);
  return standard;
}

}  // namespace xtape
