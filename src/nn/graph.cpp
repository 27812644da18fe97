// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/graph.hpp"

#include <algorithm>
#include <utility>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "ops/sliding_window.hpp"

namespace xtape::nn {
namespace {

// What an operation makes of rows of these shapes, or an error that names it.
template <class T>
class ShapeOf {
 public:
  explicit ShapeOf(const std::vector<Shape>& inputs) : inputs_(inputs) {}

  Shape operator()(const operations::Linear<T>& linear) const {
    const Shape& x = require_inputs("linear", 1);
    require("linear", linear.weight.shape().rank() == 2, "weight must be (out, in)", linear.weight.shape());
    const std::size_t out = linear.weight.shape()[0], in = linear.weight.shape()[1];
    require_one_each("linear", "bias", linear.bias, out);
    if (x.rank() == 0 || x[x.rank() - 1] != in) {
      fail<ShapeError>("linear: the last axis of a row must have the {} inputs of weight {}, got rows {}", in,
                       linear.weight.shape(), x);
    }
    return with_last(x, out);
  }

  Shape operator()(const operations::Conv2d<T>& conv) const {
    const Shape& x = require_inputs("conv2d", 1);
    const Shape& weight = conv.weight.shape();
    require("conv2d", weight.rank() == 4, "weight must be (out, in / groups, kernel rows, kernel columns)",
            weight);
    require_image("conv2d", x);
    const ConvolutionOptions& options = conv.options;
    const bool fits =
        options.groups > 0 && weight[0] % options.groups == 0 && x[0] == weight[1] * options.groups;
    if (!fits) {
      fail<ShapeError>("conv2d: weight {} with groups = {} must take the {} channels of rows {}", weight,
                       options.groups, x[0], x);
    }
    require_one_each("conv2d", "bias", conv.bias, weight[0]);
    const SlidingWindows windows = make_sliding_windows(
        "conv2d", with_rows_before(x, 1),
        {Size2d(weight[2], weight[3]), options.stride, options.padding, options.dilation});
    return {weight[0], windows.rows.positions, windows.columns.positions};
  }

  Shape operator()(const operations::MaxPool2d& pool) const {
    return pooled("max_pool2d", pool.kernel, pool.options.stride, pool.options.padding);
  }
  Shape operator()(const operations::AvgPool2d& pool) const {
    return pooled("avg_pool2d", pool.kernel, pool.options.stride, pool.options.padding);
  }

  Shape operator()(const operations::BatchNorm<T>& norm) const {
    const Shape& x = require_inputs("batch_norm", 1);
    require("batch_norm", x.rank() > 0, "a row must be (channels, ...)", x);
    for (const auto& [name, array] : {std::pair("weight", norm.weight), std::pair("bias", norm.bias)})
      require_one_each("batch_norm", name, array, x[0]);
    require("batch_norm", norm.mean.shape() == Shape{x[0]}, "the mean must be (channels)", norm.mean.shape());
    require("batch_norm", norm.variance.shape() == Shape{x[0]}, "the variance must be (channels)",
            norm.variance.shape());
    return x;
  }

  Shape operator()(const operations::LayerNorm<T>& norm) const {
    const Shape &x = require_inputs("layer_norm", 1), &last = norm.normalized;
    const bool fits = last.rank() > 0 && last.rank() <= x.rank() &&
                      std::equal(last.begin(), last.end(), x.end() - last.rank());
    if (!fits) {
      fail<ShapeError>("layer_norm: the last axes of a row must have the shape {}, got rows {}", last, x);
    }
    for (const auto& [name, array] : {std::pair("weight", norm.weight), std::pair("bias", norm.bias)}) {
      if (array.empty() || array.shape() == last) continue;
      fail<ShapeError>("layer_norm: {} must have the shape {}, got {}", name, last, array.shape());
    }
    return x;
  }

  Shape operator()(const operations::Embedding<T>& embedding) const {
    Shape x = require_inputs("select_rows", 1);
    require("select_rows", embedding.weight.shape().rank() == 2, "weight must be (count, width)",
            embedding.weight.shape());
    require("select_rows", x.rank() + 2 <= Shape::max_rank, "a row must leave an axis for the width", x);
    x.append(embedding.weight.shape()[1]);
    return x;
  }

  Shape operator()(const operations::Flatten&) const {
    const Shape& x = require_inputs("flatten", 1);
    require("flatten", x.rank() > 0, "a row must have one axis or more", x);
    return {x.elements()};
  }

  Shape operator()(const operations::Activation<T>&) const { return require_inputs("activation", 1); }

