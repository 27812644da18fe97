// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/ranges.h>

#include "core/fail.hpp"
#include "xtape/arrays/shape.hpp"

template <>
struct fmt::formatter<xtape::Shape> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const xtape::Shape& shape, Context& context) const {
    return fmt::formatter<std::string>::format(xtape::to_string(shape), context);
  }
};
