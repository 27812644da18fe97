// SPDX-License-Identifier: BSD-3-Clause
#include "io/export_c_program.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <variant>

#include "arrays/format.hpp"

namespace xtape::io::plain_c {
namespace {

using namespace nn::operations;

// Takes sums and the bias apart from the largest int32: neither rounding nor the two together overflow.
constexpr double most_bias = 0x1p29, most_products = 0x1p29;
constexpr int most_weight = 127, least_whole = -128, whole_numbers = 255;

bool is_relu(const Operation& operation) {
  const auto* const activation = std::get_if<Activation<float>>(&operation);
  return activation != nullptr && activation->function == Function::relu;
}

bool is_product(const Operation& operation) {
  return std::holds_alternative<Linear<float>>(operation) || std::holds_alternative<Conv2d<float>>(operation);
}

bool keeps_quantization(const Operation& operation) {
  return is_relu(operation) || std::holds_alternative<Flatten>(operation) ||
         std::holds_alternative<MaxPool2d>(operation) || std::holds_alternative<AvgPool2d>(operation);
}

// The scale is `least_scale` at least.
Quantization quantization_of(const Range& range, double least_scale) {
  const double width = static_cast<double>(range.most) - static_cast<double>(range.least);
  const auto scale = static_cast<float>(std::max({width / whole_numbers, least_scale, 0x1p-100}));
  const double zero = std::round(least_whole - static_cast<double>(range.least) / static_cast<double>(scale));
  return {scale, static_cast<int>(std::clamp(zero, -128.0, 127.0))};
}

FixedPoint fixed_point(double factor) {
  int exponent = 0;
  const double fraction = std::frexp(factor, &exponent);
  auto multiplier = static_cast<std::int64_t>(std::round(fraction * 0x1p31));
  if (multiplier == std::int64_t{1} << 31) {
    multiplier /= 2;
    ++exponent;
  }
  if (exponent > 0) return {std::numeric_limits<int>::max(), 0};  // 1, up to rounding
  if (exponent < -31) return {0, 0};
  return {static_cast<int>(multiplier), -exponent};
}

// Whether floats come out exactly the same in C as here, by +, - and * alone.
struct IsExact {
  bool operator()(const Impute&) const { return true; }
  bool operator()(const Standardize&) const { return true; }
  bool operator()(const Scale&) const { return true; }
  bool operator()(const Embedding<float>&) const { return true; }
  bool operator()(const Add&) const { return true; }
  bool operator()(const Multiply&) const { return true; }
  bool operator()(const MaxPool2d&) const { return true; }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

// Tells where whole numbers are made of floats that are not exact.
void mark_rough_steps(Program& program) {
  std::vector<bool> is_rough(program.values.size());
  for (Step& step : program.steps) {
    const bool gives_floats = step.operation != nullptr && !program.values[step.output].int8;
    bool rough = gives_floats && !std::visit(IsExact(), *step.operation);
    for (const std::size_t input : step.inputs) rough = rough || is_rough[program.values[input].memory];
    step.is_rough = rough && step.conversion == Conversion::quantize;
    is_rough[step.output] = rough;
  }
}

// Builds a program step by step.
class Builder {
 public:
  Builder(const char* function, const Graph& graph, const std::vector<Range>* ranges)
      : function_(function), graph_(graph), ranges_(ranges) {
    value_of_.push_back(add_value(graph.shape(graph.input())));
    find_relus();
  }

  Program program() {
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) value_of_.push_back(add_node(i));
    const std::size_t last = floats(value_of_.back());
    program_.output = program_.values[last].memory == 0 ? add_copy(last) : last;
    return std::move(program_);
  }

 private:
  using Node = nn::GraphNode<float>;

  // Which nodes are followed by a relu that alone reads them.
  void find_relus() {
    std::vector<std::size_t> readers(graph_.nodes().size() + 1);
    for (const Node& node : graph_.nodes()) {
      for (const nn::GraphValue input : node.inputs) ++readers[input.place];
    }
    relu_behind_.resize(readers.size());
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
      const Node& node = graph_.nodes()[i];
      if (is_relu(node.operation) && readers[node.inputs[0].place] == 1)
        relu_behind_[node.inputs[0].place] = i + 1;
    }
  }

  std::size_t add_value(const Shape& shape, std::optional<Quantization> int8 = {}) {
    program_.values.push_back({shape, program_.values.size(), int8});
    return program_.values.size() - 1;
  }

  std::size_t add_step(Step step, const Shape& shape, std::optional<Quantization> int8 = {}) {
    step.output = add_value(shape, int8);
    program_.steps.push_back(std::move(step));
    return program_.values.size() - 1;
  }

