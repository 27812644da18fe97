// SPDX-License-Identifier: BSD-3-Clause
// Programs of operations and losses on small arrays. Each value is compared with its definition in long
// double, and the gradient with the derivative in one direction, carried forward by the definitions. What the
// library refuses must leave the tape as it was.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "checked_tape.hpp"
#include "finding.hpp"
#include "reference_losses.hpp"
#include "reference_ops.hpp"
#include "xtape/xtape.hpp"

using namespace xtape;
using namespace xtape::fuzz;

namespace {

// Decoded from bytes.
class Program {
 public:
  Program(Tape<double>& tape, Bytes bytes) : checked_(tape), bytes_(bytes) {}

  // All gradients that it has computed.
  std::vector<double> run() {
    checked_.in_frame([&] {
      for (std::size_t leaves = 1 + bytes_.below(3); leaves > 0; --leaves) add_leaf();
      for (int steps = 0; steps < 12 && !bytes_.empty(); ++steps) step();
      backward();
    });
    return checked_.gradients();
  }

 private:
  // ---- Leaves

  // Numbers of few digits, of which many are equal, or others.
  double number(std::uint8_t kind, std::size_t i) const {
    const double rough = static_cast<double>((kind * 37u + i * i * 11u + i * 7u) % 33u) - 16;
    if (kind % 2 == 0) return rough / 4;
    return rough / 4 + 0.1 * std::sin(static_cast<double>(kind + i));
  }

  Shape shape() {
    static const std::vector<Shape> shapes{
        {},     {3},       {2, 3},       {3, 2},       {3, 3},       {1, 3},       {2, 1},       {4},
        {1},    {0},       {2, 0},       {17},         {2, 3, 2},    {1, 2, 3, 3}, {2, 2, 4, 5}, {2, 9},
        {9, 2}, {5, 1, 2}, {3, 1, 1, 1}, {2, 2, 2, 2}, {1, 1, 3, 2}, {33},         {2, 17},      {4, 3}};
    return shapes[bytes_.below(shapes.size())];
  }

  Array<double> numbers(const Shape& of_shape) {
    Array<double> result(of_shape);
    const std::uint8_t kind = bytes_.next();
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = number(kind, i);
    return result;
  }

  void add_leaf() {
    const Array<double> values = numbers(shape());
    const std::size_t kind = bytes_.below(5);
    if (kind == 0) return checked_.add_constant(values);
    if (kind == 1) return checked_.add_parameter(values);
    checked_.add_variable(values);
  }

  // ---- Operations

  const Item& pick() { return checked_.items()[bytes_.below(checked_.items().size())]; }

  template <class Operation, class Definition>
  void record(bool requires_grad, Operation operation, Definition definition) {
    checked_.record(requires_grad, operation, definition);
  }

  // f of a variable, and of each of its numbers.
  template <class Function>
  void unary(Function f) {
    const Item& x = pick();
    record(
        x.requires_grad, [&] { return f(x.variable); }, [&] { return each(x.expected, f); });
  }

  template <class Function>
  void binary(Function f) {
    const Item &a = pick(), &b = pick();
    record(
        a.requires_grad || b.requires_grad, [&] { return f(a.variable, b.variable); },
        [&] { return each(a.expected, b.expected, f); });
  }

  // Calls one of them.
  template <class... Functions>
  void one_of(Functions... functions) {
    std::size_t left = bytes_.below(sizeof...(functions));
    static_cast<void>(((left-- == 0 ? (functions(), true) : false) || ...));
  }

  template <class... Functions>
  void one_unary(Functions... functions) {
    one_of([&] { unary(functions); }...);
  }
  template <class... Functions>
  void one_binary(Functions... functions) {
    one_of([&] { binary(functions); }...);
  }

  void step() {
    one_of([&] { elementwise(); }, [&] { arithmetic(); }, [&] { reduction(); }, [&] { rearrangement(); },
           [&] { product(); }, [&] { windows(); }, [&] { normalization(); }, [&] { loss(); },
           [&] { control(); });
  }

