// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "autograd/parameter_budget.hpp"
#include "xtape/autograd/shard.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::nn {

template <class T>
BatchNorm<T>::BatchNorm(const char* name, std::size_t channels, const BatchNormOptions& options)
    : weight("weight", Shape{options.affine ? channels : 0}),
      bias("bias", Shape{options.affine ? channels : 0}),
      running_mean(Shape{ParameterBudget::spend(channels)}),
      running_var(Shape{ParameterBudget::spend(channels)}),
      num_batches_tracked(Shape{}),
      options_(options) {
  if (channels == 0) fail<ArgumentError>("{}: channels must be at least 1, got 0", name);
  if (!(options.epsilon >= 0) || std::isinf(options.epsilon))
    fail<ArgumentError>("{}: epsilon must be a finite number from 0, got {}", name, options.epsilon);
  if (!(options.momentum >= 0 && options.momentum <= 1))
    fail<ArgumentError>("{}: momentum must be in [0, 1], got {}", name, options.momentum);
  const ArrayView<T> factors = weight.values();
  std::fill(factors.begin(), factors.end(), T{1});
  std::fill(running_var.begin(), running_var.end(), T{1});
  if (options.affine) {
    this->add(weight);
    this->add(bias);
  }
  this->add_buffer("running_mean", running_mean);
  this->add_buffer("running_var", running_var);
  this->add_buffer("num_batches_tracked", num_batches_tracked);
}

template <class T>
Variable<T> BatchNorm<T>::normalize(Variable<T> x) {
  Shard<T>* const shard = x.tape().shard();
  if (!this->is_training() || shard == nullptr) {
    const Variable<T> y = normalize(x, {running_mean, running_var}, options_.momentum);
    if (this->is_training()) ++num_batches_tracked[0];
    return y;
  }
  const std::size_t channels = running_mean.size();
  const ArrayView<T> statistics = x.tape().template allocate<T>({2, channels});
  std::fill(statistics.begin(), statistics.end(), T{0});
  const Shape one{channels};
  const Variable<T> y = normalize(x, {{statistics.data(), one}, {statistics.data() + channels, one}}, 1);
  shard->put_off(*this, statistics);
  return y;
}

template <class T>
Variable<T> BatchNorm<T>::normalize(Variable<T> x, const RunningStatistics<T>& running, double momentum) {
  const xtape::BatchNormOptions options{
      .training = this->is_training(), .momentum = momentum, .epsilon = options_.epsilon};
  Tape<T>& tape = x.tape();
  return weight.size() == 0 ? batch_norm(x, running, options)
                            : batch_norm(x, tape.watch(weight), tape.watch(bias), running, options);
}

// The shares are such that all shards together change the statistics by the mean of theirs: with S of them
// and the momentum m each counts m / S in the end.
template <class T>
void BatchNorm<T>::merge(ArrayView<const T> statistics, std::size_t shard, std::size_t shards) {
  const double later = static_cast<double>(shards - shard);
  const double share = options_.momentum / (static_cast<double>(shards) - later * options_.momentum);
  const std::size_t channels = running_mean.size();
  for (std::size_t c = 0; c < channels; ++c) {
    const auto mixed = [share](T before, T now) {
      return static_cast<T>((1 - share) * before + share * now);
    };
    running_mean[c] = mixed(running_mean[c], statistics[c]);
    running_var[c] = mixed(running_var[c], statistics[channels + c]);
  }
  if (shard == 1) ++num_batches_tracked[0];
}

template <class T>
Variable<T> BatchNorm1d<T>::forward(Variable<T> x) {
  const std::size_t rank = x.shape().rank();
  if (rank != 2 && rank != 3) {
    fail<ShapeError>("BatchNorm1d: x must be (batch, channels) or (batch, channels, length), got {}",
                     x.shape());
  }
  return this->normalize(x);
}

template <class T>
Variable<T> BatchNorm2d<T>::forward(Variable<T> x) {
  if (x.shape().rank() != 4) {
    fail<ShapeError>("BatchNorm2d: x must be (batch, channels, rows, columns), got {}", x.shape());
  }
  return this->normalize(x);
}

template <class T>
BatchNorm<T>::BatchNorm(const char* name, const Config& config)
    : BatchNorm(name, config.count("channels"),
                {.epsilon = config.number("epsilon"),
                 .momentum = config.number("momentum"),
                 .affine = config.flag("affine")}) {}

template <class T>
Config BatchNorm<T>::config() const {
  return Config()
      .set("channels", running_mean.size())
      .set("epsilon", options_.epsilon)
      .set("momentum", options_.momentum)
      .set("affine", options_.affine);
}

template <class T>
GraphValue BatchNorm<T>::normalize(Graph<T>& graph, GraphValue x) const {
  return graph.apply(
      operations::BatchNorm<T>{running_mean, running_var, weight.values(), bias.values(), options_.epsilon},
      {x});
}

template <class T>
GraphValue BatchNorm1d<T>::add_to(Graph<T>& graph, GraphValue x) const {
  const std::size_t rank = graph.shape(x).rank();
  if (rank != 1 && rank != 2) {
    fail<ShapeError>("BatchNorm1d: a row must be (channels) or (channels, length), got {}", graph.shape(x));
  }
  return this->normalize(graph, x);
}

template <class T>
GraphValue BatchNorm2d<T>::add_to(Graph<T>& graph, GraphValue x) const {
  if (graph.shape(x).rank() != 3) {
    fail<ShapeError>("BatchNorm2d: a row must be (channels, rows, columns), got {}", graph.shape(x));
  }
  return this->normalize(graph, x);
}

template class BatchNorm<float>;
template class BatchNorm<double>;
template class BatchNorm1d<float>;
template class BatchNorm1d<double>;
template class BatchNorm2d<float>;
template class BatchNorm2d<double>;

}  // namespace xtape::nn
