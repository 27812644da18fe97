// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/any_array.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// The same numbers as elements of T, one of the types of AnyArray. Reals are rounded to the nearest that T
/// holds; integers and bools take whole numbers in their range only.
/// @throws ValueError  T cannot hold an element; the message names it. An infinity or a NaN is held by reals.
template <class T>
Array<T> convert(const AnyArray& array);

}  // namespace xtape
#pragma GCC visibility pop
