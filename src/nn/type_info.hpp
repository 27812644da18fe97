// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstring>

namespace xtape::nn {

// Classes of a program that is compiled with -fno-rtti have none: what typeid would read, before the first
// virtual function, is then null.
inline bool has_type_info(const void* module) {
  const void* const* table;
  std::memcpy(&table, module, sizeof table);
  return table[-1] != nullptr;
}

}  // namespace xtape::nn
