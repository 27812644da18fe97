// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/walk.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace xtape::onnx {

std::optional<std::size_t> Walk::user(const NodeGraph& graph, const std::string& value, const char* op,
                                      std::optional<int> as_input) {
  std::optional<std::size_t> found;
  for (const std::size_t node : graph.users(value)) {
    const NodeGraph::Node& of = graph[node];
    if (of.op_type() != op) continue;
    if (as_input && (*as_input >= of.input_size() || of.input(*as_input) != value)) continue;
    if (found) return std::nullopt;
    found = node;
  }
  return found;
}

Walk& Walk::to(const char* op) {
  if (is_lost_) return *this;
  const auto node = user(*graph_, value_, op);
  return node && (*graph_)[*node].input_size() == 1 ? through(*node) : lose();
}

std::optional<std::pair<std::size_t, std::string>> Walk::with_other(const char* op) const {
  if (is_lost_) return std::nullopt;
  const auto node = user(*graph_, value_, op);
  if (!node || (*graph_)[*node].input_size() != 2) return std::nullopt;
  const NodeGraph::Node& of = (*graph_)[*node];
  if (of.input(0) == value_) return std::pair(*node, of.input(1));
  const bool commutes = of.op_type() == "Add" || of.op_type() == "Mul";
  if (!commutes) return std::nullopt;
  return std::pair(*node, of.input(0));
}

Walk& Walk::to_with(const char* op, const std::string& other) {
  const auto found = with_other(op);
  return found && found->second == other ? through(found->first) : lose();
}

Walk& Walk::to_with_number(const char* op, double number) {
  const auto found = with_other(op);
  if (!found) return lose();
  const auto scalar = graph_->scalar(found->second);
  constexpr double rounding = 1e-6;
  return scalar && std::abs(*scalar - number) <= rounding * std::abs(number) ? through(found->first) : lose();
}

Walk& Walk::to_with_constant(const char* op) {
  const auto found = with_other(op);
  if (!found) return lose();
  constant_ = graph_->constant(found->second);
  constant_name_ = found->second;
  return constant_ != nullptr ? through(found->first) : lose();
}

Walk& Walk::to_cast(int element) {
  to("Cast");
  return is_lost_ || graph_->integer(last(), "to", 0) == element ? *this : lose();
}

Walk& Walk::through(std::size_t node) {
  const NodeGraph::Node& of = (*graph_)[node];
  const bool is_new = std::ranges::find(nodes_, node) == nodes_.end();
  if (!is_new || of.output_size() == 0 || of.output(0).empty()) return lose();
  nodes_.push_back(node);
  value_ = of.output(0);
  return *this;
}

Walk& Walk::through(const Walk& other) {
  if (other.is_lost_) return lose();
  nodes_.insert(nodes_.end(), other.nodes_.begin(), other.nodes_.end());
  return *this;
}

Walk& Walk::lose() {
  is_lost_ = true;
  return *this;
}

bool Walk::is_closed(const std::string& beginning) const {
  const auto is_ours = [&](std::size_t node) { return std::ranges::find(nodes_, node) != nodes_.end(); };
  const auto is_within = [&](const std::string& value) {
    return value != graph_->output() && std::ranges::all_of(graph_->users(value), is_ours);
  };
  if (!is_within(beginning)) return false;
  return std::ranges::all_of(nodes_, [&](std::size_t node) {
    return std::ranges::all_of((*graph_)[node].output(), [&](const std::string& given) {
      return given.empty() || given == value_ || is_within(given);
    });
  });
}

}  // namespace xtape::onnx
