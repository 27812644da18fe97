// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <bit>

#include "xtape/arrays/array.hpp"

namespace xtape {

// Turns elements that were read in `order` into those of this machine.
template <class T>
void convert_byte_order(Array<T>& elements, std::endian order) {
  if (order == std::endian::native || sizeof(T) == 1) return;
  auto* const bytes = reinterpret_cast<unsigned char*>(elements.data());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    std::reverse(bytes + i * sizeof(T), bytes + (i + 1) * sizeof(T));
  }
}

}  // namespace xtape
