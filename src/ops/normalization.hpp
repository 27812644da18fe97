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

}  // namespace xtape
