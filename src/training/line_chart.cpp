// SPDX-License-Identifier: BSD-3-Clause
#include "training/line_chart.hpp"

#include <algorithm>
#include <cmath>

#include "training/axis.hpp"
#include "training/markup.hpp"

namespace xtape::training {
namespace {

constexpr double width = 560, height = 310;
constexpr double left = 56, right = width - 16, top = 34, bottom = height - 44;

double x_at(const Axis& axis, double value) { return tenth(left + (right - left) * axis.place(value)); }
double y_at(const Axis& axis, double value) { return tenth(bottom - (bottom - top) * axis.place(value)); }

void add_axes(std::string& svg, const Axis& x, const Axis& y, const char* unit) {
  for (const Tick& tick : y.ticks()) {
    const double at = y_at(y, tick.value);
    append(svg, "<path class=\"grid\" d=\"M{} {}H{}\"/>", left, at, right);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}{}</text>\n", left - 8, tenth(at + 4),
           tick.label, unit);
  }
  append(svg, "<path class=\"axis\" d=\"M{} {}H{}\"/>\n", left, bottom, right);
  for (const Tick& tick : x.ticks()) {
    const double at = x_at(x, tick.value);
    append(svg, "<path class=\"axis\" d=\"M{} {}v4\"/>", at, bottom);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", at, bottom + 19, tick.label);
  }
  append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">Epoch{}</text>\n", (left + right) / 2,
         height - 6, y.is_logarithmic() ? " (logarithmic vertical axis)" : "");
}

void add_legend(std::string& svg, const LineChart& chart, bool has_best) {
  double x = left;
  for (const Series& series : chart.series) {
    append(svg, "<path class=\"{}\" d=\"M{} 12h22\"/>", series.style, x);
    append(svg, "<text x=\"{}\" y=\"16\">{}</text>\n", x + 28, series.name);
    x += 52 + 7.2 * static_cast<double>(columns_of(series.name));
    x = std::round(x);
  }
  if (!has_best) return;
  append(svg, "<path class=\"best\" d=\"M{} 12h22\"/>", x);
  append(svg, "<text x=\"{}\" y=\"16\">best epoch: {}</text>\n", x + 28, chart.best_epoch);
}

// The places to draw of a curve from `begin` to `end`: of a long one, the least and the greatest of each
// stretch, which look the same.
std::vector<std::size_t> places(const std::vector<double>& values, std::size_t begin, std::size_t end) {
  const std::size_t stretch = std::max<std::size_t>(1, (end - begin) / 500);
  std::vector<std::size_t> result;
  for (std::size_t from = begin; from < end; from += stretch) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = values.begin() + static_cast<std::ptrdiff_t>(std::min(end, from + stretch));
    const auto [least, greatest] = std::minmax_element(first, last);
    result.push_back(static_cast<std::size_t>(std::min(least, greatest) - values.begin()));
    if (least != greatest)
      result.push_back(static_cast<std::size_t>(std::max(least, greatest) - values.begin()));
  }
  return result;
}

void add_curve(std::string& svg, const LineChart& chart, const Series& series, const Axis& x, const Axis& y) {
  const std::vector<double>& values = series.values;
  for (std::size_t begin = 0; begin < values.size();) {
    std::size_t end = begin;
    while (end < values.size() && is_drawn(values[end])) ++end;
    if (end - begin == 1) {
      append(svg, "<circle class=\"dot {}\" cx=\"{}\" cy=\"{}\" r=\"3\"/>\n", series.style,
             x_at(x, chart.epochs[begin]), y_at(y, values[begin]));
    } else if (end > begin) {
      append(svg, "<polyline class=\"{}\" points=\"", series.style);
      const char* separator = "";
      for (const std::size_t i : places(values, begin, end)) {
        append(svg, "{}{},{}", separator, x_at(x, chart.epochs[i]), y_at(y, values[i]));
        separator = " ";
      }
      svg += "\"/>\n";
    }
    begin = end + 1;
  }
}

void add_best(std::string& svg, const LineChart& chart, std::size_t best, const Axis& x, const Axis& y) {
  const double at = x_at(x, chart.epochs[best]);
  append(svg, "<path class=\"best\" d=\"M{} {}V{}\"/>\n", at, top, bottom);
  const double value = chart.series.back().values[best];
  if (!is_drawn(value)) return;
  append(svg, "<circle class=\"dot {}\" cx=\"{}\" cy=\"{}\" r=\"4.5\"/>\n", chart.series.back().style, at,
         y_at(y, value));
}

std::string describe(const LineChart& chart) {
  std::string text;
  for (const Series& series : chart.series) {
    const std::string from = series.values.empty() ? "–" : significant(series.values.front());
    const std::string to = series.values.empty() ? "–" : significant(series.values.back());
    append(text, "{}{}: from {}{} to {}{} in {} epochs.", text.empty() ? "" : " ", series.name, from,
           chart.unit, to, chart.unit, chart.epochs.size());
  }
  return text;
}

}  // namespace

std::string draw(const LineChart& chart) {
  std::string svg = svg_head(chart.id, width, height, chart.title, describe(chart));
  std::vector<double> all;
  for (const Series& series : chart.series) all.insert(all.end(), series.values.begin(), series.values.end());
  if (std::none_of(all.begin(), all.end(), is_drawn)) {
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">nothing to draw</text>\n</svg>\n", width / 2,
           height / 2);
    return svg;
  }
  const Axis x = Axis::of_epochs(chart.epochs.front(), chart.epochs.back());
  const Axis y = Axis::around(all, chart.logarithmic_from);
  const auto best = std::find(chart.epochs.begin(), chart.epochs.end(), chart.best_epoch);
  const bool has_best = chart.best_epoch > 0 && best != chart.epochs.end();
  add_axes(svg, x, y, chart.unit);
  add_legend(svg, chart, has_best);
  for (const Series& series : chart.series) add_curve(svg, chart, series, x, y);
  if (has_best) add_best(svg, chart, static_cast<std::size_t>(best - chart.epochs.begin()), x, y);
  return svg + "</svg>\n";
}

}  // namespace xtape::training
