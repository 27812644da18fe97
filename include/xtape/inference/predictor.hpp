// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/inference/pipeline.hpp"
#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::inference {

/// A trained model for where every call counts: in an audio callback, in a control loop, on many threads at
/// once. It holds its own copy of all that the model computes with, prepared for it, and no tape.
///
///     const inference::Predictor<float> predictor(model, {64}, 8);
///     auto workspace = predictor.workspace();  // one for each thread
///     ...
///     predictor.predict(features, outputs, workspace);
///
/// What it promises of predict(), from the first call on and on any thread: it takes no memory from the heap,
/// waits for nobody, calls nothing of the system, and wakes no other thread.
///
/// Its outputs are those of the model in evaluation mode for the same rows at once, bit for bit, but where
/// the model's tape calls a BLAS: products are always those of xtape's own loops here, and a BLAS may round
/// otherwise. A tape may call it
///   - for a Linear of more than 5 rows that has more than 1024 inputs, or that makes more than 2^22
///     multiplications of an x of more than 2^17 elements;
///   - for a Conv2d whose kernels see more than 1024 elements each, or that makes more than 2^22
///     multiplications of what it takes at once: an image, several of fewer than 128 pixels together, or rows
///     of one of which kernels see more than 2^19 elements.
/// It never does where simd_name() is "avx512" and OpenBLAS knows no such processor.
template <class T>
class Predictor {
 public:
  /// The memory in which predict() works: one for each thread that predicts at the same time.
  class Workspace {
   public:
    /// None: predict() refuses it.
    Workspace() noexcept = default;

    /// How much it is.
    std::size_t bytes() const noexcept { return memory_.size(); }

   private:
    friend class Predictor;
    explicit Workspace(std::size_t bytes) : memory_(Shape{bytes}), is_made_(true) {}

    Array<std::byte> memory_;
    bool is_made_ = false;
  };

  /// Of a model and the shape of a row that it takes, such as (64) or (1, 28, 28). The model is called with a
  /// few drawn rows in evaluation mode, of indices where there is an Embedding, and must give what its
  /// add_to() says, up to rounding; then it is as it was, and may change or go.
  /// @param largest_batch  how many rows a call has at most; memory is planned for them
  /// @throws ArgumentError  largest_batch is 0, or a module does not say what it computes, or says something
  ///                        else: Module::add_to. The message names it.
  /// @throws ShapeError     the model does not take such rows.
  /// @throws ValueError     the thresholds of an Ordinal do not rise.
  Predictor(nn::Module<T>& model, const Shape& row, std::size_t largest_batch);

  /// Of a pipeline: the steps before the model are taken with it, and it gives what Pipeline::graph() says:
  /// probabilities, or the numbers of a model of numbers. They are computed in T; those of
  /// Pipeline::probabilities in double.
  /// @throws ArgumentError, ShapeError, ValueError  as above and as Pipeline::graph().
  Predictor(const Pipeline<T>& pipeline, std::size_t largest_batch);

  /// One that was moved away predicts nothing.
  Predictor(Predictor&&) noexcept;
  /// The same.
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  /// What predict() works in. What this gives is for this predictor, or the one it is moved to.
  Workspace workspace() const;

  /// The shape of a row that goes in.
  const Shape& row() const noexcept { return row_; }
  /// The shape of a row that comes out.
  const Shape& output_row() const noexcept { return output_row_; }
  /// How many rows a call has at most.
  std::size_t largest_batch() const noexcept { return largest_batch_; }

  /// Computes the outputs of 1 to largest_batch() rows. Several threads may call it at the same time, each
  /// with a workspace of its own. An element that an Embedding takes for an index, and that is none of its
  /// rows, makes NaN of what that would have been; a tape would have thrown.
  /// @param in         rows row(), one after the other
  /// @param out        as many rows output_row(), elsewhere than `in`
  /// @param workspace  of this predictor
  /// @return  false if these do not fit together, and then nothing was written
  bool predict(std::span<const T> in, std::span<T> out, Workspace& workspace) const noexcept;

 private:
  struct Plan;
  explicit Predictor(std::unique_ptr<const Plan> plan);

  std::unique_ptr<const Plan> plan_;
  Shape row_, output_row_;
  std::size_t largest_batch_ = 0;
};

extern template class Predictor<float>;
extern template class Predictor<double>;

}  // namespace xtape::inference
#pragma GCC visibility pop
