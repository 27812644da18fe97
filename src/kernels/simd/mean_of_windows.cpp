// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/plane_windows.hpp"

namespace xtape::kernels {
namespace {

// By what the sums over a row of windows are divided.
template <class B>
class Divisor {
 public:
  XTAPE_INLINE Divisor(const PlaneWindows& windows, bool count_padding, std::size_t row)
      : columns_(windows.columns),
        rows_(
            static_cast<Value<B>>(count_padding ? windows.rows.length : covered(windows.rows, row).length())),
        of_whole_(rows_ * static_cast<Value<B>>(columns_.length)),
        count_padding_(count_padding) {}

  XTAPE_INLINE Value<B> of_whole() const { return of_whole_; }

  // Whether it is that for each window of a batch, from number `first` on.
  XTAPE_INLINE bool are_whole(std::size_t first) const {
    return count_padding_ || columns_.padding == 0 ||
           (first * columns_.step >= columns_.padding &&
            (first + B::size - 1) * columns_.step + columns_.length <= columns_.extent + columns_.padding);
  }

  // The elements that each covers.
  XTAPE_INLINE B covered_by(std::size_t first) const {
    Value<B> elements[B::size];
    for (std::size_t i = 0; i < B::size; ++i) {
      const std::size_t window = std::min(first + i, columns_.count - 1);
      elements[i] = rows_ * static_cast<Value<B>>(covered(columns_, window).length());
    }
    return load<B>(elements);
  }

 private:
  const WindowsAlong& columns_;
  Value<B> rows_, of_whole_;
  bool count_padding_;
};

// The sums of columns, and what those of doubles have lost.
struct SumsOfColumns {
  alignas(64) double sums[columns_at_once + columns_read_beyond];
  alignas(64) double errors[columns_at_once + columns_read_beyond];
};

// Of so many columns of a row of windows.
template <class T>
XTAPE_INLINE void sum_of_columns(const T* x, std::size_t width, std::size_t rows, std::size_t columns,
                                 double* sums, double* errors) {
  with_constant(
      rows, [&](auto count) __attribute__((always_inline)) {
        for_each_batch<double>(
            columns, [&](std::size_t c, auto some) __attribute__((always_inline)) {
              Accumulator<PrecisionOf<T>> sum;
              for (std::size_t r = 0; r < count; ++r) sum.add(load_some<Wide>(x + r * width + c, some, T{0}));
              sum.keep(sums + c, errors + c, All());
            });
      });
}

// Of n windows on columns, from number `first` of their row on.
template <class T, class Step, class Length>
XTAPE_INLINE void mean_of_each(const double* sums, const double* errors, std::size_t n, std::size_t first,
                               Step step, Length length, const Divisor<Wide>& divisor, T* y) {
  const Wide of_whole(divisor.of_whole()), reciprocal(1 / divisor.of_whole());
  for_each_batch<double>(
      n, [&](std::size_t j, auto some) __attribute__((always_inline)) {
        Accumulator<PrecisionOf<T>> sum;
        for (std::size_t c = j * step; c < j * step + length; ++c)
          sum.add({load_apart(sums + c, step, some), load_apart(errors + c, step, some)});
        Wide mean;
        if (!divisor.are_whole(first + j)) {
          mean = sum.value() / divisor.covered_by(first + j);
        } else if constexpr (sizeof(T) == sizeof(float)) {  // A product is as good, but where floats tie.
          mean = sum.value() * reciprocal;
        } else {
          mean = sum.value() / of_whole;
        }
        store_some(mean, y + j, some);
      });
}

template <class T>
void mean_of_windows(const PlaneWindows& windows, std::size_t planes, bool count_padding, const T* x, T* y) {
  const WindowsAlong &along = windows.columns, &down = windows.rows;
  SumsOfColumns buffer;
  for_each_tile<double>(
      windows, planes,
      [&](std::size_t n) __attribute__((always_inline)) {
        std::fill_n(buffer.sums, n, 0.0);
        if constexpr (sizeof(T) == sizeof(double)) std::fill_n(buffer.errors, n, 0.0);
      },
      [&](const WindowTile& tile, WindowRow row, std::size_t at) __attribute__((always_inline)) {
        const Span rows = covered(down, row.in_plane);
        sum_of_columns(x + (row.plane * down.extent + rows.begin) * along.extent + tile.seen.begin,
                       along.extent, rows.length(), tile.seen.length(), buffer.sums + at, buffer.errors + at);
      },
      [&](const WindowTile& tile, WindowRow row, std::size_t at, std::size_t n)
          __attribute__((always_inline)) {
            const Divisor<Wide> divisor(windows, count_padding, row.in_plane);
            with_constants(
                along, [&](auto step, auto length) __attribute__((always_inline)) {
                  mean_of_each(buffer.sums + at, buffer.errors + at, n, tile.first, step, length, divisor,
                               y + row.number * along.count + tile.first);
                });
          });
}

// Each window's share of the gradient, for each of `step` columns, in rows of a buffer, and -0, which changes
// no number, before and after them. An element's oldest share is of the first window that covers it: the
// last columns of a step lack it.
template <class T>
struct Shares {
  static constexpr std::size_t columns = 4 * PlaneWindows::widest, read_beyond = 2 * lanes<T>;
  alignas(64) T all[columns + read_beyond];
  alignas(64) T oldest[columns + read_beyond];
};

// to[i step + k] is number i for k < length, -0 for the other k < step. May write two batches.
template <class T>
XTAPE_INLINE void stretch(Batch<T> numbers, std::size_t count, std::size_t step, std::size_t length, T* to) {
  if (step == 1) return store(numbers, to);
  if (step == 2) {
    const Batch<T> second = length == 1 ? Batch<T>(-T{0}) : numbers;
    store(in_turns<0, T>(numbers, second), to);
    return store(in_turns<lanes<T> / 2, T>(numbers, second), to + lanes<T>);
  }
  T lane[lanes<T>];
  store(numbers, lane);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < step; ++k) to[i * step + k] = k < length ? lane[i] : -T{0};
  }
}

