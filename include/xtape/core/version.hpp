// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// The version of the headers, in three numbers.
#define XTAPE_VERSION_MAJOR 0
/// The second of them.
#define XTAPE_VERSION_MINOR 1
/// The third of them.
#define XTAPE_VERSION_PATCH 0

#pragma GCC visibility push(default)
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

/// @cond
// Headers of one version do not link with a library of another: the linker then misses a name that says so.
// retain, for --gc-sections would drop the reference, and the reproach with it. Nothing reads it: 8 bytes.
#define XTAPE_MISMATCH_NAME(major, minor) headers_are_of_xtape_##major##_##minor##_but_the_library_is_not
#define XTAPE_MISMATCH_OF(major, minor) XTAPE_MISMATCH_NAME(major, minor)
#define XTAPE_HEADERS_NAME(major, minor) headers_of_xtape_##major##_##minor
#define XTAPE_HEADERS_OF(major, minor) XTAPE_HEADERS_NAME(major, minor)

namespace detail {
extern const char XTAPE_MISMATCH_OF(XTAPE_VERSION_MAJOR, XTAPE_VERSION_MINOR);
#if __has_cpp_attribute(gnu::retain)
[[gnu::retain]]
#endif
[[gnu::used]] inline const char* const XTAPE_HEADERS_OF(XTAPE_VERSION_MAJOR, XTAPE_VERSION_MINOR) =
    &XTAPE_MISMATCH_OF(XTAPE_VERSION_MAJOR, XTAPE_VERSION_MINOR);
}  // namespace detail
/// @endcond

}  // namespace xtape
#pragma GCC visibility pop
