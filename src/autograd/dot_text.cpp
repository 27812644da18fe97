// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/dot_text.hpp"

#include <algorithm>
#include <cstddef>

#include "arrays/format.hpp"

namespace xtape::detail {
namespace {

bool is_between(char byte, unsigned low, unsigned high) {
  return static_cast<unsigned char>(byte) >= low && static_cast<unsigned char>(byte) <= high;
}

// How many bytes the first character takes; 0 if they are none of UTF-8.
// Source: The Unicode Standard 15.0, table 3-7.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  // Neither longer forms than needed, nor halves of UTF-16, nor what is beyond the last character.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!is_between(text[1], low, high)) return 0;
  const std::string_view rest = text.substr(2, length - 2);
  return std::ranges::all_of(rest, [](char byte) { return is_between(byte, 0x80, 0xBF); }) ? length : 0;
}

std::string shown(std::string_view character) {
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

}  // namespace

std::string dot_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const bool is_control = is_between(text[0], 0, 0x1F) || text[0] == 0x7F;
    if (length == 0 || (is_control && text[0] != '\n')) {
      result += fmt::format("\\\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else {
      result += shown(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return result;
}

}  // namespace xtape::detail
