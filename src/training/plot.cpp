// SPDX-License-Identifier: BSD-3-Clause
#include "training/plot.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xtape::training {

std::string nothing_to_draw() {
  return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">nothing to draw</text>\n</svg>\n",
                     plot_width / 2, plot_height / 2);
}

Plot::Plot(Axis x, Axis y) : x_(std::move(x)), y_(std::move(y)) {}

void Plot::add_axes(std::string& svg, const AxisNames& names) const {
  for (const Tick& tick : y_.ticks()) {
    const double at = y_at(tick.value);
    append(svg, "<path class=\"grid\" d=\"M{} {}H{}\"/>", plot_left, at, plot_right);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}{}</text>\n", plot_left - 8, tenth(at + 4),
           tick.label, names.y_unit);
  }
  append(svg, "<path class=\"axis\" d=\"M{} {}H{}\"/>\n", plot_left, plot_bottom, plot_right);
  for (const Tick& tick : x_.ticks()) {
    const double at = x_at(tick.value);
    append(svg, "<path class=\"axis\" d=\"M{} {}v4\"/>", at, plot_bottom);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}{}</text>\n", at, plot_bottom + 19,
           tick.label, names.x_unit);
  }
  append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}{}</text>\n", (plot_left + plot_right) / 2,
         plot_height - 6, escaped(names.x), y_.is_logarithmic() ? " (logarithmic vertical axis)" : "");
}

// The places of a curve to draw: of those in one column of pixels the first, the least, the greatest and the
// last, which look the same as all.
std::vector<std::size_t> Plot::visible(const std::vector<double>& x, const std::vector<double>& y,
                                       std::size_t begin, std::size_t end) const {
  std::vector<std::size_t> places;
  while (begin < end) {
    const double column = std::floor(x_at(x[begin]));
    std::size_t least = begin, greatest = begin, last = begin;
    for (std::size_t i = begin; i < end && std::floor(x_at(x[i])) == column; ++i) {
      if (y[i] < y[least]) least = i;
      if (y[i] > y[greatest]) greatest = i;
      last = i;
    }
    for (const std::size_t i : {begin, std::min(least, greatest), std::max(least, greatest), last}) {
      if (places.empty() || places.back() != i) places.push_back(i);
    }
    begin = last + 1;
  }
  return places;
}

void Plot::add_curve(std::string& svg, const char* style, const std::vector<double>& x,
                     const std::vector<double>& y) const {
  for (std::size_t begin = 0; begin < y.size();) {
    std::size_t end = begin;
    while (end < y.size() && is_drawn(y[end])) ++end;
    if (end - begin == 1) {
      add_dot(svg, style, x[begin], y[begin], "3");
    } else if (end > begin) {
      append(svg, "<polyline class=\"{}\" points=\"", style);
      const char* separator = "";
      for (const std::size_t i : visible(x, y, begin, end)) {
        append(svg, "{}{},{}", separator, x_at(x[i]), y_at(y[i]));
        separator = " ";
      }
      svg += "\"/>\n";
    }
    begin = end + 1;
  }
}

void Plot::add_dot(std::string& svg, const char* style, double x, double y, const char* radius) const {
  append(svg, "<circle class=\"dot {}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>\n", style, x_at(x), y_at(y), radius);
}

void Legend::add_text(std::string& svg, std::string_view text, double width_of_mark) {
  append(svg, "<text x=\"{}\" y=\"16\">{}</text>\n", x_ + width_of_mark + 6, escaped(text));
  x_ = std::round(x_ + width_of_mark + 30 + 7.2 * static_cast<double>(columns_of(text)));
}

void Legend::add_line(std::string& svg, const char* style, std::string_view text) {
  append(svg, "<path class=\"{}\" d=\"M{} 12h22\"/>", style, x_);
  add_text(svg, text, 22);
}

void Legend::add_box(std::string& svg, const char* style, std::string_view text) {
  append(svg, "<rect class=\"{}\" x=\"{}\" y=\"6\" width=\"14\" height=\"12\"/>", style, x_);
  add_text(svg, text, 14);
}

void Legend::add_dot(std::string& svg, const char* style, std::string_view text) {
  append(svg, "<circle class=\"{}\" cx=\"{}\" cy=\"12\" r=\"4\"/>", style, x_ + 4);
  add_text(svg, text, 8);
}

}  // namespace xtape::training
