// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/format.h>

#include <utility>

#include "xtape/core/error.hpp"

namespace xtape {

/// Throws Kind with the formatted text.
template <class Kind, class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw Kind(fmt::format(text, std::forward<Arguments>(arguments)...));
}

}  // namespace xtape
