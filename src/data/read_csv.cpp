// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "arrays/format.hpp"
#include "data/csv_category_builder.hpp"
#include "data/csv_encoding.hpp"
#include "data/csv_layout.hpp"
#include "data/csv_number.hpp"
#include "data/csv_scanner.hpp"
#include "files/byte_reader.hpp"
#include "xtape/data/csv.hpp"

namespace xtape::data {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool is_blank(const CsvField& field) { return !field.quoted && field.content().empty(); }

void require_distinct_characters(const CsvOptions& options) {
  const auto ends_line = [](char c) { return c == '\n' || c == '\r'; };
  if (options.delimiter == options.quote || ends_line(options.delimiter) || ends_line(options.quote)) {
    fail<ArgumentError>(
        "read_csv: delimiter and quote must be distinct and not the end of a line, got '{}' and '{}'",
        options.delimiter, options.quote);
  }
  if (options.delimiter == '\0') fail<ArgumentError>("read_csv: delimiter must be a character, got '\\0'");
  const char comment = options.comment;
  if (comment == '\0') return;
  if (comment == options.delimiter || comment == options.quote || ends_line(comment)) {
    fail<ArgumentError>(
        "read_csv: options.comment must differ from delimiter, quote and the ends of lines, got '{}'",
        comment);
  }
}

void require_number_format(const CsvOptions& options) {
  if (options.decimal_point != '.' && options.decimal_point != ',') {
    fail<ArgumentError>("read_csv: options.decimal_point must be '.' or ',', got '{}'",
                        options.decimal_point);
  }
  constexpr std::string_view in_numbers = "0123456789+-eE";
  const std::string& separator = options.thousands_separator;
  if (separator.find(options.decimal_point) != std::string::npos ||
      separator.find_first_of(in_numbers) != std::string::npos) {
    fail<ArgumentError>(
        "read_csv: options.thousands_separator must hold no digit, sign, 'e' or decimal point, got '{}'",
        separator);
  }
}

void require_valid(const CsvOptions& options) {
  require_distinct_characters(options);
  require_number_format(options);
  for (const std::string& name : options.text) {
    if (contains(options.numbers, name)) {
      fail<ArgumentError>("read_csv: a column must be in options.text or options.numbers, got '{}' in both",
                          name);
    }
  }
}

}  // namespace

// Reads all as numbers and then, if there is text, the columns that hold it once more.
class CsvReader {
 public:
  // Columns are as in `first`, if there is one, and else as the options say.
  CsvReader(const char* function, const std::string& path, const CsvOptions& options, const CsvTable* first)
      : function_(function), first_(first), format_(options) {
    table_.path_ = path;
    table_.options_ = options;
    table_.text_ = read_file(function, path);
    require_utf8(function, path, table_.text_);
    for (const std::string& spelling : options.missing_spellings) {
      const std::optional<double> number = format_.parse(CsvField::without_spaces(spelling));
      if (number && !std::isnan(*number)) missing_may_be_number_ = true;
    }
  }

  CsvReader(const CsvTable& first, const std::string& path)
      : CsvReader("read_csv_like", path, first.options_, &first) {}

  CsvTable read() && {
    read_numbers();
    require_likely_delimiter();
    std::vector<std::size_t> text_columns;
    for (std::size_t i = 0; i < table_.columns_.size(); ++i) {
      if (table_.contents_[i].is_text) text_columns.push_back(i);
    }
    if (!text_columns.empty()) read_categories(text_columns);
    return std::move(table_);
  }

 private:
  void read_numbers() {
    CsvScanner scanner(function_, table_.path_, table_.text_, table_.options_);
    if (table_.options_.header && next_row(scanner)) read_header(scanner);
    std::vector<double> values;
    while (next_row(scanner)) {
      if (table_.lines_.empty()) settle_columns(scanner);
      require_field_count(scanner);
      for (std::size_t i = 0; i < table_.contents_.size(); ++i) {
        values.push_back(number(scanner.fields()[i], i));
      }
      table_.lines_.push_back(scanner.line());
    }
    if (table_.lines_.empty()) {
      fail<FileError>("{}: {}: the file must hold rows of numbers or text, got none", function_,
                      table_.path_);
    }
    const Shape shape{table_.lines_.size(), table_.columns_.size()};
    table_.values_ = Array<double>(ArrayView<const double>(values.data(), shape));
  }

  // With another delimiter quotes may stand where they should.
  bool next_row(CsvScanner& scanner) const {
    try {
      return scanner.next_row();
    } catch (const FileError& error) {
      const std::string better = better_delimiter();
      if (better.empty()) throw;
      fail<FileError>("{}{}", error.what(), better);
    }
  }

  void read_header(const CsvScanner& scanner) {
    header_line_ = scanner.line();
    for (const CsvField& field : scanner.fields()) table_.columns_.emplace_back(field.content());
    header_may_end_in_delimiter_ = scanner.fields().size() > 1 && is_blank(scanner.fields().back());
  }

