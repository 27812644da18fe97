// SPDX-License-Identifier: BSD-3-Clause
#pragma once

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
  static std::string_view without_spaces(std::string_view text);
};

// Cuts text into rows of fields, each character looked at once.
class CsvScanner {
 public:
  // All of them must outlive the scanner.
  CsvScanner(const std::string& path, std::string_view text, const CsvOptions& options);

  // Goes to the first or the next row that is not empty. False at the end.
  bool next_row();

  // Valid until the next row.
  const std::vector<CsvField>& fields() const noexcept { return fields_; }
  // Where the row begins.
  std::size_t line() const noexcept { return row_line_; }

 private:
  bool is_space(char c) const { return (c == ' ' || c == '\t') && c != options_.delimiter; }
  bool at_line_end(const char* at) const;
  const char* after_spaces(const char* at) const;
  void skip_empty_lines();
  void end_line();
  void read_field();
  void read_quoted(const char* quote);
  void read_plain();

  const std::string& path_;
  const CsvOptions& options_;
  const char* at_;
  const char* end_;
  const char* line_begin_;
  std::size_t line_ = 1;
  std::size_t row_line_ = 1;
  std::vector<CsvField> fields_;
  std::deque<std::string> unquoted_;  // texts of which doubled quotes have been made single
};

}  // namespace xtape::data
