// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/to_dot.hpp"

#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "arrays/format.hpp"
#include "autograd/dot_text.hpp"
#include "autograd/graph_access.hpp"
#include "autograd/shared_memory.hpp"
#include "xtape/autograd/parameter.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using detail::an_input_holds;
using detail::dot_text;
using detail::GraphAccess;
using detail::Node;

template <class T>
class Graph {
 public:
  // Of these nodes, each after its inputs.
  explicit Graph(std::span<Node<T>* const> nodes) : nodes_(nodes) {
    for (const Node<T>* node : nodes) slots_.emplace(node, slots_.size());
  }

  // The nodes that a gradient from the root comes by.
  std::vector<bool> trained_by(std::size_t root) const {
    if (!nodes_[root]->requires_grad) return std::vector<bool>(nodes_.size(), false);
    return reached_from(root, carries_gradient);
  }

  // What the root was computed from.
  std::vector<bool> ancestors_of(std::size_t root) const {
    return reached_from(root, [](const Node<T>&, const Node<T>&) { return true; });
  }

  // Solid or dashed, as `solid` says, those of the nodes that are shown.
  std::string draw(const std::vector<bool>& shown, const std::vector<bool>& solid,
                   std::size_t highlighted) const {
    std::string text = "digraph tape {\n  node [shape=box, style=filled, fillcolor=white];\n";
    for (std::size_t slot = 0; slot < nodes_.size(); ++slot) {
      if (shown[slot]) draw_node(text, slot, solid[slot], slot == highlighted);
    }
    return text += "}\n";
  }

 private:
  static bool carries_gradient(const Node<T>& node, const Node<T>& input) {
    return node.requires_grad && input.requires_grad;
  }

  // The nodes to which a path leads from the root to inputs, and inputs of inputs, that `leads` is true of.
  template <class Leads>
  std::vector<bool> reached_from(std::size_t root, Leads leads) const {
    std::vector<bool> reached(nodes_.size(), false);
    reached[root] = true;
    for (std::size_t slot = root + 1; slot-- > 0;) {
      if (!reached[slot]) continue;
      for (const Node<T>* input : inputs_of(*nodes_[slot])) {
        if (leads(*nodes_[slot], *input)) reached[slots_.at(input)] = true;
      }
    }
    return reached;
  }

  static std::span<Node<T>* const> inputs_of(const Node<T>& node) { return {node.inputs, node.input_count}; }

  void draw_node(std::string& text, std::size_t slot, bool solid, bool highlighted) const {
    const Node<T>& node = *nodes_[slot];
    fmt::format_to(std::back_inserter(text), "  n{} [label=\"{}\"{}{}{}];\n", slot, label_of(node),
                   look_of(node), solid ? "" : ", style=\"filled,dashed\"",
                   highlighted ? ", color=red, penwidth=3" : "");
    for (const Node<T>* input : inputs_of(node)) {
      const bool is_carried = solid && carries_gradient(node, *input);
      fmt::format_to(std::back_inserter(text), "  n{} -> n{}{};\n", slots_.at(input), slot,
                     is_carried ? "" : " [style=dashed]");
    }
  }

  static std::string label_of(const Node<T>& node) {
    const std::string name =
        node.parameter != nullptr ? fmt::format("parameter '{}'", node.parameter->name()) : node.name;
    const std::string memory =
        an_input_holds(node) ? "shared" : fmt::format("{} bytes", node.shape.elements() * sizeof(T));
    return fmt::format("{}\\n{}, {}", dot_text(name), node.shape, memory);
  }

  static std::string_view look_of(const Node<T>& node) {
    if (node.input_count > 0) return "";
    if (node.parameter != nullptr) return ", shape=ellipse, fillcolor=lightblue";
    return node.requires_grad ? ", shape=ellipse, fillcolor=lightyellow" : ", shape=ellipse";
  }

  std::span<Node<T>* const> nodes_;
  std::unordered_map<const Node<T>*, std::size_t> slots_;
};

}  // namespace

template <class T>
std::string to_dot(Variable<T> root) {
  const auto nodes = GraphAccess<T>::nodes(root.tape());
  const std::size_t slot = GraphAccess<T>::slot(root);
  const Graph<T> graph(nodes.first(slot + 1));
  return graph.draw(graph.ancestors_of(slot), graph.trained_by(slot), slot);
}

template <class T>
std::string to_dot(const Tape<T>& tape) {
  const auto nodes = GraphAccess<T>::nodes(tape);
  std::vector<bool> solid;
  for (const Node<T>* node : nodes) solid.push_back(node->requires_grad);
  return Graph<T>(nodes).draw(std::vector<bool>(nodes.size(), true), solid, nodes.size());
}

template <class T>
std::string to_dot(const Tape<T>& tape, Variable<T> loss) {
  if (&loss.tape() != &tape) {
    fail<TapeError>("to_dot: loss must be of the tape, got one recorded by '{}' on another",
                    loss.operation());
  }
  const auto nodes = GraphAccess<T>::nodes(tape);
  const std::size_t slot = GraphAccess<T>::slot(loss);
  const Graph<T> graph(nodes);
  return graph.draw(std::vector<bool>(nodes.size(), true), graph.trained_by(slot), slot);
}

template std::string to_dot(Variable<float>);
template std::string to_dot(Variable<double>);
template std::string to_dot(const Tape<float>&);
template std::string to_dot(const Tape<double>&);
template std::string to_dot(const Tape<float>&, Variable<float>);
template std::string to_dot(const Tape<double>&, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
