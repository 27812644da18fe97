// SPDX-License-Identifier: BSD-3-Clause
#include "files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "matchers.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

void save(const std::string& path, std::string_view text) {
  AtomicFile file("save", path);
  file.write(text.data(), text.size());
  file.commit();
}

// What is said about the file, behind function and path.
std::string error_of(const std::string& path, std::string_view text = "new") {
  try {
    save(path, text);
  } catch (const FileError& error) {
    const std::string message = error.what(), prefix = "save: " + path + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }
  return "no error";
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777u;
}

// As of a disk that is full after so many bytes.
class LimitedFileSize {
 public:
  explicit LimitedFileSize(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~LimitedFileSize() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  LimitedFileSize(const LimitedFileSize&) = delete;
  LimitedFileSize& operator=(const LimitedFileSize&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

}  // namespace

TEST_CASE("a file appears with its whole content and nothing beside it", "[core][atomic_file]") {
  const TemporaryDirectory directory;
  save(directory / "x", "one");
  CHECK(read_text(directory / "x") == "one");
  save(directory / "x", "");
  CHECK(read_text(directory / "x").empty());
  save(directory / "x", std::string(3'000'000, 'y'));
  CHECK(read_text(directory / "x") == std::string(3'000'000, 'y'));
  CHECK(directory.names() == std::vector<std::string>{"x"});
}

TEST_CASE("a file without a directory in its name is written to the current one", "[core][atomic_file]") {
  const TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  save("x", "here");
  std::filesystem::current_path(before);
  CHECK(read_text(directory / "x") == "here");
}

TEST_CASE("until it is committed the file before it is there", "[core][atomic_file]") {
  const TemporaryDirectory directory;
  save(directory / "x", "old");
  {
    AtomicFile file("save", directory / "x");
    file.write("new", 3);
    CHECK(read_text(directory / "x") == "old");
    CHECK(directory.names().size() == 2);
  }
  CHECK(read_text(directory / "x") == "old");
  CHECK(directory.names() == std::vector<std::string>{"x"});
}

TEST_CASE("a disk that is full leaves the file before it and nothing else", "[core][atomic_file][errors]") {
  const TemporaryDirectory directory;
  save(directory / "x", "old");
  std::string message;
  {
    const LimitedFileSize limit(1000);
    message = error_of(directory / "x", std::string(5000, 'n'));
  }
  CHECK(message == "the file must be writable, got: File too large");
  CHECK(read_text(directory / "x") == "old");
  CHECK(directory.names() == std::vector<std::string>{"x"});
}

TEST_CASE("a file that cannot be made is refused with the system's reason", "[core][atomic_file][errors]") {
  const TemporaryDirectory directory;
  CHECK(error_of(directory / "missing/x") == "the file must be writable, got: No such file or directory");
  CHECK(error_of(directory.path()) == "the file must be writable, got: Is a directory");
  CHECK(error_of("") == "the file must be writable, got: No such file or directory");
  save(directory / "x", "old");
  CHECK(error_of(directory / "x/y") == "the file must be writable, got: Not a directory");
  CHECK(error_of(directory / std::string(300, 'x')) == "the file must be writable, got: File name too long");
  CHECK(directory.names() == std::vector<std::string>{"x"});
}

TEST_CASE("a device or a pipe is never replaced by a file", "[core][atomic_file][errors]") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK(error_of(directory / "pipe") == "it must be a regular file, got a pipe or a device");
  CHECK(std::filesystem::is_fifo(directory / "pipe"));
  std::filesystem::create_symlink("/dev/full", directory / "full");
  CHECK(error_of(directory / "full") == "it must be a regular file, got a pipe or a device");
  CHECK(std::filesystem::is_character_file("/dev/full"));
}

TEST_CASE("a new file takes the permissions of the one before it", "[core][atomic_file]") {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(022);
  save(directory / "x", "new");
  ::umask(before);
  CHECK(mode_of(directory / "x") == 0644);
  ::chmod((directory / "x").c_str(), 0640);
  save(directory / "x", "newer");
  CHECK(mode_of(directory / "x") == 0640);
}

TEST_CASE("a file that its owner may not write to is not replaced", "[core][atomic_file][errors]") {
  const TemporaryDirectory directory;
  save(directory / "x", "old");
  ::chmod((directory / "x").c_str(), 0444);
  ::chmod(directory.path().c_str(), 0777);
  const uid_t user = ::geteuid();
  if (user == 0) REQUIRE(::seteuid(65534) == 0);  // To root the bits mean nothing.
  const std::string message = error_of(directory / "x");
  REQUIRE(::seteuid(user) == 0);
  CHECK(message == "the file must be writable, got: Permission denied");
  CHECK(read_text(directory / "x") == "old");
}

TEST_CASE("a symbolic link stays, and what it points to is replaced", "[core][atomic_file]") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "far");
  save(directory / "far/x", "old");
  std::filesystem::create_symlink("far/x", directory / "link");
  save(directory / "link", "new");
  CHECK(std::filesystem::is_symlink(directory / "link"));
  CHECK(read_text(directory / "far/x") == "new");
}

TEST_CASE("a symbolic link to nothing stays, and what it points to is made", "[core][atomic_file]") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "far");
  std::filesystem::create_symlink("second", directory / "first");
  std::filesystem::create_symlink("far/x", directory / "second");
  save(directory / "first", "new");
  CHECK(std::filesystem::is_symlink(directory / "first"));
  CHECK(std::filesystem::is_symlink(directory / "second"));
  CHECK(read_text(directory / "far/x") == "new");
  std::filesystem::create_symlink("loop", directory / "loop");
  CHECK_THROWS_WITH(save(directory / "loop", "new"), ContainsSubstring("Too many levels of symbolic links"));
  CHECK(std::filesystem::is_symlink(directory / "loop"));
}

TEST_CASE("what a killed process left is removed, and what a living one writes is not",
          "[core][atomic_file]") {
  const TemporaryDirectory directory;
  write_text(directory / "x.tmp-123-0", "left");
  write_text(directory / "x.tmp-notes", "of somebody else");
  write_text(directory / "y.tmp-123-0", "of another file");
  write_text(directory / "x.tmp-124-7", "being written");
  const int living = ::open((directory / "x.tmp-124-7").c_str(), O_RDWR);
  REQUIRE(::flock(living, LOCK_EX) == 0);
  {
    AtomicFile other("save", directory / "x");
    save(directory / "x", "new");
    other.write("newest", 6);
    other.commit();
  }
  ::close(living);
  std::vector<std::string> names = directory.names();
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"x", "x.tmp-124-7", "x.tmp-notes", "y.tmp-123-0"});
  CHECK(read_text(directory / "x") == "newest");
}
