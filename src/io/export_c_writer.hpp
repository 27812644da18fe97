// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/export_c_memory.hpp"
#include "io/export_c_program.hpp"

namespace xtape::io::plain_c {

// A program in C, in parts.
struct CCode {
  std::set<std::string> functions;  // that it calls
  std::string constants;
  std::map<std::string, std::string> names;  // of arrays, by what they hold
  std::string calls;                         // a line each, with a comment
  std::size_t parameter_bytes = 0;
  bool uses_bytes = false;
};

// Throws ArgumentError where a number is not finite as a float.
CCode c_code(const char* function, const Program& program, const MemoryPlan& memory);

}  // namespace xtape::io::plain_c
