// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/csv.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fast_float/fast_float.h>

#include "core/byte_reader.hpp"
#include "core/format.hpp"
#include "data/csv_scanner.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {
namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

// A finite number. One too small for a double is 0.
std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);  // from_chars takes no plus
  double value = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = fast_float::from_chars(text.data(), text_end, value);
  const bool is_number = error != std::errc::invalid_argument && end == text_end && std::isfinite(value);
  return is_number ? std::optional(value) : std::nullopt;
}

}  // namespace

// Reads all as numbers and then, if there is text, the columns that hold it once more.
class CsvReader {
 public:
  CsvReader(const std::string& path, const CsvOptions& options)
      : options_(options), text_(read_file("read_csv", path)) {
    table_.path_ = path;
    table_.missing_ = options.missing;
    for (const std::string& spelling : options.missing_spellings) {
      if (parse_number(CsvField::without_spaces(spelling))) missing_may_be_number_ = true;
    }
  }

  CsvTable read() && {
    read_numbers();
    for (std::size_t i = 0; i < table_.columns_.size(); ++i) {
      if (table_.contents_[i].first_text) text_columns_.push_back(i);
    }
    if (!text_columns_.empty()) read_categories();
    return std::move(table_);
  }

 private:
  void read_numbers() {
    CsvScanner scanner(table_.path_, text_, options_);
    std::vector<double> values;
    while (scanner.next_row()) {
      if (table_.columns_.empty()) {
        name_columns(scanner);
        if (options_.header) continue;
      }
      const std::vector<CsvField>& fields = scanner.fields();
      if (fields.size() != table_.columns_.size()) {
        fail<FileError>("read_csv: {}:{}: every line must have {} fields, as the first has, got {}",
                        table_.path_, scanner.line(), table_.columns_.size(), fields.size());
      }
      for (std::size_t i = 0; i < fields.size(); ++i)
        values.push_back(number(fields[i], table_.contents_[i]));
      table_.lines_.push_back(scanner.line());
    }
    if (table_.lines_.empty()) {
      fail<FileError>("read_csv: {}: the file must hold rows of numbers or text, got none", table_.path_);
    }
    const Shape shape{table_.lines_.size(), table_.columns_.size()};
    table_.values_ = Array<double>(ArrayView<const double>(values.data(), shape));
  }

  void name_columns(const CsvScanner& scanner) {
    std::set<std::string_view> seen;
    for (const CsvField& field : scanner.fields()) {
      const std::string_view name = field.content();
      if (options_.header && !seen.insert(name).second) {
        fail<FileError>("read_csv: {}:{}: column names must be distinct, got '{}' twice", table_.path_,
                        scanner.line(), name);
      }
      table_.columns_.push_back(options_.header ? std::string(name) : std::to_string(table_.columns_.size()));
    }
    table_.contents_.resize(table_.columns_.size());
  }

  double number(const CsvField& field, CsvTable::Column& column) const {
    if (column.first_text) return NaN;
    const std::string_view text = CsvField::without_spaces(field.text);
    if (missing_may_be_number_ && is_missing(text)) return missing(field, column);
    if (const std::optional<double> value = parse_number(text)) return *value;
    if (is_missing(text)) return missing(field, column);
    column.first_text = {field.line, field.column, std::string(field.text)};
    return NaN;
  }

  static double missing(const CsvField& field, CsvTable::Column& column) {
    if (!column.first_missing) column.first_missing = {field.line, field.column, std::string(field.text)};
    return NaN;
  }

  bool is_missing(std::string_view text) const {
    const auto& spellings = options_.missing_spellings;
    return std::find(spellings.begin(), spellings.end(), text) != spellings.end();
  }

  void read_categories() {
    // Of each column the entries, numbered as they come.
    std::vector<std::map<std::string, std::int64_t, std::less<>>> entries(text_columns_.size());
    CsvScanner scanner(table_.path_, text_, options_);
    if (options_.header) scanner.next_row();
    while (scanner.next_row()) {
      for (std::size_t i = 0; i < text_columns_.size(); ++i) {
        const CsvField& field = scanner.fields()[text_columns_[i]];
        CsvTable::Column& column = table_.contents_[text_columns_[i]];
        std::int64_t code = -1;
        if (is_missing(CsvField::without_spaces(field.text))) {
          missing(field, column);
        } else {
          auto entry = entries[i].find(field.content());
          if (entry == entries[i].end()) {
            entry = entries[i].emplace(field.content(), static_cast<std::int64_t>(entries[i].size())).first;
          }
          code = entry->second;
        }
        column.categories.codes.push_back(code);
      }
    }
    for (std::size_t i = 0; i < text_columns_.size(); ++i) {
      CsvTable::Categories& categories = table_.contents_[text_columns_[i]].categories;
      std::vector<std::int64_t> places(entries[i].size());
      for (const auto& [name, code] : entries[i]) {
        places[static_cast<std::size_t>(code)] = static_cast<std::int64_t>(categories.names.size());
        categories.names.push_back(name);
      }
      for (std::int64_t& code : categories.codes) {
        if (code >= 0) code = places[static_cast<std::size_t>(code)];
      }
    }
  }