  std::size_t add_copy(std::size_t value) {
    return add_step({Conversion::copy, nullptr, {value}, 0}, program_.values[value].shape);
  }

  // The value as floats, and as whole numbers.
  std::size_t floats(std::size_t value) {
    return converted(value, program_.values[value].int8.has_value(), Conversion::dequantize, {});
  }
  std::size_t whole(nn::GraphValue of) {
    const std::size_t value = value_of_[of.place];
    return converted(value, !program_.values[value].int8, Conversion::quantize,
                     quantization_of((*ranges_)[of.place], 0));
  }
  std::size_t converted(std::size_t value, bool is_other, Conversion conversion,
                        std::optional<Quantization> int8) {
    if (!is_other) return value;
    if (other_form_.size() <= value) other_form_.resize(value + 1);
    if (other_form_[value] == 0) {
      const std::size_t made =
          add_step({conversion, nullptr, {value}, 0}, program_.values[value].shape, int8);
      other_form_[value] = made;
    }
    return other_form_[value];
  }

  bool has_whole_input(const Node& node) const {
    return std::ranges::any_of(node.inputs, [this](nn::GraphValue input) {
      return program_.values[value_of_[input.place]].int8.has_value();
    });
  }

  std::size_t add_node(std::size_t i) {
    const Node& node = graph_.nodes()[i];
    if (std::holds_alternative<Flatten>(node.operation)) return add_flatten(node);
    const bool is_addition = std::holds_alternative<Add>(node.operation);
    if (ranges_ != nullptr && is_product(node.operation)) return add_product(i);
    if (is_addition && has_whole_input(node)) return add_addition(i);
    if (keeps_quantization(node.operation) && has_whole_input(node)) return add_kept(i);
    Step step{Conversion::none, &node.operation, {}, 0};
    for (const nn::GraphValue input : node.inputs) step.inputs.push_back(floats(value_of_[input.place]));
    return add_step(std::move(step), node.shape);
  }

  std::size_t add_flatten(const Node& node) {
    const Value from = program_.values[value_of_[node.inputs[0].place]];
    program_.values.push_back({node.shape, from.memory, from.int8});
    return program_.values.size() - 1;
  }

  std::size_t add_kept(std::size_t i) {
    const Node& node = graph_.nodes()[i];
    const std::size_t input = value_of_[node.inputs[0].place];
    if (relu_behind_[node.inputs[0].place] == i + 1 && has_relu_.contains(input)) return input;
    return add_step({Conversion::none, &node.operation, {input}, 0}, node.shape, program_.values[input].int8);
  }

  // What node i gives, or the relu that is computed with it.
  Quantization output_of(std::size_t i, double least_scale) const {
    const std::size_t relu = relu_behind_[i + 1];
    return quantization_of((*ranges_)[relu != 0 ? relu : i + 1], least_scale);
  }
  std::size_t add_with_relu(std::size_t i, Step step, const Quantization& to) {
    step.relu = relu_behind_[i + 1] != 0;
    const bool relu = step.relu;
    const std::size_t value = add_step(std::move(step), graph_.nodes()[i].shape, to);
    if (relu) has_relu_.insert(value);
    return value;
  }

  std::size_t add_product(std::size_t i) {
    const Node& node = graph_.nodes()[i];
    const auto* const linear = std::get_if<Linear<float>>(&node.operation);
    const auto* const conv = std::get_if<Conv2d<float>>(&node.operation);
    const ArrayView<const float> weight = linear != nullptr ? linear->weight : conv->weight;
    const ArrayView<const float> bias = linear != nullptr ? linear->bias : conv->bias;
    Step step{Conversion::none, &node.operation, {whole(node.inputs[0])}, 0};
    const double in = static_cast<double>(program_.values[step.inputs[0]].int8->scale);
    const std::size_t outputs = weight.shape()[0], each = weight.size() / outputs;
    std::vector<double> units;  // of the sums
    for (std::size_t c = 0; c < outputs; ++c) {
      const double shift = bias.empty() ? 0 : static_cast<double>(bias[c]);
      units.push_back(add_weights(step, {weight.data() + c * each, Shape{each}}, shift, in));
    }
    const Quantization to = output_of(i, *std::ranges::max_element(units));
    for (const double unit : units) step.factors.push_back(fixed_point(unit / static_cast<double>(to.scale)));
    return add_with_relu(i, std::move(step), to);
  }

