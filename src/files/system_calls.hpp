// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cerrno>
#include <cstddef>

namespace xtape {

// A file that is open until the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept;

  // -1: none.
  operator int() const noexcept { return number_; }

 private:
  int number_;
};

// What the call returns, which is made again where a signal interrupted it.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

// The functions below return false where the system refuses, which then has left the reason in errno.

// All of it, in as many pieces as it takes.
bool write_all(int descriptor, const void* data, std::size_t bytes);

// Whether closing the file would report that what was written is lost, as network file systems do; it stays
// open, and its locks are kept.
bool closes_without_loss(int descriptor);

}  // namespace xtape
