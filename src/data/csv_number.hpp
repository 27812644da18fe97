// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
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
    if (const std::optional<double> whole = parse_short_whole(text)) return whole;
    return is_plain_ ? parse_plain(text) : parse_formatted(text);
  }

 private:
  // Digits alone, which are most fields of many files, sooner than by the general way.
  static std::optional<double> parse_short_whole(std::string_view text) {
    if (text.empty() || text.size() > 4) return std::nullopt;
    std::int32_t number = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      number = 10 * number + (c - '0');
    }
    return number;
  }

  static std::optional<double> parse_plain(std::string_view text, char decimal_point = '.');
  std::optional<double> parse_formatted(std::string_view text) const;
  bool remove_separators(std::string& digits) const;

  bool is_plain_;
  char decimal_point_;
  std::string thousands_separator_;
  bool percent_;
};

}  // namespace xtape::data
