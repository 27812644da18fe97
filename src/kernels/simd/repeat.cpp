// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/repeat_kernels.hpp"

#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void repeat_each(const T* x, std::size_t count, std::size_t times, T* y, bool first) {
  const std::size_t whole = (times + lanes<T> - 1) / lanes<T> * lanes<T>;
  std::size_t i = 0;
  // Batches that end in the next numbers' place are overwritten by those.
  for (; first && i * times + whole <= count * times && i < count; ++i) {
    for (std::size_t k = 0; k < times; k += lanes<T>) store(Batch<T>(x[i]), y + i * times + k);
  }
  for (; i < count; ++i) {
    T* const to = y + i * times;
    for_each_batch<T>(times, [&](std::size_t k, auto some) {
      const Batch<T> value(x[i]);
      store_some(first ? value : load_some<Batch<T>>(to + k, some, T{0}) + value, to + k, some);
    });
  }
}

// Few numbers are first put into a longer row of the same.
template <class T>
void repeat_all(const T* x, std::size_t count, std::size_t times, T* y, bool first) {
  constexpr std::size_t longest = 512;
  T row[longest];
  const std::size_t elements = count * times;
  std::size_t length = count;
  if (count > 0 && count <= longest / 2 && times > 1) {
    length = (times < longest / count ? times : longest / count) * count;
    for (std::size_t i = 0; i < count; ++i) row[i] = x[i];
    for (std::size_t i = count; i < length; ++i) row[i] = row[i - count];
    x = row;
  }
  for (std::size_t begin = 0; begin < elements; begin += length) {
    T* const to = y + begin;
    for_each_batch<T>(elements - begin < length ? elements - begin : length, [&](std::size_t i, auto some) {
      const Batch<T> value = load_some<Batch<T>>(x + i, some, T{0});
      store_some(first ? value : load_some<Batch<T>>(to + i, some, T{0}) + value, to + i, some);
    });
  }
}

}  // namespace

XTAPE_KERNEL(Repeat, {.each = repeat_each<T>, .all = repeat_all<T>});

}  // namespace xtape::kernels
