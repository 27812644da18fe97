// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/chain.hpp"

#include <algorithm>

namespace xtape::onnx {
namespace {

// Those of an array that layers share are in the file once, but each layer has its own.
constexpr std::uint64_t always_allowed = std::uint64_t{1} << 18;

template <class T>
nn::Graph<T> graph_of(const NodeGraph& nodes) {
  try {
    return nn::Graph<T>(nodes.row());
  } catch (const Error& error) {
    nodes.refuse_file("the input {}: {}", quoted(nodes.input()), error.what());
  }
}

}  // namespace

template <class T>
Chain<T>::Chain(const NodeGraph& nodes, std::uint64_t bytes)
    : nodes_(nodes),
      numbers_(std::max(bytes, always_allowed)),
      value_(nodes.input()),
      passed_(nodes.size()),
      model_(std::make_unique<nn::Sequential<T>>()),
      graph_(graph_of<T>(nodes)),
      at_(graph_.input()) {}

template <class T>
void Chain<T>::pass(const Walk& walk) {
  for (const std::size_t node : walk.nodes()) {
    if (passed_[node]) nodes_.refuse(node, "it must not take what it gives, on whatever way");
    passed_[node] = true;
  }
  value_ = walk.value();
}

template <class T>
void Chain<T>::spend(std::size_t node, std::size_t numbers) {
  if (numbers > numbers_) {
    nodes_.refuse(
        node, "all layers must have no more numbers than the file has bytes, or {}, got {} where {} are left",
        always_allowed, numbers, numbers_);
  }
  numbers_ -= numbers;
}

template <class T>
bool Chain<T>::has_input(std::size_t node, int input) const {
  return input < nodes_[node].input_size() && !nodes_[node].input(input).empty();
}

template <class T>
const NodeGraph::Tensor& Chain<T>::tensor(std::size_t node, int input, const char* what) const {
  if (!has_input(node, input)) nodes_.refuse(node, "it must have a {}, got none", what);
  const NodeGraph::Tensor* const found = nodes_.constant(nodes_[node].input(input));
  if (found == nullptr) nodes_.refuse(node, "its {} must be an array that the file holds, got a value", what);
  return *found;
}

template <class T>
Array<T> Chain<T>::array(std::size_t node, int input, const char* what) {
  const NodeGraph::Tensor& found = tensor(node, input, what);
  const Shape shape = shape_of(found);
  if (shape.elements() == 0) nodes_.refuse(node, "its {} must have elements, got the shape {}", what, shape);
  spend(node, shape.elements());
  return nodes_.array<T>(node, what, found);
}

template <class T>
void Chain<T>::require_complete() const {
  for (std::size_t node = 0; node < passed_.size(); ++node) {
    if (passed_[node] || nodes_[node].op_type() == "Constant") continue;
    nodes_.refuse(node, "it must be one of those on the way from the input to the output, got one beside it");
  }
}

template class Chain<float>;
template class Chain<double>;

}  // namespace xtape::onnx
