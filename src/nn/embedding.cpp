// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/embedding.hpp"

#include <cmath>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "nn/without_first_weights.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/rearrange.hpp"

namespace xtape::nn {

template <class T>
Embedding<T>::Embedding(std::size_t count, std::size_t width, Random& random,
                        const EmbeddingOptions<T>& options)
    : weight("weight", Shape{count, width}) {
  if (count == 0 || width == 0)
    fail<ArgumentError>("Embedding: count and width must be at least 1, got {} and {}", count, width);
  options.initializer(weight.values(), random);
  weight.set_sparse_gradient(options.sparse);
  this->add(weight);
}

template <class T>
Variable<T> Embedding<T>::operator()(Tape<T>& tape, const Indices& indices) {
  return select_rows(tape.watch(weight), indices);
}

template <class T>
Variable<T> Embedding<T>::forward(Variable<T> x) {
  const ArrayView<const T> numbers = x.values();
  Workspace workspace;
  std::int64_t* const memory = workspace.take<std::int64_t>(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    // Beyond 2^62 a number is no index anyway, and might not fit.
    if (!(std::abs(numbers[i]) <= T(0x1p62)) || numbers[i] != std::trunc(numbers[i]))
      fail<ValueError>("Embedding: x must hold indices, which are whole numbers, got {} at x[{}]", numbers[i],
                       i);
    memory[i] = static_cast<std::int64_t>(numbers[i]);
  }
  const ArrayView<const std::int64_t> indices(memory, x.shape());
  require_indices("Embedding", "x", indices,
                  {.noun = "rows", .count = weight.shape()[0], .array = "weight", .shape = weight.shape()});
  return select_rows(x.tape().watch(weight), indices);
}

template <class T>
Embedding<T>::Embedding(const Config& config)
    : Embedding(
          config.count("count"), config.count("width"), unused_random(),
          {.initializer = leave_zeros<T>, .sparse = !config.contains("sparse") || config.flag("sparse")}) {}

template <class T>
GraphValue Embedding<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(operations::Embedding<T>{weight.values()}, {x});
}

template <class T>
Config Embedding<T>::config() const {
  return Config()
      .set("count", weight.shape()[0])
      .set("width", weight.shape()[1])
      .set("sparse", weight.has_sparse_gradient());
}

template class Embedding<float>;
template class Embedding<double>;

}  // namespace xtape::nn
