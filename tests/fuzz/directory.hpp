// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "finding.hpp"

namespace xtape::fuzz {

/// A directory of its own for what the library writes, in TMPDIR, which run.sh sets and removes.
class Directory {
 public:
  Directory() : path_((std::filesystem::temp_directory_path() / "xtape_fuzz_XXXXXX").string()) {
    require(::mkdtemp(path_.data()) != nullptr, "a temporary directory can be made");
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const char* name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

}  // namespace xtape::fuzz
