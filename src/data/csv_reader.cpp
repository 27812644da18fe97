// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "arrays/format.hpp"
#include "data/csv_encoding.hpp"
#include "data/csv_layout.hpp"

namespace xtape::data {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool is_blank(const CsvField& field) { return !field.quoted && field.content().empty(); }

Array<double> array_of_rows(const std::vector<double>& values, std::size_t rows, std::size_t columns) {
  return Array<double>(ArrayView<const double>(values.data(), Shape{rows, columns}));
}

void require_distinct_characters(const char* function, const CsvOptions& options) {
  const auto ends_line = [](char c) { return c == '\n' || c == '\r'; };
  if (options.delimiter == options.quote || ends_line(options.delimiter) || ends_line(options.quote)) {
    fail<ArgumentError>(
        "{}: delimiter and quote must be distinct and not the end of a line, got '{}' and '{}'", function,
        options.delimiter, options.quote);
  }
  if (options.delimiter == '\0') {
    fail<ArgumentError>("{}: delimiter must be a character, got '\\0'", function);
  }
  const char comment = options.comment;
  if (comment == '\0') return;
  if (comment == options.delimiter || comment == options.quote || ends_line(comment)) {
    fail<ArgumentError>(
        "{}: options.comment must differ from delimiter, quote and the ends of lines, got '{}'", function,
        comment);
  }
}

void require_number_format(const char* function, const CsvOptions& options) {
  if (options.decimal_point != '.' && options.decimal_point != ',') {
    fail<ArgumentError>("{}: options.decimal_point must be '.' or ',', got '{}'", function,
                        options.decimal_point);
  }
  constexpr std::string_view in_numbers = "0123456789+-eE";
  const std::string& separator = options.thousands_separator;
  if (separator.find(options.decimal_point) != std::string::npos ||
      separator.find_first_of(in_numbers) != std::string::npos) {
    fail<ArgumentError>(
        "{}: options.thousands_separator must hold no digit, sign, 'e' or decimal point, got '{}'", function,
        separator);
  }
}

}  // namespace

void require_valid(const char* function, const CsvOptions& options) {
  require_distinct_characters(function, options);
  require_number_format(function, options);
  for (const std::string& name : options.text) {
    if (contains(options.numbers, name)) {
      fail<ArgumentError>("{}: a column must be in options.text or options.numbers, got '{}' in both",
                          function, name);
    }
  }
}

CsvReader::CsvReader(const char* function, const std::string& path, const CsvOptions& options,
                     const CsvTable* first)
    : function_(function),
      first_(first),
      first_path_(first != nullptr ? first->path_ : std::string()),
      format_(options) {
  table_.path_ = path;
  table_.options_ = options;
  for (const std::string& spelling : options.missing_spellings) {
    const std::optional<double> number = format_.parse(CsvField::without_spaces(spelling));
    if (number && !std::isnan(*number)) missing_may_be_number_ = true;
  }
}

// All as numbers and then, if there is text, the columns that hold it once more.
CsvTable CsvReader::read(std::string text) && {
  require_utf8(function_, table_.path_, text);
  table_.text_ = std::move(text);
  CsvScanner scanner(function_, table_.path_, table_.text_, table_.options_);
  pass_header(scanner);
  std::vector<double> values;
  while (next_row(scanner)) {
    if (table_.lines_.empty()) {
      table_.rows_begin_ = static_cast<std::size_t>(scanner.row().data() - table_.text_.data());
    }
    take_numbers(scanner, table_, values);
  }
  require_rows(table_.lines_.size());
  table_.values_ = array_of_rows(values, table_.lines_.size(), table_.columns_.size());
  require_likely_delimiter();
  if (std::ranges::any_of(table_.contents_, &CsvTable::Column::is_text)) read_categories();
  return std::move(table_);
}

void CsvReader::read_categories() {
  std::vector<CsvCategoryBuilder> builders(table_.contents_.size());
  CsvScanner scanner(function_, table_.path_, std::string_view(table_.text_).substr(table_.rows_begin_),
                     table_.options_, CsvBegin::row, table_.lines_[0]);
  while (scanner.next_row()) take_categories(scanner, table_, builders);
  set_categories(table_, std::move(builders));
  for (CsvTable::Column& column : table_.contents_) {
    if (column.is_text) count_numbers(column);
  }
}

