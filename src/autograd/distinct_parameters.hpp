// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <vector>

#include "arrays/format.hpp"
#include "xtape/autograd/parameter.hpp"

namespace xtape::detail {

// None may be null, and none given twice.
template <class T>
void require_distinct(const char* function, const std::vector<Parameter<T>*>& parameters) {
  std::vector<Parameter<T>*> sorted = parameters;
  std::sort(sorted.begin(), sorted.end());
  if (!sorted.empty() && sorted.front() == nullptr) {
    fail<ArgumentError>("{}: parameters must not be null", function);
  }
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    fail<ArgumentError>("{}: each parameter must be given once, got '{}' twice", function, (*twice)->name());
  }
}

}  // namespace xtape::detail
