// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/augmentation.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "arrays/format.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {
namespace {

struct Pictures {
  std::size_t rows, channels, height, width;
};

Pictures require_pictures(const char* function, const Shape& shape) {
  const std::size_t rank = shape.rank();
  if (rank != 3 && rank != 4) {
    fail<ShapeError>("{}: pictures must be (rows, channels, height, width) or (rows, height, width), got {}",
                     function, shape);
  }
  return {shape[0], rank == 4 ? shape[1] : 1, shape[rank - 2], shape[rank - 1]};
}

// `by` places on, or back where it is negative; what comes from outside is `fill`.
template <class T>
void shift_elements(T* elements, std::size_t count, std::ptrdiff_t by, T fill) {
  const auto gap = static_cast<std::size_t>(by < 0 ? -by : by);
  if (by >= 0) {
    std::copy_backward(elements, elements + (count - gap), elements + count);
    std::fill_n(elements, gap, fill);
  } else {
    std::copy(elements + gap, elements + count, elements);
    std::fill_n(elements + (count - gap), gap, fill);
  }
}

// The lines of a channel lie one behind the other: to shift it down is to shift all of its elements.
template <class T>
void shift(T* channel, std::size_t height, std::size_t width, std::ptrdiff_t down, std::ptrdiff_t right,
           T fill) {
  if (down != 0) shift_elements(channel, height * width, down * static_cast<std::ptrdiff_t>(width), fill);
  if (right == 0) return;
  for (std::size_t line = 0; line < height; ++line)
    shift_elements(channel + line * width, width, right, fill);
}

template <class T>
void flip_vertically(T* channel, std::size_t height, std::size_t width) {
  for (std::size_t line = 0; line < height / 2; ++line) {
    T* const upper = channel + line * width;
    std::swap_ranges(upper, upper + width, channel + (height - 1 - line) * width);
  }
}

}  // namespace

template <class T>
void random_shift(ArrayView<T> pictures, Random& random, const RandomShiftOptions& options) {
  const auto [rows, channels, height, width] = require_pictures("random_shift", pictures.shape());
  const std::size_t most = options.most;
  if (!pictures.empty() && most >= std::min(height, width)) {
    fail<ArgumentError>("random_shift: options.most must be below height and width of pictures {}, got {}",
                        pictures.shape(), most);
  }
  if (pictures.empty()) return;
  const T fill = static_cast<T>(options.fill);
  const auto draw = [&] {
    return static_cast<std::ptrdiff_t>(random.below(2 * std::uint64_t{most} + 1)) -
           static_cast<std::ptrdiff_t>(most);
  };
  T* channel = pictures.data();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::ptrdiff_t down = draw(), right = draw();
    for (std::size_t c = 0; c < channels; ++c) {
      shift(channel, height, width, down, right, fill);
      channel += height * width;
    }
  }
}

template <class T>
void random_flip(ArrayView<T> pictures, Random& random, const RandomFlipOptions& options) {
  const auto [rows, channels, height, width] = require_pictures("random_flip", pictures.shape());
  const double probability = options.probability;
  if (!(probability >= 0 && probability <= 1)) {
    fail<ArgumentError>("random_flip: options.probability must be in [0, 1], got {}", probability);
  }
  if (pictures.empty()) return;
  T* channel = pictures.data();
  for (std::size_t row = 0; row < rows; ++row) {
    const bool horizontally = options.horizontal && random.uniform() < probability;
    const bool vertically = options.vertical && random.uniform() < probability;
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t line = 0; horizontally && line < height; ++line) {
        std::reverse(channel + line * width, channel + (line + 1) * width);
      }
      if (vertically) flip_vertically(channel, height, width);
      channel += height * width;
    }
  }
}

template void random_shift(ArrayView<float>, Random&, const RandomShiftOptions&);
template void random_shift(ArrayView<double>, Random&, const RandomShiftOptions&);
template void random_flip(ArrayView<float>, Random&, const RandomFlipOptions&);
template void random_flip(ArrayView<double>, Random&, const RandomFlipOptions&);

}  // namespace xtape::data
#pragma GCC visibility pop
