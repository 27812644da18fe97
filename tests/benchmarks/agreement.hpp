// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "steps.hpp"

namespace benchmarks {

/// Times of two different computations would say nothing.
/// @param tolerance  relative to each number; a tenth of it, relative to the largest of a result.
/// @throws xtape::Error  the results differ by more.
void require_agreement(const std::string& name, const Step::Results& ours, const Step::Results& theirs,
                       float tolerance = 1e-4F);

}  // namespace benchmarks
