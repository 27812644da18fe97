// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/layer_norm.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::nn {

template <class T>
LayerNorm<T>::LayerNorm(const Shape& normalized_shape, const LayerNormOptions& options)
    : weight("weight", options.weight ? normalized_shape : Shape{0}),
      bias("bias", options.bias && options.weight ? normalized_shape : Shape{0}),
      normalized_shape_(normalized_shape),
      options_(options) {
  if (normalized_shape.rank() == 0 || normalized_shape.elements() == 0)
    fail<ArgumentError>("LayerNorm: normalized_shape must have elements along its axes, got {}",
                        normalized_shape);
  if (!(options.epsilon >= 0) || std::isinf(options.epsilon))
    fail<ArgumentError>("LayerNorm: epsilon must be a finite number from 0, got {}", options.epsilon);
  const ArrayView<T> factors = weight.values();
  std::fill(factors.begin(), factors.end(), T{1});
  if (weight.size() > 0) this->add(weight);
  if (bias.size() > 0) this->add(bias);
}

template <class T>
Variable<T> LayerNorm<T>::forward(Variable<T> x) {
  Tape<T>& tape = x.tape();
  const xtape::LayerNormOptions options{.epsilon = options_.epsilon};
  if (weight.size() == 0) return layer_norm(x, normalized_shape_, options);
  if (bias.size() == 0) return layer_norm(x, tape.watch(weight), options);
  return layer_norm(x, tape.watch(weight), tape.watch(bias), options);
}

template <class T>
GraphValue LayerNorm<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(
      operations::LayerNorm<T>{normalized_shape_, weight.values(), bias.values(), options_.epsilon}, {x});
}

template <class T>
Config LayerNorm<T>::config() const {
  return Config()
      .set("normalized_shape", normalized_shape_)
      .set("epsilon", options_.epsilon)
      .set("weight", options_.weight)
      .set("bias", options_.bias);
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace xtape::nn
