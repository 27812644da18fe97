// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/xtensor.hpp"
#include "xtape/autograd/arena.hpp"
#include "xtape/autograd/claims.hpp"
#include "xtape/autograd/gradient_pool.hpp"
#include "xtape/autograd/node.hpp"
#include "xtape/autograd/parameter.hpp"
#include "xtape/autograd/profile.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/rollback.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
class Shard;

namespace detail {
// Whether backward copies the gradient that it starts from, or reads it where it is.
enum class Seed { copied, shared };
}  // namespace detail

/// What a tape holds now and has ever held.
struct TapeStatistics {
  std::size_t nodes;             ///< recorded in the frames now open
  std::size_t bytes_in_use;      ///< by values, gradients, rules and what they saved
  std::size_t high_water_bytes;  ///< the largest bytes_in_use so far
  std::size_t reserved_bytes;    ///< taken from the heap
  std::size_t heap_allocations;  ///< so far; it stands still once a loop has settled
  std::size_t workspace_bytes;   ///< what operations work in besides, of all tapes: kept from one step to the
                                 ///< next; all beyond 512 KiB a thread is given back with the last tape
};

/// What a loss has divided the sum of its samples by. With it the losses of parts of some samples give that
/// of all: @f$ \sum_i d_i L_i / \sum_i d_i @f$.
struct LossDivisor {
  double value;             ///< d; 0 where no sample counts
  bool grows_with_samples;  ///< false for a sum and for a mean by a given number: those of parts add up
};

