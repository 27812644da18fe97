// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace xtape {

// How many bytes the first character of a text takes, which is not empty; 0 if they are none of UTF-8.
// Source: The Unicode Standard 15.0, table 3-7.
inline std::size_t utf8_length(std::string_view text) {
  const auto is_between = [](char byte, unsigned low, unsigned high) {
    return static_cast<unsigned char>(byte) >= low && static_cast<unsigned char>(byte) <= high;
  };
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
  return std::ranges::all_of(rest, [&](char byte) { return is_between(byte, 0x80, 0xBF); }) ? length : 0;
}

}  // namespace xtape
