// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/steps.hpp"

#include <algorithm>
#include <optional>

namespace xtape::onnx {
namespace {

using inference::OutputKind;

// Through a division by a number, in double or not, if there is one.
template <class T>
double take_temperature(const Chain<T>& chain, Walk& walk) {
  const int element = chain.nodes().input_element();
  Walk in_double = walk, direct = walk;
  in_double.to_cast(element_double).to_with_constant("Div");
  const std::string divisor = in_double.constant_name();
  if (!in_double.to_cast(element == element_double ? element_double : element_float).is_lost()) {
    if (const auto temperature = chain.nodes().scalar(divisor)) {
      walk = in_double;
      return *temperature;
    }
  }
  if (direct.to_with_constant("Div").is_lost()) return 1;
  const auto temperature = chain.nodes().scalar(direct.constant_name());
  if (temperature) walk = direct;
  return temperature.value_or(1);
}

// The way to the output through what makes probabilities.
struct LastSteps {
  Walk way;
  double temperature;
  bool has_softmax;
};

template <class T>
std::optional<LastSteps> find_last_steps(const Chain<T>& chain, const inference::Pipeline<T>& pipeline,
                                         bool knows_outputs) {
  if (knows_outputs && pipeline.outputs_are == OutputKind::numbers) return std::nullopt;
  Walk start(chain.nodes(), chain.value());
  const double temperature = take_temperature(chain, start);
  Walk softmax = start, sigmoid = start;
  softmax.to("Softmax");
  sigmoid.to("Sigmoid");
  const auto is_last = [&](const Walk& walk) {
    return chain.is_way(walk) && walk.value() == chain.nodes().output();
  };
  const bool are_classes = pipeline.outputs_are == OutputKind::classes;
  if (is_last(softmax) && (!knows_outputs || are_classes)) return LastSteps{softmax, temperature, true};
  if (is_last(sigmoid) && chain.shape().rank() <= 1 && !(knows_outputs && are_classes))
    return LastSteps{sigmoid, temperature, false};
  return std::nullopt;
}

template <class T>
class FirstSteps {
 public:
  FirstSteps(Chain<T>& chain, inference::Pipeline<T>& pipeline)
      : chain_(chain), nodes_(chain.nodes()), pipeline_(pipeline) {}

  void read(bool knows_outputs) {
    const bool are_numbers =
        nodes_.input_element() == element_float || nodes_.input_element() == element_double;
    if (!are_numbers) return;
    read_imputer();
    // Of a model without layers the temperature comes next, which looks like the scales of a standardizer.
    if (find_last_steps(chain_, pipeline_, knows_outputs)) return;
    read_standardizer();
    read_scale();
  }

 private:
  // Calls step(walk) where the step may begin: behind a Cast to double, behind which one back must follow, or
  // at once. Gives the way through it, if there is one.
  template <class Step>
  std::optional<Walk> find(Step step) const {
    const int element = nodes_.input_element();
    Walk in_double(nodes_, chain_.value());
    step(in_double.to_cast(element_double));
    if (element == element_float && chain_.is_way(in_double.to_cast(element))) return in_double;
    Walk direct(nodes_, chain_.value());
    step(direct);
    if (!direct.nodes().empty() && chain_.is_way(direct)) return direct;
    return std::nullopt;
  }

  void read_imputer() {
    const NodeGraph::Tensor* means = nullptr;
    const auto way = find([&](Walk& walk) {
      const std::string x = walk.value();
      if (walk.to("IsNaN").is_lost()) return;
      const auto where = Walk::user(nodes_, walk.value(), "Where", 0);
      if (!where || nodes_[*where].input_size() != 3 || nodes_[*where].input(2) != x) return lose(walk);
      means = nodes_.constant(nodes_[*where].input(1));
      if (means == nullptr) return lose(walk);
      walk.through(*where);
    });
    if (!way) return;
    chain_.at_node(*way, [&] {
      NamedArrays state;
      state.add("mean", AnyArray(columns(way->last(), *means)));
      data::MeanImputer<T> imputer;
      imputer.load_state(state);
      pipeline_.imputer = std::move(imputer);
    });
    chain_.pass(*way);
  }

  void read_standardizer() {
    const NodeGraph::Tensor *means = nullptr, *scales = nullptr;
    const auto way = find([&](Walk& walk) {
      means = take(walk, "Sub");
      scales = take(walk, "Div");
    });
    if (!way) return;
    chain_.at_node(*way, [&] {
      NamedArrays state;
      state.add("mean", AnyArray(means != nullptr ? columns(way->last(), *means) : filled(way->last(), 0)));
      state.add("scale",
                AnyArray(scales != nullptr ? columns(way->last(), *scales) : filled(way->last(), 1)));
      data::Standardizer<T> standardizer;
      standardizer.load_state(state);
      pipeline_.standardizer = std::move(standardizer);
    });
    chain_.pass(*way);
  }