  const CsvOptions& options_;
  std::string text_;
  bool missing_may_be_number_ = false;
  std::vector<std::size_t> text_columns_;
  CsvTable table_;
};

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  const auto ends_line = [](char c) { return c == '\n' || c == '\r'; };
  if (options.delimiter == options.quote || ends_line(options.delimiter) || ends_line(options.quote)) {
    fail<ArgumentError>(
        "read_csv: delimiter and quote must be distinct and not the end of a line, got '{}' and '{}'",
        options.delimiter, options.quote);
  }
  return CsvReader(path, options).read();
}

std::size_t CsvTable::column_index(const char* function, std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) {
    fail<ArgumentError>("{}: {} must have a column '{}', got columns {}", function, path_, name,
                        fmt::join(columns_, ", "));
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

bool CsvTable::is_text(std::string_view column) const {
  return contents_[column_index("CsvTable::is_text", column)].first_text.has_value();
}

void CsvTable::require_numbers(const char* function, std::size_t column) const {
  const auto& [first_text, first_missing, categories] = contents_[column];
  if (first_text) {
    fail<FileError>("{}: {}:{}:{}: column '{}' must hold finite numbers, got '{}'", function, path_,
                    first_text->line, first_text->column, columns_[column], first_text->text);
  }
  if (first_missing && missing_ == Missing::error) {
    fail<FileError>(
        "{}: {}:{}:{}: column '{}' must hold finite numbers, got '{}'; to read what is missing as NaN set "
        "CsvOptions::missing",
        function, path_, first_missing->line, first_missing->column, columns_[column], first_missing->text);
  }
}

void CsvTable::require_present(const char* function, std::size_t column, const char* what) const {
  if (const auto& missing = contents_[column].first_missing) {
    fail<FileError>("{}: {}:{}:{}: column '{}' must hold {} in every row, got '{}'", function, path_,
                    missing->line, missing->column, columns_[column], what, missing->text);
  }
}

const Array<double>& CsvTable::values() const {
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    require_numbers("CsvTable::values", column);
  }
  return values_;
}

template <class T>
T CsvTable::number(const char* function, std::size_t row, std::size_t column) const {
  const double value = values_[row * columns_.size() + column];
  if (std::abs(value) > std::numeric_limits<T>::max()) {
    fail<FileError>("{}: {}:{}: column '{}' must hold numbers up to {}, got {}", function, path_, lines_[row],
                    columns_[column], std::numeric_limits<T>::max(), value);
  }
  return static_cast<T>(value);
}

template <class T>
void CsvTable::copy_numbers(std::size_t column, T* destination, std::size_t step) const {
  require_numbers("CsvTable::take_columns", column);
  for (std::size_t row = 0; row < rows(); ++row) {
    destination[row * step] = number<T>("CsvTable::take_columns", row, column);
  }
}

template <class T>
Array<T> CsvTable::features(std::string_view label_column) const {
  const std::size_t left_out = column_index("CsvTable::features", label_column);
  std::vector<std::size_t> taken;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (column == left_out) continue;
    require_numbers("CsvTable::features", column);
    taken.push_back(column);
  }
  Array<T> result(Shape{rows(), taken.size()});
  T* next = result.data();
  for (std::size_t row = 0; row < rows(); ++row) {
    for (const std::size_t column : taken) *next++ = number<T>("CsvTable::features", row, column);
  }
  return result;
}

std::vector<FeatureColumn> CsvTable::one_hot_columns(std::string_view column) const {
  std::vector<FeatureColumn> result;
  for (std::string& name : categories_of(column_index("CsvTable::one_hot_columns", column)).names) {
    result.push_back({std::string(column), std::move(name)});
  }
  return result;
}

std::vector<FeatureColumn> CsvTable::feature_columns(std::string_view label_column) const {
  const std::size_t left_out = column_index("CsvTable::feature_columns", label_column);
  std::vector<FeatureColumn> result;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (column == left_out) continue;
    if (!contents_[column].first_text) {
      result.push_back({columns_[column]});
      continue;
    }
    for (const std::string& name : contents_[column].categories.names) {
      result.push_back({columns_[column], name});
    }
  }
  return result;
}

CsvTable::Categories CsvTable::categories_of(std::size_t column) const {
  if (contents_[column].first_text) return contents_[column].categories;
  std::vector<double> entries(rows()), distinct;
  for (std::size_t row = 0; row < rows(); ++row) {
    entries[row] = values_[row * columns_.size() + column] + 0.0;  // which makes of -0 a 0
    if (!std::isnan(entries[row])) distinct.push_back(entries[row]);
  }
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  Categories result;
  for (const double entry : distinct) result.names.push_back(fmt::format("{}", entry));
  for (const double entry : entries) {
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), entry) - distinct.begin();
    result.codes.push_back(std::isnan(entry) ? -1 : place);
  }
  return result;
}

