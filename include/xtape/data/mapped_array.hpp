// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "xtape/arrays/any_array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/data/rows.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// An array whose elements stay in their file: the system reads those that are looked at, and takes their
/// memory back when it needs it. So it may be larger than memory.
///
///     const data::MappedArray images = data::map_npy("images.npy");  // (1000000, 3, 224, 224)
///     const ArrayInput<float> pixels = images.get<float>();
///     auto x = data::take_rows(tape, pixels, rows);  // reads these rows
///
/// Copies, and what get() gave, keep the file mapped, also where its name is gone. As of every mapped file,
/// one that somebody makes shorter ends the process by SIGBUS when what was cut off is looked at, and what
/// somebody writes into it shows in the array. To put another file in its place, as write_npy does, harms
/// neither.
class MappedArray {
 public:
  /// The elements at an address, and what keeps them there.
  MappedArray(ElementType type, const Shape& shape, const void* elements, std::shared_ptr<const void> file)
      : type_(type), shape_(shape), elements_(elements), file_(std::move(file)) {}

  /// What its elements are.
  ElementType element_type() const noexcept { return type_; }
  /// Its extents.
  const Shape& shape() const& noexcept { return shape_; }
  /// The same of a temporary.
  Shape shape() const&& noexcept { return shape_; }

  /// Whether its elements are of type T.
  template <StoredElement T>
  bool holds() const noexcept {
    return type_ == element_type_of<T>();
  }

  /// The array, which keeps the file mapped.
  /// @throws ArgumentError  its elements are of another type.
  template <StoredElement T>
  ArrayInput<T> get() const {
    if (!holds<T>()) throw_holds_other(element_type_of<T>());
    return {ArrayView<const T>(static_cast<const T*>(elements_), shape_), file_};
  }

  /// Calls function with the ArrayInput that this is, and gives what it returns.
  template <class Function>
  decltype(auto) visit(Function&& function) const {
    return with_element_type(type_, [&]<class T>() -> decltype(auto) { return function(get<T>()); });
  }

  /// Writes rows of these numbers, converted to T, one behind the other: so data::Rows takes it.
  /// @throws ArgumentError  T is an integer, and the elements are none.
  template <class T>
  void read_rows(std::span<const std::size_t> rows, std::span<T> to,
                 const xtape::detail::Scale& scale = {}) const {
    if (std::integral<T> && (holds<float>() || holds<double>())) throw_no_integers();
    const std::size_t width = rows.empty() ? 0 : to.size() / rows.size();
    xtape::detail::read_elements<T>(type_, elements_, width, scale, rows, to);
  }

 private:
  [[noreturn]] void throw_holds_other(ElementType wanted) const;
  [[noreturn]] void throw_no_integers() const;

  ElementType type_;
  Shape shape_;
  const void* elements_;
  std::shared_ptr<const void> file_;  // null where there are no elements
};

}  // namespace xtape::data
#pragma GCC visibility pop
