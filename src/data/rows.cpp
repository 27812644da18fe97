// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/rows.hpp"

#include <algorithm>
#include <type_traits>

#pragma GCC visibility push(default)
namespace xtape::detail {
namespace {

template <class From, class T>
void read_row(const From* from, std::size_t width, const Scale& scale, T* to) {
  if (!scale.is_identity()) {
    std::transform(from, from + width, to, [&scale](From x) {
      return static_cast<T>(static_cast<double>(x) * scale.factor + scale.shift);
    });
  } else if constexpr (std::is_same_v<From, T>) {
    std::copy_n(from, width, to);
  } else {
    std::transform(from, from + width, to, [](From x) { return static_cast<T>(x); });
  }
}

}  // namespace

template <class T>
void read_elements(ElementType type, const void* elements, std::size_t width, const Scale& scale,
                   std::span<const std::size_t> rows, std::span<T> to) {
  with_element_type(type, [&]<class From>() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      read_row(static_cast<const From*>(elements) + rows[i] * width, width, scale, to.data() + i * width);
    }
  });
}

template void read_elements(ElementType, const void*, std::size_t, const Scale&, std::span<const std::size_t>,
                            std::span<float>);
template void read_elements(ElementType, const void*, std::size_t, const Scale&, std::span<const std::size_t>,
                            std::span<double>);
template void read_elements(ElementType, const void*, std::size_t, const Scale&, std::span<const std::size_t>,
                            std::span<std::int64_t>);

}  // namespace xtape::detail
#pragma GCC visibility pop
