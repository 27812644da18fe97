// SPDX-License-Identifier: BSD-3-Clause
#include "training/thumbnail.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "training/axis.hpp"
#include "training/markup.hpp"

namespace xtape::training {
namespace {

constexpr std::size_t most_squares = 64;  // in a direction

double element(const metrics::Scores& features, std::size_t at) {
  return std::visit([at](const auto& values) { return static_cast<double>(values[at]); }, features.values());
}

}  // namespace

Thumbnails::Thumbnails(const metrics::Scores& features, const Shape& image)
    : features_(features),
      channels_(image.rank() == 3 ? image[0] : 1),
      height_(image[image.rank() - 2]),
      width_(image[image.rank() - 1]),
      block_((std::max(height_, width_) + most_squares - 1) / most_squares),
      low_(largest_drawn),
      high_(-largest_drawn) {
  for (std::size_t i = 0; i < features.shape().elements(); ++i) {
    const double value = element(features, i);
    if (!is_drawn(value)) continue;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
}

// 0 to 255, of the mean of a block; NaN is as low as can be.
unsigned Thumbnails::level(std::size_t row, std::size_t channel, std::size_t y, std::size_t x) const {
  const std::size_t plane = (row * channels_ + channel) * height_ * width_;
  const std::size_t y_end = std::min(height_, (y + 1) * block_), x_end = std::min(width_, (x + 1) * block_);
  double sum = 0, count = 0;
  for (std::size_t i = y * block_; i < y_end; ++i) {
    for (std::size_t j = x * block_; j < x_end; ++j) {
      const double share = (element(features_, plane + i * width_ + j) - low_) / (high_ - low_);
      sum += share > 0 ? std::min(share, 1.0) : 0;
      ++count;
    }
  }
  return static_cast<unsigned>(std::lround(255 * sum / count));
}

std::string Thumbnails::draw(std::size_t row, std::string_view title) const {
  const std::size_t height = (height_ + block_ - 1) / block_, width = (width_ + block_ - 1) / block_;
  std::map<unsigned, std::string> shapes;  // by their colour, so that each is named once
  std::map<unsigned, std::size_t> squares;
  std::vector<unsigned> line(width);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const unsigned red = level(row, 0, y, x);
      line[x] = channels_ == 3 ? red << 16 | level(row, 1, y, x) << 8 | level(row, 2, y, x) : red * 0x010101;
    }
    for (std::size_t x = 0; x < width;) {
      std::size_t end = x;
      while (end < width && line[end] == line[x]) ++end;
      append(shapes[line[x]], "M{} {}h{}v1h-{}z", x, y, end - x, end - x);
      squares[line[x]] += end - x;
      x = end;
    }
  }
  const unsigned ground = std::max_element(squares.begin(), squares.end(), [](const auto& a, const auto& b) {
                            return a.second < b.second;
                          })->first;
  std::string svg;
  append(svg,
         "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" "
         "shape-rendering=\"crispEdges\"><rect width=\"{}\" height=\"{}\" fill=\"#{:06x}\"/>",
         width, height, title, width, height, ground);
  for (const auto& [colour, shape] : shapes) {
    if (colour != ground) append(svg, "<path fill=\"#{:06x}\" d=\"{}\"/>", colour, shape);
  }
  return svg + "</svg>";
}

}  // namespace xtape::training
