// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "training/axis.hpp"
#include "training/markup.hpp"

namespace xtape::training {

inline constexpr double plot_height = 310, plot_bottom = plot_height - 44;

// Stands in a picture in which nothing can be drawn, up to its end.
std::string nothing_to_draw();

// What the axes of a plot are called, none of it escaped. The vertical one is told by the legend.
struct AxisNames {
  const char* x = "";       // below the plot
  const char* x_unit = "";  // written behind the numbers of the axis
  const char* y_unit = "";
};

// A picture of two axes, and of what stands between them.
class Plot {
 public:
  Plot(Axis x, Axis y);

  // In pixels.
  double x_at(double value) const { return tenth(plot_left + (plot_right - plot_left) * x_.place(value)); }
  double y_at(double value) const { return tenth(plot_bottom - (plot_bottom - plot_top) * y_.place(value)); }

  void add_axes(std::string& svg, const AxisNames& names) const;
  // As many y as x; those that is_drawn() refuses leave a gap. `style` is a class in the style sheet.
  void add_curve(std::string& svg, const char* style, const std::vector<double>& x,
                 const std::vector<double>& y) const;
  void add_dot(std::string& svg, const char* style, double x, double y, const char* radius) const;

 private:
  std::vector<std::size_t> visible(const std::vector<double>& x, const std::vector<double>& y,
                                   std::size_t begin, std::size_t end) const;

  Axis x_, y_;
};

// What the styles of a plot mean, in a line above it. Texts are not escaped yet.
class Legend {
 public:
  void add_line(std::string& svg, const char* style, std::string_view text);
  void add_box(std::string& svg, const char* style, std::string_view text);
  void add_dot(std::string& svg, const char* style, std::string_view text);

 private:
  void add_text(std::string& svg, std::string_view text, double width_of_mark);

  double x_ = plot_left;
};

}  // namespace xtape::training
