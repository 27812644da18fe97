// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <string_view>

#include "onnx/chain.hpp"
#include "onnx/ordinal_thresholds.hpp"
#include "xtape/nn/activations.hpp"
#include "xtape/nn/batch_norm.hpp"
#include "xtape/nn/conv2d.hpp"
#include "xtape/nn/dropout.hpp"
#include "xtape/nn/embedding.hpp"
#include "xtape/nn/flatten.hpp"
#include "xtape/nn/layer_norm.hpp"
#include "xtape/nn/linear.hpp"
#include "xtape/nn/ordinal.hpp"
#include "xtape/nn/pooling.hpp"

namespace xtape::onnx {
namespace {

template <class T>
AnyArray reshaped(const Array<T>& array, const Shape& shape) {
  return AnyArray(Array<T>(ArrayView<const T>(array.data(), shape)));
}

// Options of windows over images, as Conv and the pools have them.
struct Windows {
  Size2d kernel, stride, padding, dilation;
};

std::optional<std::vector<std::int64_t>> sizes(const NodeGraph& nodes, std::size_t node, const char* name,
                                               std::size_t count, std::int64_t least) {
  auto values = nodes.integers(node, name);
  constexpr std::int64_t most = std::int64_t{1} << 40;
  const auto fits = [&](std::int64_t value) { return value >= least && value <= most; };
  if (values && (values->size() != count || !std::ranges::all_of(*values, fits)))
    nodes.refuse(node, "its {} must be {} numbers from {}, got {}", name, count, least, *values);
  return values;
}

Size2d size_or(const NodeGraph& nodes, std::size_t node, const char* name, std::int64_t least,
               Size2d otherwise) {
  const auto values = sizes(nodes, node, name, 2, least);
  if (!values) return otherwise;
  return {static_cast<std::size_t>((*values)[0]), static_cast<std::size_t>((*values)[1])};
}

Windows windows_of(const NodeGraph& nodes, std::size_t node, std::optional<Size2d> kernel) {
  const std::string automatic = nodes.text(node, "auto_pad", "NOTSET");
  if (automatic != "NOTSET" && automatic != "VALID")
    nodes.refuse(node, "its auto_pad must be NOTSET or VALID, got {}", quoted(automatic));
  if (!kernel && !nodes.integers(node, "kernel_shape"))
    nodes.refuse(node, "it must have a kernel_shape, got none");
  Windows windows{size_or(nodes, node, "kernel_shape", 1, kernel.value_or(Size2d(1))),
                  size_or(nodes, node, "strides", 1, 1), 0, size_or(nodes, node, "dilations", 1, 1)};
  const auto pads = sizes(nodes, node, "pads", 4, 0);
  if (!pads || automatic == "VALID") return windows;
  if ((*pads)[0] != (*pads)[2] || (*pads)[1] != (*pads)[3])
    nodes.refuse(node, "its pads must be as large on opposite sides, got {}", *pads);
  windows.padding = {static_cast<std::size_t>((*pads)[0]), static_cast<std::size_t>((*pads)[1])};
  return windows;
}

template <class T>
class LayerReader {
 public:
  explicit LayerReader(Chain<T>& chain) : chain_(chain), nodes_(chain.nodes()) {}

  // Those of several nodes first, which begin with operators that stand alone elsewhere.
  void read() {
    if (read_silu() || read_gelu() || read_hard_swish() || read_layer_norm() || read_ordinal() ||
        read_padded_pool() || read_embedding())
      return;
    const auto& users = nodes_.users(chain_.value());
    if (users.empty())
      nodes_.refuse_file("the value {} must go on to the output, got one that nothing takes",
                         quoted(chain_.value()));
    node_ = users[0];
    if (users.size() > 1) {
      nodes_.refuse(node_,
                    "what it takes goes to {} nodes, and together they are no layer that is known here",
                    users.size());
    }
    const auto layer = layers().find(nodes_[node_].op_type());
    if (layer == layers().end())
      nodes_.refuse(node_, "import_onnx reads no layer that begins with this operator");
    if (nodes_[node_].input(0) != chain_.value())
      nodes_.refuse(node_, "its first input must be what comes out of the layer before it");
    if (nodes_[node_].output_size() == 0 || nodes_[node_].output(0).empty())
      nodes_.refuse(node_, "it must give one value, got none");
    for (int output = 1; output < nodes_[node_].output_size(); ++output) {
      if (!nodes_[node_].output(output).empty()) nodes_.refuse(node_, "it must give one value, got more");
    }
    require_numbers();
    (this->*layer->second)();
  }

