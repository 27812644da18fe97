// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "xtape/arrays/named_arrays.hpp"

namespace xtape::data {

// So many row numbers, as the only array of a state, "rows".
inline std::vector<std::size_t> rows_of_state(const char* function, const NamedArrays& state,
                                              std::size_t count) {
  state.require_only(function, std::array<std::string_view, 1>{"rows"});
  const ArrayView<const std::uint64_t> rows = state.get<std::uint64_t>(function, "rows", {count});
  return {rows.begin(), rows.end()};
}

}  // namespace xtape::data
