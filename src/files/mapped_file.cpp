// SPDX-License-Identifier: BSD-3-Clause
#include "files/mapped_file.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace xtape {

MappedFile::MappedFile(const InputFile& file, std::string_view other_way)
    : size_(static_cast<std::size_t>(file.size())),
      begin_(::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.descriptor(), 0)) {
  if (begin_ == MAP_FAILED) file.fail_unreadable(errno, other_way);
}

MappedFile::~MappedFile() { ::munmap(begin_, size_); }

}  // namespace xtape
