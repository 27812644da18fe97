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

#include "xtape/core/array.hpp"
#include "xtape/core/array_view.hpp"
#include "xtape/core/evaluate.hpp"

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

template <class View>
class CountingView : public View {
 public:
  CountingView(const View& view, std::uint64_t& assignments) : View(view), assignments_(&assignments) {}
  CountingView(const CountingView&) = default;

  CountingView& operator=(const CountingView& other) { return *this = static_cast<const View&>(other); }
  template <class Source>
  requires std::is_assignable_v<View&, const Source&> CountingView& operator=(const Source& source) {
    return count(View::operator=(source));
  }
  template <class Source>
  CountingView& operator+=(const Source& source) {
    return count(View::operator+=(source));
  }
  template <class Source>
  CountingView& operator-=(const Source& source) {
    return count(View::operator-=(source));
  }
  template <class Source>
  CountingView& operator*=(const Source& source) {
    return count(View::operator*=(source));
  }
  template <class Source>
  CountingView& operator/=(const Source& source) {
    return count(View::operator/=(source));
  }

  // What xt::noalias calls.
  template <class Source>
  CountingView& assign(const Source& source) {
    return count(View::assign(source));
  }
  template <class Source>
  CountingView& plus_assign(const Source& source) {
    return count(View::plus_assign(source));
  }
  template <class Source>
  CountingView& minus_assign(const Source& source) {
    return count(View::minus_assign(source));
  }
  template <class Source>
  CountingView& multiplies_assign(const Source& source) {
    return count(View::multiplies_assign(source));
  }
  template <class Source>
  CountingView& divides_assign(const Source& source) {
    return count(View::divides_assign(source));
  }

 private:
  CountingView& count(View&) {
    ++*assignments_;
    return *this;
  }

  std::uint64_t* assignments_;
};

}  // namespace detail

/// The array as an xtensor view of the same memory, usable in every xtensor expression. It is valid as
/// long as the memory is. What is assigned to the view goes into that memory.
/// @throws ShapeError  (the assignment) it has more or fewer elements.
template <class T>
auto view(ArrayView<T> array) {
  const xt::dynamic_shape<std::size_t> shape(array.shape().begin(), array.shape().end());
  if constexpr (std::is_const_v<T>) {
    return xt::adapt<xt::layout_type::row_major>(array.data(), array.size(), xt::no_ownership(), shape);
  } else {
    using Elements = detail::BorrowedElements<T>;
    return xt::xarray_adaptor<Elements, xt::layout_type::row_major, xt::dynamic_shape<std::size_t>>(
        Elements(array.data(), array.size()), shape);
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

/// A view that counts what is assigned to all of it.
template <class T>
auto counting_view(ArrayView<T> array, std::uint64_t& assignments) {
  return detail::CountingView(view(array), assignments);
}

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
