// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_scanner.hpp"

#include <algorithm>

#include "arrays/format.hpp"

namespace xtape::data {

CsvScanner::CsvScanner(const char* function, const std::string& path, const CsvOptions& options,
                       CsvBegin begin, CsvSource* source)
    : function_(function),
      path_(path),
      options_(options),
      source_(source),
      blank_(options.merge_delimiters ? space | delimiter : space),
      lines_to_skip_(begin == CsvBegin::file ? options.skip_lines : 0) {
  for (const char c : {' ', '\t'}) {
    const bool delimits = c == options.delimiter || (options.merge_delimiters && options.delimiter == ' ');
    add_kind(c, delimits ? delimiter : space);
  }
  add_kind(options.delimiter, delimiter);
  // A '\0' is the end of the text, or the comment character that there is none of.
  for (const char c : {'\n', '\r', '\0', options.comment}) add_kind(c, ends_row);
}

CsvScanner::CsvScanner(const char* function, const std::string& path, std::string_view text,
                       const CsvOptions& options, CsvBegin begin, std::size_t line)
    : CsvScanner(function, path, options, begin, nullptr) {
  line_ = line;
  if (begin == CsvBegin::file) text = without_byte_order_mark(text);
  at_ = line_begin_ = text.data();
  end_ = text.data() + text.size();
}

CsvScanner::CsvScanner(const char* function, const std::string& path, CsvSource& source,
                       const CsvOptions& options, CsvBegin begin, std::size_t line)
    : CsvScanner(function, path, options, begin, &source) {
  row_line_ = line;
  go_on();
}

const char* CsvScanner::after(const char* at, int kinds) const {
  while (is(*at, kinds)) ++at;
  return at;
}

// Goes to where a row begins, or to the end. Lines that may go on in the next piece begin there again.
void CsvScanner::skip_lines() {
  for (;;) {
    row_ = at_;
    row_line_ = line_;
    if (at_ == end_) return;
    if (lines_to_skip_ == 0) {
      const char* const next = after(at_, blank_);
      if (!is(*next, ends_row)) return;
      at_ = next;
    }
    skip_to_next_line();
    if (may_go_on()) return;
    if (lines_to_skip_ > 0) --lines_to_skip_;
  }
}

void CsvScanner::skip_to_next_line() {
  while (at_ != end_ && *at_ != '\n' && *at_ != '\r') ++at_;
  if (at_ == end_) return;
  at_ += at_[0] == '\r' && at_[1] == '\n' ? 2 : 1;
  ++line_;
  line_begin_ = at_;
}

bool CsvScanner::next_row() {
  bool found = scan_row();
  while (may_go_on()) {
    go_on();
    found = scan_row();
  }
  return found;
}

// At the end of a piece a row may go on in the next one, and its line end in CRLF.
void CsvScanner::go_on() {
  const std::string_view text = source_->more(row_, row_line_);
  at_ = line_begin_ = row_ = text.data();
  end_ = text.data() + text.size();
  line_ = row_line_;
}

bool CsvScanner::scan_row() {
  fields_.clear();
  unquoted_.clear();
  skip_lines();
  if (at_ == end_) return false;
  if (options_.merge_delimiters) at_ = after(at_, blank_);
  do {
    const char* const begin = after(at_, space);
    const bool quoted = options_.quote != '\0' && *begin == options_.quote;
    if (quoted) {
      read_quoted(begin);
    } else {
      read_plain();
    }
  } while (skip_delimiter());
  skip_to_next_line();
  return true;
}

// Whether a further field follows.
bool CsvScanner::skip_delimiter() {
  if (!is(*at_, delimiter)) return false;
  ++at_;
  if (!options_.merge_delimiters) return true;
  at_ = after(at_, blank_);
  return !is(*at_, ends_row);
}

void CsvScanner::read_plain() {
  const char* const begin = at_;
  while (!is(*at_, delimiter | ends_row)) ++at_;
  fields_.push_back({{begin, at_}, line_, static_cast<std::size_t>(begin - line_begin_) + 1, false});
}

void CsvScanner::read_quoted(const char* quote) {
  const std::size_t line = line_, column = static_cast<std::size_t>(quote - line_begin_) + 1;
  std::string* unquoted = nullptr;
  const char* begin = quote + 1;
  for (at_ = begin;; ++at_) {
    if (at_ == end_) {
      if (may_go_on()) return;
      fail<CsvQuoteError>("{}: {}:{}:{}: a quoted field must end with a quote, got the end of the file",
                          function_, path_, line, column);
    }
    if (*at_ == '\n' || (*at_ == '\r' && at_[1] != '\n')) {
      ++line_;
      line_begin_ = at_ + 1;
    }
    if (*at_ != options_.quote) continue;
    const bool doubled = at_ + 1 != end_ && at_[1] == options_.quote;
    if (!doubled) break;
    if (unquoted == nullptr) unquoted = &unquoted_.emplace_back();
    unquoted->append(begin, at_ + 1);
    begin = ++at_ + 1;
  }
  if (unquoted != nullptr) unquoted->append(begin, at_);
  const std::string_view text = unquoted != nullptr ? *unquoted : std::string_view(begin, at_);
  fields_.push_back({text, line, column, true});

  at_ = after(at_ + 1, space);
  if (!is(*at_, delimiter | ends_row)) {
    constexpr std::size_t shown = 16;
    const std::string_view rest(at_, std::min(shown, static_cast<std::size_t>(end_ - at_)));
    if (rest.size() < shown) {
      at_ = end_;
      if (may_go_on()) return;
    }
    fail<CsvQuoteError>(
        "{}: {}:{}:{}: after a quoted field there must be a delimiter or the end of the line, got '{}'; "
        "quotes inside it are written twice",
        function_, path_, line_, rest.data() - line_begin_ + 1, rest.substr(0, rest.find_first_of("\r\n")));
  }
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace xtape::data
