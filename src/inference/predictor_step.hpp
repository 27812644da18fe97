// SPDX-License-Identifier: BSD-3-Clause
// What a predictor does of a batch, an operation at a time. The numbers are those of the operations of the
// tape: both call the same functions.
#pragma once

#include <cstddef>
#include <memory>

#include "xtape/nn/graph.hpp"

namespace xtape::inference {

// What a step reads and writes, for so many rows.
template <class T>
struct StepMemory {
  const T* x;
  const T* other;  // of a step of two inputs
  T* y;
  void* scratch;  // what the step asked for, aligned to 64 bytes
  std::size_t rows;
};

// Takes no memory, waits for nobody and throws nothing in run(). All that it needs is its own; what is
// initialised where it is first used, as kernels are, its constructor uses, so that run() meets no guard.
template <class T>
class PredictorStep {
 public:
  PredictorStep() = default;
  virtual ~PredictorStep() = default;
  PredictorStep(const PredictorStep&) = delete;
  PredictorStep& operator=(const PredictorStep&) = delete;

  virtual void run(const StepMemory<T>& memory) const noexcept = 0;
  // In bytes, for at most so many rows.
  virtual std::size_t scratch(std::size_t) const { return 0; }
  // Whether y may be x, or the other.
  virtual bool works_in_place() const { return false; }
};

template <class T>
using StepPointer = std::unique_ptr<PredictorStep<T>>;

// An operation of rows of a shape. `rows` is how many there are at most.
template <class T>
StepPointer<T> make_step(const nn::Operation<T>& operation, const Shape& row, std::size_t rows);

// A Linear or a Conv2d with the activation that follows it; null: none.
template <class T>
StepPointer<T> make_linear_step(const nn::operations::Linear<T>& linear,
                                const nn::operations::Activation<T>* activation, const Shape& row,
                                std::size_t rows);
template <class T>
StepPointer<T> make_convolution_step(const nn::operations::Conv2d<T>& convolution,
                                     const nn::operations::Activation<T>* activation, const Shape& row);

// y = x
template <class T>
StepPointer<T> make_copy_step(const Shape& row);

}  // namespace xtape::inference
