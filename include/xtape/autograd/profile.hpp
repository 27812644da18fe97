// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// What all operations of one name have taken while a tape was profiled.
struct ProfileRow {
  std::string operation;         ///< as Variable::operation() tells it: "linear", "softmax_cross_entropy"
  std::size_t calls = 0;         ///< that were recorded, with a gradient or without
  double forward_ms = 0;         ///< of computing values, in milliseconds
  double backward_ms = 0;        ///< of running gradient rules; 0 if none has run
  std::size_t output_bytes = 0;  ///< of values; 0 for those in the memory of an input, as of reshape
  double share = 0;              ///< of the time of all rows, forward and backward: from 0 to 1
};

/// Where the time and memory of a tape went, by operation: what Tape::profile_report returns.
///
/// The forward time of an operation is that between the construction of its Recording and its finish, so
/// without what comes before, such as checks of its arguments, and with what check_finite takes. The backward
/// time is that of its gradient rule. Both are read from std::chrono::steady_clock. None is counted twice: an
/// operation that records others while it is recorded has the time that they leave. So the sum over all rows
/// is at most the time that has passed; the rest is the program's own, as that of reading data and of
/// optimizer steps.
///
/// Leaves made by constant() and variable() copy an array and count as operations; borrow() and watch() take
/// nothing and do not count. An operation or a rule that throws does not either.
struct ProfileReport {
  std::vector<ProfileRow> rows;  ///< the one that took longest first
};

/// The report as a table for people. For 100 training steps of a network 784-256-128-10 on batches of 128:
///
///     operation              calls  forward ms  backward ms  output bytes   share
///     linear_relu              100      88.636      175.297      13107200   73.8%
///     linear                   200       5.451       78.107       7065600   23.4%
///     softmax_cross_entropy    100       7.745        0.049           400    2.2%
///     tanh                     100       1.349        1.200       6553600    0.7%
///     total                    500     103.180      254.654      26726800  100.0%
std::string to_string(const ProfileReport& report);

namespace detail {
class Profiler;
struct OperationTotals;
}  // namespace detail

}  // namespace xtape
#pragma GCC visibility pop
