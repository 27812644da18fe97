// SPDX-License-Identifier: BSD-3-Clause
// Windows on planes, in two steps: first what each column of a row of windows is, for some rows, and then of
// these what each window is.
#pragma once

#include <algorithm>

#include "kernels/pooling_kernels.hpp"
#include "kernels/simd/rearranged.hpp"

namespace xtape::kernels {
namespace {

struct Span {
  std::size_t begin, end;

  std::size_t length() const { return end - begin; }
};

XTAPE_INLINE Span covered(const WindowsAlong& along, std::size_t i) {
  const std::size_t start = i * along.step;
  return {std::max(start, along.padding) - along.padding,
          std::min(along.extent, start + along.length - along.padding)};
}

XTAPE_INLINE std::size_t up_to_multiple(std::size_t n, std::size_t of) { return (n + of - 1) / of * of; }

// A row of windows of many planes.
struct WindowRow {
  std::size_t number = 0, plane = 0, in_plane = 0;

  XTAPE_INLINE void advance(const WindowsAlong& rows) {
    ++number;
    if (++in_plane < rows.count) return;
    in_plane = 0;
    ++plane;
  }
};

// Calls f(n), where n is a constant if it is one of those that most windows have.
template <class F>
XTAPE_INLINE void with_constant(std::size_t n, F f) {
  if (n == 1) return f(std::integral_constant<std::size_t, 1>());
  if (n == 2) return f(std::integral_constant<std::size_t, 2>());
  if (n == 3) return f(std::integral_constant<std::size_t, 3>());
  f(n);
}

// Calls f(step, length), of constants for what most windows have.
template <class F>
XTAPE_INLINE void with_constants(const WindowsAlong& along, F f) {
  constexpr std::integral_constant<std::size_t, 1> one;
  constexpr std::integral_constant<std::size_t, 2> two;
  constexpr std::integral_constant<std::size_t, 3> three;
  if (along.step == 2 && along.length == 2) return f(two, two);
  if (along.step == 2 && along.length == 3) return f(two, three);
  if (along.step == 1 && along.length == 3) return f(one, three);
  f(along.step, along.length);
}

// x[0], x[step], ...: as many as `count`. With a step of 1 or 2 it reads one or two batches.
template <class T, class Step, class Count>
XTAPE_INLINE Batch<T> load_apart(const T* x, Step step, Count count) {
  if (step == 1) return load<Batch<T>>(x);
  if (step == 2) return every_second<0, T>(load<Batch<T>>(x), load<Batch<T>>(x + lanes<T>));
  T lane[lanes<T>] = {};
  const std::size_t some = std::is_same_v<Count, All> ? lanes<T> : static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < some; ++i) lane[i] = x[i * step];
  return load<Batch<T>>(lane);
}

// Windows side by side, and what they see of a row of the image, in rows of a buffer.
struct WindowTile {
  std::size_t first, count;  // of the windows
  Span seen;                 // of the columns of the image
  std::size_t windows;       // where in a row of the buffer the first window begins,
  std::size_t columns;       // and what it sees
  std::size_t pitch;         // from one row of the buffer to the next
  bool joined;               // the windows of the next row follow those of one row, in the buffer and in y
};

inline constexpr std::size_t columns_at_once = 1024, columns_read_beyond = 80;

template <class T>
XTAPE_INLINE WindowTile tile_of_windows(const PlaneWindows& all, std::size_t first, std::size_t count) {
  const WindowsAlong& along = all.columns;
  WindowTile tile{first, count, {covered(along, first).begin, covered(along, first + count - 1).end},
                  0,     0,     count * along.step,
                  false};
  const std::size_t hangs_over = tile.seen.begin + along.padding - first * along.step;
  tile.joined = along.length <= along.step && count == along.count && along.padding + all.rows.padding == 0 &&
                all.rows.extent * along.extent < PlaneWindows::furthest;
  if (!tile.joined) {  // so that what is seen lies on whole lines of memory
    tile.windows = up_to_multiple(hangs_over, lanes<T>) - hangs_over;
    tile.pitch = up_to_multiple(tile.windows + (count - 1) * along.step + along.length, lanes<T>);
  }
  tile.columns = tile.windows + hangs_over;
  return tile;
}

// For tiles of windows, as many rows of all planes at a time as the buffer holds: calls clear(n) before the
// first rows of a tile, which writes what is not seen to n elements of the buffer; columns(tile, row, at) for
// each row, which writes what is seen of it, from `at` on; and windows(tile, row, at, n) for each n windows
// that begin in that row, and at `at` in the buffer. Of these, some may be more than the row has, to fill a
// batch: what they write, the next row overwrites.
template <class T, class Clear, class Columns, class Windows>
XTAPE_INLINE void for_each_tile(const PlaneWindows& all, std::size_t planes, Clear clear, Columns columns,
                                Windows windows) {
  const WindowsAlong& along = all.columns;
  const std::size_t most = (columns_at_once - lanes<T> - std::max(along.length, along.step)) / along.step + 1;
  for (std::size_t first = 0; first < along.count; first += most) {
    const WindowTile tile = tile_of_windows<T>(all, first, std::min(most, along.count - first));
    const std::size_t rows = planes * all.rows.count, at_once = std::min(rows, columns_at_once / tile.pitch);
    clear(at_once * tile.pitch + columns_read_beyond);
    const auto to_write = [&](std::size_t row, std::size_t n) __attribute__((always_inline)) {
      if (tile.count < along.count || along.step > 2) return n;
      return std::min(up_to_multiple(n, lanes<T>), (rows - row) * along.count);
    };
    WindowRow seen, row;
    while (row.number < rows) {
      const std::size_t count = std::min(at_once, rows - row.number);
      for (std::size_t i = 0; i < count; ++i, seen.advance(all.rows))
        columns(tile, seen, i * tile.pitch + tile.columns);
      if (tile.joined) {
        windows(tile, row, 0, to_write(row.number, count * tile.count));
        row = seen;
      } else {
        for (std::size_t i = 0; i < count; ++i, row.advance(all.rows))
          windows(tile, row, i * tile.pitch + tile.windows, to_write(row.number, tile.count));
      }
    }
  }
}

}  // namespace
}  // namespace xtape::kernels
