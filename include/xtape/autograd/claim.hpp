// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>

#pragma GCC visibility push(default)
namespace xtape::detail {

// Who adds to a gradient now: nobody or one. What is moved is claimed by nobody.
class Claim {
 public:
  Claim() = default;
  Claim(Claim&&) noexcept {}
  Claim& operator=(Claim&&) noexcept { return *this; }

  // Asked only by `owner` itself: nobody else makes it true or false.
  bool is_of(const void* owner) const noexcept { return owner_.load(std::memory_order_relaxed) == owner; }

  // False if it is somebody's. Who takes it sees what the one before has written.
  bool take(const void* owner) noexcept {
    const void* nobody = nullptr;
    return owner_.compare_exchange_strong(nobody, owner, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }

  void release() noexcept { owner_.store(nullptr, std::memory_order_release); }

 private:
  std::atomic<const void*> owner_{nullptr};
};

}  // namespace xtape::detail
#pragma GCC visibility pop