  void elementwise() {
    one_unary([](const auto& x) { return exp(x); }, [](const auto& x) { return log(x); },
              [](const auto& x) { return log1p(x); }, [](const auto& x) { return sqrt(x); },
              [](const auto& x) { return square(x); }, [](const auto& x) { return abs(x); },
              [](const auto& x) { return clip(x, -1.5, 1); }, [](const auto& x) { return tanh(x); },
              [](const auto& x) { return sigmoid(x); }, [](const auto& x) { return relu(x); },
              [](const auto& x) { return leaky_relu(x, 0.125); }, [](const auto& x) { return elu(x, 1.5); },
              [](const auto& x) { return softplus(x); }, [](const auto& x) { return gelu(x); },
              [](const auto& x) { return silu(x); }, [](const auto& x) { return hard_swish(x); },
              [](const auto& x) { return -x; });
  }

  void arithmetic() {
    one_of(
        [&] {
          one_binary([](const auto& a, const auto& b) { return a + b; },
                     [](const auto& a, const auto& b) { return a - b; },
                     [](const auto& a, const auto& b) { return a * b; },
                     [](const auto& a, const auto& b) { return a / b; },
                     [](const auto& a, const auto& b) { return power(a, b); },
                     [](const auto& a, const auto& b) { return maximum(a, b); },
                     [](const auto& a, const auto& b) { return minimum(a, b); });
        },
        [&] {
          one_unary([](const auto& x) { return x + 0.75; }, [](const auto& x) { return 2 - x; },
                    [](const auto& x) { return x * -0.5; }, [](const auto& x) { return x / 4; },
                    [](const auto& x) { return 3 / x; }, [](const auto& x) { return power(x, 3); },
                    [](const auto& x) { return power(2, x); }, [](const auto& x) { return maximum(x, 0.5); },
                    [](const auto& x) { return minimum(x, 0.5); });
        },
        [&] { where_positive(); });
  }

  void where_positive() {
    const Item &a = pick(), &b = pick();
    Array<bool> condition(a.expected.shape);
    for (std::size_t i = 0; i < condition.size(); ++i) condition[i] = a.expected.at[i].value > 0;
    record(
        a.requires_grad || b.requires_grad,
        [&] { return where(ArrayView<const bool>(condition), a.variable, b.variable); },
        [&] {
          return each(a.expected, b.expected,
                      [](const Dual& x, const Dual& y) { return x.value > 0 ? x : y; });
        });
  }

  // Any axis, also one that is not there.
  int axis() { return static_cast<int>(bytes_.below(6)) - 3; }

  void reduction() {
    const Item& x = pick();
    const std::size_t which = bytes_.below(3), op = bytes_.below(4);
    const int first = axis(), second = axis();
    const KeepDims keep = bytes_.flag() ? KeepDims::yes : KeepDims::no;
    const auto reduced = [&](auto variable_op, auto definition) {
      record(
          x.requires_grad,
          [&] {
            const Axes axes = which == 0 ? Axes() : which == 1 ? Axes(first) : Axes({first, second});
            return variable_op(x.variable, axes, keep);
          },
          [&] {
            return reduce(x.expected, flags(x, which, first, second), keep == KeepDims::yes, definition);
          });
    };
    if (op == 0) {
      reduced([](auto v, const Axes& a, KeepDims k) { return xtape::sum(v, a, k); },
              [](const std::vector<Dual>& d) { return fuzz::sum(d); });
    } else if (op == 1) {
      reduced([](auto v, const Axes& a, KeepDims k) { return xtape::mean(v, a, k); },
              [](const std::vector<Dual>& d) { return fuzz::mean(d); });
    } else if (op == 2) {
      reduced([](auto v, const Axes& a, KeepDims k) { return xtape::max(v, a, k); },
              [](const std::vector<Dual>& d) { return fuzz::max(d); });
    } else {
      reduced([](auto v, const Axes& a, KeepDims k) { return xtape::log_sum_exp(v, a, k); },
              [](const std::vector<Dual>& d) { return fuzz::log_sum_exp(d); });
    }
  }

  static Flags flags(const Item& x, std::size_t which, int first, int second) {
    const int rank = static_cast<int>(x.expected.shape.rank());
    Flags result{};
    if (which == 0) result.fill(true);
    if (which >= 1) result.at(static_cast<std::size_t>((first + rank) % rank)) = true;
    if (which == 2) result.at(static_cast<std::size_t>((second + rank) % rank)) = true;
    return result;
  }

