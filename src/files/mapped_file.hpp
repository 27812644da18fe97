// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string_view>

#include "files/byte_reader.hpp"

namespace xtape {

// A file in memory, whose pages the system reads when they are looked at and takes back when it needs the
// memory. It stays when the InputFile is closed. To look at what was cut off of the file since ends the
// process by SIGBUS.
class MappedFile {
 public:
  // Of a regular file that is not empty. Throws UnreadableFileError with the system's reason, and behind it
  // `other_way`, where the file system maps none.
  MappedFile(const InputFile& file, std::string_view other_way);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // The first byte, at the beginning of a page.
  const std::byte* data() const noexcept { return static_cast<const std::byte*>(begin_); }

 private:
  std::size_t size_;
  void* begin_;
};

}  // namespace xtape
