// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/csv.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <locale>
#include <sstream>

#include "core/format.hpp"

namespace xtape::data {
namespace {

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // A directory opens and cannot be read; an empty file sets failbit on `text`.
  if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(text << file.rdbuf())) || file.bad()) {
    fail<FileError>("read_csv: {}: the file must be readable, got: {}", path,
                    errno != 0 ? std::strerror(errno) : "an error while reading");
  }
  return std::move(text).str();
}

std::string_view without_spaces(std::string_view field) {
  const auto first = field.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return field.substr(first, field.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view line, char delimiter) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto end = line.find(delimiter);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

double parse_number(std::string_view field, const std::string& path, std::size_t line, std::size_t column,
                    const std::string& column_name) {
  std::string_view text = without_spaces(field);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);  // from_chars takes no plus
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small: from_chars does not tell which. A stream reads the small as 0.
    std::istringstream stream{std::string(text)};
    stream.imbue(std::locale::classic());
    if (stream >> value) error = {};
  }
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    fail<FileError>("read_csv: {}:{}:{}: column '{}' must hold finite numbers, got '{}'", path, line, column,
                    column_name, field);
  }
  return value;
}

void require_distinct(const std::vector<std::string>& columns, const std::string& path, std::size_t line) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (columns[i] == columns[j]) {
        fail<FileError>("read_csv: {}:{}: column names must be distinct, got '{}' twice", path, line,
                        columns[i]);
      }
    }
  }
}

}  // namespace

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  const std::string text = read_file(path);
  CsvTable table;
  table.path_ = path;
  std::vector<double> values;
  std::size_t line_number = 0;
  std::string_view rest = text;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (without_spaces(line).empty()) continue;

    const std::vector<std::string_view> fields = split(line, options.delimiter);
    if (table.columns_.empty()) {
      for (std::size_t i = 0; i < fields.size(); ++i) {
        table.columns_.emplace_back(options.header ? std::string(without_spaces(fields[i]))
                                                   : std::to_string(i));
      }
      require_distinct(table.columns_, path, line_number);
      if (options.header) continue;
    }
    if (fields.size() != table.columns_.size()) {
      fail<FileError>("read_csv: {}:{}: every line must have {} fields, as the first has, got {}", path,
                      line_number, table.columns_.size(), fields.size());
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto column = static_cast<std::size_t>(fields[i].data() - line.data()) + 1;
      values.push_back(parse_number(fields[i], path, line_number, column, table.columns_[i]));
    }
    table.lines_.push_back(line_number);
  }
  if (table.lines_.empty())
    fail<FileError>("read_csv: {}: the file must hold rows of numbers, got none", path);
  table.values_ =
      Array<double>(ArrayView<const double>(values.data(), {table.lines_.size(), table.columns_.size()}));
  return table;
}

std::size_t CsvTable::column_index(const char* function, std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) {
    fail<ArgumentError>("{}: {} must have a column '{}', got columns {}", function, path_, name,
                        fmt::join(columns_, ", "));
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

template <class T>
Array<T> CsvTable::features(std::string_view label_column) const {
  const std::size_t left_out = column_index("CsvTable::features", label_column);
  const std::size_t width = columns_.size();
  Array<T> result(Shape{rows(), width - 1});
  T* next = result.data();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (i % width != left_out) *next++ = static_cast<T>(values_[i]);
  }
  return result;
}

template Array<float> CsvTable::features(std::string_view) const;
template Array<double> CsvTable::features(std::string_view) const;

Array<std::int64_t> CsvTable::labels(std::string_view label_column) const {
  const std::size_t column = column_index("CsvTable::labels", label_column);
  constexpr double beyond = 0x1p53;  // from here on doubles skip whole numbers
  Array<std::int64_t> result(Shape{rows()});
  for (std::size_t row = 0; row < rows(); ++row) {
    const double value = values_[row * columns_.size() + column];
    if (!(value >= 0 && value < beyond) || value != std::floor(value)) {
      fail<FileError>("CsvTable::labels: {}:{}: column '{}' must hold whole numbers from 0 on, got {}", path_,
                      lines_[row], label_column, value);
    }
    result[row] = static_cast<std::int64_t>(value);
  }
  return result;
}

}  // namespace xtape::data
