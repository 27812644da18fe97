// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/core/named_arrays.hpp"

#include "core/format.hpp"

namespace xtape {

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
    place->second.visit([&]<class T>(const Array<T>& array) {
      result.add(place->first.substr(prefix.size()), ArrayView<const T>(array));
    });
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
                          ElementType type, const Shape& shape) {
  if (array.element_type() != type) {
    fail<ArgumentError>("{}: '{}' must hold {}, got {}", function, name, to_string(type),
                        to_string(array.element_type()));
  }
  if (array.shape() != shape) {
    fail<ShapeError>("{}: '{}' must have shape {}, got {}", function, name, shape, array.shape());
  }
}

void NamedArrays::throw_unknown(const char* function, const std::string& name) {
  fail<ArgumentError>("{}: every array must have its place, got '{}' without one", function, name);
}

}  // namespace xtape