  // By the first row behind the header.
  void settle_columns(const CsvScanner& scanner) {
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

  void make_names_distinct() {
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

  void decide_columns() {
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

  CsvTable::Column& decided(const char* option, const std::string& name) {
    CsvTable::Column* const column = find(name);
    if (column == nullptr) {
      fail<ArgumentError>("{}: {} must have the column '{}' of options.{}, got columns {}", function_,
                          table_.path_, name, option, fmt::join(table_.columns_, ", "));
    }
    column->decided = true;
    return *column;
  }

  // Null if there is none.
  CsvTable::Column* find(const std::string& name) {
    const auto found = std::find(table_.columns_.begin(), table_.columns_.end(), name);
    if (found == table_.columns_.end()) return nullptr;
    return &table_.contents_[static_cast<std::size_t>(found - table_.columns_.begin())];
  }

  void require_field_count(const CsvScanner& scanner) const {
    const std::size_t expected = table_.contents_.size(), got = scanner.fields().size();
    if (got == expected) return;
    if (rows_may_end_in_delimiter_ && got == expected + 1 && is_blank(scanner.fields().back())) return;
    fail<FileError>("{}: {}:{}: every line must have {} fields, as the first has, got {}{}", function_,
                    table_.path_, scanner.line(), expected, got,
                    expected == 1 ? better_delimiter() : std::string());
  }

  void require_likely_delimiter() const {
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
  std::string better_delimiter() const {
    const auto likely = likely_csv_layout(table_.path_, table_.text_, table_.options_);
    if (!likely || likely->options.skip_lines != table_.options_.skip_lines) return {};
    if (likely->options.delimiter == table_.options_.delimiter) return {};
    return fmt::format(
        "; {} makes {} columns of it: set CsvOptions::{}", delimiter_name(likely->options), likely->columns,
        likely->options.merge_delimiters ? "delimiter and CsvOptions::merge_delimiters" : "delimiter");
  }

  double number(const CsvField& field, std::size_t index) {
    CsvTable::Column& column = table_.contents_[index];
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
    if (column.decided) fail_text(field, index);
    column.is_text = true;
    column.first_text = place(field);
    column.first_missing.reset();  // read_categories finds it again.
    return not_a_number;
  }

  [[noreturn]] void fail_text(const CsvField& field, std::size_t index) const {
    fail<FileError>("{}: {}:{}:{}: column '{}' must hold numbers, as {}, got '{}'", function_, table_.path_,
                    field.line, field.column, table_.columns_[index],
                    first_ != nullptr ? "that of " + first_->path_ : "CsvOptions::numbers says",
                    shown_text(field.text));
  }

  double infinite(const CsvField& field, CsvTable::Column& column, double value) const {
    if (table_.options_.infinities == Infinities::missing) return missing(field, column);
    if (table_.options_.infinities == Infinities::error && !column.first_infinite) {
      column.first_infinite = place(field);
    }
    return value;
  }

  static double missing(const CsvField& field, CsvTable::Column& column) {
    if (!column.first_missing) column.first_missing = place(field);
    return not_a_number;
  }

  static CsvTable::Place place(const CsvField& field) {
    return {field.line, field.column, shown_text(field.text)};
  }

  bool is_missing(std::string_view text) const { return contains(table_.options_.missing_spellings, text); }

  void read_categories(const std::vector<std::size_t>& text_columns) {
    std::vector<CsvCategoryBuilder> builders(text_columns.size());
    CsvScanner scanner(function_, table_.path_, table_.text_, table_.options_);
    if (table_.options_.header) scanner.next_row();
    while (scanner.next_row()) {
      for (std::size_t i = 0; i < text_columns.size(); ++i) {
        const CsvField& field = scanner.fields()[text_columns[i]];
        if (is_missing(CsvField::without_spaces(field.text))) {
          missing(field, table_.contents_[text_columns[i]]);
          builders[i].add_missing();
        } else {
          builders[i].add(field.content());
        }
      }
    }
    for (std::size_t i = 0; i < text_columns.size(); ++i) {
      CsvTable::Column& column = table_.contents_[text_columns[i]];
      auto [names, codes] = std::move(builders[i]).sorted();
      column.categories = {std::move(names), std::move(codes)};
      count_numbers(column);
    }
  }

  void count_numbers(CsvTable::Column& column) const {
    const auto& [names, codes] = column.categories;
    std::vector<bool> is_number(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      is_number[i] = format_.parse(CsvField::without_spaces(names[i])).has_value();
    }
    column.numbers =
        static_cast<std::size_t>(std::count_if(codes.begin(), codes.end(), [&](std::int64_t code) {
          return code >= 0 && is_number[static_cast<std::size_t>(code)];
        }));
  }

  const char* const function_;
  const CsvTable* const first_;
  const CsvNumberFormat format_;
  bool missing_may_be_number_ = false;
  bool header_may_end_in_delimiter_ = false;
  bool rows_may_end_in_delimiter_ = false;
  std::size_t header_line_ = 0;
  CsvTable table_;
};

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  require_valid(options);
  return CsvReader("read_csv", path, options, nullptr).read();
}

CsvTable read_csv_like(const CsvTable& first, const std::string& path) {
  return CsvReader(first, path).read();
}

}  // namespace xtape::data
