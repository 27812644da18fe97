// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <set>
#include <string>

namespace xtape::io::plain_c {

// The C functions of these names, and what they need, in an order in which C can read them.
std::string c_functions(const std::set<std::string>& names);

}  // namespace xtape::io::plain_c
