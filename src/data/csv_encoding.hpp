// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace xtape::data {

// Throws FileError if the text is in another encoding than UTF-8 or holds a NUL byte.
void require_utf8(const char* function, const std::string& path, std::string_view text);

}  // namespace xtape::data