 private:
  using Read = void (LayerReader::*)();
  using NameMap = std::map<std::string_view, Read>;

  static const NameMap& layers() {
    static const NameMap all{{"AveragePool", &LayerReader::read_average_pool},
                             {"BatchNormalization", &LayerReader::read_batch_norm},
                             {"Conv", &LayerReader::read_conv},
                             {"Dropout", &LayerReader::read_dropout},
                             {"Elu", &LayerReader::read_elu},
                             {"Flatten", &LayerReader::read_flatten},
                             {"Gelu", &LayerReader::read_whole_gelu},
                             {"Gemm", &LayerReader::read_gemm},
                             {"GlobalAveragePool", &LayerReader::read_global_average_pool},
                             {"HardSwish", &LayerReader::read_function<nn::HardSwish>},
                             {"Identity", &LayerReader::read_identity},
                             {"LayerNormalization", &LayerReader::read_layer_normalization},
                             {"LeakyRelu", &LayerReader::read_leaky_relu},
                             {"MatMul", &LayerReader::read_matmul},
                             {"MaxPool", &LayerReader::read_max_pool},
                             {"Relu", &LayerReader::read_function<nn::Relu>},
                             {"Reshape", &LayerReader::read_reshape},
                             {"Sigmoid", &LayerReader::read_function<nn::Sigmoid>},
                             {"Softplus", &LayerReader::read_function<nn::Softplus>},
                             {"Tanh", &LayerReader::read_function<nn::Tanh>}};
    return all;
  }

  Walk walk() const { return {nodes_, chain_.value()}; }
  Walk through_node() const {
    Walk way = walk();
    way.through(node_);
    return way;
  }
  Array<T> array(int input, const char* what) { return chain_.array(node_, input, what); }

  // Only an Embedding takes what comes in as integers.
  void require_numbers() const {
    const bool are_integers =
        nodes_.input_element() == element_int32 || nodes_.input_element() == element_int64;
    if (are_integers && chain_.value() == nodes_.input())
      nodes_.refuse(node_, "it must take numbers of FLOAT or DOUBLE, got integers, which a Gather takes");
  }

  void require_integer(const char* name, std::int64_t wanted, std::int64_t otherwise) const {
    const std::int64_t got = nodes_.integer(node_, name, otherwise);
    if (got != wanted) nodes_.refuse(node_, "its {} must be {}, got {}", name, wanted, got);
  }
  void require_one(const char* name) const {
    const double got = nodes_.number(node_, name, 1);
    if (got != 1) nodes_.refuse(node_, "its {} must be 1, got {}", name, got);
  }

  template <template <class> class Layer>
  void read_function() {
    nodes_.require_attributes(node_, {});
    chain_.template add<Layer>(through_node(), nn::Config());
  }

  void read_leaky_relu() {
    nodes_.require_attributes(node_, {"alpha"});
    chain_.template add<nn::LeakyRelu>(through_node(),
                                       nn::Config().set("slope", nodes_.number(node_, "alpha", 0.01)));
  }

  void read_elu() {
    nodes_.require_attributes(node_, {"alpha"});
    chain_.template add<nn::Elu>(through_node(), nn::Config().set("alpha", nodes_.number(node_, "alpha", 1)));
  }

  void read_whole_gelu() {
    nodes_.require_attributes(node_, {"approximate"});
    const std::string approximate = nodes_.text(node_, "approximate", "none");
    if (approximate != "none")
      nodes_.refuse(node_, "it must be exact, got the approximation {}", quoted(approximate));
    chain_.template add<nn::Gelu>(through_node(), nn::Config());
  }

