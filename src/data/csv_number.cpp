// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_number.hpp"

#include <fast_float/fast_float.h>

#include "data/csv_scanner.hpp"

namespace xtape::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

CsvNumberFormat::CsvNumberFormat(const CsvOptions& options)
    : is_plain_(options.decimal_point == '.' && options.thousands_separator.empty() && !options.percent),
      decimal_point_(options.decimal_point),
      thousands_separator_(options.thousands_separator),
      percent_(options.percent) {}

// One too small for a double is 0, and one too large infinite.
std::optional<double> CsvNumberFormat::parse_plain(std::string_view text, char decimal_point) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);  // from_chars takes no plus
  double value = 0;
  const char* const text_end = text.data() + text.size();
  const fast_float::parse_options format(fast_float::chars_format::general, decimal_point);
  const auto [end, error] = fast_float::from_chars_advanced(text.data(), text_end, value, format);
  const bool is_number = error != std::errc::invalid_argument && end == text_end;
  return is_number ? std::optional(value) : std::nullopt;
}

std::optional<double> CsvNumberFormat::parse_formatted(std::string_view text) const {
  const bool is_percentage = percent_ && text.ends_with('%');
  if (is_percentage) text = CsvField::without_spaces(text.substr(0, text.size() - 1));
  std::string digits(text);
  if (!remove_separators(digits)) return std::nullopt;
  if (!is_percentage) return parse_plain(digits, decimal_point_);
  if (digits.empty() || digits.find_first_of("eE") != std::string::npos) return std::nullopt;
  // The nearest double to 12.3 / 100 is not that to 12.3, divided by 100.
  return parse_plain(is_digit(digits.back()) || digits.back() == decimal_point_ ? digits + "e-2" : digits,
                     decimal_point_);
}

// Of "-1,234,567.5" the commas. False where they part other groups than of three digits.
bool CsvNumberFormat::remove_separators(std::string& digits) const {
  const std::string& separator = thousands_separator_;
  if (separator.empty() || digits.find(separator) == std::string::npos) return true;
  const std::size_t begin = digits.starts_with('-') || digits.starts_with('+') ? 1 : 0;
  const auto group_end = [&](std::size_t at) {
    while (at < digits.size() && is_digit(digits[at])) ++at;
    return at;
  };
  std::size_t at = group_end(begin);
  if (at == begin || at > begin + 3) return false;
  while (digits.compare(at, separator.size(), separator) == 0) {
    digits.erase(at, separator.size());
    const std::size_t end = group_end(at);
    if (end != at + 3) return false;
    at = end;
  }
  return digits.find(separator) == std::string::npos;
}

}  // namespace xtape::data
