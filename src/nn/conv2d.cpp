// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/conv2d.hpp"

#include "arrays/format.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::nn {
namespace {

// Before the division by groups.
std::size_t checked_groups(std::size_t in, std::size_t out, std::size_t groups) {
  if (in == 0 || out == 0)
    fail<ArgumentError>("Conv2d: in and out must be at least 1, got {} and {}", in, out);
  if (groups == 0 || in % groups != 0 || out % groups != 0)
    fail<ArgumentError>("Conv2d: groups must divide in = {} and out = {}, got {}", in, out, groups);
  return groups;
}

void require_at_least_1(const char* argument, const Size2d& size) {
  if (size.rows == 0 || size.columns == 0) {
    fail<ArgumentError>("Conv2d: {} must be at least 1, got ({}, {})", argument, size.rows, size.columns);
  }
}

}  // namespace

template <class T>
Conv2d<T>::Conv2d(std::size_t in, std::size_t out, Size2d kernel, Random& random,
                  const Conv2dOptions<T>& options)
    : weight("weight", Shape{out, in / checked_groups(in, out, options.groups), kernel.rows, kernel.columns}),
      bias("bias", Shape{options.bias ? out : 0}),
      options_{options.stride, options.padding, options.dilation, options.groups} {
  require_at_least_1("kernel", kernel);
  require_at_least_1("stride", options.stride);
  require_at_least_1("dilation", options.dilation);
  options.initializer(weight.values(), random);
  this->add(weight);
  if (options.bias) this->add(bias);
}

template <class T>
Variable<T> Conv2d<T>::forward(Variable<T> x) {
  Tape<T>& tape = x.tape();
  if (bias.size() == 0) return conv2d(x, tape.watch(weight), options_);
  return conv2d(x, tape.watch(weight), tape.watch(bias), options_);
}

template class Conv2d<float>;
template class Conv2d<double>;

}  // namespace xtape::nn
