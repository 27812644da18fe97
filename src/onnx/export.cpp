// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "arrays/format.hpp"
#include "files/atomic_file.hpp"
#include "onnx/graph_writer.hpp"
#include "onnx/metadata.hpp"
#include "onnx/ordinal_constants.hpp"
#include "xtape/core/version.hpp"
#include "xtape/onnx/model.hpp"

#pragma GCC visibility push(default)
namespace xtape::onnx {
namespace {

namespace operations = nn::operations;

std::int64_t to_int(std::size_t number) { return static_cast<std::int64_t>(number); }

std::vector<std::int64_t> to_ints(const Size2d& size) { return {to_int(size.rows), to_int(size.columns)}; }

// ONNX names all four sides of an image.
std::vector<std::int64_t> to_pads(const Size2d& padding) {
  std::vector<std::int64_t> pads = to_ints(padding);
  pads.insert(pads.end(), {pads[0], pads[1]});
  return pads;
}

std::vector<std::int64_t> to_strides(const Size2d& stride, const Size2d& kernel) {
  return {to_int(stride.rows == 0 ? kernel.rows : stride.rows),
          to_int(stride.columns == 0 ? kernel.columns : stride.columns)};
}

template <class T>
Array<T> transposed(ArrayView<const T> matrix) {
  const std::size_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Array<T> result(Shape{columns, rows});
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = matrix[r * columns + c];
  }
  return result;
}

// Writes an operation of a graph as nodes, and gives the name of the result.
template <class T>
class OperationWriter {
 public:
  // Of values with these names; the row is that of the first.
  OperationWriter(GraphWriter& nodes, const Shape& row, const std::vector<std::string>& inputs)
      : nodes_(nodes), row_(row), inputs_(inputs), x_(inputs[0]) {}

  std::string operator()(const operations::Linear<T>& linear) const {
    const bool has_bias = !linear.bias.empty();
    if (row_.rank() == 1) {
      const std::string weight = nodes_.shared("weight", linear.weight);
      const Attribute transposes{"transB", std::int64_t{1}};
      if (!has_bias) return nodes_.add("Gemm", {x_, weight}, {transposes});
      return nodes_.add("Gemm", {x_, weight, nodes_.shared("bias", linear.bias)}, {transposes});
    }
    const std::string weight = nodes_.once("transposed", linear.weight, [&] {
      const Array<T> weight = transposed(linear.weight);
      return nodes_.constant("weight", ArrayView<const T>(weight));
    });
    const std::string product = nodes_.add("MatMul", {x_, weight});
    return has_bias ? nodes_.add("Add", {product, nodes_.shared("bias", linear.bias)}) : product;
  }

  std::string operator()(const operations::Conv2d<T>& conv) const {
    const Shape& shape = conv.weight.shape();
    const ConvolutionOptions& options = conv.options;
    const std::initializer_list<Attribute> attributes{{"dilations", to_ints(options.dilation)},
                                                      {"group", to_int(options.groups)},
                                                      {"kernel_shape", to_ints({shape[2], shape[3]})},
                                                      {"pads", to_pads(options.padding)},
                                                      {"strides", to_ints(options.stride)}};
    const std::string weight = nodes_.shared("weight", conv.weight);
    if (conv.bias.empty()) return nodes_.add("Conv", {x_, weight}, attributes);
    return nodes_.add("Conv", {x_, weight, nodes_.shared("bias", conv.bias)}, attributes);
  }

  std::string operator()(const operations::MaxPool2d& pool) const {
    return nodes_.add("MaxPool", {x_},
                      {{"kernel_shape", to_ints(pool.kernel)},
                       {"pads", to_pads(pool.options.padding)},
                       {"strides", to_strides(pool.options.stride, pool.kernel)}});
  }

  std::string operator()(const operations::AvgPool2d& pool) const {
    return nodes_.add("AveragePool", {x_},
                      {{"count_include_pad", std::int64_t{pool.options.count_include_pad}},
                       {"kernel_shape", to_ints(pool.kernel)},
                       {"pads", to_pads(pool.options.padding)},
                       {"strides", to_strides(pool.options.stride, pool.kernel)}});
  }

  std::string operator()(const operations::BatchNorm<T>& norm) const {
    const Shape channels = norm.mean.shape();
    const std::string weight = or_filled("weight", norm.weight, channels, 1);
    const std::string bias = or_filled("bias", norm.bias, channels, 0);
    const std::string mean = nodes_.shared("mean", norm.mean);
    const std::string variance = nodes_.shared("variance", norm.variance);
    return nodes_.add("BatchNormalization", {x_, weight, bias, mean, variance},
                      {{"epsilon", static_cast<float>(norm.epsilon)}});
  }

