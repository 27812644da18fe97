// SPDX-License-Identifier: BSD-3-Clause
#include "training/scatter_plot.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "training/plot.hpp"

namespace xtape::training {
namespace {

constexpr std::size_t most_dots = 1000;
constexpr int square_size = 5;  // in pixels
constexpr int shades = 8;

struct Dot {
  double x, y;
};

std::vector<Dot> dots_of(const ScatterPlot& scatter) {
  std::vector<Dot> dots;
  for (std::size_t i = 0; i < scatter.truth.size(); ++i) {
    if (is_drawn(scatter.truth[i]) && is_drawn(scatter.predicted[i])) {
      dots.push_back({scatter.truth[i], scatter.predicted[i]});
    }
  }
  return dots;
}

void add_dots(std::string& svg, const Plot& plot, const std::vector<Dot>& dots) {
  for (const Dot& dot : dots) {
    append(svg, "<circle class=\"mark\" cx=\"{}\" cy=\"{}\" r=\"2.5\"/>\n", plot.x_at(dot.x),
           plot.y_at(dot.y));
  }
}

// Shades go with the logarithm of the count, from that of one dot to that of the fullest square.
void add_squares(std::string& svg, const Plot& plot, const std::vector<Dot>& dots) {
  std::map<std::pair<int, int>, std::size_t> counts;
  std::size_t most = 1;
  for (const Dot& dot : dots) {
    const auto column = static_cast<int>(plot.x_at(dot.x)) / square_size;
    const auto row = static_cast<int>(plot.y_at(dot.y)) / square_size;
    most = std::max(most, ++counts[{column, row}]);
  }
  std::vector<std::string> squares(shades);
  const double deepest = std::log1p(static_cast<double>(most));
  for (const auto& [place, count] : counts) {
    const double depth = std::log1p(static_cast<double>(count)) / deepest;
    append(squares[static_cast<std::size_t>(std::ceil(depth * shades)) - 1], "M{} {}h{}v{}h-{}z",
           place.first * square_size, place.second * square_size, square_size, square_size, square_size);
  }
  for (std::size_t shade = 0; shade < squares.size(); ++shade) {
    if (squares[shade].empty()) continue;
    append(svg, "<path class=\"right\" fill-opacity=\"{}\" d=\"{}\"/>\n",
           static_cast<double>(shade + 1) / shades, squares[shade]);
  }
}

}  // namespace

std::string draw(const ScatterPlot& scatter) {
  const std::vector<Dot> dots = dots_of(scatter);
  std::string svg = svg_head(scatter.id, plot_width, plot_height, scatter.title,
                             fmt::format("Predicted against true numbers of {} rows.",
                                         grouped(static_cast<std::int64_t>(scatter.truth.size()))));
  if (dots.empty()) return svg + nothing_to_draw();
  // One axis for both, so that what is predicted rightly is on the diagonal.
  std::vector<double> all;
  for (const Dot& dot : dots) all.insert(all.end(), {dot.x, dot.y});
  const Axis axis = Axis::around(all, INFINITY);
  const Plot plot(axis, axis);
  plot.add_axes(svg, {.x = "True"});
  Legend legend;
  if (dots.size() <= most_dots) {
    legend.add_dot(svg, "mark", "predicted");
    add_dots(svg, plot, dots);
  } else {
    legend.add_box(svg, "right solid", "predicted: the deeper, the more rows");
    add_squares(svg, plot, dots);
  }
  legend.add_line(svg, "best", "predicted = true");
  append(svg, "<path class=\"best\" d=\"M{} {}L{} {}\"/>\n", plot_left, plot_bottom, plot_right, plot_top);
  return svg + "</svg>\n";
}

}  // namespace xtape::training
