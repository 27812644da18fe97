// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/tape.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/profiler.hpp"
#include "core/at_end.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/gradients.hpp"

namespace xtape {

namespace {

// Generations of different tapes differ, so that a handle of one that is gone is stale for another in its
// place.
std::uint64_t first_generation() {
  static std::atomic<std::uint64_t> tapes{0};
  return ++tapes << 32;
}

}  // namespace

template <class T>
Tape<T>::Tape() : table_{*this, {}}, generation_(first_generation()) {
  begin_keeping_workspaces();
}

template <class T>
Tape<T>::~Tape() {
  end_frames_within(nullptr);
  release({});
  end_keeping_workspaces();
}

template <class T>
Tape<T>::Frame::Frame(Tape& tape) noexcept
    : tape_(&tape),
      outer_(tape.innermost_frame_),
      begin_(tape.mark()),
      backward_count_(tape.backward_count_) {
  tape.innermost_frame_ = this;
}

template <class T>
Tape<T>::Frame::~Frame() {
  if (tape_ == nullptr) return;
  Tape& tape = *tape_;
  tape.end_frames_within(outer_);
  ++tape.frames_ended_;
  tape.release(begin_);
  // Gradients of a backward inside the frame are in memory that the next backward takes.
  if (tape.backward_count_ != backward_count_) tape.discard_gradients();
}

template <class T>
void Tape<T>::end_frames_within(Frame* outer) noexcept {
  for (; innermost_frame_ != outer; innermost_frame_ = innermost_frame_->outer_) {
    innermost_frame_->tape_ = nullptr;
  }
}

template <class T>
void Tape<T>::release(const detail::Mark<T>& mark) noexcept {
  note_high_water();
  while (owning_rules_ != mark.owning_rules) {
    owning_rules_->rule.destroy(owning_rules_->rule.rule);
    owning_rules_ = owning_rules_->next_owning;
  }
  table_.nodes.resize(mark.nodes);
  values_.release(mark.values);
  ++generation_;
}

template <class T>
Variable<T> Tape<T>::borrow(ArrayView<const T> array) {
  Recording<T> op("borrow", *this);
  op.output_shares(array.data(), array.shape());
  op.totals_ = nullptr;  // It takes nothing that would count.
  return op.finish();
}

template <class T>
Variable<T> Tape<T>::watch(Parameter<T>& parameter) {
  Recording<T> op("watch", *this);
  op.output_shares(parameter.value_.data(), parameter.shape());
  op.node_->parameter = op.node_->value_of = &parameter;
  op.node_->value_changes = parameter.changes_;
  op.totals_ = nullptr;
  op.reserve_slot();
  return op.commit({}, true);
}

template <class T>
void Tape<T>::backward(const Variable<T>& root, ArrayView<const T> seed, detail::Seed how,
                       Gradients<T>* apart) {
  detail::Node<T>& last = root.node();
  if (!last.requires_grad) {
    fail<TapeError>(
        "backward: the variable must depend on one that needs a gradient, got one recorded by '{}' that does "
        "not; "
        "make inputs with tape.variable() or tape.watch(), outside no_grad()",
        last.name);
  }
  if (in_backward_) fail<TapeError>("backward: it must not be called from a gradient rule");
  if (apart != nullptr) apart->claim("backward", this);
  apart_ = apart;
  in_backward_ = true;
  const AtEnd pass_ended([this] {
    in_backward_ = false;
    claims_.release();
    if (apart_ != nullptr) std::exchange(apart_, nullptr)->claim_.release();
  });
  try {
    begin_backward(last, seed, how);
    apply_rules(root.slot_);
  } catch (...) {
    forget_backward(root.slot_);
    throw;
  }
}

template <class T>
void Tape<T>::begin_backward(detail::Node<T>& last, ArrayView<const T> seed, detail::Seed how) {
  // The seed may be a gradient of an earlier backward, whose memory is about to be used again.
  const AtEnd released([this, top = values_.position()]() noexcept { values_.release(top); });
  if (gradients_.owns(seed.data())) {
    T* const kept_seed = values_.template allocate_array<T>(seed.size());
    std::copy(seed.begin(), seed.end(), kept_seed);
    seed = {kept_seed, seed.shape()};
    how = detail::Seed::copied;
  }
  discard_gradients();
  ++backward_count_;
  if (how == detail::Seed::copied || !share_grad(last, seed.data(), nullptr)) {
    bool first = false;
    T* grad = grad_memory(last, first);
    parallel_for_ranges(seed.size(), products_per_block, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) grad[i] = first ? seed[i] : grad[i] + seed[i];
    });
  }
  gradients_valid_ = true;  // now that all memory is there
}

template <class T>
void Tape<T>::apply_rules(std::size_t last_slot) {
  for (std::size_t slot = last_slot + 1; slot-- > 0;) {
    detail::Node<T>& current = *table_.nodes[slot];
    if (current.rule.apply == nullptr || current.backward_count != backward_count_) continue;
    Backward<T> context(*this, current);
    if (profiling_) {
      detail::OperationTotals& totals = profiler_->totals(current.name);
      const std::int64_t begin = profiler_->uncounted_ns();
      current.rule.apply(current.rule.rule, context);
      totals.backward_ns += profiler_->count_since(begin);
    } else {
      current.rule.apply(current.rule.rule, context);
    }
    if (!keep_gradients_) release_gradient(current);
  }
}

