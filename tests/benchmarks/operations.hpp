// SPDX-License-Identifier: BSD-3-Clause
// The operations of xtape/ops.hpp on arrays of about 10^6 floats, which no second-level cache holds.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xtape/autograd/tape.hpp"

namespace benchmarks {

/// Floats that a pass reads and writes at the least, of all its arrays, for each element.
struct Traffic {
  double forward, backward;
};

struct Operation {
  /// Records the operation.
  using Record = std::function<xtape::Variable<float>()>;

  std::string name;
  double elements;                                ///< of the largest array
  Traffic traffic;                                ///< 0 where arithmetic is what counts
  std::function<Record(xtape::Tape<float>&)> on;  ///< puts the inputs on a tape
  /// The time over that of copying as many floats at most; infinity where nothing is aimed for.
  double aim = std::numeric_limits<double>::infinity();
};

std::vector<Operation> elementwise_operations();
std::vector<Operation> arithmetic_operations();
std::vector<Operation> reductions();
std::vector<Operation> poolings_and_normalizations();
std::vector<Operation> rearrangements();
std::vector<Operation> products();

}  // namespace benchmarks
