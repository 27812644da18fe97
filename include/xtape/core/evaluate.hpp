// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/core/array_view.hpp"

// Declared here and defined in core/xtensor.hpp, so that headers can take xtensor expressions without
// including xtensor.
namespace xtape::detail {

template <class E>
Shape shape_of(const E& source);

template <class T, class E>
void evaluate(const E& source, ArrayView<T> destination);

}  // namespace xtape::detail
