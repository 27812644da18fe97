// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/convolution_kernels.hpp"
#include "kernels/gemm.hpp"
#include "kernels/pooling_kernels.hpp"
#include "kernels/relu.hpp"
#include "ops/convolution_part.hpp"
#include "threads/workspace.hpp"

namespace xtape {

// A part whose results are computed with what lies between their rows: result (i, j) of a sample is column
// i * width + j of its (out, columns), where width is that of a phase of the padded image. What is between is
// not written.
class DirectPart {
 public:
  DirectPart(const ConvolutionPart& part, std::size_t group)
      : part_(part),
        group_(group),
        width_(part.all.phase_width()),
        phase_((part.padded_rows() + part.all.windows.rows.stride - 1) / part.all.windows.rows.stride *
               width_) {}

  std::size_t samples() const { return part_.samples.length(); }

  std::size_t width() const { return width_; }
  std::size_t positions() const { return (part_.rows.length() - 1) * width() + part_.all.width(); }
  std::size_t columns() const { return up_to_multiple(positions()); }
  // Of a channel, phase by phase, of which columns after the last position see some of the next, or of as
  // many zeros.
  std::size_t channel() const { return part_.all.phases() * phase_; }
  std::size_t image_elements() const {
    return part_.all.in * channel() + part_.all.windows.columns.padding + kernels::shifted_columns;
  }

  // What of the padded image is the image, where the stride is 1: rows of `width` from the first element seen
  // on.
  std::size_t first_seen() const { return place_of_pixel(seen_rows().begin, 0); }
  std::size_t seen_columns() const {
    const std::size_t rows = seen_rows().length();
    return rows == 0 ? 0 : up_to_multiple((rows - 1) * width() + part_.all.windows.columns.extent);
  }

  // How far element (c, k, l) of the kernel sees after the first, by their order in a weight.
  void write_shifts(std::size_t* shifts) const {
    write_shifts(
        part_.all.in, channel(), [&](std::size_t shift) { return shift; }, shifts);
  }

  // The opposite, where the stride is 1: what element (k, l) of the kernel lets each place of a channel see
  // of an output's slopes, if `before` zeros are before them. Outputs begin `pitch` apart.
  void write_shifts_back(std::size_t pitch, std::size_t* shifts) const {
    write_shifts(
        part_.all.out, pitch, [&](std::size_t shift) { return before() - shift; }, shifts);
  }
  std::size_t before() const {
    const SlidingWindows& windows = part_.all.windows;
    return shift(windows.rows.kernel - 1, windows.columns.kernel - 1);
  }

  // Of each output of a sample.
  std::size_t results() const {
    const Convolution& c = part_.all;
    return c.halved ? part_.rows.length() / 2 * (c.width() / 2) : part_.pixels();
  }
  std::size_t first_result(std::size_t sample) const {
    const Convolution& c = part_.all;
    return c.result(part_.samples.begin + sample, group_) +
           (c.halved ? part_.rows.begin / 2 * (c.width() / 2) : part_.rows.begin * c.width());
  }

  // What the part sees of a sample, one of its own, with padding.
  template <class T>
  void write_image(std::size_t sample, const T* x, T* image) const {
    x += part_.all.image(part_.samples.begin + sample, group_);
    if (part_.all.phases() == 1) {
      for (std::size_t c = 0; c < part_.all.in; ++c) write_channel(x + first_pixel(c), image + c * channel());
    } else {
      const std::size_t stride = part_.all.windows.columns.stride;
      std::fill_n(image, part_.all.in * channel(), T{0});
      for_each_run([&](std::size_t c, std::size_t at, std::size_t place, std::size_t count) {
        copy_every(x + at, stride, count, image + c * channel() + place);
      });
    }
    fill_between(image, part_.all.in * channel(), image_elements());
  }

  // Adds to x what an image has in its place.
  template <class T>
  void add_image(std::size_t sample, const T* image, T* x) const {
    if (part_.all.phases() == 1) return write_seen(sample, image + first_seen(), channel(), true, x);
    const std::size_t stride = part_.all.windows.columns.stride;
    x += part_.all.image(part_.samples.begin + sample, group_);
    for_each_run([&](std::size_t c, std::size_t at, std::size_t place, std::size_t count) {
      const T* const from = image + c * channel() + place;
      for (std::size_t i = 0; i < count; ++i) x[at + i * stride] += from[i];
    });
  }
  // The same where the stride is 1, or assigns it, of channels that begin with the first element seen and are
  // `pitch` apart.
  template <class T>
  void write_seen(std::size_t sample, const T* image, std::size_t pitch, bool add, T* x) const {
    x += part_.all.image(part_.samples.begin + sample, group_);
    for (std::size_t c = 0; c < part_.all.in; ++c) {
      rows_kernel<T>().close(image + c * pitch, width(), seen_rows().length(),
                             part_.all.windows.columns.extent, x + first_pixel(c), add);
    }
  }

