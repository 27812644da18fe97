// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "xtape/core/error.hpp"

namespace xtape::fuzz {

/// Ends the program, so that libFuzzer keeps the input.
[[noreturn]] inline void report(const std::string& finding) {
  std::fprintf(stderr, "finding: %s\n", finding.c_str());
  std::abort();
}

inline void require(bool holds, const char* claim) {
  if (!holds) report(std::string("it does not hold that ") + claim);
}

/// What `read` returns, or nothing where it throws FileError because of what the file holds. Every other
/// exception is a finding.
template <class Read>
auto read_or_refuse(Read read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const UnreadableFileError& error) {
    report(std::string("a file that is there was not readable: ") + error.what());
  } catch (const FileError&) {
    return std::nullopt;
  }
}

}  // namespace xtape::fuzz
