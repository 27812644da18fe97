// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/convolution_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

// The lanes of a batch that a row fills in part, the others 0.
template <class T>
class LastLanes {
 public:
  explicit LastLanes(std::size_t count)
      : count_(count), in_row_(position() < Batch<T>(static_cast<T>(count))) {}

  // What is after them must be readable if `all` is.
  XTAPE_INLINE Batch<T> load_from(const T* from, bool all) const {
    if (!all) return load_partly<Batch<T>>(from, count_, T{0});
    return xsimd::select(in_row_, load<Batch<T>>(from), Batch<T>(T{0}));
  }

 private:
  static Batch<T> position() {
    T position[lanes<T>];
    for (std::size_t i = 0; i < lanes<T>; ++i) position[i] = static_cast<T>(i);
    return load<Batch<T>>(position);
  }

  std::size_t count_;
  decltype(Batch<T>() < Batch<T>()) in_row_;
};

template <class T>
void space(const T* from, std::size_t rows, std::size_t width, T* to, std::size_t step) {
  const std::size_t whole = width / lanes<T> * lanes<T>;
  const LastLanes<T> last(width - whole);
  const T* const end = from + rows * width;
  for (std::size_t row = 0; row < rows; ++row, from += width, to += step) {
    std::size_t c = 0;
    for (; c < whole; c += lanes<T>) store(load<Batch<T>>(from + c), to + c);
    if (c < width) {
      store(last.load_from(from + c, c + lanes<T> <= static_cast<std::size_t>(end - from)), to + c);
      c += lanes<T>;
    }
    for (; c < step; c += lanes<T>) store(Batch<T>(T{0}), to + c);
  }
}

// A batch that goes beyond its row is stored whole where the rows that follow are still to be written.
template <bool add, class T>
void close_rows(const T* from, std::size_t step, std::size_t rows, std::size_t width, T* to) {
  const std::size_t whole = width / lanes<T> * lanes<T>, rest = width - whole;
  const LastLanes<T> last(rest);
  const T* const end = to + rows * width;
  for (std::size_t row = 0; row < rows; ++row, from += step, to += width) {
    for (std::size_t c = 0; c < whole; c += lanes<T>) {
      const Batch<T> in = load<Batch<T>>(from + c);
      store(add ? load<Batch<T>>(to + c) + in : in, to + c);
    }
    if (rest == 0) continue;
    const bool all = whole + lanes<T> <= static_cast<std::size_t>(end - to);
    const Batch<T> in = last.load_from(from + whole, all);
    if (all) {
      store(add ? load<Batch<T>>(to + whole) + in : in, to + whole);
    } else {
      store_partly(add ? load_partly<Batch<T>>(to + whole, rest, T{0}) + in : in, to + whole, rest);
    }
  }
}

template <class T>
void close(const T* from, std::size_t step, std::size_t rows, std::size_t width, T* to, bool add) {
  (add ? close_rows<true, T> : close_rows<false, T>)(from, step, rows, width, to);
}

}  // namespace

XTAPE_KERNEL(SpacedRows, {space<T>, close<T>});

}  // namespace xtape::kernels
