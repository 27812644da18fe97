// SPDX-License-Identifier: BSD-3-Clause
#include "core/file_replacement.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/format.hpp"

namespace xtape {

namespace fs = std::filesystem;

FileReplacement::FileReplacement(const char* function, const std::string& path)
    : subject_(fmt::format("{}: {}", function, path)), target_(path) {
  std::error_code error;
  if (fs::exists(path, error)) {
    if (!fs::is_regular_file(path, error)) {
      fail<FileError>("{}: the path must name a regular file, or nothing yet, got another kind", subject_);
    }
    // A link stays one.
    const fs::path resolved = fs::canonical(path, error);
    if (!error) target_ = resolved.string();
  }
  static std::atomic<unsigned> count{0};
  temporary_ = fmt::format("{}.{}.{}.part", target_, getpid(), ++count);
}

FileReplacement::~FileReplacement() {
  std::error_code error;
  fs::remove(temporary_, error);
}

void FileReplacement::fail_unwritable(const char* reason) const {
  fail<FileError>("{}: the file must be writable, got: {}", subject_, reason);
}

void FileReplacement::write(std::initializer_list<std::string_view> parts) {
  errno = 0;
  std::FILE* const file = std::fopen(temporary_.c_str(), "wbx");
  if (file == nullptr) fail_unwritable(std::strerror(errno));
  bool written = true;
  for (const std::string_view part : parts) {
    written = written && std::fwrite(part.data(), 1, part.size(), file) == part.size();
  }
  const int error = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) fail_unwritable(std::strerror(written ? errno : error));
}

void FileReplacement::commit() {
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) fail_unwritable(error.message().c_str());
}

}  // namespace xtape
