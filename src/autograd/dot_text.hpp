// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace xtape::detail {

// What stands between double quotes in a label in the DOT language, so that the label shows the text as it
// is. What is no character of UTF-8, or a control character, is shown as \n or \x1b.
std::string dot_text(std::string_view text);

}  // namespace xtape::detail
