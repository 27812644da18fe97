// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

#include "xtape/arrays/array.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// The types that elements have in files.
enum class ElementType : unsigned char {
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  boolean
};

/// As NumPy names it: "float32", "int64", "bool".
const char* to_string(ElementType type) noexcept;

/// Calls `function.template operator()<T>()` with the type T that is meant, and gives what it returns.
template <class Function>
decltype(auto) with_element_type(ElementType type, Function&& function) {
  switch (type) {
    case ElementType::float32:
      return function.template operator()<float>();
    case ElementType::float64:
      return function.template operator()<double>();
    case ElementType::int8:
      return function.template operator()<std::int8_t>();
    case ElementType::int16:
      return function.template operator()<std::int16_t>();
    case ElementType::int32:
      return function.template operator()<std::int32_t>();
    case ElementType::int64:
      return function.template operator()<std::int64_t>();
    case ElementType::uint8:
      return function.template operator()<std::uint8_t>();
    case ElementType::uint16:
      return function.template operator()<std::uint16_t>();
    case ElementType::uint32:
      return function.template operator()<std::uint32_t>();
    case ElementType::uint64:
      return function.template operator()<std::uint64_t>();
    case ElementType::boolean:
      break;
  }
  return function.template operator()<bool>();
}

namespace detail {
template <class T, class... Types>
concept OneOf = (std::same_as<T, Types> || ...);
}  // namespace detail

/// The types that an AnyArray can hold.
template <class T>
concept StoredElement = detail::OneOf<T, float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t,
                                      std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, bool>;

/// The ElementType of T.
template <StoredElement T>
constexpr ElementType element_type_of() noexcept {
  if constexpr (std::same_as<T, float>) return ElementType::float32;
  if constexpr (std::same_as<T, double>) return ElementType::float64;
  if constexpr (std::same_as<T, std::int8_t>) return ElementType::int8;
  if constexpr (std::same_as<T, std::int16_t>) return ElementType::int16;
  if constexpr (std::same_as<T, std::int32_t>) return ElementType::int32;
  if constexpr (std::same_as<T, std::int64_t>) return ElementType::int64;
  if constexpr (std::same_as<T, std::uint8_t>) return ElementType::uint8;
  if constexpr (std::same_as<T, std::uint16_t>) return ElementType::uint16;
  if constexpr (std::same_as<T, std::uint32_t>) return ElementType::uint32;
  if constexpr (std::same_as<T, std::uint64_t>) return ElementType::uint64;
  return ElementType::boolean;
}

/// An array of any of the types that elements have in files. Moves in O(1), like Array; one that was moved
/// from is good for nothing but to be assigned to.
///
///     const AnyArray images = read_idx("train-images-idx3-ubyte");
///     images.get<std::uint8_t>()[0];
///     images.visit([](const auto& array) { return array.size(); });
class AnyArray {
 public:
  /// Takes the array over.
  template <StoredElement T>
  AnyArray(Array<T> array)
      : type_(element_type_of<T>()),
        array_(new Array<T>(std::move(array)), [](void* typed) { delete static_cast<Array<T>*>(typed); }) {}

  /// What its elements are.
  ElementType element_type() const noexcept { return type_; }
  /// Its extents.
  const Shape& shape() const&;
  /// The same of a temporary.
  Shape shape() const&& { return std::as_const(*this).shape(); }

  /// Whether its elements are of type T.
  template <StoredElement T>
  bool holds() const noexcept {
    return type_ == element_type_of<T>();
  }

  /// The array, or from a temporary what it held: Array<float> x = read_npy(path).get<float>().
  /// @throws ArgumentError  its elements are of another type.
  template <StoredElement T>
  const Array<T>& get() const& {
    return typed<T>();
  }
  /// Of a temporary: the array itself, moved out of it.
  template <StoredElement T>
  Array<T> get() && {
    return std::move(typed<T>());
  }

  /// Calls function with the Array that this is, and gives what it returns.
  template <class Function>
  decltype(auto) visit(Function&& function) const {
    return with_element_type(
        type_, [&]<class T>() -> decltype(auto) { return function(std::as_const(typed<T>())); });
  }

 private:
  template <class T>
  Array<T>& typed() const {
    if (!holds<T>()) throw_holds_other(element_type_of<T>());
    return *static_cast<Array<T>*>(array_.get());
  }
  [[noreturn]] void throw_holds_other(ElementType wanted) const;

  ElementType type_;
  std::unique_ptr<void, void (*)(void*)> array_;
};

}  // namespace xtape
#pragma GCC visibility pop