  // What is at the positions of one output, a row of the matrix (out, columns), to its results, from `place`
  // on.
  template <class T>
  void write_results(const T* row_of_matrix, std::size_t place, const ConvolutionResults<T>& to) const {
    const Convolution& c = part_.all;
    T* const y = to.y + place;
    if (c.halved) {
      kernels::kernel<kernels::LargestOfFour, T>().value(row_of_matrix, width(), part_.rows.length() / 2,
                                                         c.width() / 2, y,
                                                         to.places == nullptr ? nullptr : to.places + place);
    } else {
      rows_kernel<T>().close(row_of_matrix, width(), part_.rows.length(), c.width(), y, false);
    }
    if (to.relu) kernels::apply_relu(y, results());
  }

  // The opposite, of their gradient: 0 between the positions. Writes up to width() + shifted_columns zeros
  // more.
  template <class T>
  void write_slopes(const T* of_results, std::size_t place, const T* places, T* row_of_matrix) const {
    const Convolution& c = part_.all;
    if (c.halved) {
      std::fill_n(row_of_matrix, columns(), T{0});
      kernels::kernel<kernels::LargestOfFour, T>().gradient(
          of_results, places + place, width(), part_.rows.length() / 2, c.width() / 2, false, row_of_matrix);
      return;
    }
    rows_kernel<T>().space(of_results, part_.rows.length(), c.width(), row_of_matrix, width());
    fill_between(row_of_matrix, part_.rows.length() * width(), columns());
  }

 private:
  static std::size_t up_to_multiple(std::size_t columns) {
    return (columns + kernels::shifted_columns - 1) / kernels::shifted_columns * kernels::shifted_columns;
  }

  template <class T>
  static const auto& rows_kernel() {
    return kernels::kernel<kernels::SpacedRows, T>();
  }
  template <class T>
  static void fill_between(T* row, std::size_t begin, std::size_t end) {
    if (begin < end) std::fill_n(row + begin, end - begin, T{0});
  }

  // Rows of the image that the part sees.
  SlidingWindow::Range seen_rows() const {
    const SlidingWindow& rows = part_.all.windows.rows;
    const std::size_t first = part_.rows.begin * rows.stride;
    const std::size_t begin = std::max(first, rows.padding) - rows.padding;
    const std::size_t end = std::max(first + part_.padded_rows(), rows.padding) - rows.padding;
    return {begin, std::max(begin, std::min(rows.extent, end))};
  }

  // Where in a sample they begin.
  std::size_t first_pixel(std::size_t channel) const {
    const SlidingWindows& windows = part_.all.windows;
    return channel * windows.image_pixels() + seen_rows().begin * windows.columns.extent;
  }
  // That channel with its padding, where the stride is 1.
  template <class T>
  void write_channel(const T* pixels, T* to) const {
    const std::size_t first = std::min(first_seen(), channel()), rows = seen_rows().length();
    fill_between(to, 0, first);
    rows_kernel<T>().space(pixels, rows, part_.all.windows.columns.extent, to + first, width());
    fill_between(to, first + rows * width(), channel());
  }

  // Where in a channel that row and column of what the part sees is.
  std::size_t place(std::size_t row, std::size_t column) const {
    if (part_.all.phases() == 1) return row * width_ + column;  // without divisions
    const std::size_t rows = part_.all.windows.rows.stride, columns = part_.all.windows.columns.stride;
    return (row % rows * columns + column % columns) * phase_ + row / rows * width_ + column / columns;
  }
  // The same of a pixel of the image.
  std::size_t place_of_pixel(std::size_t row, std::size_t column) const {
    const SlidingWindows& windows = part_.all.windows;
    return place(row + windows.rows.padding - part_.rows.begin * windows.rows.stride,
                 column + windows.columns.padding);
  }

  // How far element (k, l) of the kernel sees after the first.
  std::size_t shift(std::size_t k, std::size_t l) const {
    const SlidingWindows& windows = part_.all.windows;
    return place(k * windows.rows.dilation, l * windows.columns.dilation);
  }

