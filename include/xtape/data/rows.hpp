// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "xtape/arrays/any_array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/shape.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// What a program implements to have rows taken from a store of its own: a database, files, a generator.
///
///     struct Recordings {
///       xtape::Shape shape() const;  // (rows, ...), the same in every call
///       // Writes the rows of these numbers one behind the other. What it throws ends what asked for them.
///       void read_rows(std::span<const std::size_t> rows, std::span<float> to) const;
///     };
///
/// A training calls read_rows from one thread at a time, which is not always the one that called train().
template <class Source, class T>
concept RowSource = requires(const Source& source, std::span<const std::size_t> rows, std::span<T> to) {
  { source.shape() } -> std::convertible_to<Shape>;
  source.read_rows(rows, to);
};

}  // namespace xtape::data

namespace xtape::detail {

// An array whose elements lie side by side, of a type that converts to T: to an integer only from one.
template <class Source, class T>
concept RowArray = StoredElement<Element<Source>> &&
    (std::floating_point<T> ||
     std::integral<Element<Source>>)&&std::is_convertible_v<const std::remove_cvref_t<Source>&,
                                                            ArrayView<const Element<Source>>>;

// x times factor plus shift.
struct Scale {
  double factor = 1;
  double shift = 0;

  bool is_identity() const { return factor == 1 && shift == 0; }
};

// Of elements in row-major order, `width` in a row.
template <class T>
void read_elements(ElementType type, const void* elements, std::size_t width, const Scale& scale,
                   std::span<const std::size_t> rows, std::span<T> to);

}  // namespace xtape::detail

namespace xtape::data {

/// A function argument: rows of numbers, which are asked for by their numbers and come as T, from an array of
/// any element type or from a RowSource. One that has a name is read where it stands, and must stay there as
/// long as it is read; a temporary is kept, by all copies of this.
///
///     const data::Rows<float> pixels = data::Rows<float>(bytes).scaled(1.0 / 255);  // uint8 stays uint8
template <class T>
class Rows {
 public:
  /// None.
  Rows() = default;

  /// An array of any element type, (rows, ...): an Array, an xtensor or flat container, a view.
  /// @throws ShapeError  the container is not in row-major order without gaps.
  template <class Source>
  requires xtape::detail::RowArray<Source, T> Rows(Source&& array) {
    using From = xtape::detail::Element<Source>;
    const ArrayInput<From> input(std::forward<Source>(array));
    shape_ = input.shape();
    source_ = input.data();
    in_memory_ = true;
    read_ = [](const Rows& from, std::span<const std::size_t> rows, std::span<T> to) {
      xtape::detail::read_elements<T>(element_type_of<From>(), from.source_, from.width(), from.scale_, rows,
                                      to);
    };
    kept_ = std::make_shared<const ArrayInput<From>>(input);
  }

  /// The elements at an address, in row-major order.
  template <StoredElement From>
  Rows(const From* data, const Shape& shape) : Rows(ArrayView<const From>(data, shape)) {}

  /// The rows of a store.
  template <class Source>
  requires(RowSource<std::remove_cvref_t<Source>, T> && !std::is_same_v<std::remove_cvref_t<Source>, Rows>)
      Rows(Source&& source)
      : shape_(source.shape()) {
    using Plain = std::remove_cvref_t<Source>;
    if constexpr (std::is_lvalue_reference_v<Source>) {
      source_ = std::addressof(source);
    } else {
      auto kept = std::make_shared<const Plain>(std::forward<Source>(source));
      source_ = kept.get();
      kept_ = std::move(kept);
    }
    read_ = [](const Rows& from, std::span<const std::size_t> rows, std::span<T> to) {
      const Plain& store = *static_cast<const Plain*>(from.source_);
      if constexpr (requires { store.read_rows(rows, to, from.scale_); }) {
        store.read_rows(rows, to, from.scale_);
      } else {
        store.read_rows(rows, to);
        if constexpr (std::floating_point<T>) from.apply_scale(to);
      }
    };
  }

  /// Whether there are any.
  bool given() const noexcept { return read_ != nullptr; }
  /// (rows, ...)
  const Shape& shape() const& noexcept { return shape_; }
  /// The same of a temporary.
  Shape shape() const&& noexcept { return shape_; }
  /// How many elements a row has.
  std::size_t width() const noexcept {
    std::size_t width = 1;
    for (std::size_t axis = 1; axis < shape_.rank(); ++axis) width *= shape_[axis];
    return width;
  }
  /// Whether they are an array in memory, which takes no longer to read than to copy.
  bool in_memory() const noexcept { return in_memory_; }

  /// These rows, each element times factor plus shift, rounded once to T. What a
  /// store of one's own gives has been T before.
  Rows scaled(double factor, double shift = 0) const requires std::floating_point<T> {
    Rows result = *this;
    result.scale_ = {scale_.factor * factor, scale_.shift * factor + shift};
    return result;
  }

  /// Writes the rows of these numbers one behind the other. Numbers are not checked.
  /// @param to  width() elements for each row
  void read_rows(std::span<const std::size_t> rows, std::span<T> to) const { read_(*this, rows, to); }

 private:
  void apply_scale(std::span<T> to) const {
    if (scale_.is_identity()) return;
    for (T& x : to) x = static_cast<T>(static_cast<double>(x) * scale_.factor + scale_.shift);
  }

  Shape shape_;
  const void* source_ = nullptr;
  void (*read_)(const Rows& from, std::span<const std::size_t> rows, std::span<T> to) = nullptr;
  xtape::detail::Scale scale_;
  bool in_memory_ = false;
  std::shared_ptr<const void> kept_;  // null: nothing
};

}  // namespace xtape::data
#pragma GCC visibility pop
