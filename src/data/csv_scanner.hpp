// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "xtape/data/csv.hpp"

namespace xtape::data {

struct CsvField {
  std::string_view text;  // of a quoted field what stands between the quotes
  std::size_t line, column;
  bool quoted;

  // What it means: spaces around it count only between quotes.
  std::string_view content() const { return quoted ? text : without_spaces(text); }
  static std::string_view without_spaces(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
  }
};

// A field for a message: what is very long is cut, between characters of UTF-8.
inline std::string shown_text(std::string_view text) {
  std::size_t size = 80;
  if (text.size() <= size) return std::string(text);
  while ((text[size] & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "... (" + std::to_string(text.size()) + " bytes)";
}

// Cuts text into rows of fields, each character looked at once.
class CsvScanner {
 public:
  // All of them must outlive the scanner. A NUL byte must stand behind the text, and none in it.
  CsvScanner(const char* function, const std::string& path, std::string_view text, const CsvOptions& options);

  // Goes to the first or the next row that is not empty. False at the end.
  bool next_row();

  // Valid until the next row.
  const std::vector<CsvField>& fields() const noexcept { return fields_; }
  // Where the row begins.
  std::size_t line() const noexcept { return row_line_; }

 private:
  // What a character is outside quotes; several may hold.
  enum Kind : unsigned char { space = 1, delimiter = 2, ends_row = 4 };

  bool is(char c, int kinds) const { return (kinds_[static_cast<unsigned char>(c)] & kinds) != 0; }
  void add_kind(char c, Kind kind) { kinds_[static_cast<unsigned char>(c)] |= kind; }
  const char* after(const char* at, int kinds) const;
  void skip_empty_lines();
  void skip_to_next_line();
  bool skip_delimiter();
  void read_quoted(const char* quote);
  void read_plain();

  const char* const function_;
  const std::string& path_;
  const CsvOptions& options_;
  std::array<unsigned char, 256> kinds_{};
  int blank_;  // the kinds that make no row
  const char* at_;
  const char* end_;
  const char* line_begin_;
  std::size_t line_ = 1;
  std::size_t row_line_ = 1;
  std::vector<CsvField> fields_;
  std::deque<std::string> unquoted_;  // texts of which doubled quotes have been made single
};

}  // namespace xtape::data
