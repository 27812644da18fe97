// SPDX-License-Identifier: BSD-3-Clause
#include "files/system_calls.hpp"

#include <unistd.h>

#include <utility>

namespace xtape {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

bool write_all(int descriptor, const void* data, std::size_t bytes) {
  const auto* next = static_cast<const unsigned char*>(data);
  while (bytes > 0) {
    const ssize_t count = uninterrupted([&] { return ::write(descriptor, next, bytes); });
    if (count < 0) return false;
    next += count;
    bytes -= static_cast<std::size_t>(count);
  }
  return true;
}

bool closes_without_loss(int descriptor) {
  return uninterrupted([&] {
           const int same = ::dup(descriptor);
           return same < 0 ? -1 : ::close(same);
         }) == 0;
}

}  // namespace xtape
