// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/inference/predictor.hpp"

#include <functional>
#include <utility>

#include "arrays/format.hpp"
#include "inference/graph_check.hpp"
#include "inference/predictor_plan.hpp"

namespace xtape::inference {
namespace {

template <class T>
PredictorPlan<T> plan_of(const nn::Graph<T>& graph, nn::GraphValue result, std::size_t largest_batch) {
  if (largest_batch == 0) fail<ArgumentError>("Predictor: largest_batch must be at least 1, got 0");
  return make_predictor_plan(graph, result, largest_batch);
}

template <class T>
PredictorPlan<T> plan_of(nn::Module<T>& model, const Shape& row, std::size_t largest_batch) {
  nn::Graph<T> graph(row);
  const nn::GraphValue result = model.add_to(graph, graph.input());
  PredictorPlan<T> plan = plan_of(graph, result, largest_batch);
  require_true_graph("Predictor", model, row);
  return plan;
}

template <class T>
PredictorPlan<T> plan_of(const Pipeline<T>& pipeline, std::size_t largest_batch) {
  const nn::Graph<T> graph = pipeline.graph();
  PredictorPlan<T> plan = plan_of(graph, nn::GraphValue{graph.nodes().size()}, largest_batch);
  pipeline.require_true_graph("Predictor");
  return plan;
}

template <class T>
bool overlap(std::span<const T> a, std::span<const T> b) noexcept {
  const std::less<const T*> is_before;
  return is_before(a.data(), b.data() + b.size()) && is_before(b.data(), a.data() + a.size());
}

}  // namespace

template <class T>
struct Predictor<T>::Plan : PredictorPlan<T> {
  std::size_t in = this->row.elements(), out = this->output_row.elements();  // of a row
};

template <class T>
Predictor<T>::Predictor(std::unique_ptr<const Plan> plan)
    : plan_(std::move(plan)),
      row_(plan_->row),
      output_row_(plan_->output_row),
      largest_batch_(plan_->largest_batch) {}

template <class T>
Predictor<T>::Predictor(nn::Module<T>& model, const Shape& row, std::size_t largest_batch)
    : Predictor(std::unique_ptr<const Plan>(new Plan{plan_of(model, row, largest_batch)})) {}

template <class T>
Predictor<T>::Predictor(const Pipeline<T>& pipeline, std::size_t largest_batch)
    : Predictor(std::unique_ptr<const Plan>(new Plan{plan_of(pipeline, largest_batch)})) {}

template <class T>
Predictor<T>::Predictor(Predictor&&) noexcept = default;
template <class T>
Predictor<T>& Predictor<T>::operator=(Predictor&&) noexcept = default;
template <class T>
Predictor<T>::~Predictor() = default;

template <class T>
typename Predictor<T>::Workspace Predictor<T>::workspace() const {
  return plan_ == nullptr ? Workspace() : Workspace(plan_->bytes);
}

template <class T>
bool Predictor<T>::predict(std::span<const T> in, std::span<T> out, Workspace& workspace) const noexcept {
  if (plan_ == nullptr || !workspace.is_made_) return false;
  const Plan& plan = *plan_;
  const std::size_t rows = in.size() == plan.in ? 1 : in.size() / plan.in;
  const bool fits = rows > 0 && rows <= plan.largest_batch && in.size() == rows * plan.in &&
                    out.size() == rows * plan.out && workspace.memory_.size() >= plan.bytes;
  if (!fits || overlap(in, std::span<const T>(out))) return false;
  // No place in what comes in is written.
  std::byte* const memories[] = {reinterpret_cast<std::byte*>(const_cast<T*>(in.data())),
                                 reinterpret_cast<std::byte*>(out.data()), workspace.memory_.data()};
  const auto at = [&memories](const ValuePlace& place) {
    return memories[static_cast<std::size_t>(place.memory)] + place.offset;
  };
  const auto numbers = [&at](const ValuePlace& place) { return reinterpret_cast<T*>(at(place)); };
  for (const PlannedStep<T>& step : plan.steps)
    step.step->run({numbers(step.x), numbers(step.other), numbers(step.y), at(step.scratch), rows});
  return true;
}

template class Predictor<float>;
template class Predictor<double>;

}  // namespace xtape::inference
