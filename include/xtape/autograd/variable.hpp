// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/node.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A handle to one array on a tape: small, trivially copyable, passed by value. Every operation on a
/// handle whose frame has ended, or on one made by the default constructor, throws StaleVariable.
template <class T>
class Variable {
 public:
  /// float or double.
  using value_type = T;

  constexpr Variable() noexcept = default;

  /// The extents of the value; () for a scalar.
  const Shape& shape() const { return node().shape; }
  /// The number of elements.
  std::size_t size() const { return shape().elements(); }

  /// An xtensor view of the value: no copy, valid until the frame ends, usable in every xtensor
  /// expression. (A template so that the compiled library has no xtensor type in it; so is grad().)
  template <class Element = T>
  auto value() const {
    return view(ArrayView<const Element>(values()));
  }

  /// An xtensor view of the gradient of the latest backward, intermediates too; zeros where nothing
  /// arrived. Of a watched parameter: the parameter's gradient.
  /// @throws TapeError  the variable needs no gradient, or backward has not run in this frame.
  template <class Element = T>
  auto grad() const {
    return view(ArrayView<const Element>(gradients()));
  }

  /// The same as plain memory.
  ArrayView<const T> values() const { return {node().value, node().shape}; }
  /// The gradient as plain memory; errors are those of grad().
  ArrayView<const T> gradients() const;
  /// The first element of the value, the others behind it in row-major order.
  const T* data() const { return node().value; }

  /// The one element of a one-element array.
  /// @throws ShapeError  it has more elements, or none.
  T item() const;

  /// Whether backward carries a gradient to this variable.
  bool requires_grad() const { return node().requires_grad; }

  /// The same value (shared, not copied), cut off from what it was computed from.
  Variable detach() const;

  /// Computes the gradient of this one-element variable with respect to all that it depends on. The
  /// gradients of tape variables are those of the latest backward; those of parameters add up. If a rule
  /// throws or memory runs out, no gradient is half-written: variables have none and the parameters' are
  /// zero, but for one that another tape's backward adds to.
  /// @throws ShapeError  it does not have one element: say backward(seed) or take its sum() or mean().
  /// @throws TapeError   it depends on nothing that needs a gradient, or on a parameter to whose gradient
  ///                     another tape's backward, which has not ended, adds.
  void backward() const;

  /// The same, but the gradients of parameters are added to `gradients`; the parameters' own stay as they
  /// are. If a rule throws, `gradients` are zero.
  /// @throws ArgumentError  `gradients` have none of a parameter that it depends on.
  /// @throws TapeError      another call uses `gradients` and has not ended.
  void backward(Gradients<T>& gradients) const;

  /// The gradient of sum(seed * this).
  /// @param seed  an array of this variable's shape, which is copied.
  /// @throws ShapeError  it has another shape.
  void backward(const ArrayInput<T>& seed) const;

  /// The same without a copy, for large arrays: y.backward(tape.borrow(seed)). No gradient flows to the seed.
  /// @throws TapeError  the seed is of another tape.
  void backward(Variable seed) const;

  /// The name of the operation that made it: "log_softmax", "constant", or what a Recording was given.
  const char* operation() const { return node().name; }

  /// The tape on which this stands.
  Tape<T>& tape() const {
    static_cast<void>(node());
    return table_->tape;
  }

 private:
  friend class Tape<T>;
  friend class Recording<T>;
  friend struct detail::GraphAccess<T>;

  Variable(detail::NodeTable<T>& table, std::size_t slot) noexcept
      : table_(&table), slot_(slot), generation_(table.nodes[slot]->generation) {}

  void backward_from_one(Gradients<T>* gradients) const;
  void require_shape_of_seed(const Shape& seed) const;

  detail::Node<T>& node() const {
    if (table_ == nullptr || slot_ >= table_->nodes.size() ||
        table_->nodes[slot_]->generation != generation_) {
      detail::throw_stale_variable(table_ != nullptr);
    }
    return *table_->nodes[slot_];
  }

  detail::NodeTable<T>* table_ = nullptr;
  std::size_t slot_ = 0;
  std::uint64_t generation_ = 0;
};

extern template class Variable<float>;
extern template class Variable<double>;

}  // namespace xtape
#pragma GCC visibility pop

#ifndef XTAPE_LIBRARY_SOURCE
#include "xtape/arrays/xtensor.hpp"
#endif
