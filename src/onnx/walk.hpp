// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "onnx/node_graph.hpp"

namespace xtape::onnx {

// From a value to what a known sequence of nodes makes of it, as long as those are there. Once one is not, it
// is lost, and stays so.
class Walk {
 public:
  Walk(const NodeGraph& graph, std::string value) : graph_(&graph), value_(std::move(value)) {}

  // Goes to what the one node of that operator, which takes this value as its first and only input, gives.
  Walk& to(const char* op);
  // The same of a node that takes another value too, which, but for sums and products, comes behind this one.
  Walk& to_with(const char* op, const std::string& other);
  // The same with a number, given up to rounding.
  Walk& to_with_number(const char* op, double number);
  // The same with any array that is part of the file.
  Walk& to_with_constant(const char* op);
  // The same of a Cast.
  Walk& to_cast(int element);
  // Goes through this node.
  Walk& through(std::size_t node);
  // The same as what another walk has gone through.
  Walk& through(const Walk& other);

  bool is_lost() const noexcept { return is_lost_; }
  const std::string& value() const noexcept { return value_; }
  const std::vector<std::size_t>& nodes() const noexcept { return nodes_; }
  // The last node. There must be one.
  std::size_t last() const { return nodes_.back(); }
  // The array that to_with_constant() met.
  const NodeGraph::Tensor& constant() const { return *constant_; }
  const std::string& constant_name() const noexcept { return constant_name_; }

  // The one node of that operator that takes the value; as which input, where that matters.
  static std::optional<std::size_t> user(const NodeGraph& graph, const std::string& value, const char* op,
                                         std::optional<int> as_input = {});

  // Whether nothing but these nodes takes the value where it began, or a value between.
  bool is_closed(const std::string& beginning) const;

 private:
  Walk& lose();
  // The node, and which value it takes beside this one.
  std::optional<std::pair<std::size_t, std::string>> with_other(const char* op) const;

  const NodeGraph* graph_;
  std::string value_;
  std::vector<std::size_t> nodes_;
  const NodeGraph::Tensor* constant_ = nullptr;
  std::string constant_name_;
  bool is_lost_ = false;
};

}  // namespace xtape::onnx
