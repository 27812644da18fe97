// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "onnx/node_graph.hpp"
#include "onnx/walk.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/nn/sequential.hpp"

namespace xtape::onnx {

// The layers that have been read, and how far in the file.
template <class T>
class Chain {
 public:
  // bytes: those of the file, than which the layers have no more numbers together. Throws FileError where no
  // row here is as the file's.
  Chain(const NodeGraph& nodes, std::uint64_t bytes);

  const NodeGraph& nodes() const noexcept { return nodes_; }
  // The value that the next layer takes, and its shape for one row.
  const std::string& value() const noexcept { return value_; }
  const Shape& shape() const { return graph_.shape(at_); }

  // Appends a layer that has this state, for the nodes that were walked through.
  template <template <class> class Layer>
  void add(const Walk& walk, const nn::Config& config, NamedArrays state = {}) {
    at_node(walk, [&] {
      model_->template add<Layer>(config);
      nn::Module<T>& layer = (*model_)[model_->size() - 1];
      if (state.size() > 0) layer.load_state(state);
      at_ = layer.add_to(graph_, at_);
    });
    pass(walk);
  }

  // Goes on behind these nodes.
  void pass(const Walk& walk);

  // Whether a walk that began here has not been lost, and nothing else takes what is on its way.
  bool is_way(const Walk& walk) const { return !walk.is_lost() && walk.is_closed(value_); }

  // Throws unless so many numbers are left; of an array that several nodes share each node's count.
  void spend(std::size_t node, std::size_t numbers);

  // An input of a node that is part of the file.
  const NodeGraph::Tensor& tensor(std::size_t node, int input, const char* what) const;
  bool has_input(std::size_t node, int input) const;
  // Its elements, in the shape that they have, or in another one of as many.
  Array<T> array(std::size_t node, int input, const char* what);

  // Calls function(); what it finds wrong is wrong with the last node of the walk.
  template <class Function>
  void at_node(const Walk& walk, Function function) const {
    try {
      function();
    } catch (const FileError&) {
      throw;
    } catch (const Error& error) {
      nodes_.refuse(walk.last(), "{}", error.what());
    }
  }

  // Refuses a node that is no part of the layers.
  void require_complete() const;

  std::unique_ptr<nn::Sequential<T>> take_model() { return std::move(model_); }

 private:
  const NodeGraph& nodes_;
  std::uint64_t numbers_;
  std::string value_;
  std::vector<bool> passed_;
  std::unique_ptr<nn::Sequential<T>> model_;
  nn::Graph<T> graph_;
  nn::GraphValue at_;
};

// Reads the layer that takes the chain's value.
template <class T>
void read_layer(Chain<T>& chain);

}  // namespace xtape::onnx
