// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::nn {

template <class T>
BatchNorm<T>::BatchNorm(const char* name, std::size_t channels, const BatchNormOptions& options)
    : weight("weight", Shape{options.affine ? channels : 0}),
      bias("bias", Shape{options.affine ? channels : 0}),
      running_mean(Shape{channels}),
      running_var(Shape{channels}),
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
  Tape<T>& tape = x.tape();
  const RunningStatistics<T> running{running_mean, running_var};
  const xtape::BatchNormOptions options{
      .training = this->is_training(), .momentum = options_.momentum, .epsilon = options_.epsilon};
  const Variable<T> y = weight.size() == 0
                            ? batch_norm(x, running, options)
                            : batch_norm(x, tape.watch(weight), tape.watch(bias), running, options);
  if (options.training) ++num_batches_tracked[0];
  return y;
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

template class BatchNorm<float>;
template class BatchNorm<double>;
template class BatchNorm1d<float>;
template class BatchNorm1d<double>;
template class BatchNorm2d<float>;
template class BatchNorm2d<double>;

}  // namespace xtape::nn