  std::string operator()(const operations::LayerNorm<T>& norm) const {
    const std::initializer_list<Attribute> attributes{{"axis", -to_int(norm.normalized.rank())},
                                                      {"epsilon", static_cast<float>(norm.epsilon)}};
    const std::string weight = or_filled("weight", norm.weight, norm.normalized, 1);
    if (norm.bias.empty()) return nodes_.add("LayerNormalization", {x_, weight}, attributes);
    return nodes_.add("LayerNormalization", {x_, weight, nodes_.shared("bias", norm.bias)}, attributes);
  }

  std::string operator()(const operations::Embedding<T>& embedding) const {
    const std::string indices = cast(x_, element_int64);
    return nodes_.add("Gather", {nodes_.shared("weight", embedding.weight), indices},
                      {{"axis", std::int64_t{0}}});
  }

  std::string operator()(const operations::Flatten&) const {
    return nodes_.add("Flatten", {x_}, {{"axis", std::int64_t{1}}});
  }

  std::string operator()(const operations::Activation<T>& activation) const {
    using operations::Function;
    const Attribute alpha{"alpha", static_cast<float>(activation.parameter)};
    switch (activation.function) {
      case Function::relu:
        return nodes_.add("Relu", {x_});
      case Function::tanh:
        return nodes_.add("Tanh", {x_});
      case Function::sigmoid:
        return nodes_.add("Sigmoid", {x_});
      case Function::softplus:
        return nodes_.add("Softplus", {x_});
      case Function::gelu:
        return gelu();
      case Function::silu:
        return nodes_.add("Mul", {x_, nodes_.add("Sigmoid", {x_})});
      case Function::hard_swish:
        return nodes_.add("HardSwish", {x_});
      case Function::leaky_relu:
        return nodes_.add("LeakyRelu", {x_}, {alpha});
      case Function::elu:
        return nodes_.add("Elu", {x_}, {alpha});
    }
    fail<ArgumentError>("export_onnx: a function of elements must be one of nn::operations, got number {}",
                        static_cast<int>(activation.function));
  }

  std::string operator()(const operations::Add&) const { return nodes_.add("Add", {x_, inputs_[1]}); }
  std::string operator()(const operations::Multiply&) const { return nodes_.add("Mul", {x_, inputs_[1]}); }

  // log(s(b) - s(a)) = log(1 - exp(a - b)) - softplus(-b) - softplus(a) of a = lower - x and b = upper - x,
  // where s is the sigmoid: the first term is constant, and nothing is lost in the others.
  std::string operator()(const operations::OrdinalLogProbabilities<T>& ordinal) const {
    const OrdinalConstants<T> constants(ordinal.thresholds);
    std::string x = x_;
    if (row_.rank() == 0) {
      const std::int64_t axis = 1;
      x = nodes_.add("Unsqueeze", {x, nodes_.constant("axes", Shape{1}, &axis)});
    }
    const auto constant = [&](const char* name, const Array<T>& array) {
      return nodes_.constant(name, ArrayView<const T>(array));
    };
    const std::string above =
        nodes_.add("Softplus", {nodes_.add("Sub", {x, constant("upper", constants.upper)})});
    const std::string below =
        nodes_.add("Softplus", {nodes_.add("Sub", {constant("lower", constants.lower), x})});
    return nodes_.add("Sub", {nodes_.add("Sub", {constant("widths", constants.log_widths), above}), below});
  }

  std::string operator()(const operations::Impute& impute) const {
    return in_double([&](const std::string& x) {
      const std::string is_missing = nodes_.add("IsNaN", {x});
      return nodes_.add("Where", {is_missing, nodes_.constant("means", impute.means), x});
    });
  }

  std::string operator()(const operations::Standardize& standardize) const {
    return in_double([&](const std::string& x) {
      const std::string centred = nodes_.add("Sub", {x, nodes_.constant("means", standardize.means)});
      return nodes_.add("Div", {centred, nodes_.constant("scales", standardize.scales)});
    });
  }

  std::string operator()(const operations::Scale& scale) const {
    return in_double([&](std::string x) {
      if (scale.factor != 1 || scale.shift == 0)
        x = nodes_.add("Mul", {x, nodes_.scalar("factor", scale.factor)});
      return scale.shift == 0 ? x : nodes_.add("Add", {x, nodes_.scalar("shift", scale.shift)});
    });
  }

  std::string operator()(const operations::Softmax& softmax) const {
    const std::string x = softmax.temperature == 1 ? x_ : divided_by(softmax.temperature);
    return nodes_.add("Softmax", {x}, {{"axis", std::int64_t{-1}}});
  }

  std::string divided_by(double temperature) const {
    return in_double([&](const std::string& x) {
      return nodes_.add("Div", {x, nodes_.scalar("temperature", temperature)});
    });
  }

