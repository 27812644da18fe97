// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace xtape::io {

/// A regular file that is read from its beginning to its end. Every error is a FileError that begins with the
/// function and the path.
class InputFile {
 public:
  InputFile(const char* function, const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t size() const noexcept { return size_; }

  /// The next bytes. The caller knows from size() that they are there.
  void read(void* to, std::size_t bytes);

  [[noreturn]] void refuse(const std::string& text) const;

 private:
  [[noreturn]] void refuse_unreadable(int error) const;

  const char* function_;
  std::string path_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace xtape::io