  // of_shift(shift(k, l)) of the elements of the kernel for so many channels, which begin `pitch` apart.
  template <class F>
  void write_shifts(std::size_t channels, std::size_t pitch, F of_shift, std::size_t* shifts) const {
    if (channels == 0) return;
    const SlidingWindows& windows = part_.all.windows;
    const std::size_t elements = part_.all.kernel_size(), columns = windows.columns.kernel;
    for (std::size_t k = 0; k < windows.rows.kernel; ++k) {
      for (std::size_t l = 0; l < columns; ++l) shifts[k * columns + l] = of_shift(shift(k, l));
    }
    for (std::size_t e = elements; e < channels * elements; ++e) shifts[e] = shifts[e - elements] + pitch;
  }

  // Calls f(channel, at, place, count) for all pixels that the part sees: so many, a stride apart from `at`
  // of a sample on, are side by side from that place of the channel on.
  template <class F>
  void for_each_run(F f) const {
    const SlidingWindow &rows = part_.all.windows.rows, &columns = part_.all.windows.columns;
    const SlidingWindow::Range seen = seen_rows();
    for (std::size_t row = seen.begin; row < std::min(seen.end, seen.begin + rows.stride); ++row) {
      for (std::size_t column = 0; column < std::min(columns.extent, columns.stride); ++column) {
        const std::size_t first = place_of_pixel(row, column);
        const std::size_t count = (columns.extent - column + columns.stride - 1) / columns.stride;
        for (std::size_t c = 0; c < part_.all.in; ++c) {
          const std::size_t of_channel = c * part_.all.windows.image_pixels() + column;
          std::size_t place = first;
          for (std::size_t i = row; i < seen.end; i += rows.stride, place += width())
            f(c, of_channel + i * columns.extent, place, count);
        }
      }
    }
  }

