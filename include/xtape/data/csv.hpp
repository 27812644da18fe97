// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xtape/arrays/array.hpp"

namespace xtape::data {
class CsvReader;  // declared here, a shared library does not export it
}  // namespace xtape::data

#pragma GCC visibility push(default)
namespace xtape::data {

/// What comes of a field that is missing where a number is asked for.
enum class Missing {
  error,  ///< FileError.
  nan,    ///< NaN; see MeanImputer.
};

/// What comes of an infinity where a number is asked for. A number too large for a double is one.
enum class Infinities {
  error,    ///< FileError.
  number,   ///< an infinity
  missing,  ///< as Missing says
};

/// How a file is written, and what its columns are to be.
struct CsvOptions {
  char delimiter = ',';  ///< between fields
  bool header = true;    ///< The first row names the columns. Without one they are named "0", "1", ...
  char quote = '"';      ///< Of RFC 4180; '\0' gives no character that meaning.

  /// A run of delimiters is one, and those at the ends of a line are none; with ' ' tabs are delimiters too.
  bool merge_delimiters = false;
  char comment = '\0';                 ///< From it to the end of the line is passed over, but not in quotes.
  std::size_t skip_lines = 0;          ///< before the header
  bool number_repeated_names = false;  ///< Names that stand twice become "a", "a.1", ... and are no error.

  char decimal_point = '.';           ///< '.' or ','
  std::string thousands_separator{};  ///< In "1,234,567.5" a comma. Groups are of three digits.
  bool percent = false;               ///< "12.5%" is 0.125, and else text.
  Infinities infinities =
      Infinities::error;  ///< what "inf", "-Infinity", ... are to be, in any case of letters

  /// How a missing field is written, in quotes or not. In a column of numbers NaN is missing in every
  /// spelling.
  std::vector<std::string> missing_spellings = {"", "?", "NA", "N/A", "NaN", "nan", "NULL", "null"};
  Missing missing = Missing::error;  ///< what a missing number is to be

  std::vector<std::string> text{};     ///< Columns that are text, be their fields numbers or not: {"zip"}.
  std::vector<std::string> numbers{};  ///< Columns that must be numbers, equal where their values are.
  /// Of how many categories a column may become one-hot.
  std::size_t max_categories = 1000;
};

/// A column of class labels.
struct LabelColumn {
  Array<std::int64_t> class_indices;     ///< (rows): places in class_names.
  std::vector<std::string> class_names;  ///< Distinct and sorted; see CsvTable.
};

/// One column of features: the numbers of a column, or 1 where a column holds the category and 0 elsewhere.
struct FeatureColumn {
  std::string column;                        ///< its name
  std::optional<std::string> category = {};  ///< that 1 stands for; none for a column of numbers

  friend bool operator==(const FeatureColumn&, const FeatureColumn&) = default;
};

/// A table, as read from a file, or some rows of one, as CsvRows gives them. It keeps their text.
///
/// A column holds numbers where all its fields are numbers or missing, and else text; CsvOptions::text and
/// CsvOptions::numbers decide otherwise, and for further files read_csv_like(). Text is an error only where
/// numbers are asked of it.
///
/// A category or a class is a field as it is written, without the spaces around it, so that 7, 07 and 7.0 are
/// three. Only in a column of CsvOptions::numbers they are one, named by the shortest form of the number.
/// Text is sorted by its bytes, so that "10" stands before "9"; numbers by their value, so that 9 stands
/// before 10, and those of one value by their bytes.
class CsvTable {
 public:
  /// Without the header.
  std::size_t rows() const noexcept { return values_.shape()[0]; }
  /// Their names, in the order of the file.
  const std::vector<std::string>& columns() const& noexcept { return columns_; }
  /// The same of a temporary table.
  std::vector<std::string> columns() && { return std::move(columns_); }

  /// Whether the column holds text.
  /// @throws ArgumentError  there is no such column.
  bool is_text(std::string_view column) const;

  /// (rows, columns)
  /// @throws FileError  a field is no number, missing with Missing::error, or infinite with
  ///                    Infinities::error. The message names it.
  const Array<double>& values() const&;
  /// The same of a temporary table.
  Array<double> values() &&;

  /// All columns but one, converted to T: (rows, columns - 1).
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      as values(), or T cannot hold a number.
  template <class T>
  Array<T> features(std::string_view label_column) const;

  /// All columns but one, and those of `left_out`, with one column per category in place of each that holds
  /// text:
  ///
  ///     const auto training = data::read_csv("training.csv", {.text = {"zip"}});
  ///     const auto test = data::read_csv_like(training, "test.csv");
  ///     const auto columns = training.feature_columns("species", {"name"});
  ///     const auto x = training.take_columns<float>(columns), x_test = test.take_columns<float>(columns);
  ///
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      a column has more categories than CsvOptions::max_categories, or is text for the
  ///                        sake of few fields: nine of ten that are not missing, or more, are numbers. The
  ///                        message names the first of the others; CsvOptions::text says that it is meant so.
  std::vector<FeatureColumn> feature_columns(std::string_view label_column,
                                             const std::vector<std::string>& left_out = {}) const;

