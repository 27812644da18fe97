// SPDX-License-Identifier: BSD-3-Clause
#include "core/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "core/format.hpp"

namespace xtape {
namespace {

namespace fs = std::filesystem;

constexpr const char* temporary_mark = ".tmp-";

fs::path directory_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// Where a chain of symbolic links leads, though nothing may be there yet; a link still if it leads nowhere.
fs::path end_of_links(fs::path file) {
  std::error_code ignored;
  constexpr int most_that_a_system_follows = 40;
  for (int link = 0; link < most_that_a_system_follows && fs::is_symlink(file, ignored); ++link) {
    file = directory_of(file) / fs::read_symlink(file, ignored);
  }
  return file;
}

// Who writes holds a lock on the temporary file, which the system releases when the process ends, however it
// ends.
void remove_abandoned(const fs::path& destination) {
  const std::string prefix = destination.filename().string() + temporary_mark;
  std::error_code ignored;
  for (fs::directory_iterator entry(directory_of(destination), ignored), end; entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    if (name.find_first_not_of("0123456789-", prefix.size()) != std::string::npos) continue;
    const int descriptor = ::open(entry->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
    ::close(descriptor);
  }
}

}  // namespace

AtomicFile::AtomicFile(const char* function, const std::string& path, Unopened)
    : function_(function), path_(path) {}

// What throws below is cleaned up by the destructor, because another constructor has come to its end.
AtomicFile::AtomicFile(const char* function, const std::string& path)
    : AtomicFile(function, path, Unopened()) {
  if (path.empty()) refuse(ENOENT);  // to libc++ it is the current directory
  destination_ = end_of_links(path);
  std::error_code ignored;
  if (fs::is_symlink(destination_, ignored)) refuse(ELOOP);

  struct stat old {};
  const bool replaces = ::stat(destination_.c_str(), &old) == 0;
  if (replaces && S_ISDIR(old.st_mode)) refuse(EISDIR);
  if (replaces && !S_ISREG(old.st_mode)) {
    fail<FileError>("{}: {}: it must be a regular file, got a pipe or a device", function, path);
  }
  // Renaming asks for no right to write to the file, but its owner took it away for a reason.
  if (replaces && ::faccessat(AT_FDCWD, destination_.c_str(), W_OK, AT_EACCESS) != 0) refuse(errno);

  remove_abandoned(destination_);
  open_temporary();
  if (replaces && ::fchmod(descriptor_, old.st_mode & 07777) != 0) refuse(errno);
}

void AtomicFile::open_temporary() {
  static std::atomic<unsigned> count{0};
  for (;;) {
    temporary_ = destination_;
    temporary_ += fmt::format("{}{}-{}", temporary_mark, ::getpid(), count++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      temporary_.clear();  // It may belong to somebody else.
      if (errno == EEXIST) continue;
      refuse(errno);
    }
    ::flock(descriptor_,
            LOCK_EX);  // File systems without locks have nobody who removes what is abandoned either.
    // Somebody may have taken it for abandoned before it was locked.
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) refuse(errno);
    if (status.st_nlink > 0) return;
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const auto* next = static_cast<const unsigned char*>(data);
  while (bytes > 0) {
    const ssize_t count = ::write(descriptor_, next, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(errno);
    next += count;
    bytes -= static_cast<std::size_t>(count);
  }
}

void AtomicFile::commit() {
  // The data first: otherwise a power failure could leave the new name with nothing behind it.
  if (::fsync(descriptor_) != 0) refuse(errno);
  if (::rename(temporary_.c_str(), destination_.c_str()) != 0) refuse(errno);
  temporary_.clear();

  const int directory = ::open(directory_of(destination_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) refuse(errno);
  const int error = ::fsync(directory) != 0 ? errno : 0;
  ::close(directory);
  if (error != 0 && error != EINVAL) refuse(error);  // EINVAL: a file system that has no such thing.
}

void AtomicFile::refuse(const std::string& reason) const {
  fail<FileError>("{}: {}: the file must be writable, got: {}", function_, path_, reason);
}

void AtomicFile::refuse(int error) const { refuse(std::generic_category().message(error)); }

}  // namespace xtape
