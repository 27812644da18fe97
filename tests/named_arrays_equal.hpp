// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <variant>
#include <vector>

#include "matchers.hpp"

namespace xtape::testing {

inline std::vector<double> numbers(const AnyArray& array) {
  return std::visit([](const auto& of_type) { return values(of_type); }, array);
}

/// Names, types and numbers.
inline void check_equal(const NamedArrays& got, const NamedArrays& expected) {
  CHECK(got.size() == expected.size());
  for (const auto& [name, array] : expected) {
    INFO(name);
    REQUIRE(got.contains(name));
    CHECK(got[name].index() == array.index());
    CHECK(shape_of(got[name]) == shape_of(array));
    CHECK_THAT(numbers(got[name]), AllClose(numbers(array), 0));
  }
}

}  // namespace xtape::testing
