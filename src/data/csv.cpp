// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/csv.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "arrays/format.hpp"
#include "data/csv_categories.hpp"
#include "data/csv_scanner.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {
namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

}  // namespace

std::size_t CsvTable::column_index(const char* function, std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) {
    fail<ArgumentError>("{}: {} must have a column '{}', got columns {}", function, path_, name,
                        fmt::join(columns_, ", "));
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

bool CsvTable::is_text(std::string_view column) const {
  return contents_[column_index("CsvTable::is_text", column)].is_text;
}

void CsvTable::require_numbers(const char* function, std::size_t column) const {
  const Column& content = contents_[column];
  const auto fail_at = [&](const Place& place, const std::string& remedy) {
    fail<FileError>("{}: {}:{}:{}: column '{}' must hold finite numbers, got '{}'{}", function, path_,
                    place.line, place.column, columns_[column], place.text, remedy);
  };
  if (content.is_text && content.decided) {
    fail<FileError>(
        "{}: {}: column '{}' must hold numbers, got text, as CsvOptions::text or the first table says",
        function, path_, columns_[column]);
  }
  if (content.is_text) fail_at(*content.first_text, "");
  if (content.first_missing && options_.missing == Missing::error) {
    fail_at(*content.first_missing, "; to read what is missing as NaN set CsvOptions::missing");
  }
  if (content.first_infinite) {
    fail_at(*content.first_infinite, "; to read it as an infinity or as missing set CsvOptions::infinities");
  }
}

void CsvTable::require_present(const char* function, std::size_t column, const char* what) const {
  if (const auto& missing = contents_[column].first_missing) {
    fail<FileError>("{}: {}:{}:{}: column '{}' must hold {} in every row, got '{}'", function, path_,
                    missing->line, missing->column, columns_[column], what, missing->text);
  }
}

const Array<double>& CsvTable::values() const& {
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    require_numbers("CsvTable::values", column);
  }
  return values_;
}

Array<double> CsvTable::values() && {
  static_cast<void>(std::as_const(*this).values());
  return std::move(values_);
}