template <class T>
void Tape<T>::forget_backward(std::size_t last_slot) noexcept {
  discard_gradients();
  if (apart_ != nullptr) return apart_->zero();
  for (std::size_t slot = 0; slot <= last_slot; ++slot) {
    Parameter<T>* const parameter = table_.nodes[slot]->parameter;
    if (parameter == nullptr) continue;
    if (claims_.has(*parameter) || claims_.take_if_free(*parameter)) parameter->zero_grad();
  }
}

// The one place where a gradient begins. `first` tells whether the memory is uninitialised.
template <class T>
T* Tape<T>::grad_memory(detail::Node<T>& node, bool& first) {
  if (node.parameter != nullptr) return gradient_of(*node.parameter).contribute(first);
  first = node.backward_count != backward_count_;
  if (!first && !node.grad_is_shared) return node.grad;
  const T* const shared = node.grad;
  detail::GradientBlock* const shared_block = first ? nullptr : node.grad_block;
  if (shared_block != nullptr && shared_block->users == 1) {  // Whose gradient it was is done with it.
    node.grad_is_shared = false;
    return node.grad;
  }
  T* const memory = new_gradient(node);
  if (!first) std::copy_n(shared, node.shape.elements(), memory);
  if (shared_block != nullptr) gradient_pool_.release(shared_block);
  return memory;
}

template <class T>
detail::GradientMemory<T>& Tape<T>::gradient_of(Parameter<T>& parameter) {
  if (apart_ != nullptr) return apart_->memory_of(parameter);
  if (!claims_.has(parameter)) claims_.take("backward", parameter);
  return parameter.gradient_;
}

template <class T>
T* Tape<T>::new_gradient(detail::Node<T>& node) {
  const std::size_t elements = node.shape.elements();
  if (keep_gradients_) {
    node.grad_block = nullptr;
    node.grad = gradients_.template allocate_array<T>(elements);
  } else {
    node.grad_block = gradient_pool_.take(elements * sizeof(T));
    node.grad = reinterpret_cast<T*>(node.grad_block->memory);
  }
  node.grad_is_shared = false;
  node.backward_count = backward_count_;
  return node.grad;
}

// Whether the node's gradient could begin with one that belongs to somebody else, which lies in the block if
// that is not null.
template <class T>
bool Tape<T>::share_grad(detail::Node<T>& node, const T* gradient, detail::GradientBlock* block) noexcept {
  if (node.parameter != nullptr || node.backward_count == backward_count_) return false;
  if (block != nullptr) ++block->users;
  node.grad = const_cast<T*>(gradient);
  node.grad_block = block;
  node.grad_is_shared = true;
  node.backward_count = backward_count_;
  return true;
}

template <class T>
void Tape<T>::release_gradient(detail::Node<T>& node) noexcept {
  if (node.grad_block != nullptr) gradient_pool_.release(node.grad_block);
  node.grad = nullptr;
  node.grad_block = nullptr;
}

template <class T>
ArrayView<T> Tape<T>::gradient(detail::Node<T>& node) {
  if (!node.requires_grad) {
    fail<TapeError>("grad: the variable must need a gradient, got one recorded by '{}' that does not",
                    node.name);
  }
  if (node.parameter != nullptr) return node.parameter->gradient_.filled();
  if (!gradients_valid_) {
    fail<TapeError>(
        "grad: backward must have run in this frame, got one recorded by '{}' before it or after it was "
        "released",
        node.name);
  }
  if (node.backward_count == backward_count_) {
    if (node.grad != nullptr || node.shape.elements() == 0) return {node.grad, node.shape};
    fail<TapeError>(
        "grad: gradients of intermediate results are not kept (keep_gradients(false)), got one recorded by "
        "'{}'; say tape.keep_gradients()",
        node.name);
  }
  bool first = false;
  T* grad = grad_memory(node, first);
  std::fill_n(grad, node.shape.elements(), T{0});
  return {grad, node.shape};
}

template <class T>
void Tape<T>::profile(bool on) {
  if (on && profiler_ == nullptr) profiler_ = std::make_unique<detail::Profiler>();
  profiling_ = on;
}

template <class T>
ProfileReport Tape<T>::profile_report() const {
  return profiler_ == nullptr ? ProfileReport{} : profiler_->report();
}

template <class T>
void Tape<T>::reset_profile() noexcept {
  if (profiler_ != nullptr) profiler_->reset();
}

template <class T>
void Tape<T>::discard_gradients() noexcept {
  note_high_water();
  gradients_.release({});
  gradient_pool_.clear();
  gradients_valid_ = false;
}

template <class T>
void Tape<T>::note_high_water() noexcept {
  high_water_bytes_ = std::max(high_water_bytes_, values_.bytes_in_use() + gradients_.bytes_in_use());
}

template <class T>
TapeStatistics Tape<T>::statistics() noexcept {
  note_high_water();
  return {table_.nodes.size(),
          values_.bytes_in_use() + gradients_.bytes_in_use(),
          high_water_bytes_,
          values_.reserved_bytes() + gradients_.reserved_bytes(),
          values_.heap_allocations() + gradients_.heap_allocations() + nodes_heap_allocations_,
          workspace_bytes()};
}

template class Tape<float>;
template class Tape<double>;

}  // namespace xtape
