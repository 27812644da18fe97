// SPDX-License-Identifier: BSD-3-Clause
#include "inference/graph_check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "inference/fewest_indices.hpp"
#include "inference/predictor_step.hpp"
#include "nn/predict.hpp"
#include "xtape/nn/sequential.hpp"
#include "xtape/random/random.hpp"

namespace xtape::inference {
namespace {

// Of the numbers of a row each: usual ones, some beyond which functions bend, and some beside which an
// epsilon shows.
constexpr std::array sizes{1.0, 8.0, 1.0 / 64};

// As many rows of each size as hold some tens of numbers.
template <class T>
Array<T> draw_rows(const nn::Graph<T>& graph) {
  constexpr std::size_t exact = std::size_t{1} << 20;  // whole numbers in T
  constexpr std::size_t numbers = 32;
  const Shape& row = graph.shape(graph.input());
  const std::size_t width = row.elements(), indices = std::min(fewest_indices(graph), exact);
  Random random(1);
  Array<T> rows(with_rows_before(row, sizes.size() * ((numbers + width - 1) / width)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<T>(indices > 0 ? static_cast<double>(random.below(indices))
                                         : sizes[i / width % sizes.size()] * random.normal());
  }
  return rows;
}

// What the graph gives of rows, an operation at a time, each prepared for itself alone.
template <class T>
Array<T> computed(const nn::Graph<T>& graph, nn::GraphValue result, const Array<T>& rows) {
  const std::size_t count = rows.shape()[0];
  std::vector<Array<T>> values;
  values.emplace_back(ArrayView<const T>(rows));
  for (const nn::GraphNode<T>& node : graph.nodes()) {
    const auto step = make_step<T>(node.operation, graph.shape(node.inputs[0]), count);
    Array<T> y(with_rows_before(node.shape, count));
    Array<std::byte> scratch(Shape{step->scratch(count)});
    const auto input = [&](nn::GraphValue value) { return values[value.place].data(); };
    step->run({input(node.inputs.front()), input(node.inputs.back()), y.data(), scratch.data(), count});
    values.push_back(std::move(y));
  }
  return std::move(values[result.place]);
}

// What a module gives of the same rows on both ways.
template <class T>
struct BothWays {
  Array<T> by_graph, by_forward;
  std::size_t rows;
  double roundings;  // that may lie between
};

template <class T>
BothWays<T> go_both_ways(const char* function, nn::Module<T>& module, const Array<T>& rows) {
  const Shape& shape = rows.shape();
  nn::Graph<T> graph(Shape(shape.begin() + 1, shape.end()));
  const nn::GraphValue result = module.add_to(graph, graph.input());
  // A module may sum in another order than its graph, and so does a BLAS.
  const double roundings = 64 * static_cast<double>(graph.nodes().size() + 1);
  const auto all_rows = [&](std::size_t, std::size_t) { return ArrayView<const T>(rows); };
  return {computed(graph, result, rows), nn::predict(function, module, shape[0], shape[0], all_rows),
          shape[0], roundings};
}

template <class T>
bool agree(T a, T b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(static_cast<double>(a) - static_cast<double>(b)) <= tolerance;
}

// Where the two differ by more than rounding: what each gives.
template <class T>
std::optional<std::string> difference(const BothWays<T>& of) {
  if (of.by_graph.size() != of.by_forward.size()) {
    return fmt::format("{} by add_to() and {} by forward() of {} rows", of.by_graph.shape(),
                       of.by_forward.shape(), of.rows);
  }
  const std::size_t each = of.by_forward.size() / of.rows;
  for (std::size_t begin = 0; begin < of.by_forward.size(); begin += each) {
    double largest = 0;
    for (std::size_t i = 0; i < each; ++i) {
      const double y = std::abs(static_cast<double>(of.by_forward[begin + i]));
      if (std::isfinite(y)) largest = std::max(largest, y);
    }
    const double tolerance = of.roundings * std::numeric_limits<T>::epsilon() * largest;
    for (std::size_t i = 0; i < each; ++i) {
      const T by_graph = of.by_graph[begin + i], by_forward = of.by_forward[begin + i];
      if (agree(by_graph, by_forward, tolerance)) continue;
      return fmt::format("{} by add_to() and {} by forward() at output {} of a drawn row", by_graph,
                         by_forward, i);
    }
  }
  return std::nullopt;
}

// A class that is compiled with -fno-rtti has no type to ask for, which type_name() knows.
template <class T>
nn::Sequential<T>* as_sequential(nn::Module<T>& module) {
  return module.type_name() == "Sequential" ? dynamic_cast<nn::Sequential<T>*>(&module) : nullptr;
}

template <class T>
void require_agreement(const char* function, const std::string& name, nn::Module<T>& module,
                       const Array<T>& rows) {
  const auto found = difference(go_both_ways(function, module, rows));
  if (!found) return;
  if (nn::Sequential<T>* const sequential = as_sequential(module)) {
    Array<T> x{ArrayView<const T>(rows)};
    for (std::size_t i = 0; i < sequential->size(); ++i) {
      nn::Module<T>& child = (*sequential)[i];
      require_agreement(function, fmt::format("{}{}{}", name, name.empty() ? "" : ".", i), child, x);
      x = go_both_ways(function, child, x).by_forward;
    }
    return;  // Each says the same, and what differs is rounding that has grown.
  }
  fail<ArgumentError>(
      "{}: add_to() of {}{} must compute what its forward() does in evaluation mode, got {}; say the same in "
      "both",
      function, module.type_name(), name.empty() ? "" : fmt::format(", module {} of the model,", name),
      *found);
}

}  // namespace

template <class T>
void require_true_graph(const char* function, nn::Module<T>& model, const Shape& row) {
  nn::Graph<T> graph(row);
  model.add_to(graph, graph.input());
  require_agreement(function, "", model, draw_rows(graph));
}

template void require_true_graph(const char*, nn::Module<float>&, const Shape&);
template void require_true_graph(const char*, nn::Module<double>&, const Shape&);

}  // namespace xtape::inference
