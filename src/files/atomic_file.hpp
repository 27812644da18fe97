// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>

#include "files/system_calls.hpp"

namespace xtape {

/// Writes a file that is there as a whole or not at all: under a name of its own beside the destination,
/// which commit() renames once everything is on the disk. A file that was there keeps its place until then,
/// and its permissions after; a symbolic link stays, and what it points to is replaced.
///
/// Every error is a FileError that begins with the function and the path and has the system's reason; what
/// was written until then is removed. What a killed process left behind is removed by the next who writes to
/// the same destination.
class AtomicFile {
 public:
  AtomicFile(const char* function, const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);

  /// Call it once, at the end; without it the destination stays as it was. So it does where this throws, but
  /// where the message says that the new file is in its place.
  void commit();

  /// Throws FileError with this reason, for those who make what is written.
  [[noreturn]] void refuse(const std::string& reason) const;

 private:
  struct Unopened {};
  AtomicFile(const char* function, const std::string& path, Unopened);

  std::string end_of_links() const;
  void open_temporary();
  [[noreturn]] void refuse(int error) const;

  const char* function_;
  std::string path_;  // as given, for messages
  std::string destination_;
  std::string temporary_;  // empty when there is none
  Descriptor descriptor_{-1};
};

}  // namespace xtape
