// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>

#include "xtape/autograd/variable.hpp"

namespace xtape {

// Axis i of the result is axis order[i] of x; in the memory of x if that changes nothing.
template <class T>
Variable<T> permute(const char* name, Variable<T> x, const std::array<std::size_t, Shape::max_rank>& order);

}  // namespace xtape