  void read_scale() {
    std::optional<double> factor, shift;
    const auto way = find([&](Walk& walk) {
      factor = take_scalar(walk, "Mul");
      shift = take_scalar(walk, "Add");
    });
    if (!way) return;
    pipeline_.factor = factor.value_or(1);
    pipeline_.shift = shift.value_or(0);
    chain_.pass(*way);
  }

  static void lose(Walk& walk) { walk.to(""); }

  // The array of a node of that operator, if one comes next, and only it.
  const NodeGraph::Tensor* take(Walk& walk, const char* op) const {
    Walk further = walk;
    if (further.to_with_constant(op).is_lost()) return nullptr;
    walk = further;
    return &walk.constant();
  }
  std::optional<double> take_scalar(Walk& walk, const char* op) const {
    Walk further = walk;
    if (further.to_with_constant(op).is_lost()) return std::nullopt;
    const auto number = nodes_.scalar(further.constant_name());
    if (number) walk = further;
    return number;
  }

  Array<double> filled(std::size_t node, double number) {
    chain_.spend(node, chain_.shape().elements());
    Array<double> result(chain_.shape());
    std::ranges::fill(result, number);
    return result;
  }

  // An array that is combined with rows, for each column: axes that it lacks, or has of extent 1, are spread.
  Array<double> columns(std::size_t node, const NodeGraph::Tensor& tensor) {
    const Array<double> array = nodes_.array<double>(node, "constant", tensor);
    const Shape &from = array.shape(), &row = chain_.shape();
    chain_.spend(node, row.elements());
    const std::size_t more = from.rank() > row.rank() ? from.rank() - row.rank() : 0;
    bool fits = more <= 1;  // That axis is the batch.
    for (std::size_t axis = 0; axis < from.rank(); ++axis) {
      const std::size_t in_row = axis + row.rank() - from.rank();
      fits = fits && (from[axis] == 1 || (axis >= more && from[axis] == row[in_row]));
    }
    if (!fits)
      nodes_.refuse(node, "its constant must be of the shape of a row, {}, or be spread to it, got {}", row,
                    from);
    Array<double> result(row);
    for (std::size_t i = 0; i < result.size(); ++i) {
      std::size_t left = i, place = 0, step = 1;
      for (std::size_t axis = 0; axis < row.rank(); ++axis) {
        const std::size_t of_row = row.rank() - 1 - axis;
        const std::size_t index = left % row[of_row];
        left /= row[of_row];
        if (axis >= from.rank()) continue;
        const std::size_t extent = from[from.rank() - 1 - axis];
        place += extent == 1 ? 0 : index * step;
        step *= extent;
      }
      result[i] = array[place];
    }
    return result;
  }

  Chain<T>& chain_;
  const NodeGraph& nodes_;
  inference::Pipeline<T>& pipeline_;
};

template <class T>
bool is_over_last_axis(const Chain<T>& chain, std::size_t softmax) {
  const NodeGraph& nodes = chain.nodes();
  constexpr std::int64_t changed_in = 13;
  const std::int64_t axis = nodes.integer(softmax, "axis", nodes.operator_set() < changed_in ? 1 : -1);
  return axis == -1 || axis == static_cast<std::int64_t>(chain.shape().rank());
}

}  // namespace

template <class T>
void read_first_steps(Chain<T>& chain, inference::Pipeline<T>& pipeline, bool knows_outputs) {
  FirstSteps<T>(chain, pipeline).read(knows_outputs);
}

template <class T>
bool read_last_steps(Chain<T>& chain, inference::Pipeline<T>& pipeline, bool knows_outputs) {
  const auto found = find_last_steps(chain, pipeline, knows_outputs);
  if (!found) return false;
  if (found->has_softmax) {
    const std::size_t softmax = found->way.last();
    if (!is_over_last_axis(chain, softmax))
      chain.nodes().refuse(softmax, "its axis must be the last one, got {}",
                           chain.nodes().integer(softmax, "axis", 1));
    if (chain.shape().rank() != 1)
      chain.nodes().refuse(softmax, "it must be of one row of classes, got {}", chain.shape());
    pipeline.outputs_are = OutputKind::classes;
  } else if (!knows_outputs) {
    pipeline.outputs_are = chain.shape().elements() == 1 ? OutputKind::binary : OutputKind::multilabel;
  }
  pipeline.temperature = found->temperature;
  chain.pass(found->way);
  return true;
}

template void read_first_steps(Chain<float>&, inference::Pipeline<float>&, bool);
template void read_first_steps(Chain<double>&, inference::Pipeline<double>&, bool);
template bool read_last_steps(Chain<float>&, inference::Pipeline<float>&, bool);
template bool read_last_steps(Chain<double>&, inference::Pipeline<double>&, bool);

}  // namespace xtape::onnx
