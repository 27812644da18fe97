// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/core/any_array.hpp"

#include "core/format.hpp"

namespace xtape {

const char* to_string(ElementType type) noexcept {
  switch (type) {
    case ElementType::float32:
      return "float32";
    case ElementType::float64:
      return "float64";
    case ElementType::int8:
      return "int8";
    case ElementType::int16:
      return "int16";
    case ElementType::int32:
      return "int32";
    case ElementType::int64:
      return "int64";
    case ElementType::uint8:
      return "uint8";
    case ElementType::uint16:
      return "uint16";
    case ElementType::uint32:
      return "uint32";
    case ElementType::uint64:
      return "uint64";
    case ElementType::boolean:
      break;
  }
  return "bool";
}

const Shape& AnyArray::shape() const {
  return visit([](const auto& array) -> const Shape& { return array.shape(); });
}

void AnyArray::throw_holds_other(ElementType wanted) const {
  fail<ArgumentError>("AnyArray::get: the elements must be {} to be read as such, got {}; see convert",
                      to_string(wanted), to_string(type_));
}

}  // namespace xtape
