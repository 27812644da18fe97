// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/gemm.hpp"
#include "kernels/relu.hpp"
#include "ops/convolution_part.hpp"
#include "threads/workspace.hpp"

namespace xtape {

// The rows of a part that see the channel with element k of the kernel.
inline SlidingWindow::Range visible_rows(const ConvolutionPart& part, std::size_t k) {
  const SlidingWindow::Range all = part.all.windows.rows.positions_of(k);
  const std::size_t begin = std::clamp(all.begin, part.rows.begin, part.rows.end);
  return {begin, std::clamp(all.end, begin, part.rows.end)};
}

// A channel as a part sees it: with its padding, and no rows that the part does not see.
template <class T>
struct SeenChannel {
  const T* first;
  std::size_t width;
};

// `memory` is for padded_pixels() elements, which are 0 where there is padding.
template <class T>
SeenChannel<T> pad(const ConvolutionPart& part, const T* channel, T* memory) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const std::size_t begin = part.rows.begin * rows.stride;
  if (!part.all.has_padding()) return {channel + begin * columns.extent, columns.extent};
  const std::size_t width = part.all.padded_width(), first = std::max(begin, rows.padding),
                    last = std::min(begin + part.padded_rows(), rows.padding + rows.extent);
  for (std::size_t row = first; row < last; ++row) {
    copy_row(channel + (row - rows.padding) * columns.extent, columns.extent,
             memory + (row - begin) * width + columns.padding);
  }
  return {memory, width};
}

// `seen`, a number for each pixel of the part, becomes what element (k, l) of the kernel sees of a channel.
template <class T>
void see(const ConvolutionPart& part, std::size_t k, std::size_t l, SeenChannel<T> channel, T* seen) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const T* from = channel.first + k * rows.dilation * channel.width + l * columns.dilation;
  const std::size_t to_next = rows.stride * channel.width, width = columns.positions;
  if (columns.stride == 1) return copy_rows(from, to_next, part.rows.length(), width, seen);
  for (std::size_t row = 0; row < part.rows.length(); ++row, from += to_next, seen += width)
    copy_every(from, columns.stride, width, seen);
}

// The same, looked up in a channel without its padding.
template <class T>
void see_each(const ConvolutionPart& part, std::size_t k, std::size_t l, const T* channel, T* seen) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const SlidingWindow::Range visible = columns.positions_of(l), of_rows = visible_rows(part, k);
  std::fill_n(seen, part.pixels(), T{0});
  for (std::size_t row = of_rows.begin; row < of_rows.end && visible.length() > 0; ++row) {
    const T* const from = channel + rows.place(row, k) * columns.extent + columns.place(visible.begin, l);
    T* const to = seen + (row - part.rows.begin) * columns.positions + visible.begin;
    copy_every(from, columns.stride, visible.length(), to);
  }
}

// The opposite: adds each number of `seen` to the element that was seen.
template <class T>
void add_seen(const ConvolutionPart& part, std::size_t k, std::size_t l, const T* seen, T* channel) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const SlidingWindow::Range visible = columns.positions_of(l), of_rows = visible_rows(part, k);
  if (visible.length() == 0) return;
  for (std::size_t row = of_rows.begin; row < of_rows.end; ++row) {
    T* const to = channel + rows.place(row, k) * columns.extent + columns.place(visible.begin, l);
    const T* const from = seen + (row - part.rows.begin) * columns.positions + visible.begin;
    if (columns.stride == 1) {
      for (std::size_t j = 0; j < visible.length(); ++j) to[j] += from[j];
    } else {
      for (std::size_t j = 0; j < visible.length(); ++j) to[j * columns.stride] += from[j];
    }
  }
}

// Calls f(channel, seen) for each channel of each sample, where seen is the first of the rows of the matrix
// (patch, columns) that are of the channel.
template <class T, class Row, class F>
void for_each_channel(const ConvolutionPart& part, std::size_t group, T* x, Row* matrix, F f) {
  const Convolution& c = part.all;
  for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample) {
    T* channel = x + c.image(sample, group);
    Row* seen = matrix + (sample - part.samples.begin) * part.pixels();
    for (std::size_t i = 0; i < c.in; ++i, channel += c.windows.image_pixels()) {
      f(channel, seen);
      seen += c.kernel_size() * part.columns();
    }
  }
}

// Calls f(k, l, seen) for those rows.
template <class Row, class F>
void for_each_seen(const ConvolutionPart& part, Row* seen, F f) {
  for (std::size_t k = 0; k < part.all.windows.rows.kernel; ++k) {
    for (std::size_t l = 0; l < part.all.windows.columns.kernel; ++l, seen += part.columns()) f(k, l, seen);
  }
}

// The matrix (patch, columns): in the workspace, or x itself.
template <class T, class Memory>
const T* columns_of(const ConvolutionPart& part, std::size_t group, const T* x, Memory& workspace) {
  const Convolution& c = part.all;
  if (c.sees_image() && part.is_one_sample()) return x + c.image(part.samples.begin, group);
  T* const matrix = workspace.template take<T>(c.patch() * part.columns());
  if (part.is_mostly_padding()) {
    for_each_channel(part, group, x, matrix, [&](const T* channel, T* rows) {
      for_each_seen(part, rows,
                    [&](std::size_t k, std::size_t l, T* seen) { see_each(part, k, l, channel, seen); });
    });
    return matrix;
  }
  T* const padded = workspace.template take<T>(part.padded_pixels());
  std::fill_n(padded, part.padded_pixels(), T{0});
  for_each_channel(part, group, x, matrix, [&](const T* channel, T* rows) {
    const SeenChannel<T> seen_channel = pad(part, channel, padded);
    for_each_seen(part, rows,
                  [&](std::size_t k, std::size_t l, T* seen) { see(part, k, l, seen_channel, seen); });
  });
  return matrix;
}

