// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <initializer_list>
#include <variant>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/ops/convolution.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// What the nodes of a Graph compute of each row, with arrays that belong to a model.
namespace operations {

/// x weight^T + bias along the last axis, as Linear.
template <class T>
struct Linear {
  ArrayView<const T> weight;  ///< (out, in)
  ArrayView<const T> bias;    ///< (out); (0): none
};

/// conv2d of one image.
template <class T>
struct Conv2d {
  ArrayView<const T> weight;   ///< (out, in / groups, kernel rows, kernel columns)
  ArrayView<const T> bias;     ///< (out); (0): none
  ConvolutionOptions options;  ///< as of conv2d
};

/// max_pool2d of one image.
struct MaxPool2d {
  Size2d kernel;             ///< rows and columns of a window
  MaxPool2dOptions options;  ///< as of max_pool2d
};

/// avg_pool2d of one image.
struct AvgPool2d {
  Size2d kernel;             ///< rows and columns of a window
  AvgPool2dOptions options;  ///< as of avg_pool2d
};

/// batch_norm in evaluation: (x - mean) / sqrt(variance + epsilon) weight + bias along the first axis of a
/// row.
template <class T>
struct BatchNorm {
  ArrayView<const T> mean;      ///< (channels)
  ArrayView<const T> variance;  ///< (channels)
  ArrayView<const T> weight;    ///< (channels); (0): 1
  ArrayView<const T> bias;      ///< (channels); (0): 0
  double epsilon;               ///< added to the variance
};

/// layer_norm over the last axes.
template <class T>
struct LayerNorm {
  Shape normalized;           ///< the last axes
  ArrayView<const T> weight;  ///< (normalized axes); (0): 1
  ArrayView<const T> bias;    ///< (normalized axes); (0): 0
  double epsilon;             ///< added to the variance
};

/// The rows of weight that the elements of x number.
template <class T>
struct Embedding {
  ArrayView<const T> weight;  ///< (count, width)
};

/// All axes of a row as one.
struct Flatten {};

/// A function of each element.
enum class Function { relu, tanh, sigmoid, softplus, gelu, silu, hard_swish, leaky_relu, elu };

/// The elementwise operation of that name.
template <class T>
struct Activation {
  Function function;  ///< which
  T parameter = 0;    ///< the slope of leaky_relu, the alpha of elu
};

/// a + b of one shape.
struct Add {};

/// a b, element by element, of one shape.
struct Multiply {};

/// ordinal_log_probabilities of one score.
template <class T>
struct OrdinalLogProbabilities {
  ArrayView<const T> thresholds;  ///< (classes - 1), rising
};

/// The mean of its column in place of each NaN, as data::MeanImputer.
struct Impute {
  ArrayView<const double> means;  ///< the shape of a row
};

/// (x - mean) / scale of each column, in double, as data::Standardizer.
struct Standardize {
  ArrayView<const double> means;   ///< the shape of a row
  ArrayView<const double> scales;  ///< the shape of a row
};

/// x factor + shift, in double.
struct Scale {
  double factor;  ///< finite
  double shift;   ///< finite
};

/// softmax(x / temperature) along the last axis.
struct Softmax {
  double temperature;  ///< positive
};

}  // namespace operations

/// What a node of a Graph computes.
template <class T>
using Operation =
    std::variant<operations::Linear<T>, operations::Conv2d<T>, operations::MaxPool2d, operations::AvgPool2d,
                 operations::BatchNorm<T>, operations::LayerNorm<T>, operations::Embedding<T>,
                 operations::Flatten, operations::Activation<T>, operations::Add, operations::Multiply,
                 operations::OrdinalLogProbabilities<T>, operations::Impute, operations::Standardize,
                 operations::Scale, operations::Softmax>;

/// A value in a Graph: its place there.
struct GraphValue {
  std::size_t place;  ///< 0: the input; n: what node n - 1 gives
};

/// An operation of a Graph.
template <class T>
struct GraphNode {
  Operation<T> operation;          ///< what it computes
  std::vector<GraphValue> inputs;  ///< of what
  Shape shape;                     ///< of what it gives, for one row
};

/// What a model in evaluation mode computes of a row, as operations one after the other: what predictors are
/// made of and other formats written from. Modules append theirs by Module::add_to.
///
/// Its operations hold addresses of arrays of the model, which must outlive it and stay as they are.
template <class T>
class Graph {
 public:
  /// Of rows of that shape, such as (64) or (1, 28, 28).
  /// @throws ShapeError  it leaves no axis for the rows, or has no elements.
  explicit Graph(const Shape& row);

  /// The rows that come in.
  GraphValue input() const noexcept { return {0}; }

  /// Appends an operation.
  /// @throws ShapeError, ArgumentError  it does not take these inputs; the message names it. An option that
  ///                                    no operation takes is found by the module that has it.
  GraphValue apply(Operation<T> operation, std::initializer_list<GraphValue> inputs);

  /// Forgets what follows a value, so that it is what the graph gives. (Nothing before it needs that.)
  /// @throws ArgumentError  it is no value of this graph.
  void end_in(GraphValue result);

  /// Keeps an array that belongs to no model, for an operation of this graph.
  ArrayView<const T> keep(Array<T> array);

  /// The shape of a value for one row.
  const Shape& shape(GraphValue value) const;

  /// In an order in which each follows what it needs. The last gives what the graph gives; without nodes that
  /// is the input.
  const std::vector<GraphNode<T>>& nodes() const noexcept { return nodes_; }

 private:
  Shape input_;
  std::vector<GraphNode<T>> nodes_;
  std::vector<Array<T>> kept_;
};

extern template class Graph<float>;
extern template class Graph<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