// Which shares a tile of columns of the image receives.
struct ShareTile {
  std::size_t begin, columns;  // of the image
  std::size_t first, count;    // windows
  std::size_t shares;          // where in a row of the buffer the share of the first window begins,
  std::size_t oldest;          // and the oldest of the first column
  std::size_t pitch;
  std::size_t terms, oldest_length;
};

template <class T>
XTAPE_INLINE ShareTile tile_of_shares(const WindowsAlong& along, std::size_t begin) {
  ShareTile tile{};
  const std::size_t most = Shares<T>::columns - along.length - 2 * along.step - lanes<T>;
  tile.begin = begin;
  tile.columns = std::min(most, along.extent - begin);
  tile.terms = (along.length + along.step - 1) / along.step;
  tile.oldest_length = along.length - (tile.terms - 1) * along.step;
  // The last windows that begin at or before the first column and the last one.
  const std::size_t left = (begin + along.padding) / along.step;
  const std::size_t right = (begin + tile.columns - 1 + along.padding) / along.step;
  const std::size_t missing = left + 1 < tile.terms ? tile.terms - 1 - left : 0;
  tile.first = left + missing + 1 - tile.terms;
  tile.count = std::max(tile.first, std::min(right + 1, along.count)) - tile.first;
  tile.shares = missing * along.step;
  tile.oldest = (begin + along.padding) % along.step;
  tile.pitch = up_to_multiple((right - left + tile.terms) * along.step, lanes<T>);
  return tile;
}

// The shares of a row of windows.
template <class T>
XTAPE_INLINE void share_out(const T* dy, const ShareTile& tile, const WindowsAlong& along,
                            const Divisor<Batch<T>>& divisor, T* all, T* oldest) {
  using B = Batch<T>;
  const B of_whole(divisor.of_whole());
  for_each_batch<T>(
      tile.count, [&](std::size_t j, auto some) __attribute__((always_inline)) {
        const bool whole = divisor.are_whole(tile.first + j);
        const B share = quotient(load_some<B>(dy + j, some, -T{0}),
                                 whole ? of_whole : divisor.covered_by(tile.first + j));
        std::size_t count = lanes<T>;
        if constexpr (!std::is_same_v<decltype(some), All>) count = some;
        const std::size_t at = tile.shares + j * along.step;
        stretch(share, count, along.step, along.step, all + at);
        if (oldest != all) stretch(share, count, along.step, tile.oldest_length, oldest + at);
      });
}

