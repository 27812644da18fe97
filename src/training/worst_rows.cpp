// SPDX-License-Identifier: BSD-3-Clause
#include "training/worst_rows.hpp"

#include <algorithm>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"
#include "training/markup.hpp"
#include "training/thumbnail.hpp"

namespace xtape::training {
namespace {

void require_pictures(const ReportInput& input) {
  const Shape &outputs = input.outputs.shape(), &image = input.options.image;
  const metrics::Scores* const features = input.features;
  if (features != nullptr && (features->shape().rank() == 0 || features->shape()[0] != outputs[0])) {
    fail<ShapeError>("{}: features must have one row for each row of {} {}, got {}", report_function,
                     input.outputs_name, outputs, features->shape());
  }
  if (image.rank() == 0) return;
  const bool is_grey = image.rank() == 2 || (image.rank() == 3 && image[0] == 1);
  const bool is_coloured = image.rank() == 3 && image[0] == 3;
  if ((!is_grey && !is_coloured) || image.elements() == 0) {
    fail<ShapeError>(
        "{}: options.image must be (height, width), (1, height, width) or (3, height, width) with at least "
        "one pixel, got {}",
        report_function, image);
  }
  if (features == nullptr) {
    fail<ArgumentError>("{}: options.image needs features to show, got none; give them before the options",
                        report_function);
  }
  if (features->shape().elements() != outputs[0] * image.elements()) {
    fail<ShapeError>("{}: features must have {} elements in each row for options.image {}, got {}",
                     report_function, image.elements(), image, features->shape());
  }
}

std::string gallery(const ReportInput& input, const std::vector<WorstRow>& rows) {
  const Thumbnails thumbnails(*input.features, input.options.image);
  std::string markup = "<div class=\"gallery\">\n";
  for (const WorstRow& row : rows) {
    append(markup, "<figure>{}<figcaption>{}<br/>row {}</figcaption></figure>\n",
           thumbnails.draw(row.row, fmt::format("row {}: {}", row.row, row.title)), row.caption, row.row);
  }
  return markup + "</div>\n";
}

std::string table_of(const WorstRows& worst) {
  std::vector<TableColumn> columns{{"Row"}};
  columns.insert(columns.end(), worst.columns.begin(), worst.columns.end());
  Table table(columns);
  for (const WorstRow& row : worst.rows) {
    std::vector<Cell> cells{std::to_string(row.row)};
    cells.insert(cells.end(), row.cells.begin(), row.cells.end());
    table.add_row(cells);
  }
  return table.markup();
}

}  // namespace

std::vector<std::size_t> places_of_highest(const std::vector<double>& values, std::size_t count) {
  std::vector<std::size_t> places = data::row_numbers(values.size());
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(count, places.size()));
  std::partial_sort(places.begin(), end, places.end(), [&values](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  });
  places.erase(end, places.end());
  return places;
}

Section worst_section(const ReportInput& input, const WorstRows& worst) {
  require_pictures(input);
  const bool has_pictures = input.options.image.rank() > 0;
  std::string content = "<p>No rows.</p>\n";
  if (!worst.rows.empty()) content = has_pictures ? gallery(input, worst.rows) : table_of(worst);
  return {
      heading("worst", worst.heading, has_pictures ? worst.note_of_pictures : worst.note_of_table) + content,
      "worst", true, true};
}

}  // namespace xtape::training
