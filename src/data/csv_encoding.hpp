// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::data {

// Throws FileError if the text is in another encoding than UTF-8 or holds a NUL byte.
void require_utf8(const char* function, const std::string& path, std::string_view text);

// Throws FileError if the text, with which a file begins, is by its first 4 bytes none in UTF-8.
void require_signature_of_text(const char* function, const std::string& path, std::string_view text);

// As require_utf8, of the characters from `begin` on; the text begins with the line of this number. Gives
// where they end: where the text goes on, the last one need not be whole.
std::size_t checked_utf8(const char* function, const std::string& path, std::string_view text,
                         std::size_t begin, std::size_t line, bool goes_on);

}  // namespace xtape::data
