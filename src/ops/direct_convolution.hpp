// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/convolution_kernels.hpp"
#include "kernels/gemm.hpp"
#include "kernels/pooling_kernels.hpp"
#include "ops/convolution_part.hpp"
#include "threads/workspace.hpp"

namespace xtape {

// A part whose results are computed with what lies between their rows: result (i, j) of a sample is column
// i * width + j of its (out, columns), where width is that of the padded image. What is between is not
// written.
class DirectPart {
 public:
  DirectPart(const ConvolutionPart& part, std::size_t group) : part_(part), group_(group) {}

  std::size_t samples() const { return part_.samples.length(); }

  std::size_t width() const { return part_.all.padded_width(); }
  std::size_t positions() const { return (part_.rows.length() - 1) * width() + part_.all.width(); }
  std::size_t columns() const { return up_to_multiple(positions()); }
  // Of a channel, of which columns after the last position see some of the next, or of as many zeros.
  std::size_t channel() const { return part_.padded_rows() * width(); }
  // What of the padded image is the image: rows of `width` from the first element seen on.
  SlidingWindow::Range seen_rows() const {
    const SlidingWindow& rows = part_.all.windows.rows;
    const std::size_t begin = std::max(part_.rows.begin, rows.padding) - rows.padding;
    const std::size_t end = std::max(part_.rows.begin + part_.padded_rows(), rows.padding) - rows.padding;
    return {begin, std::max(begin, std::min(rows.extent, end))};
  }
  std::size_t first_seen() const {
    const SlidingWindows& windows = part_.all.windows;
    return (seen_rows().begin + windows.rows.padding - part_.rows.begin) * width() + windows.columns.padding;
  }
  std::size_t seen_columns() const {
    const std::size_t rows = seen_rows().length();
    return rows == 0 ? 0 : up_to_multiple((rows - 1) * width() + part_.all.windows.columns.extent);
  }
  std::size_t image_elements() const { return part_.all.in * channel() + kernels::shifted_columns; }

  // How far element (c, k, l) of the kernel sees after the first, by their order in a weight.
  void write_shifts(std::size_t* shifts) const {
    const SlidingWindows& windows = part_.all.windows;
    for (std::size_t c = 0; c < part_.all.in; ++c) {
      for (std::size_t k = 0; k < windows.rows.kernel; ++k) {
        for (std::size_t l = 0; l < windows.columns.kernel; ++l) *shifts++ = c * channel() + shift(k, l);
      }
    }
  }

  // The opposite: what element (k, l) of the kernel lets each place of a channel see of an output's slopes,
  // if `before` zeros are before them. Outputs begin `pitch` apart.
  void write_shifts_back(std::size_t pitch, std::size_t* shifts) const {
    const SlidingWindows& windows = part_.all.windows;
    for (std::size_t o = 0; o < part_.all.out; ++o) {
      for (std::size_t k = 0; k < windows.rows.kernel; ++k) {
        for (std::size_t l = 0; l < windows.columns.kernel; ++l)
          *shifts++ = o * pitch + before() - shift(k, l);
      }
    }
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
    const SlidingWindow& columns = part_.all.windows.columns;
    if (part_.all.has_padding()) std::fill_n(image, image_elements(), T{0});
    for_each_channel(sample, x, image + first_seen(), channel(), [&](const T* from, T* to) {
      const std::size_t rows = seen_rows().length();
      if (columns.padding == 0) {
        std::copy_n(from, rows * columns.extent, to);
      } else {
        for (std::size_t row = 0; row < rows; ++row)
          copy_row(from + row * columns.extent, columns.extent, to + row * width());
      }
    });
    std::fill_n(image + part_.all.in * channel(), kernels::shifted_columns, T{0});
  }

  // Adds what lies in the place of x, from the first element seen on; channels begin `pitch` apart.
  template <class T>
  void add_image(std::size_t sample, const T* image, std::size_t pitch, T* x) const {
    const std::size_t extent = part_.all.windows.columns.extent, rows = seen_rows().length();
    const auto add = kernels::kernel<kernels::Binary<kernels::Add>, T>();
    for_each_channel(sample, x, image, pitch, [&](T* to, const T* from) {
      if (extent == width()) return add(to, true, from, true, to, rows * extent);
      for (std::size_t row = 0; row < rows; ++row, to += extent, from += width())
        add(to, true, from, true, to, extent);
    });
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
      for (std::size_t row = 0; row < part_.rows.length(); ++row)
        copy_row(row_of_matrix + row * width(), c.width(), y + row * c.width());
    }
    if (to.relu) apply_relu_alone(y, results());
  }

