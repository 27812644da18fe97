// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// How many threads one operation may use, the calling one included. Large operations are cut into blocks
/// whose number depends on their size alone, so results are the same, bit for bit, with any setting;
/// small ones stay on the calling thread.
///
/// xtape cuts matrix products itself, and while it computes one, OpenBLAS has one thread, so that two pools
/// never compete for the cores. Afterwards openblas_get_num_threads() is what it was: the program's setting
/// is its own, and does not change a bit of the results. Where OpenBLAS uses POSIX threads, its setting is
/// one for the process. So while a product is being computed on one thread of the program, what other threads
/// ask OpenBLAS for is done by one thread too, and they should leave the setting alone: a number that they
/// set then stays, unless it is 1, but may change the last bits of that product. The threads of another BLAS
/// are its own to limit.
///
/// @param threads  at least 1. The default is the number of cores this process may run on, or that a control
///                 group grants it, as docker --cpus does, rounded down.
/// @throws ArgumentError  threads is 0, or above 1024.
void set_num_threads(std::size_t threads);

/// What set_num_threads() has set, or the default.
std::size_t num_threads() noexcept;

}  // namespace xtape
#pragma GCC visibility pop
