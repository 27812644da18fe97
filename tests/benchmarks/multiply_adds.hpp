// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace benchmarks {

/// The seconds in which each of so many threads, all at once, does the same multiply-adds on numbers in its
/// registers: what the machine's cores give together where memory holds up none of them.
double seconds_of_multiply_adds(std::size_t threads);

}  // namespace benchmarks