  static std::size_t counted(int axis_number, const Item& x) {
    const int rank = static_cast<int>(x.expected.shape.rank());
    return static_cast<std::size_t>(axis_number < 0 ? axis_number + rank : axis_number);
  }

  void rearrangement() {
    const std::size_t op = bytes_.below(6);
    const Item& x = pick();
    if (op == 0) return reshaped(x, shape());
    if (op == 1) return transposed(x);
    if (op == 2) return concatenated(x, pick());
    if (op == 3) return selected(x);
    if (op == 4) return sliced(x, axis());
    // Of all elements in one row, so that most of them can go on to a product or a loss.
    return reshaped(x, Shape{1, x.expected.shape.elements()});
  }

  void reshaped(const Item& x, const Shape& to) {
    record(
        x.requires_grad, [&] { return reshape(x.variable, to); },
        [&] {
          Values y(to);
          y.at = x.expected.at;
          return y;
        });
  }

  void transposed(const Item& x) {
    const std::size_t rank = x.expected.shape.rank();
    std::vector<std::size_t> reverse;
    for (std::size_t i = 0; i < rank; ++i) reverse.push_back(rank - 1 - i);
    if (rank == 3 && bytes_.flag()) {
      record(
          x.requires_grad,
          [&] {
            return transpose(x.variable, {1, -1, 0});
          },
          [&] {
            return transpose(x.expected, {1, 2, 0});
          });
      return;
    }
    record(
        x.requires_grad, [&] { return transpose(x.variable); },
        [&] { return transpose(x.expected, reverse); });
  }

  void concatenated(const Item& a, const Item& b) {
    const int along_axis = axis();
    record(
        a.requires_grad || b.requires_grad,
        [&] {
          return concatenate({a.variable, b.variable}, along_axis);
        },
        [&] { return concatenate(a.expected, b.expected, counted(along_axis, a)); });
  }

  void selected(const Item& x) {
    std::vector<int> rows(bytes_.below(4));
    for (int& row : rows) row = static_cast<int>(bytes_.below(4));
    record(
        x.requires_grad, [&] { return select_rows(x.variable, rows); },
        [&] {
          Index extents(x.expected.shape.begin(), x.expected.shape.end());
          extents[0] = rows.size();
          return make(shape_of(extents), [&](Index index) {
            index[0] = static_cast<std::size_t>(rows[index[0]]);
            return x.expected.at.at(flat_of(index, x.expected.shape));
          });
        });
  }

  void sliced(const Item& x, int along_axis) {
    const auto begin = static_cast<std::ptrdiff_t>(bytes_.below(4)) - 1,
               end = static_cast<std::ptrdiff_t>(bytes_.below(6)) - 1;
    record(
        x.requires_grad, [&] { return slice(x.variable, along_axis, begin, end); },
        [&] {
          const std::size_t a = counted(along_axis, x), extent = x.expected.shape[a];
          const auto from_begin = [&](std::ptrdiff_t position) {
            return static_cast<std::size_t>(position < 0 ? position + static_cast<std::ptrdiff_t>(extent)
                                                         : position);
          };
          return slice(x.expected, a, from_begin(begin), from_begin(end));
        });
  }

  void product() {
    const std::size_t op = bytes_.below(4);
    const Item &x = pick(), &weight = pick(), &bias = pick();
    const bool weighted = x.requires_grad || weight.requires_grad;
    const auto plus_bias = [](const Dual& a, const Dual& b) { return a + b; };
    if (op == 0) {
      record(
          weighted, [&] { return matmul(x.variable, weight.variable); },
          [&] {
            return linear(x.expected, transpose(weight.expected, {1, 0}));
          });
    } else if (op == 1) {
      record(
          weighted, [&] { return linear(x.variable, weight.variable); },
          [&] { return linear(x.expected, weight.expected); });
    } else if (op == 2) {
      record(
          weighted || bias.requires_grad, [&] { return linear(x.variable, weight.variable, bias.variable); },
          [&] { return each(linear(x.expected, weight.expected), bias.expected, plus_bias); });
    } else {
      rectified(x, weight, bias);
    }
  }

