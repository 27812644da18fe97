// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/arrays/named_arrays.hpp"

#include <utility>
#include <vector>

#include "arrays/format.hpp"

namespace xtape {

namespace {

[[noreturn]] void throw_taken(const char* function, std::string_view name) {
  fail<ArgumentError>("NamedArrays::{}: names must be distinct, got '{}' twice", function, name);
}

}  // namespace

void NamedArrays::add(std::string name, AnyArray array) {
  const auto [place, is_new] = arrays_.try_emplace(std::move(name), std::move(array));
  if (!is_new) throw_taken("add", place->first);
}

void NamedArrays::add(std::string_view prefix, NamedArrays arrays) {
  Arrays added;
  while (!arrays.arrays_.empty()) {
    auto node = arrays.arrays_.extract(arrays.arrays_.begin());
    node.key().insert(0, prefix);
    if (contains(node.key())) throw_taken("add", node.key());
    added.insert(added.end(), std::move(node));
  }
  arrays_.merge(added);
}

void NamedArrays::merge(NamedArrays arrays) {
  arrays.arrays_.merge(arrays_);  // All but those whose names it has.
  arrays_ = std::move(arrays.arrays_);
}

void NamedArrays::rename(std::string_view name, std::string new_name) {
  const auto place = place_of("NamedArrays::rename", name);
  if (new_name == name) return;
  if (contains(new_name)) throw_taken("rename", new_name);
  auto node = arrays_.extract(place);
  node.key() = std::move(new_name);
  arrays_.insert(std::move(node));
}

void NamedArrays::rename_prefix(std::string_view prefix, std::string_view replacement) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [name, array] : arrays_) {
    if (!name.starts_with(prefix)) continue;
    names.emplace_back(name, std::string(replacement) + name.substr(prefix.size()));
    const std::string& new_name = names.back().second;
    if (contains(new_name) && !new_name.starts_with(prefix)) throw_taken("rename_prefix", new_name);
  }
  if (names.empty()) {
    fail<ArgumentError>("NamedArrays::rename_prefix: a name must begin with '{}', got none", prefix);
  }
  Arrays renamed;
  for (auto& [name, new_name] : names) {
    auto node = arrays_.extract(name);
    node.key() = std::move(new_name);
    renamed.insert(std::move(node));
  }
  arrays_.merge(renamed);
}

AnyArray NamedArrays::remove(std::string_view name) {
  return std::move(arrays_.extract(place_of("NamedArrays::remove", name)).mapped());
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

const AnyArray& NamedArrays::operator[](std::string_view name) const& { return find("NamedArrays", name); }

AnyArray NamedArrays::operator[](std::string_view name) && {
  return std::move(arrays_.extract(place_of("NamedArrays", name)).mapped());
}

const AnyArray& NamedArrays::find(const char* function, std::string_view name) const {
  return place_of(function, name)->second;
}

NamedArrays::Arrays::const_iterator NamedArrays::place_of(const char* function, std::string_view name) const {
  const auto place = arrays_.find(name);
  if (place != arrays_.end()) return place;
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
