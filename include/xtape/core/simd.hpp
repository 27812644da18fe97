// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// The instructions that the library's loops use in this process: "avx512" or "avx2", on ARM64 "neon", or
/// "baseline", which is what the library was compiled for. Chosen once, by the first operation: the best of
/// what the processor has, and no better than the environment's XTAPE_SIMD says. Results differ between them
/// in the last bits.
/// @throws ArgumentError  XTAPE_SIMD is set to something else.
const char* simd_name();

}  // namespace xtape
#pragma GCC visibility pop