// Fills the columns of `features` that are categories of this column.
template <class T>
void CsvTable::copy_one_hot(std::size_t column, const std::vector<FeatureColumn>& wanted,
                            Array<T>& features) const {
  const char* const function = "CsvTable::take_columns";
  if (missing_ == Missing::error) require_present(function, column, "a category");
  const Categories categories = categories_of(column);
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].column != columns_[column] || !wanted[i].category) continue;
    if (!places.try_emplace(*wanted[i].category, i).second) {
      fail<ArgumentError>("{}: columns must be distinct, got category '{}' of column '{}' twice", function,
                          *wanted[i].category, columns_[column]);
    }
  }
  std::vector<std::size_t> place_of_code(categories.names.size(), none);
  for (std::size_t code = 0; code < categories.names.size(); ++code) {
    const auto found = places.find(categories.names[code]);
    if (found != places.end()) place_of_code[code] = found->second;
  }
  for (std::size_t row = 0; row < rows(); ++row) {
    if (categories.codes[row] < 0) continue;
    const auto code = static_cast<std::size_t>(categories.codes[row]);
    if (place_of_code[code] == none) {
      fail<FileError>("{}: {}:{}: column '{}' must hold one of the categories asked for, got '{}'", function,
                      path_, lines_[row], columns_[column], categories.names[code]);
    }
    features[row * wanted.size() + place_of_code[code]] = 1;
  }
}

template <class T>
Array<T> CsvTable::take_columns(const std::vector<FeatureColumn>& columns) const {
  Array<T> result(Shape{rows(), columns.size()});
  std::vector<bool> done(columns_.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::size_t column = column_index("CsvTable::take_columns", columns[i].column);
    if (!columns[i].category) {
      copy_numbers(column, result.data() + i, columns.size());
    } else if (!done[column]) {
      copy_one_hot(column, columns, result);
      done[column] = true;
    }
  }
  return result;
}

template Array<float> CsvTable::features(std::string_view) const;
template Array<double> CsvTable::features(std::string_view) const;
template Array<float> CsvTable::take_columns(const std::vector<FeatureColumn>&) const;
template Array<double> CsvTable::take_columns(const std::vector<FeatureColumn>&) const;

Array<std::int64_t> CsvTable::labels(std::string_view label_column) const {
  const char* const function = "CsvTable::labels";
  const std::size_t column = column_index(function, label_column);
  if (const auto& text = contents_[column].first_text) {
    fail<FileError>(
        "{}: {}:{}:{}: column '{}' must hold whole numbers from 0 on, got '{}'; class_labels takes names",
        function, path_, text->line, text->column, label_column, text->text);
  }
  require_present(function, column, "a class index");
  constexpr double beyond = 0x1p53;  // from here on doubles skip whole numbers
  Array<std::int64_t> result(Shape{rows()});
  for (std::size_t row = 0; row < rows(); ++row) {
    const double value = values_[row * columns_.size() + column];
    if (!(value >= 0 && value < beyond) || value != std::floor(value)) {
      fail<FileError>("{}: {}:{}: column '{}' must hold whole numbers from 0 on, got {}", function, path_,
                      lines_[row], label_column, value);
    }
    result[row] = static_cast<std::int64_t>(value);
  }
  return result;
}

LabelColumn CsvTable::class_labels(std::string_view label_column) const {
  const std::size_t column = column_index("CsvTable::class_labels", label_column);
  require_present("CsvTable::class_labels", column, "a class");
  Categories categories = categories_of(column);
  return {Array<std::int64_t>(ArrayView<const std::int64_t>(categories.codes)), std::move(categories.names)};
}

Array<std::int64_t> CsvTable::class_indices(std::string_view label_column,
                                            const std::vector<std::string>& class_names) const {
  const char* const function = "CsvTable::class_indices";
  const std::size_t column = column_index(function, label_column);
  require_present(function, column, "a class");
  std::map<std::string_view, std::int64_t> indices;
  for (const std::string& name : class_names) {
    indices.try_emplace(name, static_cast<std::int64_t>(indices.size()));
  }
  if (indices.size() != class_names.size()) {
    fail<ArgumentError>("{}: class_names must be distinct, got one twice among {}", function,
                        fmt::join(class_names, ", "));
  }
  const Categories categories = categories_of(column);
  Array<std::int64_t> result(Shape{rows()});
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::string& name = categories.names[static_cast<std::size_t>(categories.codes[row])];
    const auto found = indices.find(name);
    if (found == indices.end()) {
      fail<FileError>("{}: {}:{}: column '{}' must hold one of the classes {}, got '{}'", function, path_,
                      lines_[row], label_column, fmt::join(class_names, ", "), name);
    }
    result[row] = found->second;
  }
  return result;
}

}  // namespace xtape::data
#pragma GCC visibility pop
