// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum_kernels.hpp"
#include "ops/convolution.hpp"

namespace xtape {

// What one product is of.
struct ConvolutionPart {
  const Convolution& all;
  SlidingWindow::Range samples, rows;

  std::size_t pixels() const { return rows.length() * all.width(); }  // of each sample
  std::size_t columns() const { return samples.length() * pixels(); }
  // Of a channel with its padding, those that the part sees; none where it has none.
  std::size_t padded_rows() const {
    const SlidingWindow& window = all.windows.rows;
    return (rows.length() - 1) * window.stride + (window.kernel - 1) * window.dilation + 1;
  }
  std::size_t padded_pixels() const {
    return all.has_padding() && !is_mostly_padding() ? padded_rows() * all.padded_width() : 0;
  }
  // So that it would take longer to copy the channel than to look up what of it is seen.
  bool is_mostly_padding() const {
    const auto seen = static_cast<double>(all.kernel_size() * pixels() + all.windows.image_pixels());
    return all.has_padding() &&
           static_cast<double>(padded_rows()) * static_cast<double>(all.padded_width()) > 2 * seen;
  }
  bool is_one_sample() const { return samples.length() == 1 && rows.length() == all.rows(); }
};

inline ConvolutionPart make_part(const Convolution& c, std::size_t bundle, std::size_t part) {
  return {c, {c.first_of_bundle(bundle), c.first_of_bundle(bundle + 1)}, c.rows_of_part(part)};
}

// Copies so many elements and returns where the copy ends. Rows are often too short for a call of memcpy.
template <class T>
T* copy_row(const T* from, std::size_t count, T* to) {
  constexpr std::size_t piece = 16 / sizeof(T), long_row = 64;
  if (count >= long_row) return std::copy_n(from, count, to);
  if (count < piece) {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
    return to + count;
  }
  for (std::size_t i = 0; i + piece <= count; i += piece) std::memcpy(to + i, from + i, piece * sizeof(T));
  std::memcpy(to + count - piece, from + count - piece,
              piece * sizeof(T));  // the rest, and what is before it
  return to + count;
}

// The same of rows that begin so far apart, one after the other. Of small images they are of a few pieces.
template <std::size_t pieces, class T>
void copy_rows_of_pieces(const T* from, std::size_t to_next, std::size_t rows, T* to) {
  constexpr std::size_t length = pieces * 16 / sizeof(T);
  for (std::size_t row = 0; row < rows; ++row)
    std::memcpy(to + row * length, from + row * to_next, 16 * pieces);
}
template <class T>
void copy_rows(const T* from, std::size_t to_next, std::size_t rows, std::size_t width, T* to) {
  constexpr std::size_t piece = 16 / sizeof(T);
  if (width == piece) return copy_rows_of_pieces<1>(from, to_next, rows, to);
  if (width == 2 * piece) return copy_rows_of_pieces<2>(from, to_next, rows, to);
  if (width == 4 * piece) return copy_rows_of_pieces<4>(from, to_next, rows, to);
  for (std::size_t row = 0; row < rows; ++row, from += to_next) to = copy_row(from, width, to);
}

// Copies so many elements that are `step` apart.
template <class T>
void copy_every(const T* from, std::size_t step, std::size_t count, T* to) {
  if (step == 1) {
    copy_row(from, count, to);
  } else if (step == 2) {  // which the compiler has instructions for
    for (std::size_t i = 0; i < count; ++i) to[i] = from[2 * i];
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i * step];
  }
}

// What becomes of the results, and where they go.
template <class T>
struct ConvolutionResults {
  T* y;
  bool relu;
  T* places;  // of the largest in their windows, if results are halved and somebody wants to know, or null
};

// The gradient of the results, and the results themselves if they went through relu, or null, and their
// places if they are halved.
template <class T>
struct ResultGradient {
  const T *dy, *y, *places;

  // That of so many results from `place` on, before relu.
  void write(std::size_t place, std::size_t count, T* to) const {
    if (y == nullptr) {
      std::copy_n(dy + place, count, to);
    } else {
      kernels::kernel<kernels::Unary<kernels::Relu>, T>().gradient(y + place, dy + place, to, count, true);
    }
  }
};

// What a backward pass adds to; null where nobody needs it.
template <class T>
struct ConvolutionGradients {
  T* x = nullptr;
  bool x_is_first = false;
  T* weight = nullptr;
  bool weight_is_first = false;
  double* bias = nullptr;  // a sum for each output of all groups

  void add_to_bias(std::size_t output, const T* slopes, std::size_t count) const {
    if (bias != nullptr) bias[output] += kernels::kernel<kernels::Sums, T>().sum(slopes, count);
  }
};

}  // namespace xtape