  void rectified(const Item& x, const Item& weight, const Item& bias) {
    Variable<double> got;
    record(
        x.requires_grad || weight.requires_grad || bias.requires_grad,
        [&] { return got = linear_relu(x.variable, weight.variable, bias.variable); },
        [&] {
          const Values y = each(linear(x.expected, weight.expected), bias.expected,
                                [](const Dual& a, const Dual& b) { return a + b; });
          return relu_of(y, got.values());
        });
  }

  // What the library has got says on which side of the kink it is.
  static Values relu_of(Values y, ArrayView<const double> got) {
    for (std::size_t i = 0; i < y.at.size(); ++i) {
      if (got[i] <= 0 && y.at[i].value <= 1e-12L * y.at[i].value_size) y.at[i] = Dual();
    }
    return y;
  }

  Size2d size2d(std::size_t low, std::size_t high) {
    const std::size_t rows = low + bytes_.below(high - low + 1);
    return {rows, low + bytes_.below(high - low + 1)};
  }

  void windows() {
    const std::size_t op = bytes_.below(4);
    const Item &x = pick(), &weight = pick();
    const Size2d kernel = size2d(1, 3), stride = size2d(0, 2), padding = size2d(0, 1);
    const MaxPool2dOptions pooling{.stride = stride, .padding = padding};
    if (op <= 1) return convolution(x, weight, kernel, pooling);
    if (op == 2) {
      record(
          x.requires_grad, [&] { return max_pool2d(x.variable, kernel, pooling); },
          [&] { return pool2d(x.expected, kernel, stride, padding, first_max); });
      return;
    }
    const bool of_all = bytes_.flag();
    record(
        x.requires_grad,
        [&] {
          return avg_pool2d(x.variable, kernel,
                            {.stride = stride, .padding = padding, .count_include_pad = of_all});
        },
        [&] {
          return pool2d(x.expected, kernel, stride, padding, [&](const std::vector<Dual>& window) {
            const std::size_t count = of_all ? kernel.rows * kernel.columns : window.size();
            return fuzz::sum(window) / Dual(static_cast<Real>(count));
          });
        });
  }

  void convolution(const Item& x, const Item& weight, Size2d kernel, const MaxPool2dOptions& pooling) {
    const std::size_t op = bytes_.below(3);
    const ConvolutionOptions options{.stride = size2d(1, 2),
                                     .padding = pooling.padding,
                                     .dilation = size2d(1, 2),
                                     .groups = 1 + bytes_.below(2)};
    if (op == 0) {
      record(
          x.requires_grad || weight.requires_grad,
          [&] { return conv2d(x.variable, weight.variable, options); },
          [&] { return conv2d(x.expected, weight.expected, options); });
      return;
    }
    const Item& bias = pick();
    const bool requires_grad = x.requires_grad || weight.requires_grad || bias.requires_grad;
    Array<double> rectified;
    const auto definition = [&] {
      const Values y = conv2d(x.expected, weight.expected, options);
      return relu_of(
          make(y.shape,
               [&](const Index& at) { return y.at[flat_of(at, y.shape)] + bias.expected.at[at[1]]; }),
          rectified);
    };
    if (op == 1) {
      record(
          requires_grad,
          [&] {
            const Variable<double> y = conv2d_relu(x.variable, weight.variable, bias.variable, options);
            rectified = Array<double>(y.values());
            return y;
          },
          definition);
    } else {
      record(
          requires_grad,
          [&] {
            rectified = without_trace(
                [&] { return conv2d_relu(x.variable, weight.variable, bias.variable, options); });
            return conv2d_relu_max_pool2d(x.variable, weight.variable, bias.variable, options, kernel,
                                          pooling);
          },
          [&] {
            Values y = definition();
            // They are the same bits, of which the largest is chosen.
            for (std::size_t i = 0; i < y.at.size(); ++i) y.at[i].value = rectified[i];
            return pool2d(y, kernel, pooling.stride, pooling.padding, first_max);
          });
    }
  }

  // The value of an operation, of which nothing stays on the tape.
  template <class Operation>
  Array<double> without_trace(Operation operation) {
    const auto frame = checked_.tape().frame();
    return Array<double>(operation().values());
  }

