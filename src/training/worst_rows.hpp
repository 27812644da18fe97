// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "training/findings.hpp"
#include "training/table.hpp"

namespace xtape::training {

// The places of at most `count` values, the highest first, and of equal ones the first. None is NaN.
std::vector<std::size_t> places_of_highest(const std::vector<double>& values, std::size_t count);

// All of it escaped.
struct WorstRow {
  std::size_t row;          // its number
  std::string title;        // of its picture, behind "row 7: "
  std::string caption;      // under its picture
  std::vector<Cell> cells;  // in a table, behind its number
};

struct WorstRows {
  const char* heading;
  const char* note_of_pictures;
  const char* note_of_table;
  std::vector<TableColumn> columns;  // behind that of the numbers
  std::vector<WorstRow> rows;
};

// With their pictures, where options.image says that they are some, or else in a table. Throws ShapeError or
// ArgumentError unless features and image fit the outputs.
Section worst_section(const ReportInput& input, const WorstRows& worst);

}  // namespace xtape::training
