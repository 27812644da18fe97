// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Which measurements are better: smaller ones, as of a loss, or larger ones, as of an accuracy.
enum class Mode { min, max };

}  // namespace xtape::optim
#pragma GCC visibility pop
