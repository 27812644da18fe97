// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_layout.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "arrays/format.hpp"
#include "data/csv_encoding.hpp"
#include "data/csv_number.hpp"
#include "data/csv_scanner.hpp"
#include "files/byte_reader.hpp"

namespace xtape::data {
namespace {

constexpr std::size_t sampled_rows = 100;

struct SampledRow {
  std::vector<std::string> fields;
  std::size_t line;
};

std::vector<SampledRow> sample(const std::string& path, std::string_view text, const CsvOptions& options) {
  CsvScanner scanner("sniff_csv", path, text, options);
  std::vector<SampledRow> rows;
  while (rows.size() < sampled_rows && scanner.next_row()) {
    SampledRow& row = rows.emplace_back();
    row.line = scanner.line();
    for (const CsvField& field : scanner.fields()) row.fields.emplace_back(field.content());
  }
  return rows;
}

// How numbers may be written. Of those that read as many fields the first holds.
std::vector<CsvOptions> number_formats(const CsvOptions& options) {
  const auto format = [&](char decimal_point, std::string thousands_separator) {
    CsvOptions result = options;
    result.decimal_point = decimal_point;
    result.thousands_separator = std::move(thousands_separator);
    return result;
  };
  // "1,234" beside semicolons is a bit more than 1, and in quotes between commas a bit more than 1000.
  const bool commas_are_decimal = options.delimiter != ',';
  return {format('.', ""),
          commas_are_decimal ? format(',', "") : format('.', ","),
          commas_are_decimal ? format('.', ",") : format(',', ""),
          format(',', "."),
          format('.', "'"),
          format('.', " "),
          format(',', " ")};
}

bool is_number_in_some_format(std::string_view text, const CsvOptions& options) {
  const auto formats = number_formats(options);
  return std::any_of(formats.begin(), formats.end(), [&](const CsvOptions& format) {
    return CsvNumberFormat(format).parse(CsvField::without_spaces(text)).has_value();
  });
}

// The most frequent, and of several the greatest.
std::size_t most_frequent_field_count(const std::vector<SampledRow>& rows) {
  std::map<std::size_t, std::size_t> frequencies;
  for (const SampledRow& row : rows) ++frequencies[row.fields.size()];
  const auto most = std::max_element(frequencies.rbegin(), frequencies.rend(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == frequencies.rend() ? 0 : most->first;
}

// Between words are blanks too, so that they delimit only where there are numbers in a column.
bool has_column_of_numbers(const std::vector<SampledRow>& rows, std::size_t columns,
                           const CsvOptions& options) {
  for (std::size_t column = 0; column < columns; ++column) {
    const auto begin = rows.size() > 1 ? rows.begin() + 1 : rows.begin();
    const bool all = std::all_of(begin, rows.end(), [&](const SampledRow& row) {
      return column < row.fields.size() && is_number_in_some_format(row.fields[column], options);
    });
    if (all) return true;
  }
  return false;
}

struct Candidate {
  CsvLayout layout;
  std::size_t rows;  // that have as many columns
};

std::optional<Candidate> candidate(const std::string& path, std::string_view text, CsvOptions options) {
  std::vector<SampledRow> rows;
  try {
    rows = sample(path, text, options);
  } catch (const FileError&) {  // Quotes stand where with this delimiter they cannot.
    return std::nullopt;
  }
  const std::size_t columns = most_frequent_field_count(rows);
  if (columns < 2) return std::nullopt;
  const auto fits = [&](const SampledRow& row) {
    const bool ends_in_delimiter = row.fields.size() == columns + 1 && row.fields.back().empty();
    return row.fields.size() == columns || ends_in_delimiter;
  };
  const auto begin = std::find_if(rows.begin(), rows.end(), fits);
  if (begin != rows.begin()) options.skip_lines = begin->line - 1;
  rows.erase(rows.begin(), begin);
  const auto fitting = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), fits));
  if (10 * fitting < 9 * rows.size()) return std::nullopt;
  if (options.delimiter == ' ' && !has_column_of_numbers(rows, columns, options)) return std::nullopt;
  return Candidate{{std::move(options), columns}, fitting};
}

bool has_line_of_comment(std::string_view text) {
  bool begins_line = true;
  std::size_t lines = 0;
  for (const char c : text) {
    if (begins_line && c == '#') return true;
    begins_line = c == '\n' || c == '\r';
    if (begins_line && ++lines == sampled_rows) return false;
  }
  return false;
}

// A header holds no numbers, and no text that stands in its column again.
bool has_header(const std::vector<SampledRow>& rows, const CsvOptions& options) {
  const std::vector<std::string>& names = rows.front().fields;
  for (std::size_t column = 0; column < names.size(); ++column) {
    if (is_number_in_some_format(names[column], options)) return false;
    const bool recurs = std::any_of(rows.begin() + 1, rows.end(), [&](const SampledRow& row) {
      return column < row.fields.size() && row.fields[column] == names[column] && !names[column].empty();
    });
    if (recurs) return false;
  }
  return true;
}

CsvOptions with_number_format(const std::vector<SampledRow>& rows, const CsvOptions& options) {
  CsvOptions best = options;
  std::ptrdiff_t most = -1;
  for (const CsvOptions& format : number_formats(options)) {
    const CsvNumberFormat numbers(format);
    std::ptrdiff_t count = 0;
    for (const SampledRow& row : rows) {
      count += std::count_if(row.fields.begin(), row.fields.end(), [&](const std::string& field) {
        return numbers.parse(CsvField::without_spaces(field)).has_value();
      });
    }
    if (count > most) {
      most = count;
      best = format;
    }
  }
  return best;
}

std::string describe(const CsvLayout& layout) {
  const CsvOptions& options = layout.options;
  std::string text = layout.columns == 1
                         ? "1 column"
                         : fmt::format("{} columns separated by {}", layout.columns, delimiter_name(options));
  if (options.decimal_point == ',') text += ", decimal commas";
  if (!options.thousands_separator.empty()) {
    text += fmt::format(", thousands separated by '{}'", options.thousands_separator);
  }
  if (options.skip_lines > 0) text += fmt::format(", {} lines before", options.skip_lines);
  if (options.comment != '\0') text += fmt::format(", comments that begin with '{}'", options.comment);
  return text + (options.header ? ", a header" : ", no header");
}

}  // namespace

