// SPDX-License-Identifier: BSD-3-Clause
// Graphs and programs carried out here: floats by the operations of the library, whole numbers as the C does.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <variant>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "io/export_c_program.hpp"
#include "io/export_c_text.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/arithmetic.hpp"
#include "xtape/ops/convolution.hpp"
#include "xtape/ops/elementwise.hpp"
#include "xtape/ops/matmul.hpp"
#include "xtape/ops/normalization.hpp"
#include "xtape/ops/ordinal.hpp"
#include "xtape/ops/pooling.hpp"
#include "xtape/ops/rearrange.hpp"
#include "xtape/ops/softmax.hpp"

namespace xtape::io::plain_c {
namespace {

using namespace nn::operations;
using View = ArrayView<const float>;

// One operation on rows (rows, ...).
class OnRows {
 public:
  explicit OnRows(const std::vector<View>& inputs) : inputs_(inputs), x_(inputs[0]) {}

  Array<float> operator()(const Linear<float>& of) {
    const auto weight = tape_.borrow(of.weight);
    return kept(of.bias.empty() ? linear(x(), weight) : linear(x(), weight, tape_.borrow(of.bias)));
  }
  Array<float> operator()(const Conv2d<float>& of) {
    const auto weight = tape_.borrow(of.weight);
    return kept(of.bias.empty() ? conv2d(x(), weight, of.options)
                                : conv2d(x(), weight, tape_.borrow(of.bias), of.options));
  }
  Array<float> operator()(const MaxPool2d& of) { return kept(max_pool2d(x(), of.kernel, of.options)); }
  Array<float> operator()(const AvgPool2d& of) { return kept(avg_pool2d(x(), of.kernel, of.options)); }

  Array<float> operator()(const BatchNorm<float>& of) {
    const std::size_t channels = of.mean.size(), each = x_.size() / x_.shape()[0] / channels;
    return of_each([&](std::size_t i) {
      const std::size_t c = i / each % channels;
      const double factor = (of.weight.empty() ? 1 : of.weight[c]) / std::sqrt(of.variance[c] + of.epsilon);
      return (static_cast<double>(x_[i]) - of.mean[c]) * factor + (of.bias.empty() ? 0 : of.bias[c]);
    });
  }

  Array<float> operator()(const LayerNorm<float>& of) {
    Array<float> weight(of.normalized), bias(of.normalized);
    for (std::size_t i = 0; i < weight.size(); ++i) {
      weight[i] = of.weight.empty() ? 1 : of.weight[i];
      bias[i] = of.bias.empty() ? 0 : of.bias[i];
    }
    return kept(layer_norm(x(), tape_.borrow(weight), tape_.borrow(bias), {.epsilon = of.epsilon}));
  }

  Array<float> operator()(const Embedding<float>& of) {
    Array<std::int64_t> indices(x_.shape());
    const auto count = static_cast<float>(of.weight.shape()[0]);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (!(x_[i] >= 0 && x_[i] < count && x_[i] == std::trunc(x_[i]))) {
        fail<ArgumentError>("export_c: rows must hold indices of an embedding of {}, got {}",
                            of.weight.shape(), x_[i]);
      }
      indices[i] = static_cast<std::int64_t>(x_[i]);
    }
    return kept(select_rows(tape_.borrow(of.weight), indices));
  }

  Array<float> operator()(const Flatten&) {
    const std::size_t rows = x_.shape()[0];
    return Array<float>(View(x_.data(), Shape{rows, x_.size() / rows}));
  }

  Array<float> operator()(const Activation<float>& of) {
    switch (of.function) {
      case Function::relu:
        return kept(relu(x()));
      case Function::tanh:
        return kept(tanh(x()));
      case Function::sigmoid:
        return kept(sigmoid(x()));
      case Function::softplus:
        return kept(softplus(x()));
      case Function::gelu:
        return kept(gelu(x()));
      case Function::silu:
        return kept(silu(x()));
      case Function::hard_swish:
        return kept(hard_swish(x()));
      case Function::leaky_relu:
        return kept(leaky_relu(x(), of.parameter));
      case Function::elu:
        return kept(elu(x(), of.parameter));
    }
    return {};
  }