  bool read_silu() {
    const Walk way = walk().to("Sigmoid").to_with("Mul", chain_.value());
    if (!chain_.is_way(way)) return false;
    chain_.template add<nn::Silu>(way, nn::Config());
    return true;
  }

  bool read_gelu() {
    const Walk way = walk()
                         .to_with_number("Div", std::numbers::sqrt2)
                         .to("Erf")
                         .to_with_number("Add", 1)
                         .to_with("Mul", chain_.value())
                         .to_with_number("Mul", 0.5);
    if (!chain_.is_way(way)) return false;
    chain_.template add<nn::Gelu>(way, nn::Config());
    return true;
  }

  // x max(0, min(1, x / 6 + 1 / 2))
  bool read_hard_swish() {
    Walk way = walk().to("HardSigmoid");
    if (way.is_lost()) return false;
    const std::size_t gate = way.last();
    if (!chain_.is_way(way.to_with("Mul", chain_.value()))) return false;
    constexpr double rounding = 1e-6;
    if (std::abs(nodes_.number(gate, "alpha", 0.2) - 1.0 / 6) > rounding ||
        nodes_.number(gate, "beta", 0.5) != 0.5)
      nodes_.refuse(gate, "within a HardSwish its alpha must be 1 / 6 and its beta 0.5");
    chain_.template add<nn::HardSwish>(way, nn::Config());
    return true;
  }

  void read_identity() { chain_.pass(through_node()); }

  void read_dropout() {
    nodes_.require_attributes(node_, {"ratio", "seed"});
    double ratio = nodes_.number(node_, "ratio", 0.5);
    if (chain_.has_input(node_, 1)) {
      const auto given = nodes_.scalar(nodes_[node_].input(1));
      if (!given) nodes_.refuse(node_, "its ratio must be a number that the file holds");
      ratio = *given;
    }
    if (chain_.has_input(node_, 2)) {
      const NodeGraph::Tensor& training = chain_.tensor(node_, 2, "training_mode");
      const bool is_off = std::ranges::all_of(training.raw_data(), [](char byte) { return byte == 0; }) &&
                          std::ranges::all_of(training.int32_data(), [](int one) { return one == 0; });
      if (!is_off) nodes_.refuse(node_, "its training_mode must be false");
    }
    chain_.template add<nn::Dropout>(through_node(), nn::Config().set("probability", ratio));
  }

  void read_flatten() {
    nodes_.require_attributes(node_, {"axis"});
    require_integer("axis", 1, 1);
    chain_.template add<nn::Flatten>(through_node(), nn::Config());
  }

  void read_reshape() {
    nodes_.require_attributes(node_, {"allowzero"});
    require_integer("allowzero", 0, 0);
    const auto shape = chain_.has_input(node_, 1) ? nodes_.integers(nodes_[node_].input(1)) : std::nullopt;
    if (!shape) nodes_.refuse(node_, "its shape must be an array that the file holds, got a value");
    const auto elements = static_cast<std::int64_t>(chain_.shape().elements());
    const auto keeps_rows = [&](std::int64_t rows) {
      return rows == -1 || rows == 0 || (nodes_.batch() > 0 && rows == nodes_.batch());
    };
    const bool flattens = shape->size() == 2 && keeps_rows((*shape)[0]) &&
                          ((*shape)[1] == elements || ((*shape)[1] == -1 && (*shape)[0] != -1));
    if (!flattens)
      nodes_.refuse(node_, "it must flatten rows of shape {}, got the shape {}", chain_.shape(), *shape);
    chain_.template add<nn::Flatten>(through_node(), nn::Config());
  }

  void read_gemm() {
    nodes_.require_attributes(node_, {"alpha", "beta", "transA", "transB"});
    require_one("alpha");
    require_one("beta");
    require_integer("transA", 0, 0);
    if (chain_.shape().rank() != 1)
      nodes_.refuse(node_, "it must take rows of one axis, got rows of shape {}", chain_.shape());
    const std::int64_t transposed = nodes_.integer(node_, "transB", 0);
    add_linear(through_node(), matrix(transposed != 0), chain_.has_input(node_, 2) ? 2 : -1, node_);
  }