std::size_t CsvReader::survey(CsvFile& file) {
  file_ = &file;
  CsvScanner scanner(function_, table_.path_, file, table_.options_, CsvBegin::file, 1);
  pass_header(scanner);
  std::size_t rows = 0;
  std::vector<CsvFewCategories> categories;
  for (; next_row(scanner); ++rows) {
    categories.resize(table_.contents_.size(), CsvFewCategories(table_.options_.max_categories));
    for (std::size_t i = 0; i < categories.size(); ++i) {
      CsvTable::Column& column = table_.contents_[i];
      const CsvField& field = scanner.fields()[i];
      survey_field(field, number(field, i, column), column, categories[i]);
    }
  }
  require_rows(rows);
  require_likely_delimiter();
  for (std::size_t i = 0; i < categories.size(); ++i) know(table_.contents_[i], categories[i]);
  are_types_known_ = true;
  return rows;
}

// What a piece of the file needs to know of the others.
void CsvReader::know(CsvTable::Column& column, const CsvFewCategories& categories) {
  if (auto names = categories.sorted(column.is_text)) {
    column.names_in_file = std::make_shared<const CsvTable::Names>(*std::move(names));
  }
  column.first_missing.reset();
  column.first_infinite.reset();
}

// `value` as number() has it.
void CsvReader::survey_field(const CsvField& field, double value, CsvTable::Column& column,
                             CsvFewCategories& categories) const {
  const std::string_view text = CsvField::without_spaces(field.text);
  const bool is_number = !std::isnan(value);
  if (!is_number && is_missing(text)) return;
  ++column.present;
  if (is_number || format_.parse(text)) ++column.numbers;
  if (!column.by_value) {
    categories.add(field.content(), value);
  } else if (is_number) {
    if (is_beyond_whole_numbers(value) && !column.first_beyond) column.first_beyond = place(field);
    categories.add(category_by_value(value), value);
  }
}

void CsvReader::take_from_first(CsvFile& file) {
  file_ = &file;
  CsvScanner scanner(function_, table_.path_, file, table_.options_, CsvBegin::file, 1);
  pass_header(scanner);
  require_rows(next_row(scanner) ? 1 : 0);
  std::vector<std::size_t> places;
  for (const std::string& name : table_.columns_) {
    const auto same = std::ranges::find(first_->columns_, name);
    if (same == first_->columns_.end()) {
      fail<FileError>("{}: {}: the columns must be among those of {}, {}, got '{}'", function_, table_.path_,
                      first_path_, fmt::join(first_->columns_, ", "), name);
    }
    places.push_back(static_cast<std::size_t>(same - first_->columns_.begin()));
  }
  const std::vector<CsvTable::Column> known = first_->is_piece_ ? first_->contents_ : known_of_first();
  for (std::size_t i = 0; i < places.size(); ++i) {
    table_.contents_[i].names_in_file = known[places[i]].names_in_file;
    table_.contents_[i].first_beyond = known[places[i]].first_beyond;
  }
  first_ = nullptr;
  are_types_known_ = true;
}

// Of each column of the first table, which is whole.
std::vector<CsvTable::Column> CsvReader::known_of_first() const {
  std::vector<CsvTable::Column> known(first_->contents_.size());
  std::vector<CsvFewCategories> categories(known.size(), CsvFewCategories(first_->options_.max_categories));
  for (std::size_t i = 0; i < known.size(); ++i) {
    known[i].is_text = first_->contents_[i].is_text;
    known[i].by_value = first_->contents_[i].by_value;
  }
  CsvScanner scanner(function_, first_->path_, std::string_view(first_->text_).substr(first_->rows_begin_),
                     first_->options_, CsvBegin::row, first_->lines_[0]);
  for (const double* value = first_->values_.data(); scanner.next_row();) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      survey_field(scanner.fields()[i], *value++, known[i], categories[i]);
    }
  }
  for (std::size_t i = 0; i < known.size(); ++i) know(known[i], categories[i]);
  return known;
}

CsvTable CsvReader::read_piece(CsvScanner& scanner, std::size_t rows) {
  CsvTable piece;
  piece.is_piece_ = true;
  piece.path_ = table_.path_;
  piece.options_ = table_.options_;
  piece.columns_ = table_.columns_;
  piece.contents_ = table_.contents_;
  std::vector<double> values;
  std::vector<CsvCategoryBuilder> builders(piece.contents_.size());
  while (piece.lines_.size() < rows && next_row(scanner)) {
    take_numbers(scanner, piece, values);
    take_categories(scanner, piece, builders);
    piece.text_ += scanner.row();
  }
  piece.values_ = array_of_rows(values, piece.lines_.size(), piece.columns_.size());
  set_categories(piece, std::move(builders));
  return piece;
}

// With another delimiter quotes may stand where they should.
bool CsvReader::scan_row(CsvScanner& scanner) const {
  try {
    return scanner.next_row();
  } catch (const CsvQuoteError& error) {
    fail<FileError>("{}{}", error.what(), better_delimiter());
  }
}

