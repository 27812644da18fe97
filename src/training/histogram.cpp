// SPDX-License-Identifier: BSD-3-Clause
#include "training/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "training/plot.hpp"

namespace xtape::training {
namespace {

constexpr double widths_beyond = 5;  // of the middle half, to either side of it
constexpr double fewest_bins = 5, most_bins = 40;

// The ends of what is drawn, of sorted numbers that is_drawn() takes.
std::pair<double, double> ends_of(const std::vector<double>& sorted) {
  const double low = sorted.front(), high = sorted.back();
  const double quarter = sorted[sorted.size() / 4], three_quarters = sorted[sorted.size() * 3 / 4];
  const double beyond = widths_beyond * (three_quarters - quarter);
  if (!(beyond > 0)) return {low, high};
  return {std::max(low, quarter - beyond), std::min(high, three_quarters + beyond)};
}

// Whole steps of the axis are cut into equal bins, so that its numbers stand at edges.
std::vector<double> edges_between(double low, double high, std::size_t count) {
  const std::vector<Tick> ticks = Axis::linear(low, high).ticks();
  const double wanted = std::clamp(std::sqrt(static_cast<double>(count)), fewest_bins, most_bins);
  const double steps = static_cast<double>(ticks.size()) - 1;
  const double bins_of_step = std::max(1.0, std::round(wanted / steps));
  const double bins = bins_of_step * steps;
  const double from = ticks.front().value, width = ticks.back().value - from;
  std::vector<double> edges;
  for (double i = 0; i <= bins; ++i) edges.push_back(from + width * i / bins);
  return edges;
}

}  // namespace

Histogram histogram_of(std::vector<double> numbers) {
  std::vector<double> drawn;
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(drawn), is_drawn);
  std::sort(drawn.begin(), drawn.end());
  Histogram histogram;
  if (drawn.empty()) return histogram;
  const auto [low, high] = ends_of(drawn);
  histogram.edges = edges_between(low, high, drawn.size());
  const std::vector<double>& edges = histogram.edges;
  histogram.counts.assign(edges.size() - 1, 0);
  for (const double x : numbers) {
    if (x < edges.front()) {
      ++histogram.below;
    } else if (x > edges.back()) {
      ++histogram.above;
    } else {
      const auto next = std::upper_bound(edges.begin(), edges.end() - 1, x);
      ++histogram.counts[std::min(static_cast<std::size_t>(next - edges.begin()), edges.size() - 1) - 1];
    }
  }
  return histogram;
}

std::string draw(const Histogram& histogram, const std::string& id, const std::string& title,
                 const char* name) {
  std::string svg = svg_head(id, plot_width, plot_height, title,
                             fmt::format("A bar for how many rows are in each range of {}.", name));
  if (histogram.edges.empty()) return svg + nothing_to_draw();
  const std::vector<double>& edges = histogram.edges;
  const std::int64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  // Of five rows at least, so that the axis counts in whole ones.
  const Axis rows = Axis::linear(0, static_cast<double>(std::max<std::int64_t>(5, most)));
  const Plot plot(Axis::linear(edges.front(), edges.back()), rows);
  plot.add_axes(svg, {.x = name});
  Legend legend;
  legend.add_box(svg, "right solid", "rows");
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    if (histogram.counts[bin] == 0) continue;
    const double from = plot.x_at(edges[bin]), to = plot.x_at(edges[bin + 1]);
    const double y = plot.y_at(static_cast<double>(histogram.counts[bin]));
    append(
        svg,
        "<g><title>rows from {} to {}: {}</title><rect class=\"right solid\" x=\"{}\" y=\"{}\" width=\"{}\" "
        "height=\"{}\"/></g>\n",
        significant(edges[bin]), significant(edges[bin + 1]), grouped(histogram.counts[bin]),
        tenth(from + 0.5), y, tenth(to - from - 1), tenth(plot_bottom - y));
  }
  return svg + "</svg>\n";
}

}  // namespace xtape::training
