// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "xtape/core/array.hpp"

namespace xtape::data {

struct CsvOptions {
  char delimiter = ',';
  bool header = true;  ///< The first line names the columns. Without one they are named "0", "1", ...
};

/// A table of numbers, as read from a file.
class CsvTable {
 public:
  std::size_t rows() const noexcept { return values_.shape()[0]; }
  const std::vector<std::string>& columns() const noexcept { return columns_; }

  /// (rows, columns)
  const Array<double>& values() const noexcept { return values_; }

  /// All columns but one, converted to T: (rows, columns - 1).
  /// @throws ArgumentError  there is no such column.
  template <class T>
  Array<T> features(std::string_view label_column) const;

  /// One column as class indices: (rows).
  /// @throws ArgumentError  there is no such column.
  /// @throws FileError      an entry is not a whole number from 0 on; the message names the line.
  Array<std::int64_t> labels(std::string_view label_column) const;

 private:
  friend CsvTable read_csv(const std::string& path, const CsvOptions& options);

  std::size_t column_index(const char* function, std::string_view name) const;

  std::string path_;
  std::vector<std::string> columns_;
  std::vector<std::size_t> lines_;  // where each row stands in the file
  Array<double> values_;
};

/// Reads a file of numbers separated by a delimiter, a row a line. Empty lines are passed over, spaces
/// around a number too; lines end in LF or CRLF. Quotes have no meaning.
/// @throws FileError  the file cannot be read, is empty, a line has another number of fields than the
///                    first, a field is not a finite number, or a column name stands twice. The message
///                    names file, line and column.
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace xtape::data
