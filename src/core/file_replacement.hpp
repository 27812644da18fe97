// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace xtape {

// A file written beside the one that it replaces, which stays as it was until all is written.
class FileReplacement {
 public:
  // Throws FileError if `path` names something else than a regular file.
  FileReplacement(const char* function, const std::string& path);
  ~FileReplacement();
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;

  // Where to write, unless write() does it.
  const std::string& path() const noexcept { return temporary_; }
  void write(std::initializer_list<std::string_view> parts);
  // Throws FileError with this reason.
  [[noreturn]] void fail_unwritable(const char* reason) const;
  // Puts what was written in its place.
  void commit();

 private:
  std::string subject_;
  std::string target_;
  std::string temporary_;
};

}  // namespace xtape
