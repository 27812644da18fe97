// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

// The one place that includes xtensor. Its headers moved into folders in version 0.26.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xnoalias.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>
#endif

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/evaluate.hpp"

/// @cond
namespace xt {  // The macro may be spelled as xtensor's own headers see it.
static_assert(XTENSOR_DEFAULT_TRAVERSAL == layout_type::row_major,
              "xtape reads arrays in row-major order: leave XTENSOR_DEFAULT_TRAVERSAL at "
              "xt::layout_type::row_major; XTENSOR_DEFAULT_LAYOUT may be column_major");
}  // namespace xt
/// @endcond

#pragma GCC visibility push(default)
namespace xtape {
namespace detail {

// Elements that belong to somebody else. What is assigned to them is copied: xtensor's own buffer would take
// the address of another view's elements instead, so that a.value() = b.value() changed nothing.
template <class T>
class BorrowedElements : public xt::xbuffer_adaptor<T*, xt::no_ownership> {
  using Base = xt::xbuffer_adaptor<T*, xt::no_ownership>;

 public:
  using temporary_type = typename Base::temporary_type;

  using Base::Base;
  BorrowedElements(const BorrowedElements&) = default;

  // What xtensor calls before it assigns.
  void resize(std::size_t size) const {
    if (size != this->size()) throw_wrong_size(this->size(), size);
  }

  BorrowedElements& operator=(const BorrowedElements& other) {
    resize(other.size());
    std::copy_n(other.data(), other.size(), this->data());
    return *this;
  }
  BorrowedElements& operator=(temporary_type&& other) {
    resize(other.size());
    Base::operator=(std::move(other));
    return *this;
  }
};

template <class Pointer, class Allocator, xt::layout_type layout, class Extents, class Tag>
struct IsAdaptor<
    xt::xarray_adaptor<xt::xbuffer_adaptor<Pointer, xt::no_ownership, Allocator>, layout, Extents, Tag>>
    : std::true_type {};
template <class T, xt::layout_type layout, class Extents, class Tag>
struct IsAdaptor<xt::xarray_adaptor<BorrowedElements<T>, layout, Extents, Tag>> : std::true_type {};
template <class Named, class... Slices>
struct IsAdaptor<xt::xview<Named&, Slices...>> : std::true_type {};

// A view whose shape stays as it is: what is assigned to all of it has that shape, and counts as a change.
template <class View>
class FixedView : public View {
 public:
  FixedView(const View& view, std::uint64_t* changes) : View(view), changes_(changes) {}
  FixedView(const FixedView&) = default;

  FixedView& operator=(const FixedView& other) { return *this = static_cast<const View&>(other); }
  template <class Source>
  requires(std::is_arithmetic_v<Source> || std::is_assignable_v<View&, const Source&>) FixedView& operator=(
      const Source& source) {
    require_own_shape(source);
    if constexpr (std::is_arithmetic_v<Source>) {
      this->fill(static_cast<typename View::value_type>(source));
      return count(*this);
    } else {
      return count(View::operator=(source));
    }
  }
  template <class Source>
  FixedView& operator+=(const Source& source) {
    require_broadcasts(source);
    return count(View::operator+=(source));
  }
  template <class Source>
  FixedView& operator-=(const Source& source) {
    require_broadcasts(source);
    return count(View::operator-=(source));
  }
  template <class Source>
  FixedView& operator*=(const Source& source) {
    require_broadcasts(source);
    return count(View::operator*=(source));
  }
  template <class Source>
  FixedView& operator/=(const Source& source) {
    require_broadcasts(source);
    return count(View::operator/=(source));
  }

  // What xt::noalias calls.
  template <class Source>
  FixedView& assign(const Source& source) {
    require_own_shape(source.derived_cast());
    return count(View::assign(source));
  }
  template <class Source>
  FixedView& plus_assign(const Source& source) {
    require_broadcasts(source.derived_cast());
    return count(View::plus_assign(source));
  }
  template <class Source>
  FixedView& minus_assign(const Source& source) {
    require_broadcasts(source.derived_cast());
    return count(View::minus_assign(source));
  }
  template <class Source>
  FixedView& multiplies_assign(const Source& source) {
    require_broadcasts(source.derived_cast());
    return count(View::multiplies_assign(source));
  }
  template <class Source>
  FixedView& divides_assign(const Source& source) {
    require_broadcasts(source.derived_cast());
    return count(View::divides_assign(source));
  }

 private:
  template <class Source>
  void require_own_shape(const Source& source) const {
    const Shape own(this->shape().begin(), this->shape().end()), given = shape_of(source);
    if (given != own) throw_other_shape(own, given);
  }

  // That it can be taken as one of this shape.
  template <class Source>
  void require_broadcasts(const Source& source) const {
    const Shape own(this->shape().begin(), this->shape().end()), given = shape_of(source);
    const std::size_t beyond = given.rank() - std::min(given.rank(), own.rank());
    bool fits = beyond == 0;
    for (std::size_t axis = 0; fits && axis < given.rank(); ++axis)
      fits = given[axis] == 1 || given[axis] == own[own.rank() - given.rank() + axis];
    if (!fits) throw_other_shape(own, given);
  }

  FixedView& count(View&) {
    if (changes_ != nullptr) ++*changes_;
    return *this;
  }

  std::uint64_t* changes_;  // null: nobody counts them
};

template <class View>
struct IsAdaptor<FixedView<View>> : IsAdaptor<View> {};

}  // namespace detail

/// The array as an xtensor view of the same memory, usable in every xtensor expression. It is valid as
/// long as the memory is. What is assigned to the view goes into that memory.
/// @throws ShapeError  (the assignment) it has another shape. A number goes to all elements by fill().
template <class T>
auto view(ArrayView<T> array, [[maybe_unused]] std::uint64_t* changes = nullptr) {
  const xt::dynamic_shape<std::size_t> shape(array.shape().begin(), array.shape().end());
  if constexpr (std::is_const_v<T>) {
    return xt::adapt<xt::layout_type::row_major>(array.data(), array.size(), xt::no_ownership(), shape);
  } else {
    using Elements = detail::BorrowedElements<T>;
    using View = xt::xarray_adaptor<Elements, xt::layout_type::row_major, xt::dynamic_shape<std::size_t>>;
    return detail::FixedView(View(Elements(array.data(), array.size()), shape), changes);
  }
}

/// The same of an array that owns its memory.
template <class T>
auto view(Array<T>& array) {
  return view(ArrayView<T>(array));
}

/// The same, only to be read.
template <class T>
auto view(const Array<T>& array) {
  return view(ArrayView<const T>(array));
}

/// A temporary would be gone before its view.
template <class T>
void view(const Array<T>&& temporary) = delete;

namespace detail {

template <class T, class Source>
void evaluate_expression(const Source& source, ArrayView<T> destination) {
  auto values = view(destination);
  xt::noalias(values) = xt::cast<T>(source);
}

}  // namespace detail
}  // namespace xtape
#pragma GCC visibility pop

/// @cond
// What xtensor evaluates an expression into before it is assigned.
template <class T>
struct xt::temporary_container<xtape::detail::BorrowedElements<T>> {
  using type = typename xtape::detail::BorrowedElements<T>::temporary_type;
};
/// @endcond
