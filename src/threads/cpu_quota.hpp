// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

namespace xtape {

// How many processors' worth of time this process's control groups grant it, as under docker --cpus or in
// Kubernetes; nothing if they set no limit. Of several, one in the other, the least counts. Both versions of
// control groups are read.
// @param root  before the paths of /proc and /sys
std::optional<double> cpu_quota(const std::string& root = "");

}  // namespace xtape
