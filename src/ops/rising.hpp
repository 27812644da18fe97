// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array_view.hpp"

namespace xtape {

// Throws ShapeError for thresholds that have not one axis, and ValueError for two that do not rise. NaN is
// let through.
template <class T>
void require_rising(const char* function, ArrayView<const T> thresholds);

}  // namespace xtape
