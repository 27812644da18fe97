// SPDX-License-Identifier: BSD-3-Clause
#include "operations.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

#include "numbers.hpp"
#include "xtape/xtape.hpp"

namespace benchmarks {
namespace {

using namespace xtape;
using V = Variable<float>;

constexpr double of_copy = 2.5;

V leaf(Tape<float>& tape, const Shape& shape, double low = -4, double high = 4) {
  const Numbers numbers = uniform({shape.begin(), shape.end()}, low, high, shape.elements());
  return tape.variable(ArrayView<const float>(numbers.values.data(), shape));
}

double elements(const Shape& shape) { return static_cast<double>(shape.elements()); }

// Of one array, of numbers from `low` to 4.
template <class Function>
Operation of_one(std::string name, const Shape& shape, Traffic traffic, Function function, double low = -4) {
  return {std::move(name), elements(shape), traffic,
          [=](Tape<float>& tape) { return [=, x = leaf(tape, shape, low)] { return function(x); }; }};
}

// Of two arrays; the second one's numbers are from 0.5 to 1.5.
template <class Function>
Operation of_two(std::string name, const Shape& a, const Shape& b, Traffic traffic, Function function) {
  return {std::move(name), elements(a), traffic, [=](Tape<float>& tape) {
            return [=, x = leaf(tape, a), y = leaf(tape, b, 0.5, 1.5)] { return function(x, y); };
          }};
}

std::vector<Operation> within(double aim, std::vector<Operation> operations) {
  for (Operation& operation : operations) operation.aim = aim;
  return operations;
}

const Shape vector{1'000'000}, matrix{1000, 1000}, cube{100, 100, 100}, narrow{100'000, 10};

std::vector<Operation> reductions_by(const std::string& name, double backward_floats,
                                     V (*reduce)(V, Axes, KeepDims)) {
  const auto over = [&](const std::string& which, const Shape& shape, const Axes& axes) {
    return of_one(name + " over " + which, shape, {1, backward_floats},
                  [=](V x) { return reduce(x, axes, KeepDims::no); });
  };
  return {over("all axes", cube, {}),
          over("the first of three axes", cube, 0),
          over("the middle of three axes", cube, 1),
          over("the last of three axes", cube, 2),
          over("the outer two of three axes", cube, {0, 2}),
          over("rows of 10", narrow, 1),
          over("columns of 100000 x 10", narrow, 0)};
}

Operation batch_norm_of(const std::string& name, const Shape& shape, bool training) {
  return {name, elements(shape), {2, 3}, [=](Tape<float>& tape) {
            const Shape channels{shape[1]};
            const RunningStatistics<float> running{tape.allocate<float>(channels),
                                                   tape.allocate<float>(channels)};
            std::fill(running.mean.begin(), running.mean.end(), 0.0F);
            std::fill(running.variance.begin(), running.variance.end(), 1.0F);
            return [=, x = leaf(tape, shape), weight = leaf(tape, channels), bias = leaf(tape, channels)] {
              return batch_norm(x, weight, bias, running, {.training = training});
            };
          }};
}

Operation layer_norm_of(const std::string& name, const Shape& shape) {
  return {name, elements(shape), {2, 3}, [=](Tape<float>& tape) {
            const Shape features{shape[1]};
            return [x = leaf(tape, shape), weight = leaf(tape, features), bias = leaf(tape, features)] {
              return layer_norm(x, weight, bias);
            };
          }};
}

Operation dropout_by(double probability) {
  return {"dropout", elements(vector), {2, 2}, [=](Tape<float>& tape) {
            return [=, x = leaf(tape, vector), random = std::make_shared<Random>(1)] {
              return dropout(x, probability, *random);
            };
          }};
}

Operation select_rows_of(const std::string& name, const Shape& table, std::size_t count) {
  const double taken = static_cast<double>(count * table[1]);
  return {name, taken, {2, 1 + elements(table) / taken}, [=](Tape<float>& tape) {
            return [x = leaf(tape, table), indices = class_indices(count, table[0])] {
              return select_rows(x, indices);
            };
          }};
}

Operation where_of(const Shape& shape) {
  return {"where", elements(shape), {3.25, 3.25}, [=](Tape<float>& tape) {
            const ArrayView<bool> condition = tape.allocate<bool>(shape);
            const V a = leaf(tape, shape), b = leaf(tape, shape, 0, 1);
            std::ranges::transform(a.values(), condition.begin(), [](float value) { return value > 0; });
            return [=] { return where(Condition(condition), a, b); };
          }};
}

Operation concatenate_along(const std::string& name, int axis, const Shape& half) {
  Operation result = of_two(name, half, half, {4, 4}, [=](V a, V b) { return concatenate({a, b}, axis); });
  result.elements *= 2;
  result.traffic = {2, 2};
  return result;
}

}  // namespace

std::vector<Operation> elementwise_operations() {
  using Function = V (*)(V);
  const std::pair<const char*, Function> on_all[] = {
      {"exp", exp},   {"square", square},     {"abs", abs},   {"tanh", tanh}, {"sigmoid", sigmoid},
      {"relu", relu}, {"softplus", softplus}, {"gelu", gelu}, {"silu", silu}, {"hard_swish", hard_swish}};
  const std::pair<const char*, Function> on_positive[] = {{"log", log}, {"log1p", log1p}, {"sqrt", sqrt}};
  std::vector<Operation> result;
  for (const auto& [name, function] : on_all) result.push_back(of_one(name, vector, {2, 3}, function));
  for (const auto& [name, function] : on_positive)
    result.push_back(of_one(name, vector, {2, 3}, function, 0.1));
  result.push_back(of_one("clip", vector, {2, 3}, [](V x) { return clip(x, -1, 1); }));
  result.push_back(of_one("leaky_relu", vector, {2, 3}, [](V x) { return leaky_relu(x); }));
  result.push_back(of_one("elu", vector, {2, 3}, [](V x) { return elu(x); }));
  result.push_back(of_one("negate", vector, {2, 2}, [](V x) { return -x; }));
  return result;
}

std::vector<Operation> arithmetic_operations() {
  const auto plus = [](V a, V b) { return a + b; };
  const auto times = [](V a, V b) { return a * b; };
  const Shape row{1000}, column{1000, 1};
  return {
      of_two("add", vector, vector, {3, 3}, plus),
      of_two("subtract", vector, vector, {3, 3}, [](V a, V b) { return a - b; }),
      of_two("multiply", vector, vector, {3, 5}, times),
      of_two("divide", vector, vector, {3, 5}, [](V a, V b) { return a / b; }),
      of_two("maximum", vector, vector, {3, 5}, [](V a, V b) { return maximum(a, b); }),
      of_two("minimum", vector, vector, {3, 5}, [](V a, V b) { return minimum(a, b); }),
      of_two("power", vector, vector, {3, 5}, [](V a, V b) { return power(b, a); }),
      of_one("add a number", vector, {2, 2}, [](V x) { return x + 1; }),
      of_one("multiply by a number", vector, {2, 2}, [](V x) { return x * 3; }),
      of_one("divide a number", vector, {2, 3}, [](V x) { return 1 / x; }),
      of_one(
          "power of a number", vector, {2, 3}, [](V x) { return power(x, 1.5F); }, 0.1),
      of_two("add a row", matrix, row, {2, 2}, plus),
      of_two("add a column", matrix, column, {2, 2}, plus),
      of_two("add rows of 10", narrow, {10}, {2, 2}, plus),
      of_two("add to the middle axis", cube, {100, 1}, {2, 2}, plus),
      of_two("multiply by a row", matrix, row, {2, 3}, times),
      of_two("multiply by a column", matrix, column, {2, 3}, times),
      of_two("multiply rows of 10 by a column", narrow, {100'000, 1}, {2, 3}, times),
  };
}

std::vector<Operation> reductions() {
  std::vector<Operation> result;
  for (auto& group : {reductions_by("sum", 1, sum), reductions_by("mean", 1, mean),
                      reductions_by("max", 2, max), reductions_by("log_sum_exp", 2, log_sum_exp)})
    std::ranges::copy(group, std::back_inserter(result));
  return within(of_copy, std::move(result));
}

std::vector<Operation> poolings_and_normalizations() {
  const Shape images{16, 16, 64, 64}, small_images{512, 32, 8, 8};
  std::vector<Operation> result = within(
      of_copy,
      {of_one("max_pool2d by 2", images, {1.25, 1.5}, [](V x) { return max_pool2d(x, 2); }),
       of_one("max_pool2d by 2 of 8 x 8", small_images, {1.25, 1.5}, [](V x) { return max_pool2d(x, 2); }),
       of_one("max_pool2d by 3, stride 2", images, {1.25, 1.5},
              [](V x) { return max_pool2d(x, 3, {.stride = 2, .padding = 1}); }),
       of_one("avg_pool2d by 2", images, {1.25, 1.25}, [](V x) { return avg_pool2d(x, 2); }),
       of_one("avg_pool2d by 3, stride 1", images, {2, 2},
              [](V x) { return avg_pool2d(x, 3, {.stride = 1, .padding = 1}); }),
       batch_norm_of("batch_norm of images", images, true),
       batch_norm_of("batch_norm of small images", small_images, true),
       batch_norm_of("batch_norm of rows of 128", {8192, 128}, true),
       batch_norm_of("batch_norm of images, running", images, false),
       layer_norm_of("layer_norm of rows of 512", {2048, 512}),
       layer_norm_of("layer_norm of rows of 64", {16384, 64}), dropout_by(0.5)});
  const std::vector<Operation> softmaxes{
      of_one("softmax of rows of 1000", matrix, {2, 3}, [](V x) { return softmax(x); }),
      of_one("softmax of rows of 10", narrow, {2, 3}, [](V x) { return softmax(x); }),
      of_one("softmax along the first axis", matrix, {2, 3}, [](V x) { return softmax(x, 0); }),
      of_one("softmax along the middle axis", cube, {2, 3}, [](V x) { return softmax(x, 1); }),
      of_one("log_softmax of rows of 1000", matrix, {2, 3}, [](V x) { return log_softmax(x); }),
      of_one("log_softmax of rows of 10", narrow, {2, 3}, [](V x) { return log_softmax(x); }),
      of_one("log_softmax along the first axis", matrix, {2, 3}, [](V x) { return log_softmax(x, 0); }),
      {"ordinal_log_probabilities of 10", 1e6, {1.1, 1.2}, [](Tape<float>& tape) {
         const V thresholds = tape.variable(std::vector<float>{-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3});
         return [=, x = leaf(tape, {100'000})] { return ordinal_log_probabilities(x, thresholds); };
       }}};
  std::ranges::copy(softmaxes, std::back_inserter(result));
  return result;
}

std::vector<Operation> rearrangements() {
  const Shape images{16, 64, 64, 16}, flat{1'000'000};
  std::vector<Operation> result = within(
      of_copy, {select_rows_of("select_rows of 64, of 1000", {1000, 64}, 16384),
                select_rows_of("select_rows of 100, of 10000", {10000, 100}, 10000),
                select_rows_of("select_rows of 8, of 100", {100, 8}, 131072),
                concatenate_along("concatenate along the first axis", 0, {500, 1000}),
                concatenate_along("concatenate along the last axis", 1, {1000, 500}),
                concatenate_along("concatenate rows of 5", 1, {100'000, 5}),
                of_one("transpose", matrix, {2, 2}, [](V x) { return transpose(x); }),
                of_one("transpose of 1024 x 1024", {1024, 1024}, {2, 2}, [](V x) { return transpose(x); }),
                of_one("transpose of 100000 x 10", narrow, {2, 2}, [](V x) { return transpose(x); }),
                of_one("transpose {0, 2, 1}", cube, {2, 2},
                       [](V x) {
                         return transpose(x, {0, 2, 1});
                       }),
                of_one("transpose {1, 0, 2}", cube, {2, 2},
                       [](V x) {
                         return transpose(x, {1, 0, 2});
                       }),
                of_one("transpose {2, 1, 0}", cube, {2, 2},
                       [](V x) {
                         return transpose(x, {2, 1, 0});
                       }),
                of_one("transpose {0, 3, 1, 2} of images", images, {2, 2}, [](V x) {
                  return transpose(x, {0, 3, 1, 2});
                })});
  const std::vector<Operation> others{
      of_one("slice of rows", matrix, {1, 1.5}, [](V x) { return slice(x, 0, 250, 750); }),
      of_one("slice of columns", matrix, {1, 1.5}, [](V x) { return slice(x, 1, 250, 750); }),
      where_of(vector), of_one("reshape", matrix, {0, 0}, [=](V x) { return reshape(x, flat); })};
  std::ranges::copy(others, std::back_inserter(result));
  return result;
}

std::vector<Operation> products() {
  const auto with_bias = [](V (*layer)(V, V, V)) {
    return [=](Tape<float>& tape) {
      return [=, x = leaf(tape, {4096, 256}), weight = leaf(tape, {256, 256}), bias = leaf(tape, {256})] {
        return layer(x, weight, bias);
      };
    };
  };
  return {of_two("matmul of 1000 x 256 and 256 x 1000", {1000, 256}, {256, 1000}, {0, 0},
                 [](V a, V b) { return matmul(a, b); }),
          {"linear of 256 to 256", 4096 * 256, {0, 0}, with_bias(linear)},
          {"linear_relu of 256 to 256", 4096 * 256, {0, 0}, with_bias(linear_relu)},
          of_two("conv2d of 16 to 16 channels, 3 x 3", {16, 16, 64, 64}, {16, 16, 3, 3}, {0, 0},
                 [](V x, V weight) { return conv2d(x, weight, {.padding = 1}); })};
}

}  // namespace benchmarks
