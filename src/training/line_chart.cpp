// SPDX-License-Identifier: BSD-3-Clause
#include "training/line_chart.hpp"

#include <algorithm>

#include "training/plot.hpp"

namespace xtape::training {
namespace {

void mark_best(std::string& svg, const LineChart& chart, std::size_t best, const Plot& plot) {
  append(svg, "<path class=\"best\" d=\"M{} {}V{}\"/>\n", plot.x_at(chart.epochs[best]), plot_top,
         plot_bottom);
  const Series& series = chart.series.back();
  if (!is_drawn(series.values[best])) return;
  plot.add_dot(svg, series.style, chart.epochs[best], series.values[best], "4.5");
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
  std::string svg = svg_head(chart.id, plot_width, plot_height, chart.title, describe(chart));
  std::vector<double> all;
  for (const Series& series : chart.series) all.insert(all.end(), series.values.begin(), series.values.end());
  if (std::none_of(all.begin(), all.end(), is_drawn)) return svg + nothing_to_draw();

  const Plot plot(Axis::of_epochs(chart.epochs.front(), chart.epochs.back()),
                  Axis::around(all, chart.logarithmic_from));
  const auto best = std::find(chart.epochs.begin(), chart.epochs.end(), chart.best_epoch);
  const bool has_best = chart.best_epoch > 0 && best != chart.epochs.end();
  plot.add_axes(svg, {.x = "Epoch", .y_unit = chart.unit});
  Legend legend;
  for (const Series& series : chart.series) legend.add_line(svg, series.style, series.name);
  if (has_best) legend.add_line(svg, "best", fmt::format("best epoch: {}", chart.best_epoch));
  for (const Series& series : chart.series) plot.add_curve(svg, series.style, chart.epochs, series.values);
  if (has_best) mark_best(svg, chart, static_cast<std::size_t>(best - chart.epochs.begin()), plot);
  return svg + "</svg>\n";
}

}  // namespace xtape::training
