// SPDX-License-Identifier: BSD-3-Clause
#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "files/directory.hpp"
#include "files/system_calls.hpp"

namespace xtape {
namespace {

constexpr std::string_view temporary_mark = ".tmp-";

bool is_symbolic_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

// Who writes holds a lock on the temporary file, which the system releases when the process ends, however it
// ends.
void remove_abandoned(const std::string& destination) {
  const std::string prefix = std::string(name_of(destination)).append(temporary_mark);
  const std::string directory = directory_of(destination);
  std::vector<std::string> names;
  append_names(directory, names);
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    if (name.find_first_not_of("0123456789-", prefix.size()) != std::string::npos) continue;
    const std::string path = path_in(directory, name);
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file < 0) continue;
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  }
}

}  // namespace

AtomicFile::AtomicFile(const char* function, const std::string& path, Unopened)
    : function_(function), path_(path) {}

// What throws below is cleaned up by the destructor, because another constructor has come to its end.
AtomicFile::AtomicFile(const char* function, const std::string& path)
    : AtomicFile(function, path, Unopened()) {
  if (path.empty()) refuse(ENOENT);  // to libc++ it is the current directory
  destination_ = end_of_links();

  struct stat old {};
  const bool replaces = ::stat(destination_.c_str(), &old) == 0;
  if (!replaces && errno != ENOENT) refuse(errno);
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

// Where a chain of symbolic links leads, though nothing may be there yet.
std::string AtomicFile::end_of_links() const {
  std::string file = path_;
  constexpr int most_that_a_system_follows = 40;
  for (int link = 0; is_symbolic_link(file); ++link) {
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlink(file.c_str(), target.data(), target.size());
    if (length < 0) refuse(errno);
    if (link == most_that_a_system_follows) refuse(ELOOP);
    const std::string_view name(target.data(), static_cast<std::size_t>(length));
    file = name.starts_with('/') ? std::string(name) : path_in(directory_of(file), name);
  }
  return file;
}

void AtomicFile::open_temporary() {
  static std::atomic<unsigned> count{0};
  for (;;) {
    std::string name = fmt::format("{}{}{}-{}", destination_, temporary_mark, ::getpid(), count++);
    descriptor_ = Descriptor(
        uninterrupted([&] { return ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
    if (descriptor_ < 0) {
      if (errno == EEXIST) continue;  // It may belong to somebody else.
      refuse(errno);
    }
    temporary_ = std::move(name);  // From here on it is ours to remove.
    // File systems without locks have nobody who removes what is abandoned either.
    uninterrupted([&] { return ::flock(descriptor_, LOCK_EX); });
    // Somebody may have taken it for abandoned before it was locked.
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) refuse(errno);
    if (status.st_nlink > 0) return;
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  if (!write_all(descriptor_, data, bytes)) refuse(errno);
}

void AtomicFile::commit() {
  // The data first: otherwise a power failure could leave the new name with nothing behind it.
  if (uninterrupted([&] { return ::fsync(descriptor_); }) != 0) refuse(errno);
  if (!closes_without_loss(descriptor_)) refuse(errno);
  // While the file before it is still there: one that cannot be opened is a reason to refuse.
  const Descriptor directory(uninterrupted(
      [&] { return ::open(directory_of(destination_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (directory < 0) refuse(errno);
  if (::rename(temporary_.c_str(), destination_.c_str()) != 0) refuse(errno);
  temporary_.clear();

  const bool is_kept = uninterrupted([&] { return ::fsync(directory); }) == 0;
  if (is_kept || errno == EINVAL) return;  // EINVAL: a file system that has no such thing.
  fail<FileError>(
      "{}: {}: the file is written and in its place, but its directory must be brought to the disk "
      "too, to outlive a power failure, got: {}",
      function_, path_, std::generic_category().message(errno));
}

void AtomicFile::refuse(const std::string& reason) const {
  fail<FileError>("{}: {}: the file must be writable, got: {}", function_, path_, reason);
}

void AtomicFile::refuse(int error) const { refuse(std::generic_category().message(error)); }

}  // namespace xtape