// Calls f(at, place) for each channel of the results and each sample: where its pixels begin in the matrix
// (out, columns), and where in y.
template <class F>
void for_each_result(const ConvolutionPart& part, std::size_t group, F f) {
  const Convolution& c = part.all;
  std::size_t at = 0;
  for (std::size_t o = 0; o < c.out; ++o) {
    for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample, at += part.pixels())
      f(at, c.result(sample, group) + o * c.pixels() + part.rows.begin * c.width());
  }
}

// c = a b + beta c, as the tape multiplies and as a predictor does.
template <class T>
void multiply_unfolded(Workspace&, std::size_t rows, std::size_t columns, std::size_t inner, const T* a,
                       const T* b, T beta, T* c) {
  kernels::gemm(kernels::Transpose::no, kernels::Transpose::no, rows, columns, inner, a, b, beta, c);
}
template <class T>
void multiply_unfolded(GivenMemory& memory, std::size_t rows, std::size_t columns, std::size_t inner,
                       const T* a, const T* b, T beta, T* c) {
  kernels::gemm_alone<T>(kernels::Transpose::no, kernels::Transpose::no, rows, columns, inner, a, b, beta,
                         nullptr, c, memory.take<T>(kernels::gemm_alone_memory(inner)));
}

// One group of one part: y = weight times the matrix + bias (null: none), or relu of it.
template <class T, class Memory>
void convolve_unfolded(const ConvolutionPart& part, std::size_t group, const T* x, const T* weight,
                       const T* bias, const ConvolutionResults<T>& results, Memory& memory) {
  const Convolution& c = part.all;
  const std::size_t width = part.columns();
  const T* const columns = columns_of(part, group, x, memory);
  T* const matrix = part.is_one_sample() ? results.y + c.result(part.samples.begin, group)
                                         : memory.template take<T>(c.out * width);
  if (bias != nullptr) {
    for (std::size_t o = 0; o < c.out; ++o) std::fill_n(matrix + o * width, width, bias[o]);
  }
  multiply_unfolded(memory, c.out, width, c.patch(), weight, columns, bias != nullptr ? T{1} : T{0}, matrix);
  if (results.relu) kernels::apply_relu(matrix, c.out * width);
  if (part.is_one_sample()) return;
  for_each_result(part, group, [&](std::size_t at, std::size_t place) {
    std::copy_n(matrix + at, part.pixels(), results.y + place);
  });
}

template <class T>
std::size_t unfolded_memory(const ConvolutionPart& part) {
  const Convolution& c = part.all;
  return GivenMemory::bytes<T>(c.patch() * part.columns()) + GivenMemory::bytes<T>(part.padded_pixels()) +
         GivenMemory::bytes<T>(c.out * part.columns()) +
         GivenMemory::bytes<T>(kernels::gemm_alone_memory(c.patch()));
}

template <class T>
void add_unfolded_input_gradient(const ConvolutionPart& part, std::size_t group, const T* weight, const T* dy,
                                 T* dx, bool first) {
  const Convolution& c = part.all;
  const auto multiply = [&](T beta, T* to) {
    kernels::gemm(kernels::Transpose::yes, kernels::Transpose::no, c.patch(), part.columns(), c.out, weight,
                  dy, beta, to);
  };
  if (c.sees_image() && part.is_one_sample())
    return multiply(first ? T{0} : T{1}, dx + c.image(part.samples.begin, group));
  // The first rows of an image set it to 0; those that follow add to what they share with them.
  if (first && part.rows.begin == 0) {
    for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample)
      std::fill_n(dx + c.image(sample, group), c.in * c.windows.image_pixels(), T{0});
  }
  Workspace workspace;
  T* const matrix = workspace.take<T>(c.patch() * part.columns());
  multiply(T{0}, matrix);
  for_each_channel(part, group, dx, matrix, [&](T* channel, const T* rows) {
    for_each_seen(part, rows,
                  [&](std::size_t k, std::size_t l, const T* seen) { add_seen(part, k, l, seen, channel); });
  });
}

// The gradients of that group, of which weight's begins at its own.
template <class T>
void add_unfolded_gradients(const ConvolutionPart& part, std::size_t group, const T* x, const T* weight,
                            const ResultGradient<T>& result, const ConvolutionGradients<T>& gradients) {
  const Convolution& c = part.all;
  Workspace workspace;
  const T* matrix = result.dy + c.result(part.samples.begin, group);
  if (!part.is_one_sample() || result.y != nullptr) {
    T* const together = workspace.take<T>(c.out * part.columns());
    for_each_result(part, group, [&](std::size_t at, std::size_t place) {
      result.write(place, part.pixels(), together + at);
    });
    matrix = together;
  }
  for (std::size_t o = 0; o < c.out; ++o)
    gradients.add_to_bias(group * c.out + o, matrix + o * part.columns(), part.columns());
  if (gradients.weight != nullptr) {
    Workspace of_columns;
    kernels::gemm(kernels::Transpose::no, kernels::Transpose::yes, c.out, c.patch(), part.columns(), matrix,
                  columns_of(part, group, x, of_columns), gradients.weight_is_first ? T{0} : T{1},
                  gradients.weight + group * c.out * c.patch());
  }
  if (gradients.x != nullptr)
    add_unfolded_input_gradient(part, group, weight, matrix, gradients.x, gradients.x_is_first);
}

}  // namespace xtape
