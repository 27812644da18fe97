// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "xtape/core/error.hpp"
#include "xtape/core/shape.hpp"

template <>
struct fmt::formatter<xtape::Shape> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const xtape::Shape& shape, Context& context) const {
    return fmt::formatter<std::string>::format(xtape::to_string(shape), context);
  }
};

namespace xtape {

/// Throws Kind with the formatted text.
template <class Kind, class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw Kind(fmt::format(text, std::forward<Arguments>(arguments)...));
}

}  // namespace xtape
