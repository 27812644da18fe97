// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/variable.hpp"

#include "autograd/node.hpp"
#include "core/format.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape {

template <class T>
detail::Node<T>& Variable<T>::node() const {
  if (tape_ == nullptr) {
    fail<StaleVariable>("Variable: it must come from a tape, got one made by the default constructor");
  }
  return tape_->node(*this);
}

template <class T>
const Shape& Variable<T>::shape() const {
  return node().shape;
}

template <class T>
ArrayView<const T> Variable<T>::values() const {
  const detail::Node<T>& self = node();
  return {self.value, self.shape};
}

template <class T>
ArrayView<const T> Variable<T>::gradients() const {
  return tape().gradient(node());
}

template <class T>
T Variable<T>::item() const {
  const ArrayView<const T> all = values();
  if (all.size() != 1) {
    fail<ShapeError>("item: the variable must have one element, got shape {}", all.shape());
  }
  return all[0];
}

template <class T>
bool Variable<T>::requires_grad() const {
  return node().requires_grad;
}

template <class T>
Variable<T> Variable<T>::detach() const {
  Recording<T> op("detach", {*this});
  op.output_shares(data(), shape());
  return op.finish();
}

template <class T>
void Variable<T>::backward() const {
  if (size() != 1) {
    fail<ShapeError>(
        "backward: the variable must have one element, got shape {}; take its sum() or mean(), or give the "
        "gradient to start from as backward(seed)",
        shape());
  }
  const T one = 1;
  tape_->backward(*this, {&one, shape()});
}

template <class T>
void Variable<T>::backward(ArrayView<const T> seed) const {
  if (seed.shape() != shape()) {
    fail<ShapeError>("backward: seed must have the shape of the variable {}, got {}", shape(), seed.shape());
  }
  tape_->backward(*this, seed);
}

template <class T>
Tape<T>& Variable<T>::tape() const {
  static_cast<void>(node());
  return *tape_;
}

template class Variable<float>;
template class Variable<double>;

}  // namespace xtape
