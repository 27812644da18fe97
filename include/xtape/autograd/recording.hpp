// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/arena.hpp"
#include "xtape/autograd/profile.hpp"
#include "xtape/autograd/rollback.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A gradient and whether this is its first contribution. The first contribution writes every element
/// (the memory is uninitialised); a later one adds.
template <class T>
struct Contribution {
  ArrayView<T> grad;  ///< its memory
  bool first;         ///< whether it is to be written, as nobody has contributed yet
};

/// What a gradient rule sees. Valid during the rule's call.
template <class T>
class Backward {
 public:
  /// What the operation computed.
  ArrayView<const T> output() const { return {node_.value, node_.shape}; }
  /// The gradient that arrived at the output.
  ArrayView<const T> output_grad() const { return {node_.grad, node_.shape}; }
  /// The value of input i.
  /// @throws TapeError  it is that of a parameter that has changed since: an optimizer's step, say.
  ArrayView<const T> input(std::size_t i) const {
    const detail::Node<T>& input = *node_.inputs[i];
    if (input.value_of != nullptr) require_unchanged(input);
    return {input.value, input.shape};
  }

  /// False: nobody will read this input's gradient, so that the rule can skip it.
  bool needs_grad(std::size_t i) const { return node_.inputs[i]->requires_grad; }

  /// The gradient of input i, zero on first use. The rule adds to it and never assigns: the same variable
  /// may be an input twice, and other operations may have contributed.
  ArrayView<T> input_grad(std::size_t i) {
    const Contribution<T> part = contribution(i);
    if (part.first) std::fill(part.grad.begin(), part.grad.end(), T{0});
    return part.grad;
  }

  /// The same for a rule that adds to elements of these rows alone: where the gradient is sparse, it costs no
  /// others anything. See Parameter::set_sparse_gradient.
  /// @param rows  of the first axis, each any number of times.
  ArrayView<T> input_grad(std::size_t i, ArrayView<const std::int64_t> rows);

  /// The same without the zeros, for a rule that can write as well as add. Each call counts as a
  /// contribution, so the rule must make one.
  [[gnu::always_inline]] Contribution<T> contribution(std::size_t i) {
    bool first = false;
    T* memory = grad_memory(*node_.inputs[i], first);
    return {{memory, node_.inputs[i]->shape}, first};
  }

  /// Contributes a gradient that is in memory already, such as output_grad() or what the forward pass has
  /// saved: where it is the only contribution, without touching it. Nobody may write to it afterwards.
  void pass_on(std::size_t i, ArrayView<const T> gradient);

 private:
  friend class Tape<T>;
  Backward(Tape<T>& tape, detail::Node<T>& node) noexcept : tape_(tape), node_(node) {}

  T* grad_memory(detail::Node<T>& input, bool& first);
  void require_unchanged(const detail::Node<T>& input) const;

  Tape<T>& tape_;
  detail::Node<T>& node_;
};

/// Records one operation: its output and its gradient rule. Every operation of xtape is made with it, and
/// so is a user's own:
///
///     template <class T>
///     Variable<T> cube(Variable<T> x) {
///       Recording<T> op("cube", {x});
///       auto y = op.output(x.shape());
///       for (std::size_t i = 0; i < y.size(); ++i) y[i] = x.data()[i] * x.data()[i] * x.data()[i];
///       return op.finish([](Backward<T>& b) {
///         auto dx = b.input_grad(0);
///         for (std::size_t i = 0; i < dx.size(); ++i) {
///           dx[i] += 3 * b.input(0)[i] * b.input(0)[i] * b.output_grad()[i];  // d x^3 = 3 x^2 dx
///         }
///       });
///     }
///
/// A Recording that is not finished, because something threw, leaves the tape as it was.
template <class T>
class Recording {
 public:
  /// @param name    stays readable as long as the tape; a literal does. It is what messages call the op.
  /// @param inputs  what the output depends on, all of one tape; at least one.
  /// @throws StaleVariable  an input's frame has ended.
  /// @throws TapeError      inputs of two tapes, or a call from within a gradient rule.
  Recording(const char* name, std::initializer_list<Variable<T>> inputs)
      : Recording(name, std::span<const Variable<T>>(inputs.begin(), inputs.size())) {}
  /// The same for a list that is only known when the program runs.
  Recording(const char* name, std::span<const Variable<T>> inputs);

  /// An operation without inputs.
  Recording(const char* name, Tape<T>& tape);

  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// The memory of the result, uninitialised. Called once.
  ArrayView<T> output(const Shape& shape);

  /// The result shares memory that lives at least as long as the frame, such as an input's.
  void output_shares(const T* memory, const Shape& shape);

  /// Whether the rule will be kept: an input needs a gradient, and no_grad() is not in force. If not,
  /// nothing needs to be saved for the rule.
  bool needs_grad() const noexcept { return needs_grad_; }

  /// Uninitialised memory that lives as long as the output: for what the rule needs and only the forward
  /// pass knows.
  template <class U>
  ArrayView<U> save(const Shape& shape) {
    static_assert(std::is_trivially_destructible_v<U>, "nobody destroys saved elements");
    static_assert(alignof(U) <= 64, "the tape's memory is aligned to 64 bytes");
    return {arena().template allocate_array<U>(shape.elements()), shape};
  }

  /// Puts the operation on the tape. `rule` is called as rule(Backward<T>&) and may capture anything
  /// movable; it is stored on the tape and destroyed when the frame ends.
  /// @throws NonFiniteError  Tape::check_finite is on, and the operation made a NaN or an infinity.
  template <class Rule>
  Variable<T> finish(Rule rule) {
    static_assert(alignof(Rule) <= 64, "the tape's memory is aligned to 64 bytes");
    check_result();
    if (!needs_grad_) return commit({}, false);
    Rule* stored = new (arena().allocate(sizeof(Rule), alignof(Rule))) Rule(std::move(rule));
    detail::StoredRule<T> record{[](void* r, Backward<T>& b) { (*static_cast<Rule*>(r))(b); }, nullptr,
                                 stored};
    if constexpr (!std::is_trivially_destructible_v<Rule>) {
      record.destroy = [](void* r) { static_cast<Rule*>(r)->~Rule(); };
    }
    return commit(record, true);
  }

  /// The same for an output that no gradient flows through.
  Variable<T> finish() {
    check_result();
    return commit({}, false);
  }

 private:
  friend class Tape<T>;

  Arena& arena();
  void check_result();
  [[gnu::noinline]] void begin_profile();  // rare, and so kept out of the way
  [[gnu::noinline]] void count_in_profile() noexcept;
  void reserve_slot();
  [[gnu::noinline]] void make_room_for_nodes();  // likewise
  // After check_result(), which has made room: a rule that is stored is not lost.
  Variable<T> commit(detail::StoredRule<T> rule, bool requires_grad) noexcept;

  Tape<T>& tape_;
  detail::Rollback<T> rollback_;
  detail::Node<T>* node_ = nullptr;
  detail::OperationTotals* totals_ = nullptr;  // in which this will count, if the tape is profiled
  std::int64_t begin_ns_;                      // if so
  bool needs_grad_ = false;
  bool has_output_ = false;
};

extern template class Backward<float>;
extern template class Backward<double>;
extern template class Recording<float>;
extern template class Recording<double>;

}  // namespace xtape
#pragma GCC visibility pop
