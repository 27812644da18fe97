// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

#include "xtape/core/array_view.hpp"
#include "xtape/core/evaluate.hpp"
#include "xtape/core/indices.hpp"

namespace xtape {

/// A function argument: bools, as an xtensor expression, a flat container or one bool, all of which are
/// copied in the call, or as an ArrayView, which is read in place and must outlive the frame.
class Condition {
 public:
  template <detail::BoolArray Source>
  Condition(const Source& source)
      : shape_(detail::shape_of(source)),
        source_(std::addressof(source)),
        copy_([](const void* from, ArrayView<bool> to) {
          detail::evaluate(*static_cast<const Source*>(from), to);
        }) {}

  template <class Bool>
  requires std::same_as < std::remove_const_t<Bool>,
  bool > Condition(ArrayView<Bool> view) : shape_(view.shape()), source_(view.data()) {}

  const Shape& shape() const noexcept { return shape_; }

  /// The bools where they stand, or in `memory(shape)`, which is then called once.
  template <class Memory>
  ArrayView<const bool> read(Memory memory) const {
    if (copy_ == nullptr) return {static_cast<const bool*>(source_), shape_};
    const ArrayView<bool> copy = memory(shape_);
    copy_(source_, copy);
    return copy;
  }

 private:
  Shape shape_;
  const void* source_;
  void (*copy_)(const void* source, ArrayView<bool> destination) = nullptr;
};

}  // namespace xtape
