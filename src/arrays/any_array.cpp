// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/arrays/any_array.hpp"

#include <array>
#include <cstddef>

#include "arrays/format.hpp"

namespace xtape {

const char* to_string(ElementType type) noexcept {
  constexpr std::array names{"float32", "float64", "int8",   "int16",  "int32", "int64",
                             "uint8",   "uint16",  "uint32", "uint64", "bool"};
  return names[static_cast<std::size_t>(type)];
}

const Shape& AnyArray::shape() const& {
  return visit([](const auto& array) -> const Shape& { return array.shape(); });
}

void AnyArray::throw_holds_other(ElementType wanted) const {
  fail<ArgumentError>("AnyArray::get: the elements must be {} to be read as such, got {}; see convert",
                      to_string(wanted), to_string(type_));
}

}  // namespace xtape