  Array<float> operator()(const Add&) { return kept(add(x(), tape_.borrow(inputs_[1]))); }
  Array<float> operator()(const Multiply&) { return kept(multiply(x(), tape_.borrow(inputs_[1]))); }

  Array<float> operator()(const OrdinalLogProbabilities<float>& of) {
    return kept(ordinal_log_probabilities(reshape(x(), {x_.size()}), tape_.borrow(of.thresholds)));
  }

  Array<float> operator()(const Impute& of) {
    return of_each([&](std::size_t i) {
      return std::isnan(x_[i]) ? of.means[i % of.means.size()] : static_cast<double>(x_[i]);
    });
  }
  Array<float> operator()(const Standardize& of) {
    return of_each([&](std::size_t i) {
      const std::size_t c = i % of.means.size();
      return apply(Centering::standardizing(of.means[c], of.scales[c]), x_[i]);
    });
  }
  Array<float> operator()(const Scale& of) {
    return of_each([&](std::size_t i) { return apply(Centering::scaling(of.factor, of.shift), x_[i]); });
  }
  Array<float> operator()(const Softmax& of) {
    return kept(softmax(divide(x(), static_cast<float>(of.temperature))));
  }

 private:
  Variable<float> x() { return tape_.borrow(x_); }
  static Array<float> kept(Variable<float> y) { return Array<float>(y.values()); }
  // In floats and in the order in which the C does it: a number must not be rounded to another whole number.
  static float apply(const Centering& centering, float x) {
    return ((x - centering.high) - centering.low) * centering.factor;
  }
  template <class Element>
  Array<float> of_each(Element element) const {
    Array<float> y(x_.shape());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(element(i));
    return y;
  }

  const std::vector<View>& inputs_;
  const View x_;
  Tape<float> tape_;
  const Tape<float>::NoGrad no_grad_ = tape_.no_grad();
};

using Whole = std::vector<int>;

int of_whole_numbers(std::int64_t value) {
  return static_cast<int>(std::clamp<std::int64_t>(value, -128, 127));
}

// value factor, rounded as gemmlowp does.
int scaled(std::int64_t value, FixedPoint factor) {
  const std::int64_t product = value * factor.multiplier, half = std::int64_t{1} << 30;
  const std::int64_t high = (product + (product >= 0 ? half : 1 - half)) / (std::int64_t{1} << 31);
  const std::int64_t rounding = factor.shift > 0 ? std::int64_t{1} << (factor.shift - 1) : 0;
  const std::int64_t magnitude = (std::abs(high) + rounding) >> factor.shift;
  return static_cast<int>(high < 0 ? -magnitude : magnitude);
}

// One operation on whole numbers of one row.
class OnWholeNumbers {
 public:
  OnWholeNumbers(const Program& program, const Step& step, const std::vector<Whole>& values)
      : program_(program), step_(step), values_(values) {}

  Whole operator()(const Linear<float>& of) const {
    const std::size_t in = of.weight.shape()[1], outputs = of.weight.shape()[0], rows = x().size() / in;
    Whole y;
    for (std::size_t at = 0; at < rows * outputs; ++at) {
      const std::size_t row = at / outputs, o = at % outputs;
      std::int64_t sum = step_.bias[o];
      for (std::size_t i = 0; i < in; ++i) sum += (x()[row * in + i] - zero(0)) * step_.weight[o * in + i];
      y.push_back(given(sum, step_.factors[o]));
    }
    return y;
  }

