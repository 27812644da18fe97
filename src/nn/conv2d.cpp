// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/conv2d.hpp"

#include "arrays/format.hpp"
#include "nn/without_first_weights.hpp"
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

template <class T>
Variable<T> Conv2d<T>::forward_relu(Variable<T> x) {
  Tape<T>& tape = x.tape();
  if (bias.size() == 0) return conv2d_relu(x, tape.watch(weight), options_);
  return conv2d_relu(x, tape.watch(weight), tape.watch(bias), options_);
}

template <class T>
Variable<T> Conv2d<T>::forward_relu_max_pool2d(Variable<T> x, Size2d kernel,
                                               const MaxPool2dOptions& options) {
  Tape<T>& tape = x.tape();
  if (bias.size() == 0) return conv2d_relu_max_pool2d(x, tape.watch(weight), options_, kernel, options);
  return conv2d_relu_max_pool2d(x, tape.watch(weight), tape.watch(bias), options_, kernel, options);
}

template <class T>
Conv2d<T>::Conv2d(const Config& config)
    : Conv2d(config.count("in"), config.count("out"), config.size("kernel"), unused_random(),
             {.stride = config.size("stride"),
              .padding = config.size("padding"),
              .dilation = config.size("dilation"),
              .groups = config.count("groups"),
              .bias = config.flag("bias"),
              .initializer = leave_zeros<T>}) {}

template <class T>
GraphValue Conv2d<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(operations::Conv2d<T>{weight.values(), bias.values(), options_}, {x});
}

template <class T>
Config Conv2d<T>::config() const {
  const Shape& shape = weight.shape();
  return Config()
      .set("in", shape[1] * options_.groups)
      .set("out", shape[0])
      .set("kernel", Size2d(shape[2], shape[3]))
      .set("stride", options_.stride)
      .set("padding", options_.padding)
      .set("dilation", options_.dilation)
      .set("groups", options_.groups)
      .set("bias", bias.size() > 0);
}

template class Conv2d<float>;
template class Conv2d<double>;

}  // namespace xtape::nn
