// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/core/named_arrays.hpp"

#include <array>
#include <cstring>

#include "core/format.hpp"

namespace xtape {

const char* element_type_name(const AnyArray& array) {
  constexpr std::array<const char*, std::variant_size_v<AnyArray>> names{
      "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"};
  return names[array.index()];
}

const Shape& shape_of(const AnyArray& array) {
  return std::visit([](const auto& of_type) -> const Shape& { return of_type.shape(); }, array);
}

void NamedArrays::add(std::string name, AnyArray array) {
  const auto [place, is_new] = arrays_.try_emplace(std::move(name), std::move(array));
  if (!is_new) {
    fail<ArgumentError>("NamedArrays::add: names must be distinct, got '{}' twice", place->first);
  }
}

void NamedArrays::add(std::string_view prefix, NamedArrays arrays) {
  for (auto& [name, array] : arrays.arrays_) add(std::string(prefix) + name, std::move(array));
}

NamedArrays NamedArrays::with_prefix(std::string_view prefix) const {
  NamedArrays result;
  for (auto place = arrays_.lower_bound(prefix); place != arrays_.end(); ++place) {
    if (!place->first.starts_with(prefix)) break;
    std::visit(
        [&, name = place->first.substr(prefix.size())](const auto& array) {
          using T = typename std::remove_cvref_t<decltype(array)>::value_type;
          result.add(name, ArrayView<const T>(array));
        },
        place->second);
  }
  return result;
}

const AnyArray& NamedArrays::operator[](std::string_view name) const { return find("NamedArrays", name); }

const AnyArray& NamedArrays::find(const char* function, std::string_view name) const {
  const auto place = arrays_.find(name);
  if (place != arrays_.end()) return place->second;
  std::string names;
  for (const auto& [other, array] : arrays_) names += (names.empty() ? "" : ", ") + other;
  fail<ArgumentError>("{}: there must be an array '{}', got {}", function, name,
                      names.empty() ? "none at all" : names);
}

void NamedArrays::require(const char* function, std::string_view name, const AnyArray& array,
                          const char* type, const Shape& shape) {
  if (std::strcmp(element_type_name(array), type) != 0) {
    fail<ArgumentError>("{}: '{}' must hold {}, got {}", function, name, type, element_type_name(array));
  }
  if (shape_of(array) != shape) {
    fail<ShapeError>("{}: '{}' must have shape {}, got {}", function, name, shape, shape_of(array));
  }
}

void NamedArrays::throw_unknown(const char* function, const std::string& name) {
  fail<ArgumentError>("{}: every array must have its place, got '{}' without one", function, name);
}

}  // namespace xtape