// A row behind the header, of which the first says what columns there are.
bool CsvReader::next_row(CsvScanner& scanner) {
  if (!scan_row(scanner)) return false;
  if (table_.contents_.empty()) settle_columns(scanner);
  require_field_count(scanner);
  return true;
}

void CsvReader::pass_header(CsvScanner& scanner) {
  if (table_.options_.header && scan_row(scanner) && table_.columns_.empty()) read_header(scanner);
}

void CsvReader::read_header(const CsvScanner& scanner) {
  header_line_ = scanner.line();
  for (const CsvField& field : scanner.fields()) table_.columns_.emplace_back(field.content());
  header_may_end_in_delimiter_ = scanner.fields().size() > 1 && is_blank(scanner.fields().back());
}

// By the first row behind the header.
void CsvReader::settle_columns(const CsvScanner& scanner) {
  const std::vector<CsvField>& fields = scanner.fields();
  std::vector<std::string>& names = table_.columns_;
  if (!table_.options_.header) {
    for (std::size_t i = 0; i < fields.size(); ++i) names.push_back(std::to_string(i));
  }
  const bool none_behind = fields.size() + 1 == names.size() || is_blank(fields.back());
  if (header_may_end_in_delimiter_ && none_behind) {
    names.pop_back();
    rows_may_end_in_delimiter_ = true;
  }
  make_names_distinct();
  table_.contents_.resize(names.size());
  decide_columns();
}

void CsvReader::make_names_distinct() {
  std::vector<std::string>& names = table_.columns_;
  std::set<std::string> seen;
  for (std::string& name : names) {
    if (seen.insert(name).second) continue;
    if (!table_.options_.number_repeated_names) {
      fail<FileError>(
          "{}: {}:{}: column names must be distinct, got '{}' twice; CsvOptions::number_repeated_names "
          "numbers them",
          function_, table_.path_, header_line_, name);
    }
    std::string numbered = name;
    for (int i = 1; contains(names, numbered); ++i) numbered = fmt::format("{}.{}", name, i);
    seen.insert(numbered);
    name = std::move(numbered);
  }
}

void CsvReader::decide_columns() {
  if (first_ == nullptr) {
    for (const std::string& name : table_.options_.text) decided("text", name).is_text = true;
    for (const std::string& name : table_.options_.numbers) decided("numbers", name).by_value = true;
    return;
  }
  for (std::size_t i = 0; i < first_->columns_.size(); ++i) {
    const CsvTable::Column& same = first_->contents_[i];
    CsvTable::Column* const column = find(first_->columns_[i]);
    if (column == nullptr) continue;
    column->decided = true;
    column->is_text = same.is_text;
    column->by_value = same.by_value;
  }
}

CsvTable::Column& CsvReader::decided(const char* option, const std::string& name) {
  CsvTable::Column* const column = find(name);
  if (column == nullptr) {
    fail<ArgumentError>("{}: {} must have the column '{}' of options.{}, got columns {}", function_,
                        table_.path_, name, option, fmt::join(table_.columns_, ", "));
  }
  column->decided = true;
  return *column;
}

// Null if there is none.
CsvTable::Column* CsvReader::find(const std::string& name) {
  const auto found = std::find(table_.columns_.begin(), table_.columns_.end(), name);
  if (found == table_.columns_.end()) return nullptr;
  return &table_.contents_[static_cast<std::size_t>(found - table_.columns_.begin())];
}

void CsvReader::require_rows(std::size_t rows) const {
  if (rows > 0) return;
  fail<FileError>("{}: {}: the file must hold rows of numbers or text, got none", function_, table_.path_);
}

void CsvReader::require_field_count(const CsvScanner& scanner) const {
  const std::size_t expected = table_.contents_.size(), got = scanner.fields().size();
  if (got == expected) return;
  if (rows_may_end_in_delimiter_ && got == expected + 1 && is_blank(scanner.fields().back())) return;
  fail<FileError>("{}: {}:{}: every line must have {} fields, as the first has, got {}{}", function_,
                  table_.path_, scanner.line(), expected, got,
                  expected == 1 ? better_delimiter() : std::string());
}

void CsvReader::require_likely_delimiter() const {
  const CsvTable::Column& column = table_.contents_[0];
  if (table_.columns_.size() > 1 || !column.is_text || column.decided) return;
  const std::string better = better_delimiter();
  if (better.empty()) return;
  fail<FileError>(
      "{}: {}:{}: fields must be separated by {}, got a single column of text{}, or name the column in "
      "CsvOptions::text if it is one",
      function_, table_.path_, column.first_text->line, delimiter_name(table_.options_), better);
}

