// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#define XTAPE_VERSION_MAJOR 0
#define XTAPE_VERSION_MINOR 1
#define XTAPE_VERSION_PATCH 0

namespace xtape {

struct Version {
  int major;
  int minor;
  int patch;

  friend constexpr bool operator==(const Version&, const Version&) = default;
};

/// The version of the compiled library. It differs from the XTAPE_VERSION_... macros only where a
/// program was compiled with the headers of one version and linked with another.
Version version() noexcept;

}  // namespace xtape
