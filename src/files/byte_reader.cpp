// SPDX-License-Identifier: BSD-3-Clause
#include "files/byte_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "files/system_calls.hpp"

namespace xtape {
namespace {

// What is first read of a stream of unknown length, and added to it; later it doubles.
constexpr std::size_t first_piece = std::size_t{1} << 16;

}  // namespace

InputFile::InputFile(const char* function, const std::string& path, Kind kind, std::string_view other_way)
    : subject_(fmt::format("{}: {}", function, path)) {
  // With O_NONBLOCK a named pipe that is to be refused does not keep us waiting for who writes to it.
  const int not_waiting = kind == Kind::regular ? O_NONBLOCK : 0;
  const int descriptor =
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | not_waiting); });
  if (descriptor < 0) fail_unreadable(errno);
  file_.reset(::fdopen(descriptor, "rb"));
  if (file_ == nullptr) {
    const int error = errno;
    ::close(descriptor);
    fail_unreadable(error);
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail_unreadable(errno);
  if (S_ISDIR(status.st_mode)) fail_unreadable(EISDIR);
  if (S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    written_ = status.st_mtim;
  } else if (kind == Kind::regular) {
    fail<FileError>("{}: it must be a regular file, got a pipe or a device{}", subject_, other_way);
  }
}

void InputFile::fail_unreadable(int error, std::string_view other_way) const {
  fail<UnreadableFileError>("{}: the file must be readable, got: {}{}", subject_,
                            std::generic_category().message(error), other_way);
}

std::size_t InputFile::read(void* to, std::size_t count) {
  std::size_t got = 0;
  do {
    got += std::fread(static_cast<char*>(to) + got, 1, count - got, file_.get());
  } while (got < count && was_interrupted());
  return got;
}

void InputFile::skip(std::uint64_t count) {
  if (uninterrupted([&] { return ::fseeko(file_.get(), static_cast<off_t>(count), SEEK_CUR); }) != 0)
    fail_unreadable(errno);
}

void InputFile::go_to(std::uint64_t offset) {
  if (uninterrupted([&] { return ::fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET); }) != 0)
    fail_unreadable(errno);
}

void InputFile::require_unchanged() const {
  struct stat status {};
  if (::fstat(descriptor(), &status) != 0) fail_unreadable(errno);
  const bool is_unchanged = static_cast<std::uint64_t>(status.st_size) == size_ &&
                            status.st_mtim.tv_sec == written_.tv_sec &&
                            status.st_mtim.tv_nsec == written_.tv_nsec;
  if (is_unchanged) return;
  fail<FileError>("{}: the file must stay as it is while it is read, got one that was written to", subject_);
}

int InputFile::peek() {
  int next;
  do {
    next = std::getc(file_.get());
  } while (next == EOF && was_interrupted());
  return next == EOF ? EOF : std::ungetc(next, file_.get());
}

bool InputFile::was_interrupted() {
  if (std::ferror(file_.get()) == 0) return false;
  if (errno != EINTR) fail_unreadable(errno);
  std::clearerr(file_.get());
  return true;
}

std::string read_file(const char* function, const std::string& path) {
  InputFile file(function, path);
  std::string text;
  std::size_t next = file.size() == InputFile::unknown_size ? first_piece : file.size() + 1;
  for (;;) {
    const std::size_t had = text.size();
    text.resize(had + next);
    const std::size_t got = file.read(text.data() + had, next);
    text.resize(had + got);
    if (got < next) return text;
    next = std::max(first_piece, text.size());
  }
}

void ByteReader::fail_cut(std::uint64_t begin, std::size_t count, std::string_view what) const {
  fail_at(begin, "there must be {} bytes of {}, got {}", count, what, offset_ - begin);
}

void ByteReader::require_possible(std::size_t count, std::string_view what) const {
  const std::uint64_t left = size_limit() - std::min(offset_, size_limit());
  if (count > left) {
    fail_at(offset_, "there must be {} bytes of {}, got {}{}", count, what, is_plain() ? "" : "at most ",
            left);
  }
}

void ByteReader::read(void* to, std::size_t count, std::string_view what) {
  const std::uint64_t begin = offset_;
  offset_ += read_some(static_cast<char*>(to), count);
  if (offset_ - begin < count) fail_cut(begin, count, what);
}

std::string ByteReader::read_bytes(std::size_t count, std::string_view what) {
  require_possible(count, what);
  const std::uint64_t begin = offset_;
  std::string bytes;
  while (bytes.size() < count) {
    const std::size_t had = bytes.size();
    bytes.resize(is_plain() ? count : std::min(count, std::max(first_piece, 2 * had)));
    const std::size_t got = read_some(bytes.data() + had, bytes.size() - had);
    offset_ += got;
    if (got < bytes.size() - had) fail_cut(begin, count, what);
  }
  return bytes;
}

void ByteReader::require_end() {
  char byte;
  if (read_some(&byte, 1) != 0) fail_at(offset_, "the file must end here, got more bytes");
}

}  // namespace xtape
