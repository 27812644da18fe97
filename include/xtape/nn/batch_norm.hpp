// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/autograd/shard.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/ops/normalization.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Options of BatchNorm1d and BatchNorm2d.
struct BatchNormOptions {
  double epsilon = 1e-5;  ///< added to the variance; from 0
  double momentum = 0.1;  ///< the share of the batch in the running statistics
  bool affine = true;     ///< whether there are weight and bias, which begin at 1 and 0
};

/// batch_norm of (batch, channels, ...): with the statistics of the batch in training, which go into the
/// running ones, and with the running ones in evaluation. In training it belongs to one thread at a time.
///
/// On a tape that computes a shard of a batch it takes the statistics of that shard; the mean of those of all
/// shards goes into the running ones, when all are done.
template <class T>
class BatchNorm : public Module<T>, private ShardedState<T> {
 public:
  Parameter<T> weight;                      ///< (channels); (0) unless affine
  Parameter<T> bias;                        ///< (channels); (0) unless affine
  Array<T> running_mean;                    ///< (channels); begins at 0
  Array<T> running_var;                     ///< (channels); begins at 1
  Array<std::int64_t> num_batches_tracked;  ///< (): forward passes in training

  Config config() const override;

 protected:
  /// @param name  of the derived class, for messages.
  BatchNorm(const char* name, std::size_t channels, const BatchNormOptions& options);
  /// As one that gave this by config() was made.
  BatchNorm(const char* name, const Config& config);
  /// The normalization itself, for what has been checked.
  Variable<T> normalize(Variable<T> x);
  /// The same in a graph.
  GraphValue normalize(Graph<T>& graph, GraphValue x) const;

 private:
  Variable<T> normalize(Variable<T> x, const RunningStatistics<T>& running, double momentum);
  void merge(ArrayView<const T> statistics, std::size_t shard, std::size_t shards) override;

  BatchNormOptions options_;
};

/// BatchNorm of (batch, channels) or (batch, channels, length).
template <class T>
class BatchNorm1d : public BatchNorm<T> {
 public:
  /// @throws ArgumentError  there are no channels, epsilon is negative or not finite, or momentum is not in
  ///                        [0, 1].
  explicit BatchNorm1d(std::size_t channels, const BatchNormOptions& options = {})
      : BatchNorm<T>("BatchNorm1d", channels, options) {}
  /// As one that gave this by config() was made.
  explicit BatchNorm1d(const Config& config) : BatchNorm<T>("BatchNorm1d", config) {}

  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
};

/// BatchNorm of images: (batch, channels, rows, columns).
template <class T>
class BatchNorm2d : public BatchNorm<T> {
 public:
  /// @throws ArgumentError  as for BatchNorm1d.
  explicit BatchNorm2d(std::size_t channels, const BatchNormOptions& options = {})
      : BatchNorm<T>("BatchNorm2d", channels, options) {}
  /// As one that gave this by config() was made.
  explicit BatchNorm2d(const Config& config) : BatchNorm<T>("BatchNorm2d", config) {}

  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
};

extern template class BatchNorm<float>;
extern template class BatchNorm<double>;
extern template class BatchNorm1d<float>;
extern template class BatchNorm1d<double>;
extern template class BatchNorm2d<float>;
extern template class BatchNorm2d<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