std::optional<CsvLayout> likely_csv_layout(const std::string& path, std::string_view text,
                                           const CsvOptions& options) {
  std::optional<Candidate> best;
  // Those first that stand less often inside fields.
  for (const char delimiter : {'\t', ';', '|', ',', ' '}) {
    CsvOptions tried = options;
    tried.delimiter = delimiter;
    tried.merge_delimiters = delimiter == ' ';
    auto next = candidate(path, text, std::move(tried));
    if (next && (!best || next->rows > best->rows)) best = std::move(next);
  }
  return best ? std::optional(std::move(best->layout)) : std::nullopt;
}

std::string delimiter_name(const CsvOptions& options) {
  if (options.merge_delimiters && options.delimiter == ' ') return "a run of blanks";
  return options.delimiter == '\t' ? "a tab" : fmt::format("'{}'", options.delimiter);
}

CsvGuess sniff_csv(const std::string& path) {
  const std::string text = read_file("sniff_csv", path);
  require_utf8("sniff_csv", path, text);
  CsvOptions options;
  if (has_line_of_comment(text)) options.comment = '#';
  CsvLayout layout = likely_csv_layout(path, text, options).value_or(CsvLayout{options, 1});
  const auto rows = sample(path, text, layout.options);
  if (rows.empty()) {
    fail<FileError>("sniff_csv: {}: the file must hold rows of numbers or text, got none", path);
  }
  layout.options = with_number_format(rows, layout.options);
  layout.options.header = has_header(rows, layout.options);
  const bool end_in_delimiter =
      layout.columns > 1 &&
      std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.fields.back().empty(); });
  if (layout.options.header && end_in_delimiter) --layout.columns;  // as read_csv has it
  return {layout.options, describe(layout)};
}

}  // namespace xtape::data