  Whole operator()(const Conv2d<float>& of) const {
    const Windows w = windows_of(of, in_shape(), out_shape());
    const int in = w.channels / w.groups, per_group = w.out_channels / w.groups;
    Whole y;
    for_each_window(w, [&](int o, int i, int j) {
      std::int64_t sum = step_.bias[static_cast<std::size_t>(o)];
      for (int c = 0; c < in; ++c) {
        for_each_pixel(w, i, j, [&](int element, int pixel) {
          const int plane = o / per_group * in + c, weights = w.kernel_rows * w.kernel_columns;
          const int weight = step_.weight[static_cast<std::size_t>((o * in + c) * weights + element)];
          sum += (at(plane * w.rows * w.columns + pixel) - zero(0)) * weight;
        });
      }
      y.push_back(given(sum, step_.factors[static_cast<std::size_t>(o)]));
    });
    return y;
  }

  Whole operator()(const MaxPool2d& of) const {
    const Windows w = windows_of(of, in_shape(), out_shape());
    Whole y;
    for_each_window(w, [&](int c, int i, int j) {
      int most = -128;
      for_each_pixel(w, i, j,
                     [&](int, int pixel) { most = std::max(most, at(c * w.rows * w.columns + pixel)); });
      y.push_back(most);
    });
    return y;
  }

  // What lies outside is the zero.
  Whole operator()(const AvgPool2d& of) const {
    const Windows w = windows_of(of, in_shape(), out_shape());
    Whole y;
    for_each_window(w, [&](int c, int i, int j) {
      int sum = 0, count = 0;
      for_each_pixel(w, i, j, [&](int, int pixel) {
        sum += at(c * w.rows * w.columns + pixel);
        ++count;
      });
      if (of.options.count_include_pad) {
        sum += (w.kernel_rows * w.kernel_columns - count) * zero(0);
        count = w.kernel_rows * w.kernel_columns;
      }
      y.push_back((sum >= 0 ? sum + count / 2 : sum - count / 2) / count);
    });
    return y;
  }

  Whole operator()(const Activation<float>&) const {
    Whole y = x();
    for (int& number : y) number = std::max(number, zero(0));
    return y;
  }

  Whole operator()(const Add&) const {
    Whole y;
    for (std::size_t i = 0; i < x().size(); ++i) {
      const std::int64_t a = x(0)[i] - zero(0), b = x(1)[i] - zero(1), unit = 1 << 20;
      y.push_back(
          given(scaled(a * unit, step_.factors[0]) + scaled(b * unit, step_.factors[1]), step_.factors[2]));
    }
    return y;
  }

  // int8_program gives no others.
  template <class Other>
  Whole operator()(const Other&) const {
    return {};
  }

 private:
  const Value& value(std::size_t input) const { return program_.values[step_.inputs[input]]; }
  const Whole& x(std::size_t input = 0) const { return values_[value(input).memory]; }
  int at(int place) const { return x()[static_cast<std::size_t>(place)]; }
  int zero(std::size_t input) const { return value(input).int8->zero; }
  const Shape& in_shape() const { return value(0).shape; }
  const Shape& out_shape() const { return program_.values[step_.output].shape; }

  int given(std::int64_t sum, FixedPoint factor) const {
    const int to = program_.values[step_.output].int8->zero;
    const int y = of_whole_numbers(scaled(sum, factor) + to);
    return step_.relu ? std::max(y, to) : y;
  }

  template <class Window>
  static void for_each_window(const Windows& w, Window window) {
    for (int c = 0; c < w.out_channels; ++c) {
      for (int i = 0; i < w.out_rows; ++i) {
        for (int j = 0; j < w.out_columns; ++j) window(c, i, j);
      }
    }
  }
  template <class Pixel>
  static void for_each_pixel(const Windows& w, int i, int j, Pixel pixel) {
    for (int k = 0; k < w.kernel_rows * w.kernel_columns; ++k) {
      const int row = i * w.stride_rows + k / w.kernel_columns * w.dilation_rows - w.padding_rows;
      const int column = j * w.stride_columns + k % w.kernel_columns * w.dilation_columns - w.padding_columns;
      if (row >= 0 && row < w.rows && column >= 0 && column < w.columns) pixel(k, row * w.columns + column);
    }
  }

