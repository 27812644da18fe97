// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "xtape/data/csv.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// The rows of a file as read_csv() takes it, a piece after the other, for files that are larger than memory:
/// what is in memory is one piece, and what read_csv() would know of the columns.
///
///     data::CsvRows rows("clicks.csv");  // reads all of it once, to see what the columns hold
///     for (int epoch = 0; epoch < 10; ++epoch) {
///       rows.rewind();
///       while (const auto table = rows.next(100000)) {
///         const auto x = table->take_columns<float>(table->feature_columns("clicked"));
///         const auto y = table->labels("clicked");
///
/// The tables have the same columns, types and categories, those of the whole file: together they are what
/// read_csv() gives. What one is asked about all rows, as the first that is missing, it answers of its own.
/// Of a column with more than CsvOptions::max_categories no categories are kept: take_columns() and
/// class_indices() find those that they are given, and class_labels(), one_hot_columns() and
/// feature_columns() throw FileError.
///
/// It must be a regular file, and stay as it is: one that is written to meanwhile is an error.
class CsvRows {
 public:
  /// Reads all rows once, to find what the columns hold.
  /// @throws ArgumentError, FileError  as read_csv(); of several errors the first in the file. A pipe is
  /// none.
  explicit CsvRows(const std::string& path, const CsvOptions& options = {});

  /// For a file that is read as the first was, as by read_csv_like(): its columns are among those of the
  /// first table, and hold the same numbers or text, and the same categories. Only the first row is read.
  /// @throws FileError  as above, or a column is not in the first table.
  CsvRows(const CsvTable& first, const std::string& path);

  CsvRows(CsvRows&& other) noexcept;             ///< What was moved from can only be assigned to.
  CsvRows& operator=(CsvRows&& other) noexcept;  ///< the same
  ~CsvRows();

  /// The next rows, as many as asked for or, at the end, those that are left; nothing where none is.
  /// @throws ArgumentError  rows is 0.
  /// @throws FileError      as above, or the file is not what it was when it was read first. The call after
  /// it
  ///                        begins at the same row.
  std::optional<CsvTable> next(std::size_t rows);

  /// The next row is the first again.
  void rewind() noexcept;

  /// How many rows the file has, without the header. Where a first table says what the columns hold, nothing
  /// until next() has come to the end.
  std::optional<std::size_t> rows() const noexcept;

 private:
  class Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace xtape::data
#pragma GCC visibility pop
