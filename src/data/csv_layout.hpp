// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "xtape/data/csv.hpp"

namespace xtape::data {

struct CsvLayout {
  CsvOptions options;
  std::size_t columns;
};

// These options but with the delimiter that parts most of the first 100 rows alike, and without the lines
// before them that it parts otherwise; nothing if none makes two columns or more. A NUL byte must stand
// behind the text.
std::optional<CsvLayout> likely_csv_layout(const std::string& path, std::string_view text,
                                           const CsvOptions& options);

// For messages: "';'", "a tab", "a run of blanks".
std::string delimiter_name(const CsvOptions& options);

}  // namespace xtape::data
