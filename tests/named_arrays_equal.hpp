// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstring>
#include <vector>

#include "matchers.hpp"

namespace xtape::testing {

inline std::vector<double> numbers(const AnyArray& array) {
  return array.visit([](const auto& of_type) { return values(of_type); });
}

/// Whether names, types, shapes and every bit are the same.
inline bool are_same_bits(const NamedArrays& a, const NamedArrays& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, array] : a) {
    if (!b.contains(name)) return false;
    const AnyArray& other = b[name];
    if (other.element_type() != array.element_type() || other.shape() != array.shape()) return false;
    const bool is_same = array.visit([&other]<class U>(const Array<U>& ours) {
      return ours.size() == 0 ||
             std::memcmp(ours.data(), other.get<U>().data(), ours.size() * sizeof(U)) == 0;
    });
    if (!is_same) return false;
  }
  return true;
}

/// Names, types and numbers.
inline void check_equal(const NamedArrays& got, const NamedArrays& expected) {
  CHECK(got.size() == expected.size());
  for (const auto& [name, array] : expected) {
    INFO(name);
    REQUIRE(got.contains(name));
    CHECK(got[name].element_type() == array.element_type());
    CHECK(got[name].shape() == array.shape());
    CHECK_THAT(numbers(got[name]), AllClose(numbers(array), 0));
  }
}

}  // namespace xtape::testing
