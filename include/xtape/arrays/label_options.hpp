// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Which rows of labelled data count.
struct LabelOptions {
  /// Class indices of this value leave their row out, whatever else it holds. It may be a class too.
  std::optional<std::int64_t> ignore_index = {};
};

}  // namespace xtape
#pragma GCC visibility pop
