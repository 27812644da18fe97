// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstring>

#include "xtape/arrays/named_arrays.hpp"

namespace xtape::testing {

/// Whether types, shapes and every bit are the same.
inline bool are_same_bits(const AnyArray& a, const AnyArray& b) {
  if (a.element_type() != b.element_type() || a.shape() != b.shape()) return false;
  return a.visit([&b]<class T>(const Array<T>& ours) {
    return ours.size() == 0 || std::memcmp(ours.data(), b.get<T>().data(), ours.size() * sizeof(T)) == 0;
  });
}

/// The same, and the names.
inline bool are_same_bits(const NamedArrays& a, const NamedArrays& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, array] : a) {
    if (!b.contains(name) || !are_same_bits(array, b[name])) return false;
  }
  return true;
}

}  // namespace xtape::testing