  const ConvolutionPart& part_;
  std::size_t group_, width_, phase_;
};

// One group of one part: weight times what it sees + bias (null: none).
template <class T, class Memory>
void convolve_directly(const ConvolutionPart& part, std::size_t group, const T* x, const T* weight,
                       const T* bias, const ConvolutionResults<T>& results, Memory& memory) {
  const Convolution& c = part.all;
  const DirectPart direct(part, group);
  T* const image = memory.template take<T>(direct.image_elements());
  std::size_t* const shifts = memory.template take<std::size_t>(c.patch());
  T* const matrix = memory.template take<T>(c.out * direct.columns());
  direct.write_shifts(shifts);
  for (std::size_t sample = 0; sample < direct.samples(); ++sample) {
    direct.write_image(sample, x, image);
    kernels::kernel<kernels::MultiplyShifted, T>().product(c.out, direct.columns(), c.patch(), weight, image,
                                                           shifts, bias, matrix);
    for (std::size_t o = 0; o < c.out; ++o) {
      direct.write_results(matrix + o * direct.columns(), direct.first_result(sample) + o * c.result_pixels(),
                           results);
    }
  }
}

template <class T>
std::size_t direct_memory(const ConvolutionPart& part) {
  const DirectPart direct(part, 0);
  return GivenMemory::bytes<T>(direct.image_elements()) + GivenMemory::bytes<std::size_t>(part.all.patch()) +
         GivenMemory::bytes<T>(part.all.out * direct.columns());
}

// The gradient of a sample's results, by the matrix (out, columns), and width() + shifted_columns zeros more.
template <class T>
void write_slopes(const DirectPart& direct, const Convolution& c, std::size_t group, std::size_t sample,
                  const ResultGradient<T>& result, const ConvolutionGradients<T>& gradients, T* slopes) {
  Workspace workspace;
  T* const before_relu = workspace.take<T>(result.y == nullptr ? 0 : direct.results());
  for (std::size_t o = 0; o < c.out; ++o, slopes += direct.columns()) {
    const std::size_t place = direct.first_result(sample) + o * c.result_pixels();
    if (result.y != nullptr) result.write(place, direct.results(), before_relu);
    direct.write_slopes(result.y != nullptr ? before_relu : result.dy + place, place, result.places, slopes);
    gradients.add_to_bias(group * c.out + o, slopes, direct.columns());
  }
}

template <class T>
void add_direct_weight_gradient(const DirectPart& direct, const Convolution& c, const T* x, const T* slopes,
                                bool is_first, T* dweight) {
  Workspace workspace;
  T* const images = workspace.take<T>(direct.samples() * direct.image_elements());
  std::size_t* const shifts = workspace.take<std::size_t>(c.patch());
  direct.write_shifts(shifts);
  for (std::size_t sample = 0; sample < direct.samples(); ++sample)
    direct.write_image(sample, x, images + sample * direct.image_elements());
  kernels::kernel<kernels::MultiplyShifted, T>().product_with_transposed(
      direct.samples(), c.out, direct.columns(), c.patch(), slopes, images, direct.image_elements(), shifts,
      !is_first, dweight);
}

// To images that are 0 or have the gradients of the part's rows before it: what each element of the kernel
// gives them is one product of all slopes.
template <class T>
void add_input_gradient_by_elements(const DirectPart& direct, const Convolution& c, const T* weight,
                                    const T* slopes, T* dx) {
  Workspace workspace;
  T* const matrix = workspace.take<T>(c.patch() * direct.columns());
  std::size_t* const shifts = workspace.take<std::size_t>(c.patch());
  T* const image = workspace.take<T>(direct.image_elements());
  direct.write_shifts(shifts);
  const auto add = kernels::kernel<kernels::Binary<kernels::Add>, T>();
  for (std::size_t sample = 0; sample < direct.samples(); ++sample, slopes += c.out * direct.columns()) {
    kernels::gemm(kernels::Transpose::yes, kernels::Transpose::no, c.patch(), direct.columns(), c.out, weight,
                  slopes, T{0}, matrix);
    std::fill_n(image, direct.image_elements(), T{0});
    for (std::size_t k = 0; k < c.patch(); ++k) {
      T* const to = image + shifts[k];
      add(to, true, matrix + k * direct.columns(), true, to, direct.columns());
    }
    direct.add_image(sample, image, dx);
  }
}

// The same with a stride of 1, of few outputs, for which that product would write more than it multiplies: at
// each place of a channel it is what the kernel, turned round, sees of the slopes.
template <class T>
void add_input_gradient_by_places(const DirectPart& direct, const Convolution& c, const T* weight,
                                  const T* slopes, bool add, T* dx) {
  const std::size_t elements = c.kernel_size(), inner = c.out * elements, columns = direct.seen_columns(),
                    pitch = direct.before() + direct.channel();
  Workspace workspace;
  T* const padded = workspace.take<T>(c.out * pitch + kernels::shifted_columns);
  T* const of_inputs = workspace.take<T>(c.in * inner);
  std::size_t* const shifts = workspace.take<std::size_t>(inner);
  T* const image = workspace.take<T>(c.in * columns);
  direct.write_shifts_back(pitch, shifts);
  for (std::size_t o = 0; o < c.out; ++o) {
    for (std::size_t i = 0; i < c.in; ++i, weight += elements)
      copy_row(weight, elements, of_inputs + i * inner + o * elements);
  }
  std::fill_n(padded, c.out * pitch + kernels::shifted_columns, T{0});
  for (std::size_t sample = 0; sample < direct.samples(); ++sample, slopes += c.out * direct.columns()) {
    for (std::size_t o = 0; o < c.out; ++o)
      copy_row(slopes + o * direct.columns(), direct.positions(), padded + o * pitch + direct.before());
    kernels::kernel<kernels::MultiplyShifted, T>().product(
        c.in, columns, inner, of_inputs, padded + direct.first_seen(), shifts, nullptr, image);
    direct.write_seen(sample, image, columns, add, dx);
  }
}

// The gradients of one group.
template <class T>
void add_direct_gradients(const ConvolutionPart& part, std::size_t group, const T* x, const T* weight,
                          const ResultGradient<T>& result, const ConvolutionGradients<T>& gradients) {
  const Convolution& c = part.all;
  const DirectPart direct(part, group);
  Workspace workspace;
  const std::size_t of_sample = c.out * direct.columns();
  T* const slopes =
      workspace.take<T>(direct.samples() * of_sample + direct.width() + kernels::shifted_columns);
  for (std::size_t sample = 0; sample < direct.samples(); ++sample)
    write_slopes(direct, c, group, sample, result, gradients, slopes + sample * of_sample);
  if (gradients.weight != nullptr) {
    add_direct_weight_gradient(direct, c, x, slopes, gradients.weight_is_first,
                               gradients.weight + group * c.out * c.patch());
  }
  if (gradients.x == nullptr) return;
  // Where inputs are few beside the outputs, what was read of the slopes would serve too few of them.
  constexpr std::size_t few_outputs = 32, few_for_an_input = 16;
  const bool by_places = c.phases() == 1 && c.out <= few_outputs && c.out < few_for_an_input * c.in;
  const bool whole_at_once = by_places && c.parts_of_bundle() == 1;
  if (gradients.x_is_first && part.rows.begin == 0 && !whole_at_once) {
    for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample)
      std::fill_n(gradients.x + c.image(sample, group), c.in * c.windows.image_pixels(), T{0});
  }
  if (by_places) {
    add_input_gradient_by_places(direct, c, weight, slopes, !(gradients.x_is_first && whole_at_once),
                                 gradients.x);
  } else {
    add_input_gradient_by_elements(direct, c, weight, slopes, gradients.x);
  }
}

}  // namespace xtape
