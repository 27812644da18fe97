// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xtape/core/array.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// What comes of a field that is missing where a number is asked for.
enum class Missing {
  error,  ///< FileError.
  nan,    ///< NaN; see MeanImputer.
};

/// How a file is written, and what a missing field is to be.
struct CsvOptions {
  char delimiter = ',';  ///< between fields
  bool header = true;    ///< The first row names the columns. Without one they are named "0", "1", ...
  char quote = '"';      ///< Of RFC 4180; '\0' gives no character that meaning.
  /// How a missing field is written, in quotes or not.
  std::vector<std::string> missing_spellings = {"", "?", "NA", "N/A", "NaN", "nan", "NULL", "null"};
  Missing missing = Missing::error;  ///< what a missing number is to be
};

/// A column of class labels.
struct LabelColumn {
  Array<std::int64_t> class_indices;     ///< (rows): places in class_names.
  std::vector<std::string> class_names;  ///< Distinct and sorted: text by its bytes, numbers by their value.
};

/// One column of features: the numbers of a column, or 1 where a column holds the category and 0 elsewhere.
struct FeatureColumn {
  std::string column;                        ///< its name
  std::optional<std::string> category = {};  ///< that 1 stands for; none for a column of numbers

  friend bool operator==(const FeatureColumn&, const FeatureColumn&) = default;
};

/// A table, as read from a file. A column whose fields all are finite numbers, or missing, holds numbers, and
/// every other one text; that is an error only where numbers are asked of it.
class CsvTable {
 public:
  /// Without the header.
  std::size_t rows() const noexcept { return values_.shape()[0]; }
  /// Their names, in the order of the file.
  const std::vector<std::string>& columns() const noexcept { return columns_; }

  /// Whether the column holds text.
  /// @throws ArgumentError  there is no such column.
  bool is_text(std::string_view column) const;

  /// (rows, columns)
  /// @throws FileError  a field is no number, or missing with Missing::error. The message names it.
  const Array<double>& values() const;

  /// All columns but one, converted to T: (rows, columns - 1).
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      as values(), or T cannot hold a number.
  template <class T>
  Array<T> features(std::string_view label_column) const;

  /// All columns but one, with one column per category in place of each that holds text:
  ///
  ///     const auto columns = training.feature_columns("species");
  ///     const auto x = training.take_columns<float>(columns), x_test = test.take_columns<float>(columns);
  ///
  /// @throws ArgumentError  there is no such column.
  std::vector<FeatureColumn> feature_columns(std::string_view label_column) const;

  /// A column per category of this one, be it text or numbers; sorted as LabelColumn::class_names.
  /// @throws ArgumentError  there is no such column.
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
  /// @throws FileError      an entry is missing; the message names it.
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
  struct Categories {
    std::vector<std::string> names;
    std::vector<std::int64_t> codes;
  };
  struct Column {
    std::optional<Place> first_text, first_missing;
    Categories categories;  // of text
  };

  std::size_t column_index(const char* function, std::string_view name) const;
  void require_numbers(const char* function, std::size_t column) const;
  void require_present(const char* function, std::size_t column, const char* what) const;
  Categories categories_of(std::size_t column) const;
  template <class T>
  T number(const char* function, std::size_t row, std::size_t column) const;
  template <class T>
  void copy_numbers(std::size_t column, T* destination, std::size_t step) const;
  template <class T>
  void copy_one_hot(std::size_t column, const std::vector<FeatureColumn>& wanted, Array<T>& features) const;

  std::string path_;
  Missing missing_ = Missing::error;
  std::vector<std::string> columns_;
  std::vector<Column> contents_;    // of each column
  std::vector<std::size_t> lines_;  // where each row begins in the file
  Array<double> values_;            // NaN for text and what is missing
};

/// Reads a file of fields separated by a delimiter, a row a line. A field in quotes may hold delimiters, ends
/// of lines, and quotes that are doubled (RFC 4180). Empty lines are passed over, and spaces around fields
/// and quotes too; lines end in LF or CRLF.
/// @throws ArgumentError  delimiter and quote are the same, or one is the end of a line.
/// @throws FileError      the file cannot be read, has no rows, a row has another number of fields than the
///                        first, a quote is not closed or something follows it, or a column name stands
///                        twice. The message names file, line and column.
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace xtape::data
#pragma GCC visibility pop
