// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "xtape/autograd/profile.hpp"

namespace xtape::detail {

// Of the operations of one name.
struct OperationTotals {
  std::size_t calls = 0;
  std::int64_t forward_ns = 0;
  std::int64_t backward_ns = 0;
  std::size_t output_bytes = 0;
};

// Adds up what operations take. (Hidden one by one, for a public header declares the class.)
class Profiler {
 public:
  // They stay where they are as long as the profiler.
  [[gnu::visibility("hidden")]] OperationTotals& totals(std::string_view operation);

  // A clock that is set back by all that has been counted: what is counted between two looks at it, as of an
  // operation within another, is not in their difference.
  [[gnu::visibility("hidden")]] std::int64_t uncounted_ns() const noexcept;

  // The time since that clock told `begin`, which is counted now.
  [[gnu::visibility("hidden")]] std::int64_t count_since(std::int64_t begin) noexcept;

  [[gnu::visibility("hidden")]] ProfileReport report() const;
  [[gnu::visibility("hidden")]] void reset() noexcept;

 private:
  std::map<std::string, OperationTotals, std::less<>> operations_;
  std::int64_t counted_ns_ = 0;
};

}  // namespace xtape::detail
