// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("the library's version is that of its headers", "[core][version]") {
  CHECK(version() == Version{XTAPE_VERSION_MAJOR, XTAPE_VERSION_MINOR, XTAPE_VERSION_PATCH});
  CHECK(Version{1, 2, 3} != Version{1, 2, 4});
}
