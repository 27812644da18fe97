// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/claim.hpp"
#include "xtape/autograd/gradient_memory.hpp"
#include "xtape/autograd/node.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A trainable array with its gradient and its name. It outlives the tapes that watch it: each backward
/// adds to its gradient until zero_grad().
///
/// Like any other memory it may be read by several threads while none writes to it. So tapes on several
/// threads may watch it at once and compute with its value. To its gradient one backward adds at a time:
/// where it comes upon another that has begun and not ended, it throws TapeError. Threads that train one
/// model together collect Gradients, each its own.
///
/// A tape holds its address, so it neither moves nor copies.
template <class T>
class Parameter {
 public:
  /// Zeros.
  Parameter(std::string name, const Shape& shape);

  /// A copy of a number, an xtensor expression, an ArrayView or a flat container.
  template <class Source>
  requires(!std::is_integral_v<Source> && (detail::RealArray<Source> || detail::IntegerArray<Source>))
      Parameter(std::string name, const Source& initial)
      : Parameter(std::move(name), detail::shape_of(initial)) {
    detail::evaluate(initial, values());
  }

  /// A whole number might be meant as an extent: say Shape{10} for ten zeros, or 10.0 for the number.
  template <std::integral Number>
  Parameter(std::string name, Number ambiguous) = delete;

  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;

  /// What messages and files call it.
  const std::string& name() const noexcept { return name_; }
  /// Of the value, and of the gradient.
  const Shape& shape() const noexcept { return value_.shape(); }
  /// The number of elements.
  std::size_t size() const noexcept { return value_.size(); }

  /// xtensor views of the value (it may be assigned to) and of the gradient. They are templates so that
  /// the compiled library has no xtensor type in it.
  template <class Element = T>
  auto value() {
    return view(ArrayView<Element>(value_), &changes_);
  }
  /// The value, only to be read.
  template <class Element = T>
  auto value() const {
    return view(ArrayView<const Element>(value_));
  }
  /// The gradient; zeros before the first backward.
  template <class Element = T>
  auto grad() {
    return view(ArrayView<Element>(gradients()));
  }

  /// The same as plain memory. Who writes to it between a forward pass and its backward says note_change().
  ArrayView<T> values() noexcept { return value_; }
  /// The same, only to be read.
  ArrayView<const T> values() const noexcept { return value_; }
  /// The gradient as plain memory.
  ArrayView<T> gradients() { return gradient_.open(); }

  /// Tells the tapes that watch it that its value has changed, as optimizers, load_state and what is assigned
  /// or added to the whole of value() do. Gradient rules that still need the value before throw TapeError
  /// then.
  void note_change() noexcept { ++changes_; }

  /// Sets the gradient to zero. O(1): the next gradient rule overwrites instead of adding. Of a sparse one it
  /// takes the time of the rows that have a gradient.
  void zero_grad() noexcept { gradient_.zero(); }

  /// Says that the gradient is sparse: that of a table of which a step looks up a few rows, as nn::Embedding
  /// has it. Rows without a gradient, which are those where all of it is 0, then cost nothing: select_rows()
  /// writes, and zero_grad() clears, the others alone. Optimizers leave them as they are: see
  /// optim::Optimizer. It takes 8 bytes a row.
  ///
  /// What is read of the gradient is as ever, with zeros in those rows. What is written into grad() or
  /// gradients() counts, too; to find it, all rows are looked through until zero_grad().
  /// @throws ShapeError  there are no rows: the parameter is a scalar.
  void set_sparse_gradient(bool sparse);
  /// What set_sparse_gradient() has said; at first false.
  bool has_sparse_gradient() const noexcept { return gradient_.is_sparse(); }
  /// The rows that have a gradient, in order, until it changes. Of one that is not sparse: none.
  std::span<const std::size_t> gradient_rows() noexcept {
    gradient_.settle();
    return gradient_.rows();
  }

 private:
  friend class Tape<T>;
  friend class Backward<T>;
  friend class Recording<T>;
  friend class detail::Claims<T>;
  friend struct detail::GradientAccess<T>;

  std::string name_;
  Array<T> value_;
  Array<T> grad_;
  detail::GradientMemory<T> gradient_{grad_, false};
  std::uint64_t changes_ = 0;
  detail::Claim claim_;  // of the gradient
  Parameter* next_claimed_ = nullptr;
};

extern template class Parameter<float>;
extern template class Parameter<double>;

}  // namespace xtape
#pragma GCC visibility pop

#ifndef XTAPE_LIBRARY_SOURCE
#include "xtape/arrays/xtensor.hpp"
#endif
