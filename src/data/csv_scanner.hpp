// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "xtape/core/error.hpp"
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

// Quotes stand where they cannot.
class CsvQuoteError : public FileError {
 public:
  using FileError::FileError;
};

// Gives a scanner text that is longer than what is to be in memory, a piece after the other.
class CsvSource {
 public:
  virtual ~CsvSource() = default;

  // The text from `begin` on, which is the beginning of a line or null, as the last piece had it, and more
  // behind it, unless there is no more. `line` is the number of that line, for messages. A NUL byte stands
  // behind it.
  virtual std::string_view more(const char* begin, std::size_t line) = 0;
  // Whether the last piece goes on to the end of the text.
  virtual bool is_at_end() const = 0;
};

// Where a scanner begins.
enum class CsvBegin {
  file,  // With a byte order mark, or without, and the lines that are to be skipped.
  row,   // Where a row may begin.
};

// Cuts text into rows of fields, each character looked at once.
class CsvScanner {
 public:
  // All of them must outlive the scanner. A NUL byte must stand behind the text, and none in it. Its first
  // line has this number.
  CsvScanner(const char* function, const std::string& path, std::string_view text, const CsvOptions& options,
             CsvBegin begin = CsvBegin::file, std::size_t line = 1);

  // The same for what a source gives, without a byte order mark.
  CsvScanner(const char* function, const std::string& path, CsvSource& source, const CsvOptions& options,
             CsvBegin begin, std::size_t line);

  // Goes to the first or the next row that is not empty. False at the end.
  bool next_row();

  // Valid until the next row.
  const std::vector<CsvField>& fields() const noexcept { return fields_; }
  // Where the row begins.
  std::size_t line() const noexcept { return row_line_; }
  // All of the row, with the end of its line.
  std::string_view row() const noexcept { return {row_, at_}; }

  // Where the line behind the row begins, and its number.
  const char* next_line() const noexcept { return at_; }
  std::size_t next_line_number() const noexcept { return line_; }

 private:
  // What a character is outside quotes; several may hold.
  enum Kind : unsigned char { space = 1, delimiter = 2, ends_row = 4 };

  CsvScanner(const char* function, const std::string& path, const CsvOptions& options, CsvBegin begin,
             CsvSource* source);

  bool is(char c, int kinds) const { return (kinds_[static_cast<unsigned char>(c)] & kinds) != 0; }
  void add_kind(char c, Kind kind) { kinds_[static_cast<unsigned char>(c)] |= kind; }
  const char* after(const char* at, int kinds) const;
  bool may_go_on() const { return at_ == end_ && source_ != nullptr && !source_->is_at_end(); }
  bool scan_row();
  void go_on();
  void skip_lines();
  void skip_to_next_line();
  bool skip_delimiter();
  void read_quoted(const char* quote);
  void read_plain();

  const char* const function_;
  const std::string& path_;
  const CsvOptions& options_;
  CsvSource* const source_;  // null: the text is whole
  std::array<unsigned char, 256> kinds_{};
  int blank_;                      // the kinds that make no row
  std::size_t lines_to_skip_ = 0;  // before the first row
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  const char* line_begin_ = nullptr;
  std::size_t line_ = 1;
  const char* row_ = nullptr;
  std::size_t row_line_ = 1;
  std::vector<CsvField> fields_;
  std::deque<std::string> unquoted_;  // texts of which doubled quotes have been made single
};

// Without the mark with which some programs begin a file in UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace xtape::data