  // Those of one output, whose sums are in the unit that this gives.
  double add_weights(Step& step, ArrayView<const float> weight, double bias, double in) const {
    double most = 0, sum = 0;
    for (const float w : weight) most = std::max(most, std::abs(static_cast<double>(w)));
    const double scale = std::max({most / most_weight, std::abs(bias) / (in * most_bias), 0x1p-100});
    for (const float w : weight) {
      step.weight.push_back(static_cast<int>(std::round(static_cast<double>(w) / scale)));
      sum += std::abs(step.weight.back()) * whole_numbers;
    }
    if (sum > most_products) {
      fail<ArgumentError>("{}: {} must fit sums in int32, got {} inputs for an output; use float32",
                          function_, name_of(*step.operation), weight.size());
    }
    step.bias.push_back(static_cast<int>(std::round(bias / (in * scale))));
    return in * scale;
  }

  // Both inputs in 2^-20 of twice the larger scale.
  std::size_t add_addition(std::size_t i) {
    const Node& node = graph_.nodes()[i];
    Step step{Conversion::none, &node.operation, {whole(node.inputs[0]), whole(node.inputs[1])}, 0};
    const auto scale = [&](std::size_t k) {
      return static_cast<double>(program_.values[step.inputs[k]].int8->scale);
    };
    const double unit = 2 * std::max(scale(0), scale(1));
    const Quantization to = output_of(i, unit * 0x1p-20);
    step.factors = {fixed_point(scale(0) / unit), fixed_point(scale(1) / unit),
                    fixed_point(unit * 0x1p-20 / static_cast<double>(to.scale))};
    return add_with_relu(i, std::move(step), to);
  }

  const char* function_;
  const Graph& graph_;
  const std::vector<Range>* ranges_;  // null: floats alone
  Program program_;
  std::vector<std::size_t> value_of_;     // of each value of the graph
  std::vector<std::size_t> relu_behind_;  // of each value of the graph the relu that alone reads it; 0: none
  std::vector<std::size_t> other_form_;   // of each value; 0: none
  std::set<std::size_t> has_relu_;
};

Windows make_windows(const Shape& in, const Shape& out, Size2d kernel, Size2d stride, Size2d padding,
                     Size2d dilation, std::size_t groups) {
  const auto i = [](std::size_t extent) { return static_cast<int>(extent); };
  const auto or_kernel = [&](std::size_t of, std::size_t extent) { return i(of == 0 ? extent : of); };
  for (const auto& [extent, of_both_sides] :
       {std::pair(in[1], 2 * padding.rows), {in[2], 2 * padding.columns}}) {
    if (extent + of_both_sides <= std::numeric_limits<int>::max()) continue;
    fail<ArgumentError>(
        "export_c: an image with its padding must have at most {} rows and columns, got {} + {}",
        std::numeric_limits<int>::max(), extent, of_both_sides);
  }
  return {.channels = i(in[0]),
          .rows = i(in[1]),
          .columns = i(in[2]),
          .groups = i(groups),
          .kernel_rows = i(kernel.rows),
          .kernel_columns = i(kernel.columns),
          .stride_rows = or_kernel(stride.rows, kernel.rows),
          .stride_columns = or_kernel(stride.columns, kernel.columns),
          .padding_rows = i(padding.rows),
          .padding_columns = i(padding.columns),
          .dilation_rows = i(dilation.rows),
          .dilation_columns = i(dilation.columns),
          .out_channels = i(out[0]),
          .out_rows = i(out[1]),
          .out_columns = i(out[2])};
}

}  // namespace

Program float_program(const Graph& graph) { return Builder("", graph, nullptr).program(); }

Program int8_program(const char* function, const Graph& graph, const std::vector<Range>& ranges) {
  Program program = Builder(function, graph, &ranges).program();
  mark_rough_steps(program);
  return program;
}

Windows windows_of(const Conv2d<float>& conv, const Shape& in, const Shape& out) {
  const Size2d kernel(conv.weight.shape()[2], conv.weight.shape()[3]);
  return make_windows(in, out, kernel, conv.options.stride, conv.options.padding, conv.options.dilation,
                      conv.options.groups);
}
Windows windows_of(const MaxPool2d& pool, const Shape& in, const Shape& out) {
  return make_windows(in, out, pool.kernel, pool.options.stride, pool.options.padding, 1, in[0]);
}
Windows windows_of(const AvgPool2d& pool, const Shape& in, const Shape& out) {
  return make_windows(in, out, pool.kernel, pool.options.stride, pool.options.padding, 1, in[0]);
}

}  // namespace xtape::io::plain_c
