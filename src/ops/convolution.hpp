// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "ops/sliding_window.hpp"

namespace xtape {

// Products are weight (out, patch) times a matrix (patch, pixels) whose columns are what the kernel sees at
// each position. It is the image itself where that can be (direct_convolution.hpp), or else is written
// (unfolded_convolution.hpp). Where images are small, one product is of several samples; where they are
// large, of some rows.
struct Convolution {
  std::size_t batch, in, out, groups;  // in and out are those of a group
  SlidingWindows windows;
  bool halved = false;  // whether of each 2 x 2 results side by side the largest is the result

  std::size_t kernel_size() const { return windows.rows.kernel * windows.columns.kernel; }
  std::size_t patch() const { return in * kernel_size(); }
  std::size_t rows() const { return windows.rows.positions; }
  std::size_t width() const { return windows.columns.positions; }
  std::size_t pixels() const { return windows.pixels(); }
  std::size_t result_pixels() const { return halved ? rows() / 2 * (width() / 2) : pixels(); }
  std::size_t weight_size() const { return groups * out * patch(); }
  double multiplications() const {
    return static_cast<double>(weight_size()) * static_cast<double>(batch) * static_cast<double>(pixels());
  }

  // A kernel of one element sees the image as it is.
  bool sees_image() const {
    const auto is_plain = [](const SlidingWindow& window) {
      return window.kernel == 1 && window.stride == 1 && window.padding == 0;
    };
    return is_plain(windows.rows) && is_plain(windows.columns);
  }

  bool has_padding() const { return windows.rows.padding > 0 || windows.columns.padding > 0; }

  std::size_t padded_width() const { return windows.columns.extent + 2 * windows.columns.padding; }

  // A padded image is cut into phases: rows and columns that are a stride apart, one after the other. Within
  // them windows are side by side.
  std::size_t phases() const { return windows.rows.stride * windows.columns.stride; }
  std::size_t phase_width() const {
    return (padded_width() + windows.columns.stride - 1) / windows.columns.stride;
  }

  // Where windows are side by side, element (k, l) of the kernel sees at all positions what lies equally far
  // after the first. Too much of an image would be between its rows if they are short beside the kernel, or
  // seen by none if the kernel is smaller than the stride, and a large weight is multiplied faster a part at
  // a time.
  bool is_direct() const {
    constexpr std::size_t largest_weight = 1 << 16;
    const auto mostly_seen = [](const SlidingWindow& window) {
      return window.kernel >= window.stride &&
             window.extent + 2 * window.padding <= 2 * window.positions * window.stride;
    };
    return !sees_image() && mostly_seen(windows.rows) && mostly_seen(windows.columns) &&
           out * patch() <= largest_weight;
  }

  // With many outputs it takes less time to write the matrix than to multiply what lies between rows of
  // phases.
  bool has_direct_gradients() const {
    constexpr std::size_t many_outputs = 32;
    return is_direct() && (phases() == 1 || out <= many_outputs);
  }

  // Up to so many samples, of which several are never cut, ...
  std::size_t samples_together() const {
    constexpr std::size_t direct_columns = 1024;
    if (is_direct())
      return std::clamp<std::size_t>(direct_columns / (rows() * phase_width()), 1,
                                     std::max<std::size_t>(1, batch));
    return std::clamp<std::size_t>(128 / pixels(), 1, std::max<std::size_t>(1, batch));
  }
  // An even number of bundles, of which two threads take as many, if it takes several and not one a sample.
  std::size_t bundles() const {
    const std::size_t fewest = (batch + samples_together() - 1) / samples_together();
    return fewest > 1 && fewest < batch ? fewest + fewest % 2 : fewest;
  }
  // They are as even as can be; the first is the largest.
  std::size_t first_of_bundle(std::size_t bundle) const {
    return (batch * bundle + bundles() - 1) / bundles();
  }
  // ... and so many rows: the matrix should stay in a cache, but not become narrow.
  std::size_t rows_together() const {
    constexpr std::size_t most_elements = 1 << 19, least_pixels = 256;
    if (sees_image()) return rows();
    if (is_direct()) {
      constexpr std::size_t most_of_image_or_result = 1 << 15;
      const std::size_t fitting =
          most_of_image_or_result / (std::max<std::size_t>({1, in * phases(), out}) * phase_width());
      return std::min(rows(), std::max<std::size_t>(2, fitting / 2 * 2));
    }
    const std::size_t fitting = most_elements / std::max<std::size_t>(1, patch() * width());
    return std::min(rows(), std::max(fitting, (least_pixels + width() - 1) / width()));
  }
  std::size_t parts_of_bundle() const { return (rows() + rows_together() - 1) / rows_together(); }
  SlidingWindow::Range rows_of_part(std::size_t part) const {
    const std::size_t row = part * rows_together();
    return {row, std::min(rows(), row + rows_together())};
  }

  // Where the channels of a group begin.
  std::size_t image(std::size_t sample, std::size_t group) const {
    return (sample * groups + group) * in * windows.image_pixels();
  }
  std::size_t result(std::size_t sample, std::size_t group) const {
    return (sample * groups + group) * out * result_pixels();
  }
};

// The value of conv2d by our own kernels whatever the size, on this thread alone and in memory of the
// caller's, aligned to 64 bytes: so many bytes, which serve smaller batches too. Where conv2d would not have
// called a BLAS, its bits.
// @param bias  null: none
template <class T>
void convolve_alone(const Convolution& convolution, const T* x, const T* weight, const T* bias, T* y,
                    void* memory);
template <class T>
std::size_t convolve_alone_memory(const Convolution& convolution);
// Chooses the kernels, so that convolve_alone never does.
template <class T>
void prepare_to_convolve_alone();

}  // namespace xtape
