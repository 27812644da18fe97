// SPDX-License-Identifier: BSD-3-Clause
#include "inference/predictor_plan.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "arrays/with_rows_before.hpp"

namespace xtape::inference {
namespace {

using nn::GraphValue;

// From the step that writes first to the last one that reads, both included.
struct Life {
  std::size_t begin, end;
  bool overlaps(const Life& other) const { return begin <= other.end && other.begin <= end; }
};

struct Block {
  std::size_t bytes;
  Life life;
  std::size_t offset = 0;
};

// Gives each block the lowest place that nobody has during its life, the largest first. Returns how much all
// take together.
std::size_t place(std::vector<Block>& blocks) {
  std::vector<Block*> placed, by_size;
  for (Block& block : blocks) by_size.push_back(&block);
  std::ranges::stable_sort(by_size, std::ranges::greater(), &Block::bytes);
  std::size_t all = 0;
  const auto is_in_the_way = [](const Block& block, const Block& other) {
    return other.life.overlaps(block.life) && block.offset < other.offset + other.bytes &&
           other.offset < block.offset + block.bytes;
  };
  for (Block* const block : by_size) {
    const auto other = [&] {
      return std::ranges::find_if(placed, [&](const Block* o) { return is_in_the_way(*block, *o); });
    };
    for (auto found = other(); found != placed.end(); found = other())
      block->offset = (*found)->offset + (*found)->bytes;
    placed.push_back(block);
    all = std::max(all, block->offset + block->bytes);
  }
  return all;
}

// A value is named by its place in the graph. That of a Flatten is the one before it.
template <class T>
class Planner {
 public:
  Planner(const nn::Graph<T>& graph, GraphValue result, std::size_t rows) : graph_(graph), rows_(rows) {
    const auto& nodes = graph.nodes();
    for (std::size_t n = 0; n <= nodes.size(); ++n) values_.push_back({n, graph.shape({n})});
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      if (std::holds_alternative<nn::operations::Flatten>(nodes[n].operation))
        values_[n + 1].same_as = values_[nodes[n].inputs[0].place].same_as;
    }
    result_ = values_[result.place].same_as;
    find_uses();
  }

  PredictorPlan<T> plan(const Shape& output_row) {
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      if (values_[n + 1].same_as == n + 1 && values_[n + 1].uses > 0 && !values_[n + 1].is_written)
        add_step(n);
    }
    if (result_ == 0) {
      values_.push_back({values_.size(), values_[0].shape});
      steps_.push_back({make_copy_step<T>(values_[0].shape), {0}, values_.size() - 1});
      result_ = values_.size() - 1;
    }
    return with_memory(output_row);
  }

 private:
  struct Value {
    std::size_t same_as;
    Shape shape;
    std::size_t uses = 0;                             // by nodes that the result needs, and as the result
    std::size_t last_user = 0;                        // a node
    bool is_written = false;                          // by a step before its own node
    std::size_t last_step = 0;                        // that reads it
    std::optional<std::size_t> block = std::nullopt;  // none: the input, or in what goes out
  };
  struct Step {
    StepPointer<T> step;
    std::vector<std::size_t> inputs;
    std::size_t y;
  };

  std::size_t input_of(const nn::GraphNode<T>& node, std::size_t i) const {
    return values_[node.inputs[i].place].same_as;
  }