  void read_matmul() {
    nodes_.require_attributes(node_, {});
    Array<T> weight = matrix(false);
    // A bias may follow.
    Walk way = through_node();
    Walk with_bias = way;
    with_bias.to_with_constant("Add");
    if (!chain_.is_way(with_bias)) return add_linear(way, std::move(weight), -1, node_);
    const std::size_t sum = with_bias.last();
    const int input = nodes_[sum].input(0) == way.value() ? 1 : 0;
    add_linear(with_bias, std::move(weight), input, sum);
  }

  // The weight of a linear layer, (out, in).
  Array<T> matrix(bool is_transposed) {
    Array<T> weight = array(1, "weight");
    if (weight.shape().rank() != 2)
      nodes_.refuse(node_, "its weight must have two axes, got {}", weight.shape());
    if (is_transposed) return weight;
    const std::size_t in = weight.shape()[0], out = weight.shape()[1];
    Array<T> result(Shape{out, in});
    for (std::size_t i = 0; i < in; ++i) {
      for (std::size_t o = 0; o < out; ++o) result[o * in + i] = weight[i * out + o];
    }
    return result;
  }

  // bias: which input of the node is the bias; -1: there is none.
  void add_linear(const Walk& way, Array<T> weight, int bias, std::size_t of);

  void read_conv() {
    nodes_.require_attributes(node_, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"});
    Array<T> weight = array(1, "weight");
    const Shape shape = weight.shape();
    if (shape.rank() != 4)
      nodes_.refuse(node_, "it must be over images, whose weight has four axes, got a weight {}", shape);
    const Size2d kernel(shape[2], shape[3]);
    const Windows windows = windows_of(nodes_, node_, kernel);
    if (windows.kernel.rows != kernel.rows || windows.kernel.columns != kernel.columns)
      nodes_.refuse(node_, "its kernel_shape must be that of its weight, {}", shape);
    const std::int64_t group = nodes_.integer(node_, "group", 1);
    if (group < 1 || static_cast<std::uint64_t>(group) > std::max<std::size_t>(1, shape[0]))
      nodes_.refuse(node_, "its group must be from 1 to the {} outputs, got {}", shape[0], group);
    const auto groups = static_cast<std::size_t>(group);
    const bool has_bias = chain_.has_input(node_, 2);
    NamedArrays state;
    state.add("weight", AnyArray(std::move(weight)));
    if (has_bias) state.add("bias", AnyArray(array(2, "bias")));
    chain_.template add<nn::Conv2d>(through_node(),
                                    nn::Config()
                                        .set("in", shape[1] * groups)
                                        .set("out", shape[0])
                                        .set("kernel", kernel)
                                        .set("stride", windows.stride)
                                        .set("padding", windows.padding)
                                        .set("dilation", windows.dilation)
                                        .set("groups", groups)
                                        .set("bias", has_bias),
                                    std::move(state));
  }

  Windows pool_windows() const {
    require_integer("ceil_mode", 0, 0);
    const Windows windows = windows_of(nodes_, node_, {});
    if (windows.dilation.rows != 1 || windows.dilation.columns != 1)
      nodes_.refuse(node_, "its dilations must be 1, got others");
    return windows;
  }

  static nn::Config pool_config(const Windows& windows) {
    return nn::Config()
        .set("kernel", windows.kernel)
        .set("stride", windows.stride)
        .set("padding", windows.padding);
  }

  void read_max_pool() {
    nodes_.require_attributes(
        node_, {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"});
    chain_.template add<nn::MaxPool2d>(through_node(), pool_config(pool_windows()));
  }

  void read_average_pool() {
    nodes_.require_attributes(node_, {"auto_pad", "ceil_mode", "count_include_pad", "dilations",
                                      "kernel_shape", "pads", "strides"});
    const bool counts = nodes_.integer(node_, "count_include_pad", 0) != 0;
    chain_.template add<nn::AvgPool2d>(through_node(),
                                       pool_config(pool_windows()).set("count_include_pad", counts));
  }

  // A Pad with zeros in front of an AveragePool, which then counts them.
  bool read_padded_pool() {
    const auto pad = Walk::user(nodes_, chain_.value(), "Pad", 0);
    if (!pad || chain_.shape().rank() != 3) return false;
    Walk way = walk();
    if (!chain_.is_way(way.through(*pad).to("AveragePool"))) return false;
    node_ = *pad;
    nodes_.require_attributes(node_, {"mode"});
    const auto pads = chain_.has_input(node_, 1) ? nodes_.integers(nodes_[node_].input(1)) : std::nullopt;
    const double value = chain_.has_input(node_, 2) ? nodes_.scalar(nodes_[node_].input(2)).value_or(-1) : 0;
    const auto is_even = [](const std::vector<std::int64_t>& p) {
      return p.size() == 8 && p[0] == 0 && p[1] == 0 && std::equal(p.begin(), p.begin() + 4, p.begin() + 4) &&
             p[2] >= 0 && p[3] >= 0;
    };
    if (nodes_.text(node_, "mode", "constant") != "constant" || value != 0 || !pads || !is_even(*pads))
      nodes_.refuse(node_, "it must put as many zeros on opposite sides of images");
    node_ = way.last();
    Windows windows = pool_windows();
    if (windows.padding.rows != 0 || windows.padding.columns != 0)
      nodes_.refuse(node_, "behind a Pad its pads must be 0, got others");
    windows.padding = {static_cast<std::size_t>((*pads)[2]), static_cast<std::size_t>((*pads)[3])};
    chain_.template add<nn::AvgPool2d>(way, pool_config(windows).set("count_include_pad", true));
    return true;
  }

  void read_global_average_pool() {
    nodes_.require_attributes(node_, {});
    const Shape& shape = chain_.shape();
    if (shape.rank() != 3) nodes_.refuse(node_, "it must take images, got rows of shape {}", shape);
    const Size2d whole(shape[1], shape[2]);
    chain_.template add<nn::AvgPool2d>(through_node(),
                                       pool_config({whole, whole, 0, 1}).set("count_include_pad", true));
  }

  void read_batch_norm() {
    nodes_.require_attributes(node_, {"epsilon", "momentum", "training_mode", "spatial"});
    require_integer("training_mode", 0, 0);
    require_integer("spatial", 1, 1);
    NamedArrays state;
    Array<T> mean = array(3, "mean");
    const std::size_t channels = mean.size();
    state.add("weight", AnyArray(array(1, "scale")));
    state.add("bias", AnyArray(array(2, "B")));
    state.add("running_mean", AnyArray(std::move(mean)));
    state.add("running_var", AnyArray(array(4, "variance")));
    state.add_scalar("num_batches_tracked", std::int64_t{0});
    const nn::Config config = nn::Config()
                                  .set("channels", channels)
                                  .set("epsilon", nodes_.number(node_, "epsilon", 1e-5))
                                  .set("momentum", 0.1)
                                  .set("affine", true);
    if (chain_.shape().rank() == 3)
      chain_.template add<nn::BatchNorm2d>(through_node(), config, std::move(state));
    else
      chain_.template add<nn::BatchNorm1d>(through_node(), config, std::move(state));
  }

  void add_layer_norm(const Walk& way, const Shape& normalized, double epsilon, NamedArrays state) {
    // Before there is memory for as many as the row has.
    for (const auto& [name, array] : state) {
      if (array.shape() == normalized) continue;
      nodes_.refuse(node_, "its {} must have the shape of the last axes of a row, {}, got {}", name,
                    normalized, array.shape());
    }
    const nn::Config config = nn::Config()
                                  .set("normalized_shape", normalized)
                                  .set("epsilon", epsilon)
                                  .set("weight", state.contains("weight"))
                                  .set("bias", state.contains("bias"));
    chain_.template add<nn::LayerNorm>(way, config, std::move(state));
  }

  void read_layer_normalization() {
    nodes_.require_attributes(node_, {"axis", "epsilon", "stash_type"});
    const Shape& row = chain_.shape();
    const std::int64_t axis = nodes_.integer(node_, "axis", -1);
    const auto rank = static_cast<std::int64_t>(row.rank()) + 1;
    const std::int64_t first = axis < 0 ? axis + rank : axis;
    if (first < 1 || first >= rank)
      nodes_.refuse(node_, "its axis must be one of a row of shape {}, got {}", row, axis);
    const Shape normalized(row.begin() + (first - 1), row.end());
    NamedArrays state;
    // PyTorch 1.13 writes none where there is no weight.
    if (chain_.has_input(node_, 1)) state.add("weight", AnyArray(array(1, "scale")));
    if (chain_.has_input(node_, 2)) state.add("bias", AnyArray(array(2, "bias")));
    if (state.contains("bias") && !state.contains("weight"))
      nodes_.refuse(node_, "it must have a scale, got a bias alone");
    add_layer_norm(through_node(), normalized, nodes_.number(node_, "epsilon", 1e-5), std::move(state));
  }

  // (x - mean) / sqrt(mean of squares + epsilon) weight + bias, as it was written before there was an
  // operator.
  bool read_layer_norm();
  // Over how many last axes a ReduceMean goes; 0: over others.
  std::size_t reduced_axes(std::size_t node) const;
  // Adds an array that a product or a sum has met, if it has the shape.
  bool take_constant(Walk& way, const char* op, const char* name, const Shape& shape, NamedArrays& state);

  bool read_ordinal();

  // Of indices, or of what becomes indices.
  bool read_embedding() {
    Walk way = walk();
    const bool are_integers =
        nodes_.input_element() == element_int32 || nodes_.input_element() == element_int64;
    if (!are_integers || chain_.value() != nodes_.input() || !Walk(way).to("Cast").is_lost()) {
      way.to("Cast");
      if (way.is_lost()) return false;
      const std::int64_t to = nodes_.integer(way.last(), "to", 0);
      if (to != element_int64 && to != element_int32) return false;
    }
    const auto gather = Walk::user(nodes_, way.value(), "Gather", 1);
    if (!gather || !chain_.is_way(way.through(*gather))) return false;
    node_ = *gather;
    nodes_.require_attributes(node_, {"axis"});
    require_integer("axis", 0, 0);
    Array<T> weight = array(0, "table");
    const Shape shape = weight.shape();
    if (shape.rank() != 2) nodes_.refuse(node_, "its table must have two axes, got {}", shape);
    NamedArrays state;
    state.add("weight", AnyArray(std::move(weight)));
    chain_.template add<nn::Embedding>(way, nn::Config().set("count", shape[0]).set("width", shape[1]),
                                       std::move(state));
    return true;
  }

  Chain<T>& chain_;
  const NodeGraph& nodes_;
  std::size_t node_ = 0;
};

template <class T>
void LayerReader<T>::add_linear(const Walk& way, Array<T> weight, int bias, std::size_t of) {
  const std::size_t out = weight.shape()[0], in = weight.shape()[1];
  NamedArrays state;
  state.add("weight", AnyArray(std::move(weight)));
  const bool has_bias = bias >= 0;
  if (has_bias) {
    const Array<T> numbers = chain_.array(of, bias, "bias");
    const Shape& shape = numbers.shape();
    const bool fits =
        numbers.size() == out && shape.rank() <= 2 && (shape.rank() == 0 || shape[shape.rank() - 1] == out);
    if (!fits) nodes_.refuse(of, "its bias must be one number for each of {} outputs, got {}", out, shape);
    state.add("bias", reshaped(numbers, Shape{out}));
  }
  chain_.template add<nn::Linear>(way, nn::Config().set("in", in).set("out", out).set("bias", has_bias),
                                  std::move(state));
}

template <class T>
std::size_t LayerReader<T>::reduced_axes(std::size_t node) const {
  if (nodes_.integer(node, "keepdims", 1) != 1) return 0;
  auto axes = nodes_.integers(node, "axes");
  if (!axes && chain_.has_input(node, 1)) axes = nodes_.integers(nodes_[node].input(1));
  const auto rank = static_cast<std::int64_t>(chain_.shape().rank()) + 1;
  if (!axes || axes->empty() || static_cast<std::int64_t>(axes->size()) >= rank) return 0;
  for (std::int64_t& axis : *axes) axis = axis < 0 ? axis : axis - rank;
  std::ranges::sort(*axes);
  for (std::size_t i = 0; i < axes->size(); ++i) {
    if ((*axes)[i] != static_cast<std::int64_t>(i) - static_cast<std::int64_t>(axes->size())) return 0;
  }
  return axes->size();
}

template <class T>
bool LayerReader<T>::take_constant(Walk& way, const char* op, const char* name, const Shape& shape,
                                   NamedArrays& state) {
  Walk further = way;
  further.to_with_constant(op);
  if (!chain_.is_way(further) || shape_of(further.constant()) != shape) return false;
  chain_.spend(further.last(), shape.elements());
  state.add(name, AnyArray(nodes_.array<T>(further.last(), name, further.constant())));
  way = further;
  return true;
}

template <class T>
bool LayerReader<T>::read_layer_norm() {
  const auto first = Walk::user(nodes_, chain_.value(), "ReduceMean", 0);
  if (!first) return false;
  Walk mean = walk().through(*first);
  Walk way = walk().to_with("Sub", mean.value());
  if (way.is_lost()) return false;
  Walk square(nodes_, way.value());
  square.to_with_number("Pow", 2);
  const auto second = Walk::user(nodes_, square.value(), "ReduceMean", 0);
  if (square.is_lost() || !second) return false;
  square.through(*second).to_with_constant("Add");
  const auto epsilon = square.is_lost() ? std::nullopt : nodes_.scalar(square.constant_name());
  if (square.to("Sqrt").is_lost() || !epsilon) return false;
  way.to_with("Div", square.value()).through(mean).through(square);
  if (!chain_.is_way(way)) return false;

  node_ = *first;
  const std::size_t axes = reduced_axes(*first);
  if (axes == 0 || reduced_axes(*second) != axes)
    nodes_.refuse(node_, "within a LayerNorm its axes must be the last ones");
  const Shape& row = chain_.shape();
  const Shape normalized(row.end() - axes, row.end());
  NamedArrays state;
  if (take_constant(way, "Mul", "weight", normalized, state))
    take_constant(way, "Add", "bias", normalized, state);
  add_layer_norm(way, normalized,
                 std::strtod(fmt::format("{}", static_cast<float>(*epsilon)).c_str(), nullptr),
                 std::move(state));
  return true;
}

// See OrdinalConstants.
template <class T>
bool LayerReader<T>::read_ordinal() {
  Walk way = walk();
  std::string score = chain_.value();
  if (chain_.shape().rank() == 0) {
    const auto unsqueeze = Walk::user(nodes_, score, "Unsqueeze", 0);
    if (!unsqueeze || way.through(*unsqueeze).is_lost()) return false;
    score = way.value();
  }
  const auto from = Walk::user(nodes_, score, "Sub", 0), of = Walk::user(nodes_, score, "Sub", 1);
  if (!from || !of || *from == *of) return false;
  Walk below(nodes_, score);
  below.through(*of).to("Softplus");
  way.through(*from).to("Softplus");
  const auto first = Walk::user(nodes_, way.value(), "Sub", 1);
  if (way.is_lost() || below.is_lost() || !first) return false;
  way.through(*first).to_with("Sub", below.value()).through(below);
  if (!chain_.is_way(way)) return false;

  node_ = *first;
  const Array<T> upper = chain_.array(*from, 1, "upper thresholds"),
                 lower = chain_.array(*of, 0, "lower thresholds"), widths = chain_.array(*first, 0, "widths");
  auto state = ordinal_state<T>(upper, lower, widths);
  if (!state)
    nodes_.refuse(node_, "these differences of Softplus are no log-probabilities of classes in order");
  chain_.template add<nn::Ordinal>(way, nn::Config().set("classes", upper.size()), std::move(*state));
  return true;
}

}  // namespace

template <class T>
void read_layer(Chain<T>& chain) {
  LayerReader<T>(chain).read();
}

template void read_layer(Chain<float>&);
template void read_layer(Chain<double>&);

}  // namespace xtape::onnx
