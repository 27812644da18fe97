// SPDX-License-Identifier: BSD-3-Clause
#include "training/confusion_figure.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "training/markup.hpp"
#include "training/table.hpp"

namespace xtape::training {
namespace {

// More classes than that would have cells too small to read.
constexpr std::size_t most_classes_drawn = 40;
// More classes than that need the width of the page.
constexpr std::size_t most_classes_in_column = 14;
constexpr double column_width = 7.4;  // of a character of the labels
constexpr std::size_t most_pairs = 40;

struct Layout {
  double width = 0, height = 0;
  double left = 0, top = 0;  // of the cells
  double cell = 0;
  bool is_upright = false;       // the names of the columns fit beside each other
  std::size_t longest_name = 0;  // longer ones are cut
};

Layout lay_out(const std::vector<std::string>& names) {
  const bool is_wide = names.size() > most_classes_in_column;
  Layout layout{.width = is_wide ? 1140.0 : 560.0, .longest_name = is_wide ? 24u : 16u};
  std::size_t columns = 1;
  for (const std::string& name : names) columns = std::max(columns, columns_of(name));
  const double label = std::ceil(column_width * static_cast<double>(std::min(layout.longest_name, columns)));
  const auto classes = static_cast<double>(names.size());

  layout.left = 28 + label + 8;
  const double room = layout.width - layout.left - 4;
  layout.cell = std::min(is_wide ? 34.0 : 72.0, std::floor(room / classes));
  layout.is_upright = label + 6 <= layout.cell;
  layout.top = 28 + (layout.is_upright ? 18 : label + 8);
  layout.height = layout.top + layout.cell * classes + 4;
  // What is narrower stands in the middle.
  layout.left += std::floor((room - layout.cell * classes) / 2);
  return layout;
}

void add_names(std::string& svg, const Layout& layout, const std::vector<std::string>& names) {
  const double size = layout.cell * static_cast<double>(names.size());
  append(svg, "<text x=\"{}\" y=\"16\" text-anchor=\"middle\">Predicted class</text>\n",
         tenth(layout.left + size / 2));
  double longest = 0;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::string cut = shortened(names[c], layout.longest_name), name = escaped(cut);
    longest = std::max(longest, column_width * static_cast<double>(columns_of(cut)));
    const double middle = (static_cast<double>(c) + 0.5) * layout.cell;
    append(svg, "<text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", layout.left - 8,
           tenth(layout.top + middle + 4.5), name);
    const double x = tenth(layout.left + middle), y = layout.top - 8;
    if (layout.is_upright) {
      append(svg, "<text class=\"name\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x, y, name);
    } else {
      append(svg, "<text class=\"name\" transform=\"translate({} {}) rotate(-90)\">{}</text>\n",
             tenth(x + 4.5), y, name);
    }
  }
  append(svg, "<text transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\">True class</text>\n",
         tenth(layout.left - 8 - longest - 12), tenth(layout.top + size / 2));
}

// Filled by the share of the true class, in steps that show a single mistake among hundreds.
void add_cell(std::string& svg, const Layout& layout, std::size_t row, std::size_t column, std::int64_t count,
              double share, const std::string& title) {
  const double x = layout.left + static_cast<double>(column) * layout.cell;
  const double y = layout.top + static_cast<double>(row) * layout.cell;
  const std::string text = fmt::format("{}", count);
  const auto digits = static_cast<double>(std::max<std::size_t>(text.size(), 2));
  const double size = tenth(std::min({14.0, 0.5 * layout.cell, 1.5 * (layout.cell - 4) / digits}));
  append(svg, "<g><title>{}</title><rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", title,
         row == column ? "right" : "wrong", tenth(x + 0.5), tenth(y + 0.5), layout.cell - 1, layout.cell - 1);
  append(svg, " fill-opacity=\"{:.3f}\"/>", 0.16 + 0.59 * std::sqrt(share));
  append(svg, "<text class=\"count\" x=\"{}\" y=\"{}\" style=\"font-size:{}px\">{}</text></g>\n",
         tenth(x + layout.cell / 2), tenth(y + layout.cell / 2 + 0.35 * size), size, text);
}

std::int64_t sum_of_row(ArrayView<const std::int64_t> confusion, std::size_t classes, std::size_t row) {
  std::int64_t sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += confusion[row * classes + c];
  return sum;
}

struct Pair {
  std::size_t true_class, predicted;
  std::int64_t count;
};

// Most often first, and then in the order of the classes.
std::vector<Pair> pairs_by_count(ArrayView<const std::int64_t> confusion, std::size_t classes) {
  std::vector<Pair> pairs;
  for (std::size_t row = 0; row < classes; ++row) {
    for (std::size_t c = 0; c < classes; ++c) {
      const std::int64_t count = confusion[row * classes + c];
      if (row != c && count > 0) pairs.push_back({row, c, count});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  return pairs;
}

std::string draw_confusion(ArrayView<const std::int64_t> confusion, const std::vector<std::string>& names) {
  const std::size_t classes = names.size();
  const Layout layout = lay_out(names);
  const std::vector<Pair> pairs = pairs_by_count(confusion, classes);
  std::string description = "A row for each true class, a column for each predicted one.";
  if (!pairs.empty()) {
    append(description, " Most often confused: {} taken for {}, {} times.", names[pairs[0].true_class],
           names[pairs[0].predicted], pairs[0].count);
  }
  std::string svg = svg_head("confusion", layout.width, layout.height, "Confusion matrix", description);
  add_names(svg, layout, names);
  const double size = layout.cell * static_cast<double>(classes);
  append(svg, "<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", layout.left,
         layout.top, size, size);
  for (std::size_t row = 0; row < classes; ++row) {
    const std::int64_t sum = sum_of_row(confusion, classes, row);
    for (std::size_t c = 0; c < classes; ++c) {
      const std::int64_t count = confusion[row * classes + c];
      if (count == 0) continue;
      const double share = static_cast<double>(count) / static_cast<double>(sum);
      add_cell(svg, layout, row, c, count, share,
               fmt::format("{} taken for {}: {} of {} ({})", escaped(names[row]), escaped(names[c]), count,
                           sum, percent(share)));
    }
  }
  return svg + "</svg>\n";
}

std::string confused_pairs(ArrayView<const std::int64_t> confusion, const std::vector<std::string>& names) {
  const std::size_t classes = names.size();
  std::vector<Pair> pairs = pairs_by_count(confusion, classes);
  if (pairs.empty()) return "<p class=\"note\">No class was taken for another.</p>\n";
  if (pairs.size() > most_pairs) pairs.resize(most_pairs);
  Table table(
      {{"True class"}, {"Predicted"}, {"Rows", TableColumn::figure}, {"Of the class", TableColumn::figure}});
  for (const Pair& pair : pairs) {
    const auto sum = static_cast<double>(sum_of_row(confusion, classes, pair.true_class));
    table.add_row({escaped(names[pair.true_class]), escaped(names[pair.predicted]), grouped(pair.count),
                   percent(static_cast<double>(pair.count) / sum)});
  }
  return table.scrolling_markup();
}

}  // namespace

Section confusion_section(ArrayView<const std::int64_t> confusion, const std::vector<std::string>& names) {
  const char* const id = "confusion-matrix";
  if (names.size() > most_classes_drawn) {
    return {heading(id, "Most confused classes") + confused_pairs(confusion, names), id};
  }
  return {
      heading(
          id, "Confusion matrix",
          "Rows in each cell; the deeper the colour, the larger the share of the true class. Right is blue, "
          "wrong orange.") +
          "<div class=\"heat\">" + draw_confusion(confusion, names) + "</div>\n",
      id, names.size() > most_classes_in_column};
}

}  // namespace xtape::training
