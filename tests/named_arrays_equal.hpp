// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "matchers.hpp"
#include "same_bits.hpp"

namespace xtape::testing {

inline std::vector<double> numbers(const AnyArray& array) {
  return array.visit([](const auto& of_type) { return values(of_type); });
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
