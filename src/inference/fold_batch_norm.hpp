// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "xtape/nn/graph.hpp"

namespace xtape::inference {

// Copies a graph, with arrays of its own: see fold_batch_norm.
template <class To, class From>
class BatchNormFolder {
 public:
  explicit BatchNormFolder(const nn::Graph<From>& graph) : nodes_(graph.nodes()), to_(graph.shape({0})) {
    find_norms();
    std::vector<nn::GraphValue> made{to_.input()};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto input = [&](std::size_t k) { return made[nodes_[i].inputs[k].place]; };
      if (goes_into_input_[i]) {
        made.push_back(input(0));
        continue;
      }
      norm_ = norm_behind_[i];
      auto operation =
          std::visit([this](const auto& of) { return this->converted(of); }, nodes_[i].operation);
      made.push_back(nodes_[i].inputs.size() == 1 ? to_.apply(std::move(operation), {input(0)})
                                                  : to_.apply(std::move(operation), {input(0), input(1)}));
    }
    to_.end_in(made.back());  // which is not the last one where a folded norm was that
  }

  nn::Graph<To> take() { return std::move(to_); }

 private:
  using Operation = nn::Operation<To>;
  using Norm = nn::operations::BatchNorm<From>;

  // Which batch_norm reads a linear or conv2d that nobody else does, and along whose outputs its channels
  // lie.
  void find_norms() {
    std::vector<std::size_t> readers(nodes_.size());
    for (const auto& node : nodes_) {
      for (const nn::GraphValue input : node.inputs)
        if (input.place > 0) ++readers[input.place - 1];
    }
    norm_behind_.resize(nodes_.size());
    goes_into_input_.resize(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Norm* const norm = std::get_if<Norm>(&nodes_[i].operation);
      if (norm == nullptr || nodes_[i].inputs[0].place == 0) continue;
      const std::size_t maker = nodes_[i].inputs[0].place - 1;
      if (readers[maker] != 1 || !has_outputs_first(nodes_[maker])) continue;
      norm_behind_[maker] = norm;
      goes_into_input_[i] = true;
    }
  }

  static bool has_outputs_first(const nn::GraphNode<From>& node) {
    return std::holds_alternative<nn::operations::Conv2d<From>>(node.operation) ||
           (std::holds_alternative<nn::operations::Linear<From>>(node.operation) && node.shape.rank() == 1);
  }

  template <class U>
  ArrayView<const To> copy(ArrayView<const U> array) {
    Array<To> result(array.shape());
    for (std::size_t i = 0; i < array.size(); ++i) result[i] = static_cast<To>(array[i]);
    return to_.keep(std::move(result));
  }

  // What norm_ multiplies an output by.
  double factor(std::size_t channel) const {
    const double weight = norm_->weight.empty() ? 1 : static_cast<double>(norm_->weight[channel]);
    return weight / std::sqrt(static_cast<double>(norm_->variance[channel]) + norm_->epsilon);
  }

  ArrayView<const To> folded_weight(ArrayView<const From> weight) {
    if (norm_ == nullptr) return copy(weight);
    Array<To> result(weight.shape());
    const std::size_t each = weight.size() / weight.shape()[0];
    for (std::size_t i = 0; i < weight.size(); ++i) result[i] = static_cast<To>(weight[i] * factor(i / each));
    return to_.keep(std::move(result));
  }

  ArrayView<const To> folded_bias(ArrayView<const From> bias, std::size_t outputs) {
    if (norm_ == nullptr) return copy(bias);
    Array<To> result(Shape{outputs});
    for (std::size_t c = 0; c < outputs; ++c) {
      const double before = bias.empty() ? 0 : static_cast<double>(bias[c]);
      const double shift = norm_->bias.empty() ? 0 : static_cast<double>(norm_->bias[c]);
      result[c] = static_cast<To>((before - static_cast<double>(norm_->mean[c])) * factor(c) + shift);
    }
    return to_.keep(std::move(result));
  }

  Operation converted(const nn::operations::Linear<From>& of) {
    return nn::operations::Linear<To>{folded_weight(of.weight), folded_bias(of.bias, of.weight.shape()[0])};
  }
  Operation converted(const nn::operations::Conv2d<From>& of) {
    return nn::operations::Conv2d<To>{folded_weight(of.weight), folded_bias(of.bias, of.weight.shape()[0]),
                                      of.options};
  }
  Operation converted(const Norm& of) {
    return nn::operations::BatchNorm<To>{copy(of.mean), copy(of.variance), copy(of.weight), copy(of.bias),
                                         of.epsilon};
  }
  Operation converted(const nn::operations::LayerNorm<From>& of) {
    return nn::operations::LayerNorm<To>{of.normalized, copy(of.weight), copy(of.bias), of.epsilon};
  }
  Operation converted(const nn::operations::Embedding<From>& of) {
    return nn::operations::Embedding<To>{copy(of.weight)};
  }
  Operation converted(const nn::operations::Activation<From>& of) {
    return nn::operations::Activation<To>{of.function, static_cast<To>(of.parameter)};
  }
  Operation converted(const nn::operations::OrdinalLogProbabilities<From>& of) {
    return nn::operations::OrdinalLogProbabilities<To>{copy(of.thresholds)};
  }
  // The others have no elements.
  template <class Same>
  Operation converted(const Same& of) {
    return of;
  }

  const std::vector<nn::GraphNode<From>>& nodes_;
  nn::Graph<To> to_;
  std::vector<const Norm*> norm_behind_;  // of each node; null: none
  std::vector<bool> goes_into_input_;
  const Norm* norm_ = nullptr;  // of the node at work
};

// A graph with elements To that computes the same, where To holds what its arrays hold. A batch_norm that
// alone follows a linear or conv2d, and whose channels are the outputs of that, goes into weight and bias:
//
//   weight' = weight g    bias' = (bias - mean) g + shift    g = factor / sqrt(variance + epsilon)
//
// computed in double and rounded once.
template <class To, class From>
nn::Graph<To> fold_batch_norm(const nn::Graph<From>& graph) {
  return BatchNormFolder<To, From>(graph).take();
}

}  // namespace xtape::inference
