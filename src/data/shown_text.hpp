// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace xtape::data {

// A field for a message: what is very long is cut, between characters of UTF-8.
inline std::string shown_text(std::string_view text) {
  std::size_t size = 80;
  if (text.size() <= size) return std::string(text);
  while ((text[size] & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "... (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace xtape::data