 private:
  std::string cast(const std::string& x, Element to) const {
    return nodes_.add("Cast", {x}, {{"to", std::int64_t{to}}});
  }

  template <class Step>
  std::string in_double(Step step) const {
    if constexpr (std::is_same_v<T, double>) {
      return step(x_);
    } else {
      return cast(step(cast(x_, element_double)), element_of<T>);
    }
  }

  std::string or_filled(const char* name, ArrayView<const T> array, const Shape& shape, T number) const {
    return array.empty() ? nodes_.filled(name, shape, number) : nodes_.shared(name, array);
  }

  // x (erf(x / sqrt(2)) + 1) / 2, in the order of PyTorch's exporter, which runtimes know and fuse.
  std::string gelu() const {
    const auto root = static_cast<T>(std::numbers::sqrt2_v<double>);
    const std::string error = nodes_.add("Erf", {nodes_.add("Div", {x_, nodes_.scalar("root", root)})});
    const std::string sum = nodes_.add("Add", {error, nodes_.scalar("one", T{1})});
    return nodes_.add("Mul", {nodes_.add("Mul", {x_, sum}), nodes_.scalar("half", T{0.5})});
  }

  GraphWriter& nodes_;
  const Shape& row_;
  const std::vector<std::string>& inputs_;
  const std::string& x_;
};

// Of outputs whose probabilities are sigmoids, the graph of a pipeline multiplies by 1 / temperature in front
// of the last. The file has the temperature itself.
template <class T>
bool is_by_temperature(const inference::Pipeline<T>& pipeline, const std::vector<nn::GraphNode<T>>& nodes,
                       std::size_t n) {
  const bool has_sigmoid = pipeline.outputs_are == inference::OutputKind::multilabel ||
                           pipeline.outputs_are == inference::OutputKind::binary;
  return has_sigmoid && pipeline.temperature != 1 && n + 2 == nodes.size();
}

template <class T>
void write_graph(onnx_schema::GraphProto& graph, const inference::Pipeline<T>& pipeline) {
  const nn::Graph<T> operations = pipeline.graph();
  GraphWriter nodes(graph);
  std::vector<std::string> values{"features"};
  for (std::size_t n = 0; n < operations.nodes().size(); ++n) {
    const nn::GraphNode<T>& node = operations.nodes()[n];
    std::vector<std::string> inputs;
    for (const nn::GraphValue input : node.inputs) inputs.push_back(values[input.place]);
    const OperationWriter<T> writer(nodes, operations.shape(node.inputs[0]), inputs);
    values.push_back(is_by_temperature(pipeline, operations.nodes(), n)
                         ? writer.divided_by(pipeline.temperature)
                         : std::visit(writer, node.operation));
  }
  if (operations.nodes().empty()) values.push_back(nodes.add("Identity", {values[0]}));

  const bool are_numbers = pipeline.outputs_are == inference::OutputKind::numbers;
  const std::string output = are_numbers ? "outputs" : "probabilities";
  nodes.finish(values.back(), output);
  graph.set_name("model");
  describe(*graph.add_input(), values[0], element_of<T>, pipeline.row);
  describe(*graph.add_output(), output, element_of<T>, operations.shape({operations.nodes().size()}));
}

template <class T>
onnx_schema::ModelProto to_model(const char* function, const inference::Pipeline<T>& pipeline) {
  const auto [major, minor, patch] = xtape::version();
  onnx_schema::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("xtape");
  model.set_producer_version(fmt::format("{}.{}.{}", major, minor, patch));
  onnx_schema::OperatorSetIdProto& operators = *model.add_opset_import();
  operators.set_domain("");
  operators.set_version(operator_set);
  write_graph(*model.mutable_graph(), pipeline);
  write_metadata(function, model, pipeline);
  return model;
}

}  // namespace
}  // namespace xtape::onnx

namespace xtape::io {

template <class T>
void export_onnx(const std::string& path, const inference::Pipeline<T>& pipeline) {
  const char* const function = "export_onnx";
  pipeline.require_valid(function);
  const onnx_schema::ModelProto model = onnx::to_model(function, pipeline);
  constexpr std::size_t most_bytes = std::numeric_limits<int>::max();
  if (model.ByteSizeLong() > most_bytes) {
    fail<ArgumentError>(
        "{}: the model must take at most {} bytes, which is all that the format allows, got {}", function,
        most_bytes, model.ByteSizeLong());
  }
  pipeline.require_true_graph(function);
  const std::string bytes = model.SerializeAsString();
  AtomicFile file(function, path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

template void export_onnx(const std::string&, const inference::Pipeline<float>&);
template void export_onnx(const std::string&, const inference::Pipeline<double>&);

}  // namespace xtape::io
#pragma GCC visibility pop
