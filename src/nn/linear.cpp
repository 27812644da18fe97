// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/linear.hpp"

#include "arrays/format.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/matmul.hpp"

namespace xtape::nn {

template <class T>
Linear<T>::Linear(std::size_t in, std::size_t out, Random& random, const LinearOptions<T>& options)
    : weight("weight", Shape{out, in}), bias("bias", Shape{options.bias ? out : 0}) {
  if (in == 0 || out == 0)
    fail<ArgumentError>("Linear: in and out must be at least 1, got {} and {}", in, out);
  options.initializer(weight.values(), random);
  this->add(weight);
  if (options.bias) this->add(bias);
}

template <class T>
Variable<T> Linear<T>::forward(Variable<T> x) {
  Tape<T>& tape = x.tape();
  if (bias.size() == 0) return linear(x, tape.watch(weight));
  return linear(x, tape.watch(weight), tape.watch(bias));
}

template <class T>
Variable<T> Linear<T>::forward_relu(Variable<T> x) {
  Tape<T>& tape = x.tape();
  if (bias.size() == 0) return linear_relu(x, tape.watch(weight));
  return linear_relu(x, tape.watch(weight), tape.watch(bias));
}

template class Linear<float>;
template class Linear<double>;

}  // namespace xtape::nn
