// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/arrays/array_source.hpp"
#include "xtape/nn/initializers.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Options of Embedding.
template <class T>
struct EmbeddingOptions {
  void (*initializer)(ArrayView<T> weight, Random& random) = standard_normal<T>;  ///< sets the first rows
  bool sparse = true;  ///< whether a step changes only rows that have a gradient; false: as of any parameter
};

/// A row of numbers for each of `count` things, looked up by index.
///
///     nn::Embedding<float> words(10'000, 64, random);
///     auto x = words(tape, tokens);  // tokens (batch, length) of any integer type: x (batch, length, 64)
///
/// The gradient of weight is sparse (Parameter::set_sparse_gradient): the time of a training step is that of
/// the rows looked up, however many there are. What optimizers make of the others is told at
/// optim::Optimizer; {.sparse = false} has every step change them all, as PyTorch's Embedding does unless
/// told otherwise.
template <class T>
class Embedding : public Module<T> {
 public:
  /// @throws ArgumentError  count or width is 0.
  Embedding(std::size_t count, std::size_t width, Random& random, const EmbeddingOptions<T>& options = {});
  /// As one that gave this by config() was made.
  explicit Embedding(const Config& config);

  /// The rows of indices of any shape and integer type: their shape with width behind.
  /// @throws LabelError  an index outside [0, count); the message names it.
  Variable<T> operator()(Tape<T>& tape, const Indices& indices);

  /// The same for indices that are elements of an array of T, so that an Embedding can stand first in a
  /// Sequential. No gradient flows to them.
  /// @throws ValueError  one is not a whole number.
  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

  using Module<T>::operator();

  Parameter<T> weight;  ///< (count, width)
};

extern template class Embedding<float>;
extern template class Embedding<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