template <class T>
T CsvTable::number(const char* function, std::size_t row, std::size_t column) const {
  const double value = values_[row * columns_.size() + column];
  if (std::isfinite(value) && std::abs(value) > std::numeric_limits<T>::max()) {
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

void CsvTable::require_few_categories(const char* function, std::size_t column,
                                      std::size_t categories) const {
  if (categories <= options_.max_categories) return;
  fail<FileError>(
      "{}: {}: column '{}' must have at most {} categories, got {}; leave it out, or raise "
      "CsvOptions::max_categories",
      function, path_, columns_[column], options_.max_categories, categories);
}

// A column of numbers with a stray word is no column of categories.
void CsvTable::require_meant_as_text(const char* function, std::size_t column) const {
  const Column& content = contents_[column];
  if (content.decided) return;
  if (10 * content.numbers < 9 * content.present) return;
  const Place& first = *content.first_text;
  fail<FileError>(
      "{}: {}:{}:{}: column '{}' must hold numbers only or text, got '{}' and {} of {} fields that are "
      "numbers; mend it, add it to CsvOptions::missing_spellings, or name the column in CsvOptions::text",
      function, path_, first.line, first.column, columns_[column], first.text, content.numbers,
      content.present);
}

std::vector<FeatureColumn> CsvTable::one_hot_columns(std::string_view column) const {
  const char* const function = "CsvTable::one_hot_columns";
  const std::size_t index = column_index(function, column);
  std::vector<FeatureColumn> result;
  for (std::string& name : category_names(function, index)) {
    result.push_back({std::string(column), std::move(name)});
  }
  require_few_categories(function, index, result.size());
  return result;
}

std::vector<FeatureColumn> CsvTable::feature_columns(std::string_view label_column,
                                                     const std::vector<std::string>& left_out) const {
  const char* const function = "CsvTable::feature_columns";
  std::vector<bool> taken(columns_.size(), true);
  taken[column_index(function, label_column)] = false;
  for (const std::string& name : left_out) taken[column_index(function, name)] = false;

  std::vector<FeatureColumn> result;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (!taken[column]) continue;
    if (!contents_[column].is_text) {
      result.push_back({columns_[column]});
      continue;
    }
    require_meant_as_text(function, column);
    const Names names = category_names(function, column);
    require_few_categories(function, column, names.size());
    for (const std::string& name : names) result.push_back({columns_[column], name});
  }
  return result;
}

// Those of the rows that are here.
CsvTable::Categories CsvTable::categories_here(const char* function, std::size_t column) const {
  if (contents_[column].is_text) return contents_[column].categories;
  CsvCategoryBuilder builder;
  CsvScanner scanner(function, path_, std::string_view(text_).substr(rows_begin_), options_, CsvBegin::row);
  for (std::size_t row = 0; scanner.next_row(); ++row) {
    const double value = values_[row * columns_.size() + column];
    if (std::isnan(value)) {
      builder.add_missing();
    } else {
      builder.add(category_of(function, row, column, scanner.fields()[column].content()), value);
    }
  }
  auto [names, codes] = std::move(builder).sorted();
  return {std::move(names), std::move(codes)};
}

// Those of all the file, of which this is a piece.
const CsvTable::Names& CsvTable::names_in_file(const char* function, std::size_t column) const {
  const Column& content = contents_[column];
  if (content.first_beyond)
    fail_beyond(function, column, content.first_beyond->line, content.first_beyond->text);
  if (content.names_in_file == nullptr) {
    fail<FileError>(
        "{}: {}: column '{}' must have at most {} categories, got more; leave it out, or raise "
        "CsvOptions::max_categories",
        function, path_, columns_[column], options_.max_categories);
  }
  return *content.names_in_file;
}

CsvTable::Names CsvTable::category_names(const char* function, std::size_t column) const {
  if (is_piece_) return names_in_file(function, column);
  const Column& content = contents_[column];
  return content.is_text ? content.categories.names : categories_here(function, column).names;
}

CsvTable::Categories CsvTable::categories_of(const char* function, std::size_t column) const {
  if (!is_piece_) return categories_here(function, column);
  const Names& names = names_in_file(function, column);
  std::map<std::string_view, std::int64_t> places;
  for (const std::string& name : names) places.try_emplace(name, static_cast<std::int64_t>(places.size()));

  Categories categories = categories_here(function, column);
  for (std::size_t row = 0; row < rows(); ++row) {
    std::int64_t& code = categories.codes[row];
    if (code < 0) continue;
    const std::string& name = categories.names[static_cast<std::size_t>(code)];
    const auto found = places.find(name);
    if (found == places.end()) {
      fail<FileError>(
          "{}: {}:{}: column '{}' must hold one of the categories that were found first, got '{}'", function,
          path_, lines_[row], columns_[column], shown_text(name));
    }
    code = found->second;
  }
  categories.names = names;
  return categories;
}

// What a field of numbers is called.
std::string CsvTable::category_of(const char* function, std::size_t row, std::size_t column,
                                  std::string_view text) const {
  if (!contents_[column].by_value) return std::string(text);
  const double value = values_[row * columns_.size() + column];
  if (is_beyond_whole_numbers(value)) fail_beyond(function, column, lines_[row], shown_text(text));
  return category_by_value(value);
}

void CsvTable::fail_beyond(const char* function, std::size_t column, std::size_t line,
                           std::string_view text) const {
  fail<FileError>(
      "{}: {}:{}: column '{}' must hold numbers below 2^53 to tell them apart by value, got '{}'; name it "
      "in CsvOptions::text instead of CsvOptions::numbers",
      function, path_, line, columns_[column], text);
}

// Fills the columns of `features` that are categories of this column.
template <class T>
void CsvTable::copy_one_hot(std::size_t column, const std::vector<FeatureColumn>& wanted,
                            Array<T>& features) const {
  const char* const function = "CsvTable::take_columns";
  if (options_.missing == Missing::error) require_present(function, column, "a category");
  const Categories categories = categories_here(function, column);
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
                      path_, lines_[row], columns_[column], shown_text(categories.names[code]));
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
  if (contents_[column].is_text && contents_[column].decided) require_numbers(function, column);
  if (const auto& text = contents_[column].first_text) {
    fail<FileError>(
        "{}: {}:{}:{}: column '{}' must hold whole numbers from 0 on, got '{}'; class_labels takes names",
        function, path_, text->line, text->column, label_column, text->text);
  }
  require_present(function, column, "a class index");
  Array<std::int64_t> result(Shape{rows()});
  for (std::size_t row = 0; row < rows(); ++row) {
    const double value = values_[row * columns_.size() + column];
    if (!(value >= 0 && value < beyond_whole_numbers) || value != std::floor(value)) {
      fail<FileError>("{}: {}:{}: column '{}' must hold whole numbers from 0 on, got {}", function, path_,
                      lines_[row], label_column, value);
    }
    result[row] = static_cast<std::int64_t>(value);
  }
  return result;
}

LabelColumn CsvTable::class_labels(std::string_view label_column) const {
  const char* const function = "CsvTable::class_labels";
  const std::size_t column = column_index(function, label_column);
  require_present(function, column, "a class");
  Categories categories = categories_of(function, column);
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
  const Categories categories = categories_here(function, column);
  Array<std::int64_t> result(Shape{rows()});
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::string& name = categories.names[static_cast<std::size_t>(categories.codes[row])];
    const auto found = indices.find(name);
    if (found == indices.end()) {
      fail<FileError>("{}: {}:{}: column '{}' must hold one of the classes {}, got '{}'", function, path_,
                      lines_[row], label_column, fmt::join(class_names, ", "), shown_text(name));
    }
    result[row] = found->second;
  }
  return result;
}

}  // namespace xtape::data
#pragma GCC visibility pop
