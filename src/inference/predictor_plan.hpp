// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "inference/predictor_step.hpp"
#include "xtape/nn/graph.hpp"

namespace xtape::inference {

// Where a value is: in what comes in, in what goes out, or so many bytes behind the beginning of the
// workspace.
struct ValuePlace {
  enum class Memory { input, output, workspace } memory = Memory::workspace;
  std::size_t offset = 0;
};

// A step and where its values are.
template <class T>
struct PlannedStep {
  StepPointer<T> step;
  ValuePlace x, other, y, scratch;
};

// What a predictor does with a batch.
template <class T>
struct PredictorPlan {
  Shape row, output_row;
  std::size_t largest_batch;
  std::vector<PlannedStep<T>> steps;
  std::size_t bytes;  // of the workspace
};

// What gives a result, without what it does not need. Values whose lives do not overlap share memory.
template <class T>
PredictorPlan<T> make_predictor_plan(const nn::Graph<T>& graph, nn::GraphValue result,
                                     std::size_t largest_batch);

}  // namespace xtape::inference