  void normalization() {
    const std::size_t op = bytes_.below(4);
    const Item& x = pick();
    const int a = axis();
    if (op == 0) {
      record(
          x.requires_grad, [&] { return softmax(x.variable, a); },
          [&] {
            return along(x.expected, counted(a, x), [](const std::vector<Dual>& d) { return softmax(d); });
          });
    } else if (op == 1) {
      record(
          x.requires_grad, [&] { return log_softmax(x.variable, a); },
          [&] {
            return along(x.expected, counted(a, x),
                         [](const std::vector<Dual>& d) { return log_softmax(d); });
          });
    } else if (op == 2) {
      layer_normalized(x);
    } else {
      batch_normalized(x);
    }
  }

  void batch_normalized(const Item& x) {
    const Shape& of_x = x.expected.shape;
    const std::size_t channels = of_x.rank() > 1 ? of_x[1] : 1;
    Array<double> mean(Shape{channels}), variance(Shape{channels});
    constexpr double epsilon = 0.01;
    record(
        x.requires_grad,
        [&] {
          return batch_norm(x.variable, {mean, variance}, {.epsilon = epsilon});
        },
        [&] {
          return of_channels(x.expected, [](const std::vector<Dual>& d) { return standardised(d, epsilon); });
        });
  }

  // Over the last axis.
  void layer_normalized(const Item& x) {
    const Item &weight = pick(), &bias = pick();
    constexpr double epsilon = 0.01;
    if (weight.expected.shape.rank() != 1 || x.expected.shape.elements() == 0) return;
    record(
        x.requires_grad || weight.requires_grad || bias.requires_grad,
        [&] { return layer_norm(x.variable, weight.variable, bias.variable, {.epsilon = epsilon}); },
        [&] {
          const Values y = along(x.expected, x.expected.shape.rank() - 1,
                                 [](const std::vector<Dual>& d) { return standardised(d, epsilon); });
          const Values scaled = each(y, weight.expected, [](const Dual& d, const Dual& w) { return d * w; });
          return each(scaled, bias.expected, [](const Dual& d, const Dual& b) { return d + b; });
        });
  }

  // ---- Losses

  LossCall::Option<double> weights(const Shape& of_shape) {
    if (!bytes_.flag()) return {};
    const double few[] = {0, 0.5, 1, 2};
    const std::uint8_t kind = bytes_.next();
    Array<double> result(of_shape);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = few[(kind >> i % 4) % 4];
    return result;
  }

  LossCall::Option<bool> mask(const Shape& of_shape) {
    if (!bytes_.flag()) return {};
    const std::uint8_t kind = bytes_.next();
    Array<bool> result(of_shape);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = (kind >> i % 8) % 2 == 0;
    return result;
  }

  losses::Reduction reduction_of_losses() {
    const auto divisor = static_cast<losses::Divisor>(bytes_.below(6));
    const auto empty = static_cast<losses::EmptyMean>(bytes_.below(3));
    switch (bytes_.below(5)) {
      case 0:
        return losses::Reduction::mean;
      case 1:
        return losses::Reduction::sum;
      case 2:
        return losses::Reduction::none;
      case 3:
        return losses::Reduction::mean_by(4);
      default:
        return losses::Reduction::mean_by(divisor, empty);
    }
  }

  // The shape, or with extents of 1, or a number.
  Shape for_samples(const Shape& losses) {
    const std::size_t kind = bytes_.below(3);
    if (kind == 0) return losses;
    Index extents(losses.begin(), losses.end());
    if (kind == 2) return {};
    if (extents.size() > 0) extents[0] = 1;
    return shape_of(extents);
  }

  void loss() {
    const std::size_t op = bytes_.below(8);
    const Item &logits = pick(), &labels = pick();
    const bool is_small = std::all_of(logits.expected.at.begin(), logits.expected.at.end(),
                                      [](const Dual& x) { return std::abs(x.value) < 40; });
    if (!is_small) return;
    LossCall call;
    call.logits = logits.expected;
    call.labels = labels.expected;
    call.reduction = reduction_of_losses();
    call.label_smoothing = static_cast<double>(bytes_.below(5)) / 4;
    call.temperature = bytes_.flag() ? 1 : 3;
    if (op < 3) return class_loss(op, logits, labels, std::move(call));
    return element_loss(op, logits, labels, std::move(call));
  }

