// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/flatten.hpp"

#include "arrays/format.hpp"
#include "xtape/ops/rearrange.hpp"

namespace xtape::nn {

template <class T>
Variable<T> Flatten<T>::forward(Variable<T> x) {
  const Shape& shape = x.shape();
  if (shape.rank() < 2)
    fail<ShapeError>("Flatten: x must be (batch, ...) of two axes or more, got {}", shape);
  return reshape(x, {shape[0], Shape(shape.begin() + 1, shape.end()).elements()});
}

template <class T>
GraphValue Flatten<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(operations::Flatten(), {x});
}

template <class T>
Config Flatten<T>::config() const {
  return {};
}

template class Flatten<float>;
template class Flatten<double>;

}  // namespace xtape::nn
