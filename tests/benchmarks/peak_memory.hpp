// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "steps.hpp"

namespace benchmarks {

/// What the first run of a step takes at its peak, above the arrays that it was given and their gradients.
struct PeakMemory {
  double xtape_megabytes, torch_megabytes;
};

/// Returns to the system what others have freed, before a step is made: it would serve the step unseen.
void release_freed_memory();

/// As the system counts the process's resident memory, so Linux only. xtape keeps the BLAS to one thread a
/// call; libtorch has all of `threads` in it. @throws xtape::Error  the system does not tell.
PeakMemory peak_memory(Step& xtape, Step& torch, std::size_t gradient_bytes, int threads);

}  // namespace benchmarks
