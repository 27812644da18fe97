// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace benchmarks {

/// What the system counts of this process's memory, Linux only: VmRSS, what is resident now; RssAnon, that of
/// no file; VmHWM, the most of VmRSS since the last reset. @throws xtape::Error  the system does not tell.
double status_megabytes(const std::string& entry);

}  // namespace benchmarks
