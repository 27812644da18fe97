// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/named_arrays.hpp"

namespace xtape::onnx {

// The state of an Ordinal with the thresholds that are in these arrays, as OrdinalConstants writes them; none
// where they are not such.
template <class T>
std::optional<NamedArrays> ordinal_state(const Array<T>& upper, const Array<T>& lower,
                                         const Array<T>& log_widths);

}  // namespace xtape::onnx
