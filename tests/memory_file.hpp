// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace xtape::testing {

/// A file that is in memory only, where it is written sooner than on a disk, under a path that readers take.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("xtape_test", MFD_CLOEXEC)) { require(descriptor_ >= 0); }
  explicit MemoryFile(std::string_view content) : MemoryFile() { write(content); }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// Instead of what was in it.
  void write(std::string_view content) const {
    require(::ftruncate(descriptor_, static_cast<off_t>(content.size())) == 0);
    const ssize_t written = ::pwrite(descriptor_, content.data(), content.size(), 0);
    require(written == static_cast<ssize_t>(content.size()));
  }

  const std::string& path() const noexcept { return path_; }

 private:
  static void require(bool done) {
    if (!done) throw std::system_error(errno, std::generic_category(), "MemoryFile");
  }

  int descriptor_;
  std::string path_ = "/proc/self/fd/" + std::to_string(descriptor_);
};

}  // namespace xtape::testing
