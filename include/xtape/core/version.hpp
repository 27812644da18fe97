// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// The version of the headers, in three numbers.
#define XTAPE_VERSION_MAJOR 0
/// The second of them.
#define XTAPE_VERSION_MINOR 1
/// The third of them.
#define XTAPE_VERSION_PATCH 0

namespace xtape {

/// Major, minor and patch, as 0, 1, 0.
struct Version {
  int major;  ///< the first number
  int minor;  ///< the second
  int patch;  ///< the third

  friend constexpr bool operator==(const Version&, const Version&) = default;
};

/// The version of the compiled library. It differs from the XTAPE_VERSION_... macros only where a
/// program was compiled with the headers of one version and linked with another.
Version version() noexcept;

}  // namespace xtape
