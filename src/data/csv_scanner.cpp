// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_scanner.hpp"

#include <algorithm>
#include <cstring>

#include "core/format.hpp"

namespace xtape::data {

std::string_view CsvField::without_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

CsvScanner::CsvScanner(const std::string& path, std::string_view text, const CsvOptions& options)
    : path_(path), options_(options) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  at_ = line_begin_ = text.data();
  end_ = text.data() + text.size();
}

bool CsvScanner::at_line_end(const char* at) const {
  if (at != end_ && *at == '\r') ++at;
  return at == end_ || *at == '\n';
}

const char* CsvScanner::after_spaces(const char* at) const {
  while (at != end_ && is_space(*at)) ++at;
  return at;
}

void CsvScanner::skip_empty_lines() {
  while (at_ != end_) {
    const char* const next = after_spaces(at_);
    if (!at_line_end(next)) return;
    at_ = next;
    end_line();
  }
}

void CsvScanner::end_line() {
  if (at_ != end_ && *at_ == '\r') ++at_;
  if (at_ == end_) return;
  ++at_;
  ++line_;
  line_begin_ = at_;
}

bool CsvScanner::next_row() {
  fields_.clear();
  unquoted_.clear();
  skip_empty_lines();
  if (at_ == end_) return false;
  row_line_ = line_;
  read_field();
  while (at_ != end_ && *at_ == options_.delimiter) {
    ++at_;
    read_field();
  }
  end_line();
  return true;
}

void CsvScanner::read_field() {
  const char* const begin = after_spaces(at_);
  const bool quoted = options_.quote != '\0' && begin != end_ && *begin == options_.quote;
  if (quoted) {
    read_quoted(begin);
  } else {
    read_plain();
  }
}

void CsvScanner::read_plain() {
  const char* const begin = at_;
  while (at_ != end_ && *at_ != options_.delimiter && *at_ != '\n') ++at_;
  const char* field_end = at_;
  if (field_end != begin && field_end[-1] == '\r' && at_line_end(at_)) --field_end;
  fields_.push_back({{begin, field_end}, line_, static_cast<std::size_t>(begin - line_begin_) + 1, false});
}

void CsvScanner::read_quoted(const char* quote) {
  const std::size_t line = line_, column = static_cast<std::size_t>(quote - line_begin_) + 1;
  std::string* unquoted = nullptr;
  const char* begin = quote + 1;
  for (at_ = begin;; ++at_) {
    if (at_ == end_) {
      fail<FileError>("read_csv: {}:{}:{}: a quoted field must end with a quote, got the end of the file",
                      path_, line, column);
    }
    if (*at_ == '\n') {
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

  at_ = after_spaces(at_ + 1);
  if (!at_line_end(at_) && *at_ != options_.delimiter) {
    const std::string_view rest(at_, std::min<std::size_t>(16, static_cast<std::size_t>(end_ - at_)));
    fail<FileError>(
        "read_csv: {}:{}:{}: after a quoted field there must be a delimiter or the end of the line, got "
        "'{}'; "
        "quotes inside it are written twice",
        path_, line_, at_ - line_begin_ + 1, rest.substr(0, rest.find_first_of("\r\n")));
  }
}

}  // namespace xtape::data
