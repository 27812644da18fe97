// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/recording.hpp"

#include <algorithm>
#include <functional>
#include <new>

#include "arrays/format.hpp"
#include "autograd/check_finite.hpp"
#include "autograd/profiler.hpp"
#include "autograd/shared_memory.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape {
namespace {

template <class T>
Tape<T>& tape_of(const char* name, std::span<const Variable<T>> inputs) {
  if (inputs.empty()) fail<ArgumentError>("{}: an operation must have at least one input, got none", name);
  return inputs[0].tape();
}

}  // namespace

template <class T>
Recording<T>::Recording(const char* name, Tape<T>& tape) : tape_(tape), rollback_(tape) {
  if (tape.in_backward_) {
    fail<TapeError>(
        "{}: a gradient rule must compute on plain memory, got an operation recorded inside backward", name);
  }
  node_ = new (tape.values_.allocate(sizeof(detail::Node<T>), alignof(detail::Node<T>))) detail::Node<T>;
  node_->name = name;
  if (tape.profiling_) begin_profile();
}

template <class T>
Recording<T>::Recording(const char* name, std::span<const Variable<T>> inputs)
    : Recording(name, tape_of(name, inputs)) {
  node_->inputs = tape_.values_.template allocate_array<detail::Node<T>*>(inputs.size());
  node_->input_count = inputs.size();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    node_->inputs[i] = &inputs[i].node();
    if (inputs[i].table_ != &tape_.table_) {
      fail<TapeError>("{}: all inputs must be of one tape, got input {} of another tape than input 0", name,
                      i);
    }
    needs_grad_ = needs_grad_ || node_->inputs[i]->requires_grad;
  }
  needs_grad_ = needs_grad_ && tape_.no_grad_depth_ == 0;
}

template <class T>
ArrayView<T> Recording<T>::output(const Shape& shape) {
  T* memory = arena().template allocate_array<T>(shape.elements());
  has_output_ = true;
  node_->value = memory;
  node_->shape = shape;
  return {memory, shape};
}

template <class T>
void Recording<T>::output_shares(const T* memory, const Shape& shape) {
  has_output_ = true;
  node_->value = memory;
  node_->shape = shape;
  for (std::size_t i = 0; i < node_->input_count; ++i) {
    const detail::Node<T>& input = *node_->inputs[i];
    if (input.value_of != nullptr && detail::holds(input, *node_)) node_->share_parameter(input);
  }
}

template <class T>
Arena& Recording<T>::arena() {
  if (!rollback_.in_its_frame()) {
    fail<TapeError>(
        "Recording: no frame may end between the begin of a recording and its finish, got one that did");
  }
  return tape_.values_;
}

template <class T>
void Recording<T>::check_result() {
  if (rollback_.kept()) fail<TapeError>("Recording: finish must be called once, got a second call");
  static_cast<void>(arena());
  if (!has_output_) fail<TapeError>("{}: output must be called before finish", node_->name);
  if (tape_.check_finite_) detail::check_finite(*node_);
  reserve_slot();
}

template <class T>
void Recording<T>::begin_profile() {
  totals_ = &tape_.profiler_->totals(node_->name);
  begin_ns_ = tape_.profiler_->uncounted_ns();
}

template <class T>
void Recording<T>::count_in_profile() noexcept {
  totals_->forward_ns += tape_.profiler_->count_since(begin_ns_);
  ++totals_->calls;
  if (!detail::an_input_holds(*node_)) totals_->output_bytes += node_->shape.elements() * sizeof(T);
}

template <class T>
void Recording<T>::reserve_slot() {
  if (tape_.table_.nodes.size() == tape_.table_.nodes.capacity()) make_room_for_nodes();
}

template <class T>
void Recording<T>::make_room_for_nodes() {
  auto& nodes = tape_.table_.nodes;
  nodes.reserve(std::max<std::size_t>(64, 2 * nodes.size()));
  ++tape_.nodes_heap_allocations_;
}

template <class T>
Variable<T> Recording<T>::commit(detail::StoredRule<T> rule, bool requires_grad) noexcept {
  auto& nodes = tape_.table_.nodes;
  node_->rule = rule;
  node_->requires_grad = requires_grad;
  node_->generation = tape_.generation_;
  if (rule.destroy != nullptr) {
    node_->next_owning = tape_.owning_rules_;
    tape_.owning_rules_ = node_;
  }
  nodes.push_back(node_);
  if (totals_ != nullptr) count_in_profile();
  return rollback_.keep(Variable<T>(tape_.table_, nodes.size() - 1));
}

template <class T>
T* Backward<T>::grad_memory(detail::Node<T>& input, bool& first) {
  if (input.requires_grad) return tape_.grad_memory(input, first);
  // Nobody reads it; a rule that does not ask needs_grad() first still has somewhere to write.
  first = true;
  return tape_.gradients_.template allocate_array<T>(input.shape.elements());
}

template <class T>
ArrayView<T> Backward<T>::input_grad(std::size_t i, ArrayView<const std::int64_t> rows) {
  const detail::Node<T>& input = *node_.inputs[i];
  if (input.parameter == nullptr) return input_grad(i);
  return tape_.gradient_of(*input.parameter).contribute_to_rows(rows);
}

template <class T>
void Backward<T>::require_unchanged(const detail::Node<T>& input) const {
  const Parameter<T>& parameter = *input.value_of;
  if (parameter.changes_ == input.value_changes) return;
  fail<TapeError>(
      "backward: the gradient of '{}' needs the value that the parameter '{}' had when it was watched, got "
      "another: an optimizer's step, load_state or an assignment has changed it since; call every backward "
      "before that, or watch it and compute what depends on it anew",
      node_.name, parameter.name());
}

template <class T>
void Backward<T>::pass_on(std::size_t i, ArrayView<const T> gradient) {
  if (!needs_grad(i)) return;
  const bool is_ours = node_.grad_block != nullptr && node_.grad_block->holds(gradient.data());
  if (tape_.share_grad(*node_.inputs[i], gradient.data(), is_ours ? node_.grad_block : nullptr)) return;
  const auto [grad, first] = contribution(i);
  if (first) {
    std::copy(gradient.begin(), gradient.end(), grad.begin());
  } else {
    std::transform(grad.begin(), grad.end(), gradient.begin(), grad.begin(), std::plus<T>());
  }
}

template class Backward<float>;
template class Backward<double>;
template class Recording<float>;
template class Recording<double>;

}  // namespace xtape