// Adds an element's shares to it, the oldest first, in rows of an image that get the same: to what is there
// in the first of them, and to 0 in the others.
template <class T>
XTAPE_INLINE void add_shares(const T* all, const T* oldest, const ShareTile& tile, std::size_t step,
                             std::size_t rows, std::size_t first, std::size_t width, T* dx) {
  using B = Batch<T>;
  const auto add_to_rows = [&](std::size_t c, auto some, auto sum) __attribute__((always_inline)) {
    T* to = dx + c;
    for (std::size_t r = 0; r < first; ++r, to += width)
      store_some(sum(load_some<B>(to, some, T{0})), to, some);
    if (first == rows) return;
    const B alone = sum(B(T{0}));
    for (std::size_t r = first; r < rows; ++r, to += width) store_some(alone, to, some);
  };
  with_constant(
      tile.terms, [&](auto terms) __attribute__((always_inline)) {
        for_each_batch<T>(
            tile.columns, [&](std::size_t c, auto some) __attribute__((always_inline)) {
              if constexpr (std::is_same_v<decltype(terms), std::size_t>) {
                add_to_rows(
                    c, some, [&](B sum) __attribute__((always_inline)) {
                      sum += load<B>(oldest + c);
                      for (std::size_t k = 1; k < terms; ++k) sum += load<B>(all + c + k * step);
                      return sum;
                    });
              } else {
                B term[decltype(terms)::value];
                term[0] = load<B>(oldest + c);
                for (std::size_t k = 1; k < terms; ++k) term[k] = load<B>(all + c + k * step);
                add_to_rows(
                    c, some, [&](B sum) __attribute__((always_inline)) {
                      for (std::size_t k = 0; k < terms; ++k) sum += term[k];
                      return sum;
                    });
              }
            });
      });
}

template <class T>
void mean_of_windows_gradient(const PlaneWindows& windows, std::size_t planes, bool count_padding,
                              const T* dy, bool add, T* dx) {
  const WindowsAlong &along = windows.columns, &down = windows.rows;
  Shares<T> buffer;
  for (std::size_t begin = 0; begin < along.extent;) {
    const ShareTile tile = tile_of_shares<T>(along, begin);
    T* const oldest = tile.oldest_length == along.step ? buffer.all : buffer.oldest;
    const std::size_t rows = planes * down.count, at_once = std::min(rows, Shares<T>::columns / tile.pitch);
    for (T* const shares : {buffer.all, buffer.oldest})
      std::fill_n(shares, at_once * tile.pitch + Shares<T>::read_beyond, -T{0});
    std::size_t touched = 0;  // rows of the plane
    WindowRow shared, row;
    while (row.number < rows) {
      const std::size_t count = std::min(at_once, rows - row.number);
      for (std::size_t at = 0; at < count * tile.pitch; at += tile.pitch, shared.advance(down)) {
        share_out(dy + shared.number * along.count + tile.first, tile, along,
                  Divisor<Batch<T>>(windows, count_padding, shared.in_plane), buffer.all + at, oldest + at);
      }
      for (std::size_t i = 0; i < count; ++i, row.advance(down)) {
        const std::size_t at = i * tile.pitch + tile.oldest;
        const Span seen = covered(down, row.in_plane);
        T* const plane = dx + row.plane * down.extent * along.extent + tile.begin;
        if (row.in_plane == 0) touched = 0;
        const auto clear_until = [&](std::size_t next) {
          for (; touched < next && !add; ++touched)
            std::fill_n(plane + touched * along.extent, tile.columns, T{0});
        };
        clear_until(seen.begin);
        const std::size_t first = add ? seen.length() : touched - seen.begin;
        add_shares(buffer.all + at, oldest + at, tile, along.step, seen.length(), first, along.extent,
                   plane + seen.begin * along.extent);
        touched = seen.end;
        if (row.in_plane + 1 == down.count) clear_until(down.extent);
      }
    }
    begin += tile.columns;
  }
}

}  // namespace

XTAPE_KERNEL(MeanOfWindows, {mean_of_windows<T>, mean_of_windows_gradient<T>});

}  // namespace xtape::kernels
