// SPDX-License-Identifier: BSD-3-Clause
// What each operation is in C: its constants, and the call of its function.
#include "io/export_c_writer.hpp"

#include <array>
#include <cmath>
#include <utility>
#include <variant>

#include "arrays/format.hpp"
#include "io/export_c_text.hpp"

namespace xtape::io::plain_c {
namespace {

using namespace nn::operations;

// How an activation is called in messages and in C, where tanh is taken.
constexpr std::array activation_names{std::pair("relu", "relu"),
                                      std::pair("tanh", "hyperbolic_tangent"),
                                      std::pair("sigmoid", "sigmoid"),
                                      std::pair("softplus", "softplus"),
                                      std::pair("gelu", "gelu"),
                                      std::pair("silu", "silu"),
                                      std::pair("hard_swish", "hard_swish"),
                                      std::pair("leaky_relu", "leaky_relu"),
                                      std::pair("elu", "elu")};

struct NameOf {
  const char* operator()(const Linear<float>&) const { return "linear"; }
  const char* operator()(const Conv2d<float>&) const { return "conv2d"; }
  const char* operator()(const MaxPool2d&) const { return "max_pool2d"; }
  const char* operator()(const AvgPool2d&) const { return "avg_pool2d"; }
  const char* operator()(const BatchNorm<float>&) const { return "batch_norm"; }
  const char* operator()(const LayerNorm<float>&) const { return "layer_norm"; }
  const char* operator()(const Embedding<float>&) const { return "embedding"; }
  const char* operator()(const Flatten&) const { return "flatten"; }
  const char* operator()(const Activation<float>& of) const {
    return activation_names[static_cast<std::size_t>(of.function)].first;
  }
  const char* operator()(const Add&) const { return "add"; }
  const char* operator()(const Multiply&) const { return "multiply"; }
  const char* operator()(const OrdinalLogProbabilities<float>&) const { return "ordinal_log_probabilities"; }
  const char* operator()(const Impute&) const { return "impute"; }
  const char* operator()(const Standardize&) const { return "standardize"; }
  const char* operator()(const Scale&) const { return "scale"; }
  const char* operator()(const Softmax&) const { return "softmax"; }
};

// Writes the C of one step.
class StepWriter {
 public:
  StepWriter(const char* function, const Program& program, const MemoryPlan& memory, std::size_t number,
             CCode& code)
      : function_(function),
        program_(program),
        memory_(memory),
        number_(number),
        step_(program.steps[number - 1]),
        code_(code) {}

  void write() {
    comment();
    switch (step_.conversion) {
      case Conversion::quantize:
        return call_checked("quantize", 2, count(), c_number(y().int8->scale), y().int8->zero);
      case Conversion::dequantize:
        return call("dequantize", count(), c_number(x().int8->scale), x().int8->zero);
      case Conversion::copy:
        return call("copy", count());
      case Conversion::none:
        break;
    }
    std::visit(*this, *step_.operation);
  }

  void operator()(const Linear<float>& of) {
    const std::size_t outputs = of.weight.shape()[0], in = of.weight.shape()[1];
    const std::size_t rows = x().shape.elements() / in;
    if (!y().int8) {
      const std::string weight = floats("weight", of.weight), bias = floats("bias", of.bias);
      return call("linear", rows, in, outputs, weight, bias);
    }
    const std::string weight = integers("signed char", "weight", step_.weight);
    const std::string bias = integers("int", "bias", step_.bias);
    call("linear_int8", rows, in, outputs, x().int8->zero, weight, bias, factors(), output());
  }

  void operator()(const Conv2d<float>& of) {
    const std::string windows = write_windows(of);
    if (!y().int8) {
      const std::string weight = floats("weight", of.weight), bias = floats("bias", of.bias);
      return call("conv2d", windows, weight, bias);
    }
    const std::string weight = integers("signed char", "weight", step_.weight);
    const std::string bias = integers("int", "bias", step_.bias);
    call("conv2d_int8", windows, x().int8->zero, weight, bias, factors(), output());
  }

  void operator()(const MaxPool2d& of) {
    call(y().int8 ? "max_pool2d_int8" : "max_pool2d", write_windows(of));
  }

  void operator()(const AvgPool2d& of) {
    const std::string windows = write_windows(of);
    const int whole = of.options.count_include_pad ? 1 : 0;
    if (y().int8) return call("avg_pool2d_int8", windows, whole, y().int8->zero);
    call("avg_pool2d", windows, whole);
  }

