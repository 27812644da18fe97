// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "xtape/data/csv.hpp"

namespace xtape::data {

// Reads numbers as the options say they are written.
class CsvNumberFormat {
 public:
  explicit CsvNumberFormat(const CsvOptions& options);

  // The nearest double; infinities and NaN too. Without spaces around it.
  std::optional<double> parse(std::string_view text) const {
    return is_plain_ ? parse_plain(text) : parse_formatted(text);
  }

 private:
  static std::optional<double> parse_plain(std::string_view text, char decimal_point = '.');
  std::optional<double> parse_formatted(std::string_view text) const;
  bool remove_separators(std::string& digits) const;

  bool is_plain_;
  char decimal_point_;
  std::string thousands_separator_;
  bool percent_;
};

}  // namespace xtape::data
