// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/variable.hpp"

#include "arrays/format.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape {

using detail::Seed;

void detail::throw_stale_variable(bool has_tape) {
  if (!has_tape)
    fail<StaleVariable>("Variable: it must come from a tape, got one made by the default constructor");
  fail<StaleVariable>(
      "Variable: it must be used before its frame ends, got one whose frame has ended; copy what is needed "
      "later, as in xt::xarray<float> kept = x.value()");
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
Variable<T> Variable<T>::detach() const {
  Recording<T> op("detach", {*this});
  op.output_shares(data(), shape());
  return op.finish();
}

template <class T>
void Variable<T>::backward() const {
  backward_from_one(nullptr);
}

template <class T>
void Variable<T>::backward(Gradients<T>& gradients) const {
  backward_from_one(&gradients);
}

template <class T>
void Variable<T>::backward_from_one(Gradients<T>* gradients) const {
  if (size() != 1) {
    fail<ShapeError>(
        "backward: the variable must have one element, got shape {}; take its sum() or mean(), or give the "
        "gradient to start from as backward(seed)",
        shape());
  }
  const T one = 1;
  tape().backward(*this, {&one, shape()}, Seed::copied, gradients);
}

template <class T>
void Variable<T>::backward(const ArrayInput<T>& seed) const {
  require_shape_of_seed(seed.shape());
  tape().backward(*this, seed, Seed::copied);
}

template <class T>
void Variable<T>::backward(Variable seed) const {
  if (&seed.tape() != &tape()) {
    fail<TapeError>("backward: seed must be of the tape of the variable, got one recorded by '{}' on another",
                    seed.operation());
  }
  require_shape_of_seed(seed.shape());
  tape().backward(*this, seed.values(), Seed::shared);
}

template <class T>
void Variable<T>::require_shape_of_seed(const Shape& seed) const {
  if (seed != shape()) {
    fail<ShapeError>("backward: seed must have the shape of the variable {}, got {}", shape(), seed);
  }
}

template class Variable<float>;
template class Variable<double>;

}  // namespace xtape
