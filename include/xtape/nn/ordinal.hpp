// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// The last layer for classes that have an order, such as grades: ordinal_log_probabilities of scores, (rows)
/// or (rows, 1), with thresholds that are learned. The log-probabilities, (rows, classes), go to losses::nll;
/// softmax_cross_entropy, accuracy and reports take them as they take logits, since the softmax of
/// log-probabilities is the probabilities.
///
///     nn::Sequential<float> model;
///     model.add<nn::Linear>(features, 1, random, nn::LinearOptions<float>{.bias = false});
///     model.add<nn::Ordinal>(5);
///
/// The thresholds are the first one and softplus of the gaps added up, so that they always rise, by at least
/// one unit in the last place. At first they are 1 apart and lie evenly around 0.
template <class T>
class Ordinal : public Module<T> {
 public:
  /// @throws ArgumentError  there are fewer than two classes.
  explicit Ordinal(std::size_t classes);
  /// As one that gave this by config() was made.
  explicit Ordinal(const Config& config);

  /// @throws ShapeError  x is neither (rows) nor (rows, 1).
  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

  /// The thresholds that go with losses::ordinal_cross_entropy and ordinal_log_probabilities: (classes - 1).
  Variable<T> thresholds(Tape<T>& tape);

  Parameter<T> first_threshold;  ///< (1)
  Parameter<T> gaps;             ///< (classes - 2): softplus of each is how far a threshold is from the next
};

extern template class Ordinal<float>;
extern template class Ordinal<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
