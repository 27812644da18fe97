// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/profiler.hpp"

#include <algorithm>
#include <chrono>

namespace xtape::detail {

OperationTotals& Profiler::totals(std::string_view operation) {
  const auto known = operations_.find(operation);
  return known != operations_.end() ? known->second : operations_[std::string(operation)];
}

std::int64_t Profiler::uncounted_ns() const noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() - counted_ns_;
}

std::int64_t Profiler::count_since(std::int64_t begin) noexcept {
  // Below zero where an operation that began before this one ended within it.
  const std::int64_t elapsed = std::max<std::int64_t>(0, uncounted_ns() - begin);
  counted_ns_ += elapsed;
  return elapsed;
}

ProfileReport Profiler::report() const {
  constexpr double ns_per_ms = 1e6;
  ProfileReport report;
  double all_ms = 0;
  for (const auto& [operation, totals] : operations_) {
    if (totals.calls == 0 && totals.backward_ns == 0)
      continue;  // It threw, counts for nothing, or was reset.
    const double forward_ms = static_cast<double>(totals.forward_ns) / ns_per_ms;
    const double backward_ms = static_cast<double>(totals.backward_ns) / ns_per_ms;
    report.rows.push_back({operation, totals.calls, forward_ms, backward_ms, totals.output_bytes, 0});
    all_ms += forward_ms + backward_ms;
  }
  for (ProfileRow& row : report.rows) {
    if (all_ms > 0) row.share = (row.forward_ms + row.backward_ms) / all_ms;
  }
  std::ranges::stable_sort(report.rows, std::ranges::greater(), &ProfileRow::share);
  return report;
}

void Profiler::reset() noexcept {
  // Not erased: an operation that is being recorded still counts in them.
  for (auto& [operation, totals] : operations_) totals = {};
}

}  // namespace xtape::detail
