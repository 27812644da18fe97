// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/csv_rows.hpp"

#include <cstdint>
#include <utility>

#include "arrays/format.hpp"
#include "data/csv_file.hpp"
#include "data/csv_reader.hpp"
#include "data/csv_scanner.hpp"

namespace xtape::data {
namespace {

constexpr const char* csv_rows = "CsvRows";

}  // namespace

class CsvRows::Reading {
 public:
  Reading(const std::string& path, const CsvOptions& options)
      : file_(csv_rows, path), reader_(csv_rows, path, options, nullptr) {
    rows_ = reader_.survey(file_);
  }

  Reading(const CsvTable& first, const std::string& path)
      : file_(csv_rows, path), reader_(csv_rows, path, first) {
    reader_.take_from_first(file_);
  }

  CsvTable next(std::size_t rows) {
    if (!is_at_next_) go_to_next();
    is_at_next_ = false;  // unless nothing throws
    CsvTable table = reader_.read_piece(*scanner_, rows);
    require_same_rows(table.rows(), rows);
    next_ = {CsvBegin::row, file_.offset(scanner_->next_line()), scanner_->next_line_number(),
             next_.rows + table.rows()};
    is_at_next_ = true;
    if (table.rows() < rows) rows_ = next_.rows;
    return table;
  }

  void rewind() noexcept {
    next_ = Place();
    is_at_next_ = false;
  }

  std::optional<std::size_t> rows() const noexcept { return rows_; }

 private:
  struct Place {
    CsvBegin begin = CsvBegin::file;
    std::uint64_t offset = 0;
    std::size_t line = 1;
    std::size_t rows = 0;  // before it
  };

  void go_to_next() {
    file_.go_to(next_.offset);
    scanner_.emplace(csv_rows, reader_.path(), file_, reader_.options(), next_.begin, next_.line);
    if (next_.begin == CsvBegin::file) reader_.pass_header(*scanner_);
  }

  void require_same_rows(std::size_t got, std::size_t wanted) const {
    const std::size_t now = next_.rows + got;
    if (!rows_ || (got == wanted ? now <= *rows_ : now == *rows_)) return;
    fail<FileError>("{}: {}: the file must have the {} rows that it had when it was read first, got {}",
                    csv_rows, reader_.path(), *rows_, got == wanted ? "more" : std::to_string(now));
  }

  CsvFile file_;
  CsvReader reader_;
  std::optional<CsvScanner> scanner_;
  std::optional<std::size_t> rows_;  // of the file, where that is known
  Place next_;
  bool is_at_next_ = false;  // the scanner
};

CsvRows::CsvRows(const std::string& path, const CsvOptions& options) {
  require_valid(csv_rows, options);
  reading_ = std::make_unique<Reading>(path, options);
}

CsvRows::CsvRows(const CsvTable& first, const std::string& path)
    : reading_(std::make_unique<Reading>(first, path)) {}

CsvRows::CsvRows(CsvRows&& other) noexcept = default;
CsvRows& CsvRows::operator=(CsvRows&& other) noexcept = default;
CsvRows::~CsvRows() = default;

std::optional<CsvTable> CsvRows::next(std::size_t rows) {
  if (rows == 0) fail<ArgumentError>("CsvRows::next: rows must be at least 1, got 0");
  CsvTable table = reading_->next(rows);
  return table.rows() > 0 ? std::optional(std::move(table)) : std::nullopt;
}

void CsvRows::rewind() noexcept { reading_->rewind(); }

std::optional<std::size_t> CsvRows::rows() const noexcept { return reading_->rows(); }

}  // namespace xtape::data