  /// A column per category of this one, be it text or numbers; sorted.
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      there are more than CsvOptions::max_categories, or numbers of CsvOptions::numbers
  ///                        beyond 2^53, where doubles lose digits.
  std::vector<FeatureColumn> one_hot_columns(std::string_view column) const;

  /// These columns, in this order: (rows, columns.size()). A missing category is an error, or with
  /// Missing::nan a row of zeros.
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      as values(), T cannot hold a number, or a category is not one of `columns`.
  template <class T>
  Array<T> take_columns(const std::vector<FeatureColumn>& columns) const;

  /// One column as class indices, written as such: (rows).
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      an entry is not a whole number from 0 on; the message names the line.
  Array<std::int64_t> labels(std::string_view label_column) const;

  /// One column of names or numbers, each of which is a class.
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      an entry is missing, or a number of CsvOptions::numbers beyond 2^53; the message
  ///                        names it.
  LabelColumn class_labels(std::string_view label_column) const;

  /// The places of a column's entries among names known before, as from the training file: (rows).
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      an entry is missing, or not among the names.
  Array<std::int64_t> class_indices(std::string_view label_column,
                                    const std::vector<std::string>& class_names) const;

 private:
  friend class CsvReader;

  // A field of the file.
  struct Place {
    std::size_t line, column;
    std::string text;
  };
  // The distinct entries of a column, sorted, and for each row its place among them, or -1 if it is missing.
  using Names = std::vector<std::string>;
  struct Categories {
    Names names;
    std::vector<std::int64_t> codes;
  };
  struct Column {
    bool is_text = false;
    bool decided = false;   // what it is, by the options or another table
    bool by_value = false;  // what makes two numbers one category
    std::optional<Place> first_text, first_missing, first_infinite;
    Categories categories;    // of text
    std::size_t present = 0;  // how many fields of text are not missing
    std::size_t numbers = 0;  // how many of those are numbers

    // Of a piece of a file, what is known of all of the file. So is what stands above, but for first_missing,
    // first_infinite and categories, which are those of the piece.
    std::shared_ptr<const Names> names_in_file;  // the categories; null: more than max_categories
    std::optional<Place> first_beyond;           // a number that its value does not tell apart
  };

  std::size_t column_index(const char* function, std::string_view name) const;
  void require_numbers(const char* function, std::size_t column) const;
  void require_present(const char* function, std::size_t column, const char* what) const;
  void require_few_categories(const char* function, std::size_t column, std::size_t categories) const;
  void require_meant_as_text(const char* function, std::size_t column) const;
  [[noreturn]] void fail_beyond(const char* function, std::size_t column, std::size_t line,
                                std::string_view text) const;
  Categories categories_here(const char* function, std::size_t column) const;
  const Names& names_in_file(const char* function, std::size_t column) const;
  Names category_names(const char* function, std::size_t column) const;
  Categories categories_of(const char* function, std::size_t column) const;
  std::string category_of(const char* function, std::size_t row, std::size_t column,
                          std::string_view text) const;
  template <class T>
  T number(const char* function, std::size_t row, std::size_t column) const;
  template <class T>
  void copy_numbers(std::size_t column, T* destination, std::size_t step) const;
  template <class T>
  void copy_one_hot(std::size_t column, const std::vector<FeatureColumn>& wanted, Array<T>& features) const;

  std::string path_;
  CsvOptions options_;
  bool is_piece_ = false;       // of the file
  std::string text_;            // for the categories of numbers
  std::size_t rows_begin_ = 0;  // in it
  std::vector<std::string> columns_;
  std::vector<Column> contents_;    // of each column
  std::vector<std::size_t> lines_;  // where each row begins in the file
  Array<double> values_;            // NaN for text and what is missing
};

/// Reads a file of fields separated by a delimiter, a row a line. A field in quotes may hold delimiters, ends
/// of lines, and quotes that are doubled (RFC 4180). Empty lines are passed over, and spaces around fields
/// and quotes too; lines end in LF, CRLF or CR. A header may end in a delimiter, and then the rows too.
/// @throws ArgumentError  options contradict each other, or name a column that is not there.
/// @throws FileError      the file cannot be read, is not in UTF-8, has no rows, a row has another number of
///                        fields than the first, a quote is not closed or something follows it, a column name
///                        stands twice, a column of CsvOptions::numbers holds text, or all is one column of
///                        text that another delimiter would part. The message names file, line and column.
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

/// Reads a further file as the first was read: with the same options, and every column that both have as
/// numbers or text as the first has it. Columns may be others, and in another order.
/// @throws ArgumentError, FileError  as read_csv(), or where a column of numbers holds text.
CsvTable read_csv_like(const CsvTable& first, const std::string& path);

/// How a file seems to be written.
struct CsvGuess {
  CsvOptions options;       ///< for read_csv()
  std::string description;  ///< what was found: "3 columns separated by ';', decimal commas, a header"
};

/// Guesses by the first 100 rows: delimiter, header, lines before it, comments that begin with '#', decimal
/// comma and thousands separators.
///
///     const auto [options, description] = data::sniff_csv("measured.csv");
///     std::cout << description << '\n';
///     const auto table = data::read_csv("measured.csv", options);
///
/// @throws FileError  the file cannot be read, is not in UTF-8, or has no rows.
CsvGuess sniff_csv(const std::string& path);

}  // namespace xtape::data
#pragma GCC visibility pop
