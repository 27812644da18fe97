// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include "kernels/simd/kernel.hpp"
#include "kernels/simd/largest.hpp"
#include "kernels/simd/plane_windows.hpp"

namespace xtape::kernels {
namespace {

// The largest of each column, and where it is. What is not there is -inf, further on than all that is.
template <class T>
struct LargestOfColumns {
  static constexpr T nothing = -std::numeric_limits<T>::infinity(), nowhere = 2 * PlaneWindows::furthest;
  alignas(64) T values[columns_at_once + columns_read_beyond];
  alignas(64) T places[columns_at_once + columns_read_beyond];
};

// Of so many columns of a row of windows, in some rows of which the first one begins at `place`. Behind them
// is nothing, in the first row: what is there comes first.
template <class T>
XTAPE_INLINE void largest_of_columns(const T* x, std::size_t width, std::size_t rows, std::size_t columns,
                                     std::size_t place, bool with_places, T* values, T* places) {
  using B = Batch<T>;
  T numbers[lanes<T>];
  for (std::size_t i = 0; i < lanes<T>; ++i) numbers[i] = static_cast<T>(i);
  const B lane = load<B>(numbers), row_length(static_cast<T>(width));
  const auto look_at_rows = [&](std::size_t c, auto some, auto look_at) __attribute__((always_inline)) {
    for (std::size_t r = 1; r < rows; ++r)
      look_at(load_some<B>(x + r * width + c, some, LargestOfColumns<T>::nothing));
  };
  for_each_batch<T>(
      columns, [&](std::size_t c, auto some) __attribute__((always_inline)) {
        const B top = load_some<B>(x + c, some, LargestOfColumns<T>::nothing);
        if (with_places) {
          B at = B(static_cast<T>(place + c)) + lane;
          Largest<T> largest{top, at};
          look_at_rows(
              c, some, [&](B other) __attribute__((always_inline)) {
                largest.look_at(other, at += row_length);
              });
          store(largest.value, values + c);
          store(largest.place, places + c);
        } else {
          B largest = top;
          look_at_rows(
              c,
              some, [&](B other) __attribute__((always_inline)) { largest = larger_number(largest, other); });
          store(largest, values + c);
        }
      });
}

// Of n windows on columns; what is in places is so much less than in the plane.
template <class T, class Step, class Length>
XTAPE_INLINE void largest_of_each(const T* values, const T* places, std::size_t n, Step step, Length length,
                                  std::uint32_t less, T* y, std::uint32_t* y_places) {
  using B = Batch<T>;
  for_each_batch<T>(
      n, [&](std::size_t j, auto some) __attribute__((always_inline)) {
        const T *const value = values + j * step, *const place = places + j * step;
        if (y_places == nullptr) {
          B largest = load_apart(value, step, some);
          for (std::size_t c = 1; c < length; ++c)
            largest = larger_number(largest, load_apart(value + c, step, some));
          store_some(largest, y + j, some);
          return;
        }
        Largest<T> largest{load_apart(value, step, some), load_apart(place, step, some)};
        for (std::size_t c = 1; c < length; ++c)
          largest.meet(load_apart(value + c, step, some), load_apart(place + c, step, some));
        store_some(largest.value, y + j, some);
        T at[lanes<T>];
        store(largest.place, at);
        std::size_t count = lanes<T>;
        if constexpr (!std::is_same_v<decltype(some), All>) count = some;
        for (std::size_t i = 0; i < count; ++i)
          y_places[j + i] = less + static_cast<std::uint32_t>(static_cast<std::int32_t>(at[i]));
      });
}

template <class T>
void largest_of_windows(const PlaneWindows& windows, std::size_t planes, const T* x, T* y,
                        std::uint32_t* places) {
  using Buffer = LargestOfColumns<T>;
  const WindowsAlong &along = windows.columns, &down = windows.rows;
  Buffer buffer;
  // Places in the buffer are those in the plane less this.
  const auto before = [&](const WindowTile& tile, WindowRow row) __attribute__((always_inline)) {
    return tile.joined ? 0 : covered(down, row.in_plane).begin * along.extent;
  };
  for_each_tile<T>(
      windows, planes,
      [&](std::size_t n) __attribute__((always_inline)) {
        std::fill_n(buffer.values, n, Buffer::nothing);
        if (places != nullptr) std::fill_n(buffer.places, n, Buffer::nowhere);
      },
      [&](const WindowTile& tile, WindowRow row, std::size_t at) __attribute__((always_inline)) {
        const Span rows = covered(down, row.in_plane);
        const std::size_t place = rows.begin * along.extent + tile.seen.begin;
        largest_of_columns(x + row.plane * down.extent * along.extent + place, along.extent, rows.length(),
                           tile.seen.length(), place - before(tile, row), places != nullptr,
                           buffer.values + at, buffer.places + at);
      },
      [&](const WindowTile& tile, WindowRow row, std::size_t at, std::size_t n)
          __attribute__((always_inline)) {
            const std::size_t to = row.number * along.count + tile.first;
            with_constants(
                along, [&](auto step, auto length) __attribute__((always_inline)) {
                  largest_of_each(buffer.values + at, buffer.places + at, n, step, length,
                                  static_cast<std::uint32_t>(before(tile, row)), y + to,
                                  places == nullptr ? nullptr : places + to);
                });
          });
}

}  // namespace

XTAPE_KERNEL(LargestOfWindows, largest_of_windows<T>);

}  // namespace xtape::kernels
