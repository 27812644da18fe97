// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "arrays/format.hpp"
#include "core/utf8.hpp"

namespace xtape::detail {

// A character between double quotes.
inline std::string shown_in_dot(std::string_view character) {
  switch (character[0]) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '&':  // begins the name of a character, as in HTML
      return "&amp;";
    case '\n':
      return "\\\\n";
    default:
      return std::string(character);
  }
}

// What stands between double quotes in a label in the DOT language, so that the label shows the text as it
// is. What is no character of UTF-8, or a control character, is shown as \n or \x1b.
inline std::string dot_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_control = first <= 0x1F || first == 0x7F;
    if (length == 0 || (is_control && first != '\n')) {
      result += fmt::format("\\\\x{:02x}", first);
    } else {
      result += shown_in_dot(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return result;
}

}  // namespace xtape::detail