  // The opposite, of their gradient: 0 between the positions. Writes up to width() zeros more.
  template <class T>
  void write_slopes(const T* of_results, std::size_t place, const T* places, T* row_of_matrix) const {
    const Convolution& c = part_.all;
    std::fill_n(row_of_matrix, columns(), T{0});
    if (c.halved) {
      kernels::kernel<kernels::LargestOfFour, T>().gradient(
          of_results, places + place, width(), part_.rows.length() / 2, c.width() / 2, false, row_of_matrix);
      return;
    }
    for (std::size_t row = 0; row < part_.rows.length(); ++row)
      copy_row(of_results + row * c.width(), c.width(), row_of_matrix + row * width());
  }

 private:
  static std::size_t up_to_multiple(std::size_t columns) {
    return (columns + kernels::shifted_columns - 1) / kernels::shifted_columns * kernels::shifted_columns;
  }

  // How far element (k, l) of the kernel sees after the first.
  std::size_t shift(std::size_t k, std::size_t l) const {
    const SlidingWindows& windows = part_.all.windows;
    return k * windows.rows.dilation * width() + l * windows.columns.dilation;
  }

  // Calls f(of_x, of_image) for each channel: where the rows that the part sees begin. In the image they are
  // `pitch` apart.
  template <class X, class Image, class F>
  void for_each_channel(std::size_t sample, X* x, Image* image, std::size_t pitch, F f) const {
    const Convolution& c = part_.all;
    x += c.image(part_.samples.begin + sample, group_) + seen_rows().begin * c.windows.columns.extent;
    for (std::size_t channel_number = 0; channel_number < c.in; ++channel_number) {
      f(x, image);
      x += c.windows.image_pixels();
      image += pitch;
    }
  }

  const ConvolutionPart& part_;
  std::size_t group_;
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

// The gradient of a sample's results, by the matrix (out, columns), and width() zeros more.
template <class T>
void write_slopes(const DirectPart& direct, const Convolution& c, std::size_t group, std::size_t sample,
                  const ResultGradient<T>& result, const ConvolutionGradients<T>& gradients, T* slopes) {
  Workspace workspace;
  T* const of_results = workspace.take<T>(direct.results());
  for (std::size_t o = 0; o < c.out; ++o, slopes += direct.columns()) {
    const std::size_t place = direct.first_result(sample) + o * c.result_pixels();
    result.write(place, direct.results(), of_results);
    direct.write_slopes(of_results, place, result.places, slopes);
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
    direct.add_image(sample, image + direct.first_seen(), direct.channel(), dx);
  }
}

// The same of few outputs, for which that product would write more than it multiplies: at each place of a
// channel it is what the kernel, turned round, sees of the slopes.
template <class T>
void add_input_gradient_by_places(const DirectPart& direct, const Convolution& c, const T* weight,
                                  const T* slopes, T* dx) {
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
    direct.add_image(sample, image, columns, dx);
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
  T* const slopes = workspace.take<T>(direct.samples() * of_sample + direct.width());
  for (std::size_t sample = 0; sample < direct.samples(); ++sample)
    write_slopes(direct, c, group, sample, result, gradients, slopes + sample * of_sample);
  if (gradients.weight != nullptr) {
    add_direct_weight_gradient(direct, c, x, slopes, gradients.weight_is_first,
                               gradients.weight + group * c.out * c.patch());
  }
  if (gradients.x == nullptr) return;
  if (gradients.x_is_first && part.rows.begin == 0) {
    for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample)
      std::fill_n(gradients.x + c.image(sample, group), c.in * c.windows.image_pixels(), T{0});
  }
  constexpr std::size_t few_outputs = 32;
  (c.out <= few_outputs ? add_input_gradient_by_places<T>
                        : add_input_gradient_by_elements<T>)(direct, c, weight, slopes, gradients.x);
}

}  // namespace xtape
