// SPDX-License-Identifier: BSD-3-Clause
#include "training/table.hpp"

#include <utility>

#include "training/markup.hpp"

namespace xtape::training {

Table::Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

void Table::add_row(const std::vector<Cell>& cells) {
  std::string& rows = has_foot_ ? foot_ : body_;
  rows += "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (columns_[i].kind == TableColumn::row_name) {
      append(rows, "<th scope=\"row\">{}</th>", cells[i].markup);
      continue;
    }
    std::string style = columns_[i].kind == TableColumn::figure ? "figure" : "";
    if (*cells[i].style != '\0') append(style, "{}{}", style.empty() ? "" : " ", cells[i].style);
    if (!style.empty()) style = fmt::format(" class=\"{}\"", style);
    append(rows, "<td{}>{}</td>", style, cells[i].markup);
  }
  rows += "</tr>\n";
}

std::string Table::markup() const {
  std::string table = "<table><thead><tr>";
  for (const TableColumn& column : columns_) {
    append(table, "<th scope=\"col\"{}>{}</th>",
           column.kind == TableColumn::figure ? " class=\"figure\"" : "", escaped(column.name));
  }
  append(table, "</tr></thead><tbody>\n{}</tbody>", body_);
  if (has_foot_) append(table, "<tfoot>\n{}</tfoot>", foot_);
  return table + "</table>\n";
}

std::string Table::scrolling_markup() const {
  std::string table = markup();
  table.pop_back();
  return "<div class=\"scroll\" tabindex=\"0\">" + table + "</div>\n";
}

}  // namespace xtape::training
