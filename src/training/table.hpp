// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace xtape::training {

struct TableColumn {
  const char* name;
  enum Kind { text, figure, row_name } kind = text;
};

struct Cell {
  Cell(std::string content, const char* css_class = "") : markup(std::move(content)), style(css_class) {}

  std::string markup;  // escaped
  const char* style;   // a class in the style sheet, beside that of the column
};

class Table {
 public:
  explicit Table(std::vector<TableColumn> columns);

  // One for each column.
  void add_row(const std::vector<Cell>& cells);
  // Those that come now sum up those before.
  void begin_foot() { has_foot_ = true; }

  std::string markup() const;
  // Of a height that fits the screen.
  std::string scrolling_markup() const;

 private:
  std::vector<TableColumn> columns_;
  std::string body_, foot_;
  bool has_foot_ = false;
};

}  // namespace xtape::training