  Shape operator()(const operations::Add&) const { return of_one_shape("add"); }
  Shape operator()(const operations::Multiply&) const { return of_one_shape("multiply"); }

  Shape operator()(const operations::OrdinalLogProbabilities<T>& ordinal) const {
    const Shape& x = require_inputs("ordinal_log_probabilities", 1);
    require("ordinal_log_probabilities", x.elements() == 1 && x.rank() <= 1, "a row must be one score", x);
    return {ordinal.thresholds.size() + 1};
  }

  Shape operator()(const operations::Impute& impute) const { return of_columns("impute", impute.means); }
  Shape operator()(const operations::Standardize& standardize) const {
    of_columns("standardize", standardize.scales);
    return of_columns("standardize", standardize.means);
  }
  Shape operator()(const operations::Scale&) const { return require_inputs("scale", 1); }
  Shape operator()(const operations::Softmax&) const {
    const Shape& x = require_inputs("softmax", 1);
    require("softmax", x.rank() > 0, "a row must have an axis of classes", x);
    return x;
  }

 private:
  const Shape& require_inputs(const char* operation, std::size_t count) const {
    if (inputs_.size() == count) return inputs_[0];
    fail<ArgumentError>("Graph::apply: {} takes {} input{}, got {}", operation, count, count == 1 ? "" : "s",
                        inputs_.size());
  }

  static void require(const char* operation, bool holds, const char* rule, const Shape& got) {
    if (!holds) fail<ShapeError>("{}: {}, got {}", operation, rule, got);
  }

  static void require_one_each(const char* operation, const char* argument, ArrayView<const T> array,
                               std::size_t count) {
    if (array.empty() || array.shape() == Shape{count}) return;
    fail<ShapeError>("{}: {} must have {} elements, got {}", operation, argument, count, array.shape());
  }

  static void require_image(const char* operation, const Shape& row) {
    require(operation, row.rank() == 3, "a row must be (channels, rows, columns)", row);
  }

  static Shape with_last(const Shape& x, std::size_t extent) {
    Shape shape(x.begin(), x.end() - 1);
    shape.append(extent);
    return shape;
  }

  Shape pooled(const char* operation, Size2d kernel, Size2d stride, Size2d padding) const {
    const Shape& x = require_inputs(operation, 1);
    require_image(operation, x);
    const Shape result = make_pooling(operation, with_rows_before(x, 1), kernel, stride, padding).result;
    return {result.begin() + 1, result.end()};
  }

  Shape of_one_shape(const char* operation) const {
    const Shape& a = require_inputs(operation, 2);
    if (a == inputs_[1]) return a;
    fail<ShapeError>("Graph::apply: {} takes rows of one shape, got {} and {}", operation, a, inputs_[1]);
  }

  Shape of_columns(const char* operation, ArrayView<const double> columns) const {
    const Shape& x = require_inputs(operation, 1);
    if (columns.shape() == x) return x;
    fail<ShapeError>("{}: it was fitted to columns {}, got rows {}", operation, columns.shape(), x);
  }

  const std::vector<Shape>& inputs_;
};

}  // namespace

template <class T>
Graph<T>::Graph(const Shape& row) : input_(row) {
  if (row.rank() < Shape::max_rank && row.elements() > 0) return;
  fail<ShapeError>("Graph: a row must have elements along at most {} axes, got {}", Shape::max_rank - 1, row);
}

template <class T>
GraphValue Graph<T>::apply(Operation<T> operation, std::initializer_list<GraphValue> inputs) {
  std::vector<Shape> shapes;
  for (const GraphValue input : inputs) shapes.push_back(shape(input));
  const Shape result = std::visit(ShapeOf<T>(shapes), operation);
  nodes_.push_back({std::move(operation), inputs, result});
  return {nodes_.size()};
}

template <class T>
void Graph<T>::end_in(GraphValue result) {
  shape(result);  // Is it one of this graph?
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(result.place), nodes_.end());
}

template <class T>
ArrayView<const T> Graph<T>::keep(Array<T> array) {
  return kept_.emplace_back(std::move(array));
}

template <class T>
const Shape& Graph<T>::shape(GraphValue value) const {
  if (value.place == 0) return input_;
  if (value.place <= nodes_.size()) return nodes_[value.place - 1].shape;
  fail<ArgumentError>("Graph::shape: a value must be one of this graph, {} at most, got {}", nodes_.size(),
                      value.place);
}

template class Graph<float>;
template class Graph<double>;

}  // namespace xtape::nn
