// SPDX-License-Identifier: BSD-3-Clause
#include "io/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/format.hpp"

namespace xtape::io {

InputFile::InputFile(const char* function, const std::string& path)
    : function_(function),
      path_(path),
      // Without O_NONBLOCK a named pipe would keep us waiting for who writes to it.
      descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) refuse_unreadable(errno);
  struct stat status {};
  const int error = ::fstat(descriptor_, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
  if (error != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    if (error != 0) refuse_unreadable(error);
    refuse("it must be a regular file, got a pipe or a device");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(void* to, std::size_t bytes) {
  auto* next = static_cast<unsigned char*>(to);
  while (bytes > 0) {
    const ssize_t count = ::read(descriptor_, next, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_unreadable(errno);
    if (count == 0)
      refuse(fmt::format("it must keep its {} bytes while it is read, got an earlier end", size_));
    next += count;
    bytes -= static_cast<std::size_t>(count);
  }
}

void InputFile::refuse(const std::string& text) const {
  fail<FileError>("{}: {}: {}", function_, path_, text);
}

void InputFile::refuse_unreadable(int error) const {
  refuse("the file must be readable, got: " + std::generic_category().message(error));
}

}  // namespace xtape::io