  void operator()(const BatchNorm<float>& of) {
    const std::size_t channels = of.mean.size();
    Array<float> factors(Shape{channels}), shifts(Shape{channels});
    for (std::size_t c = 0; c < channels; ++c) {
      const double weight = of.weight.empty() ? 1 : static_cast<double>(of.weight[c]);
      factors[c] = static_cast<float>(weight / std::sqrt(static_cast<double>(of.variance[c]) + of.epsilon));
      shifts[c] = of.bias.empty() ? 0 : of.bias[c];
    }
    const std::string means = floats("means", of.mean), by = floats("factors", factors);
    call("batch_norm", channels, count() / channels, means, by, floats("shifts", shifts));
  }

  void operator()(const LayerNorm<float>& of) {
    const std::size_t each = of.normalized.elements();
    const std::string weight = floats("weight", of.weight), bias = floats("bias", of.bias);
    call("layer_norm", count() / each, each, weight, bias, c_number(static_cast<float>(of.epsilon)));
  }

  void operator()(const Embedding<float>& of) {
    const Shape& shape = of.weight.shape();
    call_checked("embedding", 1, x().shape.elements(), floats("weight", of.weight), shape[0], shape[1]);
  }

  void operator()(const Activation<float>& of) {
    if (y().int8) return call("relu_int8", count(), y().int8->zero);
    const char* const name = activation_names[static_cast<std::size_t>(of.function)].second;
    const bool has_parameter = of.function == Function::leaky_relu || of.function == Function::elu;
    if (has_parameter) return call(name, count(), number("the parameter", static_cast<double>(of.parameter)));
    call(name, count());
  }

  void operator()(const Add&) {
    if (!y().int8) return call("add", count());
    const auto zero = [this](std::size_t k) { return program_.values[step_.inputs[k]].int8->zero; };
    call("add_int8", count(), zero(0), zero(1), factors(), output());
  }

  void operator()(const Multiply&) { call("multiply", count()); }

  void operator()(const OrdinalLogProbabilities<float>& of) {
    const std::size_t classes = of.thresholds.size() + 1;
    Array<float> gaps(Shape{classes});
    for (std::size_t k = 1; k + 1 < classes; ++k) {
      const double gap = static_cast<double>(of.thresholds[k]) - static_cast<double>(of.thresholds[k - 1]);
      gaps[k] = static_cast<float>(-std::log(-std::expm1(-gap)));
    }
    const std::string thresholds = floats("thresholds", of.thresholds);
    call("ordinal_log_probabilities", classes, thresholds, floats("gaps", gaps));
  }

  void operator()(const Impute& of) {
    Array<float> means(Shape{count()});
    for (std::size_t i = 0; i < means.size(); ++i) means[i] = static_cast<float>(of.means[i]);
    call("impute", count(), floats("means", means));
  }

  void operator()(const Standardize& of) {
    Array<float> means(Shape{count()}), rests(Shape{count()}), factors(Shape{count()});
    for (std::size_t i = 0; i < means.size(); ++i) {
      const Centering centering = Centering::standardizing(of.means[i], of.scales[i]);
      means[i] = centering.high;
      rests[i] = centering.low;
      factors[i] = centering.factor;
    }
    const std::string mean = floats("means", means), rest = floats("rests", rests);
    call("standardize", count(), mean, rest, floats("factors", factors));
  }

  void operator()(const Scale& of) {
    const Centering by = Centering::scaling(of.factor, of.shift);
    call("scale", count(), c_number(by.high), c_number(by.low), c_number(by.factor));
  }

  void operator()(const Softmax& of) {
    const Shape& shape = y().shape;
    const std::size_t classes = shape[shape.rank() - 1];
    call("softmax", count() / classes, classes, number("the temperature", of.temperature));
  }

  // A flatten moves nothing.
  void operator()(const Flatten&) {}

 private:
  const Value& x() const { return program_.values[step_.inputs[0]]; }
  const Value& y() const { return program_.values[step_.output]; }
  std::size_t count() const { return y().shape.elements(); }

  void comment() {
    constexpr std::array conversions{"", "to whole numbers", "to floats", "copy"};
    const char* const name = step_.conversion == Conversion::none
                                 ? name_of(*step_.operation)
                                 : conversions[static_cast<std::size_t>(step_.conversion)];
    code_.calls += fmt::format("  /* {}: {}{}, {} to {} */\n", number_, name, step_.relu ? " and relu" : "",
                               x().shape, y().shape);
  }

