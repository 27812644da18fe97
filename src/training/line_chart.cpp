// SPDX-License-Identifier: BSD-3-Clause
#include "training/line_chart.hpp"

#include <algorithm>
#include <cmath>

#include "training/axis.hpp"
#include "training/markup.hpp"

namespace xtape::training {
namespace {

constexpr double chart_height = 310, chart_bottom = chart_height - 44;

double x_at(const Axis& axis, double value) {
  return tenth(plot_left + (plot_right - plot_left) * axis.place(value));
}
double y_at(const Axis& axis, double value) {
  return tenth(chart_bottom - (chart_bottom - plot_top) * axis.place(value));
}

void add_axes(std::string& svg, const Axis& x, const Axis& y, const char* unit) {
  for (const Tick& tick : y.ticks()) {
    const double at = y_at(y, tick.value);
    append(svg, "<path class=\"grid\" d=\"M{} {}H{}\"/>", plot_left, at, plot_right);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}{}</text>\n", plot_left - 8, tenth(at + 4),
           tick.label, unit);
  }
  append(svg, "<path class=\"axis\" d=\"M{} {}H{}\"/>\n", plot_left, chart_bottom, plot_right);
  for (const Tick& tick : x.ticks()) {
    const double at = x_at(x, tick.value);
    append(svg, "<path class=\"axis\" d=\"M{} {}v4\"/>", at, chart_bottom);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", at, chart_bottom + 19,
           tick.label);
  }
  append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">Epoch{}</text>\n", (plot_left + plot_right) / 2,
         chart_height - 6, y.is_logarithmic() ? " (logarithmic vertical axis)" : "");
}

void add_legend(std::string& svg, const LineChart& chart, bool has_best) {
  double x = plot_left;
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
  append(svg, "<path class=\"best\" d=\"M{} {}V{}\"/>\n", at, plot_top, chart_bottom);
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
  std::string svg = svg_head(chart.id, plot_width, chart_height, chart.title, describe(chart));
  std::vector<double> all;
  for (const Series& series : chart.series) all.insert(all.end(), series.values.begin(), series.values.end());
  if (std::none_of(all.begin(), all.end(), is_drawn)) {
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">nothing to draw</text>\n</svg>\n",
           plot_width / 2, chart_height / 2);
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