  void class_loss(std::size_t op, const Item& logits, const Item& labels, LossCall call) {
    const int rank = static_cast<int>(call.logits.shape.rank());
    call.axis = axis();
    if (rank == 0 || *call.axis >= rank || *call.axis < -rank) return;
    const Shape samples = losses_shape(call);
    const std::size_t classes = call.logits.shape[axis_of(call)];
    call.class_weights = weights({classes});
    call.sample_weights = weights(for_samples(samples));
    call.mask = mask(for_samples(samples));
    call.class_mask = mask(bytes_.flag() ? Shape{classes} : call.logits.shape);
    if (bytes_.flag() && classes > 0) {
      call.smoothing_prior = Array<double>(Shape{classes});
      (*call.smoothing_prior)[bytes_.below(classes)] = 0.25;
      (*call.smoothing_prior)[bytes_.below(classes)] += 0.75;
    }
    if (bytes_.flag()) {
      call.class_indices = Array<std::int64_t>(samples);
      const std::uint8_t kind = bytes_.next();
      for (std::size_t i = 0; i < samples.elements(); ++i)
        (*call.class_indices)[i] = (kind >> i % 5) % 4 - kind % 2;
      if (bytes_.flag()) call.ignore_index = static_cast<int>(bytes_.below(3)) - 1;
    }
    if (op == 0) {
      call.z_loss = bytes_.flag() ? 0.1 : 0;
      auto options = options_of<losses::SoftmaxCrossEntropyOptions>(call);
      options.z_loss = call.z_loss;
      options.class_weights = given<losses::Weights>(call.class_weights);
      record_class_loss(
          logits, labels, call,
          [&](auto x, const auto& t) { return losses::softmax_cross_entropy(x, t, options); },
          [&] { return softmax_cross_entropy(call); });
    } else if (op == 1) {
      auto options = options_of<losses::SoftmaxFocalOptions>(call);
      options.gamma = static_cast<double>(bytes_.below(5)) / 2;
      options.alpha = given<losses::Weights>(call.class_weights);
      record_class_loss(
          logits, labels, call, [&](auto x, const auto& t) { return losses::softmax_focal(x, t, options); },
          [&] { return softmax_focal(call, options.gamma); });
    } else {
      auto options = options_of<losses::PolyCrossEntropyOptions>(call);
      options.epsilon = -0.75;
      options.class_weights = given<losses::Weights>(call.class_weights);
      record_class_loss(
          logits, labels, call,
          [&](auto x, const auto& t) { return losses::poly_cross_entropy(x, t, options); },
          [&] { return poly_cross_entropy(call, options.epsilon); });
    }
  }

  template <class Loss, class Definition>
  void record_class_loss(const Item& logits, const Item& labels, const LossCall& call, Loss loss_of,
                         Definition definition) {
    const bool has_indices = call.class_indices.has_value();
    record(
        logits.requires_grad || (!has_indices && labels.requires_grad),
        [&] {
          if (has_indices)
            return loss_of(logits.variable, ArrayView<const std::int64_t>(*call.class_indices));
          return loss_of(logits.variable, labels.variable);
        },
        definition);
  }

  template <class Option, class T>
  static Option given(const std::optional<Array<T>>& array) {
    return array ? Option(ArrayView<const T>(*array)) : Option();
  }

  template <class Options>
  static Options options_of(const LossCall& call) {
    Options options;
    options.axis = *call.axis;
    options.temperature = call.temperature;
    options.sample_weights = given<losses::Weights>(call.sample_weights);
    options.mask = given<losses::Mask>(call.mask);
    options.class_mask = given<losses::Mask>(call.class_mask);
    options.smoothing_prior = given<losses::Weights>(call.smoothing_prior);
    options.ignore_index = call.ignore_index;
    options.label_smoothing = call.label_smoothing;
    options.reduction = call.reduction;
    return options;
  }