/// Records operations on arrays as they are computed, and walks them backwards for gradients.
///
/// Values, gradients and rules live in memory that the tape owns and uses again. A loop marks each step:
///
///     Tape<float> tape;
///     for (...) {
///       auto frame = tape.frame();
///       auto loss = ...;
///       loss.backward();
///       optimizer.step();
///     }  // here all that the step recorded is released, and the next step takes its memory
///
/// From the second step of an unchanged loop on, no heap memory is allocated, but where an operation works in
/// more than 512 KB and a thread that was late in the steps before comes to help. A tape belongs to one
/// thread. Different tapes on different threads need no lock; Parameter says what holds where they watch
/// the same parameters, and Gradients how they train them together. Variables hold the tape's address: it
/// does not move, and they must not be used when it is gone. T is float or double. There are no second
/// derivatives: gradient rules cannot be recorded.
template <class T>
class Tape {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "a tape holds float or double");

 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Ends what has been recorded since it was made. Frames nest; one that outlives a frame made before it, or
  /// the tape, has ended with that.
  class [[nodiscard]] Frame {
   public:
    /// As Tape::frame().
    explicit Frame(Tape& tape) noexcept;
    ~Frame();
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    friend class Tape;

    Tape* tape_;  // null when it has ended
    Frame* outer_;
    detail::Mark<T> begin_;
    std::uint64_t backward_count_;
  };

  /// While one lives, operations compute values and record no rules. They nest.
  class [[nodiscard]] NoGrad {
   public:
    /// As Tape::no_grad().
    explicit NoGrad(Tape& tape) noexcept : tape_(tape) { ++tape_.no_grad_depth_; }
    ~NoGrad() { --tape_.no_grad_depth_; }
    NoGrad(const NoGrad&) = delete;
    NoGrad& operator=(const NoGrad&) = delete;

   private:
    Tape& tape_;
  };

  /// Marks a step: what is recorded from here on is released when the frame goes out of scope.
  Frame frame() noexcept { return Frame(*this); }
  /// Records no rules until it goes out of scope.
  NoGrad no_grad() noexcept { return NoGrad(*this); }

  /// A leaf that holds a copy of a number, an xtensor expression (evaluated straight into the tape's
  /// memory), an ArrayView or a flat container, converted to T. It needs no gradient.
  template <class Source>
  Variable<T> constant(const Source& source) {
    static_assert(!std::is_same_v<Source, Variable<T>>,
                  "for the same value without its gradient, say x.detach()");
    return leaf("constant", source, false);
  }

  /// The same, and it needs a gradient.
  template <class Source>
  Variable<T> variable(const Source& source) {
    return leaf("variable", source, true);
  }

  /// A leaf that reads `array` where it stands; it must stay there, unchanged, until the frame ends. Needs
  /// no gradient. xtensor containers convert if they are in row-major order without gaps.
  Variable<T> borrow(ArrayView<const T> array);

  /// A leaf that reads the parameter in place; backward adds to the parameter's gradient. Gradient rules read
  /// it too: where a parameter has changed between the forward pass and backward, as by an optimizer's step,
  /// a rule that needs its value throws TapeError, since the gradient would be wrong. It must be watched, and
  /// what depends on it computed, anew. What is written in place, as to single elements,
  /// counts as a change only with Parameter::note_change().
  Variable<T> watch(Parameter<T>& parameter);

  /// While on, an operation that makes a NaN or an infinity throws NonFiniteError instead of being recorded,
  /// and the message says where it came from:
  ///
  ///     tape.check_finite();
  ///     log(tape.variable(xt::xarray<float>{1, 0}));
  ///     // log: the output (2) must be finite, got -inf at output[1], though every input variable is finite
  ///
  /// What has no inputs is not examined, but a NaN in it is named by the first operation that hands it on. An
  /// infinity that comes of an infinity passes: logits of -inf stand for impossible classes. Gradients are
  /// not examined. While on, each output is read once more.
  void check_finite(bool on = true) noexcept { check_finite_ = on; }
  /// Whether check_finite() is on.
  bool checks_finite() const noexcept { return check_finite_; }

  /// While on, losses examine whether what they are given is of the kind that they take, where another kind
  /// would train too, slowly and badly. Of samples that count:
  /// - losses that take logits throw ArgumentError for probabilities that a softmax or, for labels of yes or
  ///   no, a sigmoid has made of them already. They are known by the operation that made them last (detach
  ///   and reshape hide it), and to losses over classes by losses::is_probably_softmaxed too;
  /// - losses over classes throw ShapeError for a single class, LabelError for soft labels that are negative
  ///   or do not sum to 1 within 0.01, and ValueError for such probabilities; nll throws it for
  ///   log-probabilities whose exponentials do not sum to 1;
  /// - losses of yes or no throw LabelError for a label outside [0, 1]; soft_margin for 0, and outside
  ///   [-1, 1].
  ///
  ///     tape.check_logits();
  ///     losses::softmax_cross_entropy(softmax(model(x)), labels);  // throws and says: leave the softmax out
  void check_logits(bool on = true) noexcept { check_logits_ = on; }
  /// Whether check_logits() is on.
  bool checks_logits() const noexcept { return check_logits_; }

  /// What the latest loss with a reduction on this tape has divided by; nothing if there was none since
  /// forget_loss_divisor().
  std::optional<LossDivisor> loss_divisor() const noexcept { return loss_divisor_; }
  /// Called by losses.
  void note_loss_divisor(const LossDivisor& divisor) noexcept { loss_divisor_ = divisor; }
  /// Until the next loss.
  void forget_loss_divisor() noexcept { loss_divisor_.reset(); }

  /// Whether the gradients of intermediate results can be read after backward, as they can unless this is
  /// off. While it is off, their memory is used again as soon as backward has used them: that of a deep model
  /// is then about that of two of its layers. Those of variables made by variable() and of parameters are
  /// always kept.
  void keep_gradients(bool on = true) noexcept { keep_gradients_ = on; }
  /// Whether keep_gradients() is on.
  bool keeps_gradients() const noexcept { return keep_gradients_; }

  /// While on, the time and memory of operations and their gradient rules are added up by name, over all
  /// frames until reset_profile(); once off, the sums stay as they are. ProfileReport says what they count.
  ///
  ///     tape.profile();
  ///     for (...) training_step(tape);
  ///     std::cout << to_string(tape.profile_report());
  ///
  /// While on, each operation and each rule looks up its name and looks twice at the clock, and takes heap
  /// memory for a name that is new.
  void profile(bool on = true);
  /// Whether profile() is on.
  bool profiles() const noexcept { return profiling_; }
  /// The sums so far.
  ProfileReport profile_report() const;
  /// Begins them anew.
  void reset_profile() noexcept;

  /// The part of a batch that this tape computes; null: it computes the whole. Not owned.
  void set_shard(Shard<T>* shard) noexcept { shard_ = shard; }
  /// What set_shard() has set.
  Shard<T>* shard() const noexcept { return shard_; }

  /// Uninitialised memory that lives until the frame ends.
  template <class U>
  ArrayView<U> allocate(const Shape& shape) {
    static_assert(std::is_trivially_destructible_v<U>, "nobody destroys the elements");
    return {values_.template allocate_array<U>(shape.elements()), shape};
  }

  /// What the tape holds now and has ever held.
  TapeStatistics statistics() noexcept;

 private:
  friend class Variable<T>;
  friend class Recording<T>;
  friend class Backward<T>;
  friend class detail::Rollback<T>;
  friend struct detail::GraphAccess<T>;

  template <class Source>
  Variable<T> leaf(const char* name, const Source& source, bool requires_grad) {
    Recording<T> op(name, *this);
    detail::evaluate(source, op.output(detail::shape_of(source)));
    op.check_result();
    return op.commit({}, requires_grad);
  }

  void end_frames_within(Frame* outer) noexcept;
  detail::Mark<T> mark() const noexcept { return {table_.nodes.size(), values_.position(), owning_rules_}; }
  void release(const detail::Mark<T>& mark) noexcept;
  void backward(const Variable<T>& root, ArrayView<const T> seed, detail::Seed how,
                Gradients<T>* apart = nullptr);
  void begin_backward(detail::Node<T>& last, ArrayView<const T> seed, detail::Seed how);
  void apply_rules(std::size_t last_slot);
  void forget_backward(std::size_t last_slot) noexcept;
  T* grad_memory(detail::Node<T>& node, bool& first);
  detail::GradientMemory<T>& gradient_of(Parameter<T>& parameter);
  T* new_gradient(detail::Node<T>& node);
  bool share_grad(detail::Node<T>& node, const T* gradient, detail::GradientBlock* block) noexcept;
  void release_gradient(detail::Node<T>& node) noexcept;
  ArrayView<T> gradient(detail::Node<T>& node);
  void discard_gradients() noexcept;
  void note_high_water() noexcept;

  Arena values_;     // nodes, values, saved state and rules
  Arena gradients_;  // of the latest backward
  detail::GradientPool gradient_pool_{gradients_};
  detail::NodeTable<T> table_;
  detail::Node<T>* owning_rules_ = nullptr;  // the newest node whose rule has a destructor; they form a list
  std::uint64_t generation_;                 // counts releases: a handle with an older one is stale
  std::uint64_t backward_count_ = 0;
  bool gradients_valid_ = false;
  bool in_backward_ = false;
  Gradients<T>* apart_ = nullptr;  // where this backward puts the gradients of parameters; null: to their own
  detail::Claims<T> claims_;       // those of parameters that this backward adds to
  bool check_finite_ = false;
  bool check_logits_ = false;
  bool keep_gradients_ = true;
  bool profiling_ = false;
  std::unique_ptr<detail::Profiler> profiler_;  // null until the first profile()
  std::optional<LossDivisor> loss_divisor_;
  Shard<T>* shard_ = nullptr;
  std::size_t no_grad_depth_ = 0;
  Frame* innermost_frame_ = nullptr;
  std::uint64_t frames_ended_ = 0;
  std::size_t high_water_bytes_ = 0;
  std::size_t nodes_heap_allocations_ = 0;
};

extern template class Tape<float>;
extern template class Tape<double>;

}  // namespace xtape
#pragma GCC visibility pop