  void find_uses() {
    ++values_[result_].uses;
    for (std::size_t n = graph_.nodes().size(); n-- > 0;) {
      const bool is_needed = values_[n + 1].same_as == n + 1 && values_[n + 1].uses > 0;
      if (!is_needed) continue;
      const nn::GraphNode<T>& node = graph_.nodes()[n];
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        Value& value = values_[input_of(node, i)];
        ++value.uses;
        value.last_user = n;
      }
    }
  }

  // A Linear and a Conv2d take an activation along.
  void add_step(std::size_t n) {
    const nn::GraphNode<T>& node = graph_.nodes()[n];
    Step step{nullptr, {}, n + 1};
    for (std::size_t i = 0; i < node.inputs.size(); ++i) step.inputs.push_back(input_of(node, i));
    const Shape& row = graph_.shape(node.inputs[0]);
    if (const auto* linear = std::get_if<nn::operations::Linear<T>>(&node.operation)) {
      step.step = make_linear_step(*linear, take_activation(step.y), row, rows_);
    } else if (const auto* conv = std::get_if<nn::operations::Conv2d<T>>(&node.operation)) {
      step.step = make_convolution_step(*conv, take_activation(step.y), row);
    } else {
      step.step = make_step(node.operation, row, rows_);
    }
    steps_.push_back(std::move(step));
  }

  // The activation that alone needs y, which is then what the activation gives.
  const nn::operations::Activation<T>* take_activation(std::size_t& y) {
    if (values_[y].uses != 1 || y == result_) return nullptr;
    const std::size_t user = values_[y].last_user;
    const auto* const activation =
        std::get_if<nn::operations::Activation<T>>(&graph_.nodes()[user].operation);
    if (activation == nullptr) return nullptr;
    y = user + 1;
    values_[y].is_written = true;
    return activation;
  }

  std::size_t bytes_of(const Shape& row) const {
    return (with_rows_before(row, rows_).elements() * sizeof(T) + 63) / 64 * 64;
  }

  // The block in which a step leaves its result: that of an input that nobody reads any more, or a new one.
  std::size_t block_for(const Step& step, std::size_t at) {
    if (step.step->works_in_place()) {
      for (const std::size_t input : step.inputs) {
        if (values_[input].block && values_[input].last_step == at) return *values_[input].block;
      }
    }
    blocks_.push_back({bytes_of(values_[step.y].shape), {at, at}});
    return blocks_.size() - 1;
  }

  PredictorPlan<T> with_memory(const Shape& output_row) {
    for (std::size_t at = 0; at < steps_.size(); ++at) {
      for (const std::size_t input : steps_[at].inputs) values_[input].last_step = at;
    }
    for (std::size_t at = 0; at < steps_.size(); ++at) {
      Value& y = values_[steps_[at].y];
      y.block = block_for(steps_[at], at);
      Life& life = blocks_[*y.block].life;
      life.end = std::max({life.end, at, y.last_step});
    }
    const std::size_t out = *values_[result_].block;
    blocks_[out].bytes = 0;  // in what goes out
    const std::size_t scratch = blocks_.size();
    for (std::size_t at = 0; at < steps_.size(); ++at)
      blocks_.push_back({(steps_[at].step->scratch(rows_) + 63) / 64 * 64, {at, at}});

    PredictorPlan<T> plan{graph_.shape(graph_.input()), output_row, rows_, {}, place(blocks_)};
    using enum ValuePlace::Memory;
    const auto where = [&](std::size_t value) -> ValuePlace {
      if (value == 0) return {input, 0};
      const std::size_t block = *values_[value].block;
      return block == out ? ValuePlace{output, 0} : ValuePlace{workspace, blocks_[block].offset};
    };
    for (std::size_t at = 0; at < steps_.size(); ++at) {
      const std::vector<std::size_t>& inputs = steps_[at].inputs;
      plan.steps.push_back({std::move(steps_[at].step),
                            where(inputs[0]),
                            where(inputs.back()),
                            where(steps_[at].y),
                            {workspace, blocks_[scratch + at].offset}});
    }
    return plan;
  }

  const nn::Graph<T>& graph_;
  std::size_t rows_, result_;
  std::vector<Value> values_;
  std::vector<Step> steps_;
  std::vector<Block> blocks_;
};

}  // namespace

template <class T>
PredictorPlan<T> make_predictor_plan(const nn::Graph<T>& graph, GraphValue result,
                                     std::size_t largest_batch) {
  return Planner<T>(graph, result, largest_batch).plan(graph.shape(result));
}

template PredictorPlan<float> make_predictor_plan(const nn::Graph<float>&, GraphValue, std::size_t);
template PredictorPlan<double> make_predictor_plan(const nn::Graph<double>&, GraphValue, std::size_t);

}  // namespace xtape::inference