  void element_loss(std::size_t op, const Item& logits, const Item& labels, LossCall call) {
    const int rank = static_cast<int>(call.logits.shape.rank());
    if (bytes_.flag()) call.axis = axis();
    if (call.axis && (*call.axis >= rank || *call.axis < -rank)) return;
    if (call.axis && call.logits.shape[axis_of(call)] == 0) return;  // Of nothing there is no mean.
    if (call.labels.shape != call.logits.shape) return;
    // Beyond [0, 1] the probability of the wrong answer may be negative.
    const bool are_labels = std::all_of(call.labels.at.begin(), call.labels.at.end(), [](const Dual& label) {
      return label.value >= 0 && label.value <= 1;
    });
    if (op == 4 && !are_labels) return;
    call.sample_weights = weights(for_samples(losses_shape(call)));
    call.mask = mask(for_samples(losses_shape(call)));
    const auto set_of_all = [&](auto& options) {
      options.axis = call.axis;
      options.sample_weights = given<losses::Weights>(call.sample_weights);
      options.mask = given<losses::Mask>(call.mask);
      options.reduction = call.reduction;
    };
    const bool requires_grad = logits.requires_grad || labels.requires_grad;
    if (op >= 6) {
      call.temperature = 1;
      call.label_smoothing = 0;
      losses::SquaredErrorOptions squared{.scale = 0.75};
      losses::HuberOptions huber{.delta = 1.5, .scale = 2};
      set_of_all(squared);
      set_of_all(huber);
      record(
          requires_grad,
          [&] {
            return op == 6 ? losses::squared_error(logits.variable, labels.variable, squared)
                           : losses::huber(logits.variable, labels.variable, huber);
          },
          [&] {
            return op == 6 ? squared_error(call, squared.scale) : fuzz::huber(call, huber.delta, huber.scale);
          });
      return;
    }
    call.class_weights = weights(for_samples(call.logits.shape));
    const auto set = [&](auto& options) {
      set_of_all(options);
      options.temperature = call.temperature;
      options.class_weights = given<losses::Weights>(call.class_weights);
    };
    if (op == 5) {
      call.label_smoothing = 0;
      losses::SoftMarginOptions options;
      set(options);
      record(
          requires_grad, [&] { return losses::soft_margin(logits.variable, labels.variable, options); },
          [&] { return soft_margin(call); });
    } else if (op == 3) {
      call.pos_weight = weights(for_samples(call.logits.shape));
      losses::SigmoidCrossEntropyOptions options;
      set(options);
      options.label_smoothing = call.label_smoothing;
      options.pos_weight = given<losses::Weights>(call.pos_weight);
      record(
          requires_grad,
          [&] { return losses::sigmoid_cross_entropy(logits.variable, labels.variable, options); },
          [&] { return sigmoid_cross_entropy(call); });
    } else {
      losses::SigmoidFocalOptions options;
      set(options);
      options.label_smoothing = call.label_smoothing;
      options.gamma = static_cast<double>(bytes_.below(5)) / 2;
      record(
          requires_grad, [&] { return losses::sigmoid_focal(logits.variable, labels.variable, options); },
          [&] { return sigmoid_focal(call, options.gamma); });
    }
  }

  // ---- Frames and gradients

  void control() {
    one_of([&] { detach(); }, [&] { checked_.without_gradients([&] { step(); }); }, [&] { inner_frame(); },
           [&] { checked_.tape().check_finite(bytes_.flag()); },
           [&] { checked_.tape().keep_gradients(bytes_.flag()); });
  }

  void detach() {
    const Item& x = pick();
    record(
        false, [&] { return x.variable.detach(); }, [&] { return x.expected; });
  }

  void inner_frame() {
    checked_.in_frame([&] {
      if (bytes_.flag()) add_leaf();
      for (std::size_t steps = bytes_.below(4); steps > 0; --steps) step();
      if (bytes_.flag()) backward();
    });
  }

  void backward() {
    const Item& root = pick();
    Array<double> seed(root.expected.shape);
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = std::cos(static_cast<double>(i));
    checked_.backward(root, seed);
  }

  CheckedTape checked_;
  Bytes bytes_;
};

std::vector<double> run(Tape<double>& tape, const Bytes& bytes) {
  tape.check_finite(false);
  tape.keep_gradients(true);
  return Program(tape, bytes).run();
}

bool are_same_numbers(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Tape<double> tape;
  Bytes bytes(data, size);
  const bool twice = bytes.below(8) == 7;
  const std::vector<double> first = run(tape, bytes);
  if (twice) require(are_same_numbers(run(tape, bytes), first), "the same program gives the same gradients");
  return 0;
}