// What to do about it, for messages; empty if no other delimiter gives more columns.
std::string CsvReader::better_delimiter() const {
  const std::string beginning = file_ != nullptr ? file_->beginning() : std::string();
  const auto likely =
      likely_csv_layout(table_.path_, file_ != nullptr ? beginning : table_.text_, table_.options_);
  if (!likely || likely->options.skip_lines != table_.options_.skip_lines) return {};
  if (likely->options.delimiter == table_.options_.delimiter) return {};
  return fmt::format(
      "; {} makes {} columns of it: set CsvOptions::{}", delimiter_name(likely->options), likely->columns,
      likely->options.merge_delimiters ? "delimiter and CsvOptions::merge_delimiters" : "delimiter");
}

void CsvReader::take_numbers(const CsvScanner& scanner, CsvTable& table, std::vector<double>& values) const {
  for (std::size_t i = 0; i < table.contents_.size(); ++i) {
    values.push_back(number(scanner.fields()[i], i, table.contents_[i]));
  }
  table.lines_.push_back(scanner.line());
}

double CsvReader::number(const CsvField& field, std::size_t index, CsvTable::Column& column) const {
  if (column.is_text) {
    if (!column.first_text) column.first_text = place(field);
    return not_a_number;
  }
  const std::string_view text = CsvField::without_spaces(field.text);
  if (missing_may_be_number_ && is_missing(text)) return missing(field, column);
  const std::optional<double> value = format_.parse(text);
  if (value && std::isfinite(*value)) return *value;
  if (value && std::isinf(*value)) return infinite(field, column, *value);
  if (value || is_missing(text)) return missing(field, column);
  if (column.decided || are_types_known_) fail_text(field, index);
  column.is_text = true;
  column.first_text = place(field);
  column.first_missing.reset();  // take_categories finds it again.
  return not_a_number;
}

void CsvReader::fail_text(const CsvField& field, std::size_t index) const {
  const std::string reason = !first_path_.empty()              ? "that of " + first_path_
                             : table_.contents_[index].decided ? "CsvOptions::numbers says"
                                                               : "when the file was read first";
  fail<FileError>("{}: {}:{}:{}: column '{}' must hold numbers, as {}, got '{}'", function_, table_.path_,
                  field.line, field.column, table_.columns_[index], reason, shown_text(field.text));
}

double CsvReader::infinite(const CsvField& field, CsvTable::Column& column, double value) const {
  if (table_.options_.infinities == Infinities::missing) return missing(field, column);
  if (table_.options_.infinities == Infinities::error && !column.first_infinite) {
    column.first_infinite = place(field);
  }
  return value;
}

double CsvReader::missing(const CsvField& field, CsvTable::Column& column) {
  if (!column.first_missing) column.first_missing = place(field);
  return not_a_number;
}

CsvTable::Place CsvReader::place(const CsvField& field) {
  return {field.line, field.column, shown_text(field.text)};
}

bool CsvReader::is_missing(std::string_view text) const {
  return contains(table_.options_.missing_spellings, text);
}

void CsvReader::take_categories(const CsvScanner& scanner, CsvTable& table,
                                std::vector<CsvCategoryBuilder>& builders) const {
  for (std::size_t i = 0; i < builders.size(); ++i) {
    if (!table.contents_[i].is_text) continue;
    const CsvField& field = scanner.fields()[i];
    if (is_missing(CsvField::without_spaces(field.text))) {
      missing(field, table.contents_[i]);
      builders[i].add_missing();
    } else {
      builders[i].add(field.content());
    }
  }
}

void CsvReader::set_categories(CsvTable& table, std::vector<CsvCategoryBuilder> builders) const {
  for (std::size_t i = 0; i < builders.size(); ++i) {
    CsvTable::Column& column = table.contents_[i];
    if (!column.is_text) continue;
    auto [names, codes] = std::move(builders[i]).sorted();
    column.categories = {std::move(names), std::move(codes)};
  }
}

void CsvReader::count_numbers(CsvTable::Column& column) const {
  const auto& [names, codes] = column.categories;
  std::vector<bool> is_number(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    is_number[i] = format_.parse(CsvField::without_spaces(names[i])).has_value();
  }
  column.present = codes.size() - static_cast<std::size_t>(std::count(codes.begin(), codes.end(), -1));
  column.numbers = static_cast<std::size_t>(std::count_if(codes.begin(), codes.end(), [&](std::int64_t code) {
    return code >= 0 && is_number[static_cast<std::size_t>(code)];
  }));
}

}  // namespace xtape::data