  template <class... Arguments>
  std::string expression(const char* name, const Arguments&... arguments) {
    code_.functions.insert(name);
    std::string text = name + std::string("(");
    for (const std::size_t input : step_.inputs) {
      text += memory_.address(input) + ", ";
      if (program_.values[input].int8) code_.uses_bytes = true;
    }
    text += memory_.address(step_.output);
    if (y().int8) code_.uses_bytes = true;
    ((text += fmt::format(", {}", arguments)), ...);
    return text + ")";
  }
  template <class... Arguments>
  void call(const char* name, const Arguments&... arguments) {
    code_.calls += "  " + expression(name, arguments...) + ";\n";
  }
  template <class... Arguments>
  void call_checked(const char* name, int status, const Arguments&... arguments) {
    code_.calls += fmt::format("  if ({}) return {};\n", expression(name, arguments...), status);
  }

  std::string number(const char* what, double x) const {
    const auto as_float = static_cast<float>(x);
    if (std::isfinite(as_float) && (as_float != 0 || x == 0)) return c_number(as_float);
    fail<ArgumentError>("{}: {} of {}, operation {}, must fit a float, got {}", function_, what,
                        name_of(*step_.operation), number_, x);
  }

  // The name of the array in C, or a null pointer for none.
  std::string floats(const char* what, ArrayView<const float> numbers) {
    if (numbers.empty()) return "0";
    for (const float number : numbers) {
      if (std::isfinite(number)) continue;
      fail<ArgumentError>("{}: {} of {}, operation {}, must be finite as floats, got {}", function_, what,
                          name_of(*step_.operation), number_, number);
    }
    return keep(what, c_floats("", numbers), numbers.size() * sizeof(float));
  }
  std::string integers(const char* type, const char* what, const std::vector<int>& numbers) {
    const std::size_t each = type == std::string("int") ? 4 : 1;
    return keep(what, c_integers(type, "", numbers), numbers.size() * each);
  }
  std::string factors() {
    std::vector<std::string> items;
    for (const auto& [multiplier, shift] : step_.factors)
      items.push_back(fmt::format("{{{}, {}}}", multiplier, shift));
    return keep("factors", c_array("Factor", "", items), items.size() * 8);
  }
  std::string output() const {
    const int zero = y().int8->zero, least = step_.relu ? zero : -128;
    return fmt::format("(Output){{{}, {}}}", zero, least);
  }

  template <class Of>
  std::string write_windows(const Of& of) {
    const Windows w = windows_of(of, x().shape, y().shape);
    code_.constants += fmt::format(
        "static const Windows {} = {{\n"
        "  .channels = {}, .rows = {}, .columns = {}, .groups = {},\n"
        "  .kernel_rows = {}, .kernel_columns = {}, .stride_rows = {}, .stride_columns = {},\n"
        "  .padding_rows = {}, .padding_columns = {}, .dilation_rows = {}, .dilation_columns = {},\n"
        "  .out_channels = {}, .out_rows = {}, .out_columns = {}\n}};\n",
        named("windows"), w.channels, w.rows, w.columns, w.groups, w.kernel_rows, w.kernel_columns,
        w.stride_rows, w.stride_columns, w.padding_rows, w.padding_columns, w.dilation_rows,
        w.dilation_columns, w.out_channels, w.out_rows, w.out_columns);
    return "&" + named("windows");
  }

  std::string named(const char* what) const { return fmt::format("{}_{}", what, number_); }
  // The name of an array whose definition still lacks it: that of one with the same elements, if there is
  // one.
  std::string keep(const char* what, std::string definition, std::size_t bytes) {
    const auto [known, is_new] = code_.names.try_emplace(definition, named(what));
    if (is_new) {
      code_.constants += definition.insert(definition.find('['), known->second);
      code_.parameter_bytes += bytes;
    }
    return known->second;
  }

  const char* function_;
  const Program& program_;
  const MemoryPlan& memory_;
  std::size_t number_;
  const Step& step_;
  CCode& code_;
};

}  // namespace

const char* name_of(const Operation& operation) { return std::visit(NameOf(), operation); }

CCode c_code(const char* function, const Program& program, const MemoryPlan& memory) {
  CCode code;
  for (std::size_t number = 1; number <= program.steps.size(); ++number)
    StepWriter(function, program, memory, number, code).write();
  return code;
}

}  // namespace xtape::io::plain_c
