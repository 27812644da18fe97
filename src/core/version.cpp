// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/core/version.hpp"

namespace xtape {

Version version() noexcept { return {XTAPE_VERSION_MAJOR, XTAPE_VERSION_MINOR, XTAPE_VERSION_PATCH}; }

namespace detail {
const char XTAPE_MISMATCH_OF(XTAPE_VERSION_MAJOR, XTAPE_VERSION_MINOR) = 0;
}

}  // namespace xtape
