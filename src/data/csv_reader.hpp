// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv_categories.hpp"
#include "data/csv_file.hpp"
#include "data/csv_number.hpp"
#include "data/csv_scanner.hpp"
#include "xtape/data/csv.hpp"

namespace xtape::data {

// Throws ArgumentError, in the name of `function`, where options contradict each other.
void require_valid(const char* function, const CsvOptions& options);

// Makes tables of the rows of a file: one of all, or one of each piece.
class CsvReader {
 public:
  // Columns are as in `first`, if there is one, and else as the options say. `first` must be there until the
  // columns are known.
  CsvReader(const char* function, const std::string& path, const CsvOptions& options, const CsvTable* first);

  // The same for a file that is read as the first table was.
  CsvReader(const char* function, const std::string& path, const CsvTable& first)
      : CsvReader(function, path, first.options_, &first) {}

  // All of it. Once, and then nothing else.
  CsvTable read(std::string text) &&;

  // With one of the two it begins where a file is read in pieces.
  // Finds of all rows what the columns hold, and gives how many rows there are.
  std::size_t survey(CsvFile& file);
  // Takes from the first table what the columns hold, of which it must have all.
  void take_from_first(CsvFile& file);

  // Then a scanner of the file that has passed over the header gives one piece after the other; the last one
  // has fewer rows, or none.
  void pass_header(CsvScanner& scanner);
  CsvTable read_piece(CsvScanner& scanner, std::size_t rows);

  const std::string& path() const noexcept { return table_.path_; }
  const CsvOptions& options() const noexcept { return table_.options_; }

 private:
  bool scan_row(CsvScanner& scanner) const;
  bool next_row(CsvScanner& scanner);
  void read_header(const CsvScanner& scanner);
  void settle_columns(const CsvScanner& scanner);
  void make_names_distinct();
  void decide_columns();
  CsvTable::Column& decided(const char* option, const std::string& name);
  CsvTable::Column* find(const std::string& name);
  void require_rows(std::size_t rows) const;
  void require_field_count(const CsvScanner& scanner) const;
  void require_likely_delimiter() const;
  std::string better_delimiter() const;

  void take_numbers(const CsvScanner& scanner, CsvTable& table, std::vector<double>& values) const;
  double number(const CsvField& field, std::size_t index, CsvTable::Column& column) const;
  [[noreturn]] void fail_text(const CsvField& field, std::size_t index) const;
  double infinite(const CsvField& field, CsvTable::Column& column, double value) const;
  static double missing(const CsvField& field, CsvTable::Column& column);
  static CsvTable::Place place(const CsvField& field);
  bool is_missing(std::string_view text) const;

  void read_categories();
  void take_categories(const CsvScanner& scanner, CsvTable& table,
                       std::vector<CsvCategoryBuilder>& builders) const;
  void set_categories(CsvTable& table, std::vector<CsvCategoryBuilder> builders) const;
  void count_numbers(CsvTable::Column& column) const;
  void survey_field(const CsvField& field, double value, CsvTable::Column& column,
                    CsvFewCategories& categories) const;
  static void know(CsvTable::Column& column, const CsvFewCategories& categories);
  std::vector<CsvTable::Column> known_of_first() const;

  const char* const function_;
  const CsvTable* first_;  // null: none
  const std::string first_path_;
  const CsvNumberFormat format_;
  CsvFile* file_ = nullptr;  // of which there are pieces
  bool missing_may_be_number_ = false;
  bool header_may_end_in_delimiter_ = false;
  bool rows_may_end_in_delimiter_ = false;
  bool are_types_known_ = false;  // of all columns
  std::size_t header_line_ = 0;
  CsvTable table_;  // or, of a file that is read in pieces, what all of them have
};

}  // namespace xtape::data
