// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/linear.hpp"

#include "arrays/format.hpp"
#include "nn/without_first_weights.hpp"
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

template <class T>
Linear<T>::Linear(const Config& config)
    : Linear(config.count("in"), config.count("out"), unused_random(),
             {.bias = config.flag("bias"), .initializer = leave_zeros<T>}) {}

template <class T>
GraphValue Linear<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(operations::Linear<T>{weight.values(), bias.values()}, {x});
}

template <class T>
Config Linear<T>::config() const {
  return Config().set("in", weight.shape()[1]).set("out", weight.shape()[0]).set("bias", bias.size() > 0);
}

template class Linear<float>;
template class Linear<double>;

}  // namespace xtape::nn