  const Program& program_;
  const Step& step_;
  const std::vector<Whole>& values_;
};

Whole quantized(const char* function, const Array<float>& x, const Quantization& to, float nudge) {
  Whole y;
  for (const float number : x) {
    if (std::isnan(number)) fail<ArgumentError>("{}: rows in int8 must be numbers, got nan", function);
    const float q = std::round(number / to.scale + nudge) + static_cast<float>(to.zero);
    y.push_back(static_cast<int>(std::clamp(q, -128.0f, 127.0f)));
  }
  return y;
}

Array<float> dequantized(const Whole& x, const Quantization& from) {
  Array<float> y(Shape{x.size()});
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<float>(x[i] - from.zero) * from.scale;
  return y;
}

}  // namespace

Array<float> computed(const Operation& operation, const std::vector<View>& inputs) {
  OnRows on_rows(inputs);
  return std::visit(on_rows, operation);
}

std::vector<Range> ranges_of(const char* function, const Graph& graph, View rows) {
  constexpr std::size_t rows_at_a_time = 256;
  const Shape& row = graph.shape(graph.input());
  const std::size_t count = rows.shape()[0];
  std::vector<Range> ranges(graph.nodes().size() + 1);
  for (std::size_t begin = 0; begin < count; begin += rows_at_a_time) {
    const Shape some = with_rows_before(row, std::min(rows_at_a_time, count - begin));
    std::vector<Array<float>> values;
    values.emplace_back(View(rows.data() + begin * row.elements(), some));
    for (const auto& node : graph.nodes()) {
      std::vector<View> inputs;
      for (const nn::GraphValue input : node.inputs) inputs.push_back(values[input.place]);
      values.push_back(computed(node.operation, inputs));
    }
    for (std::size_t v = 0; v < values.size(); ++v) {
      for (const float x : values[v]) {
        if (v > 0 && !std::isfinite(x)) {
          fail<ArgumentError>("{}: calibration must give finite numbers, got {} behind {}", function, x,
                              name_of(graph.nodes()[v - 1].operation));
        }
        if (!std::isfinite(x)) continue;  // of the input, which may go into an imputer
        ranges[v] = {std::min(ranges[v].least, x), std::max(ranges[v].most, x)};
      }
    }
  }
  return ranges;
}

Array<float> run(const char* function, const Program& program, View row, float nudge) {
  std::vector<Array<float>> floats(program.values.size());
  std::vector<Whole> whole(program.values.size());
  floats[0] = Array<float>(row);
  for (const Step& step : program.steps) {
    const Value &from = program.values[step.inputs[0]], &to = program.values[step.output];
    switch (step.conversion) {
      case Conversion::quantize:
        whole[step.output] = quantized(function, floats[from.memory], *to.int8, step.is_rough ? nudge : 0);
        continue;
      case Conversion::dequantize:
        floats[step.output] = dequantized(whole[from.memory], *from.int8);
        continue;
      case Conversion::copy:
        floats[step.output] = Array<float>(View(floats[from.memory]));
        continue;
      case Conversion::none:
        break;
    }
    if (to.int8) {
      whole[step.output] = std::visit(OnWholeNumbers(program, step, whole), *step.operation);
      continue;
    }
    std::vector<View> inputs;
    for (const std::size_t input : step.inputs) {
      const Value& value = program.values[input];
      inputs.emplace_back(floats[value.memory].data(), with_rows_before(value.shape, 1));
    }
    floats[step.output] = computed(*step.operation, inputs);
  }
  return std::move(floats[program.values[program.output].memory]);
}

}  // namespace xtape::io::plain_c
