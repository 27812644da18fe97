// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "core/poison.hpp"

namespace xtape {

struct SharedBlock;

inline constexpr std::size_t workspace_bytes_of_thread = std::size_t{1} << 19;

// Memory in which a function works, given back when it goes out of scope: up to workspace_bytes_of_thread
// from what the thread keeps, the rest from what all threads share.
class Workspace {
 public:
  Workspace() noexcept : outer_(of_thread_.innermost), used_before_(of_thread_.used) {
    of_thread_.innermost = this;
  }
  ~Workspace() {
    if (of_thread_.used != used_before_)
      forbid(of_thread_.memory + used_before_, of_thread_.used - used_before_);
    of_thread_.innermost = outer_;
    of_thread_.used = used_before_;
    if (shared_ != nullptr) put_shared_back();
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Uninitialised memory for so many elements, aligned to 64 bytes. Throws std::bad_alloc.
  template <class T>
  T* take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    return static_cast<T*>(take_bytes(count * sizeof(T)));
  }

  // Takes at once what the thread keeps, if there is so much memory, and not when it first needs some.
  static void prepare_thread() noexcept;

 private:
  struct OfThread {
    Workspace* innermost;
    std::byte* memory;  // null: not yet taken from the heap
    std::size_t used;
  };

  void* take_bytes(std::size_t bytes) {
    const bool fits = of_thread_.innermost == this && bytes <= workspace_bytes_of_thread - of_thread_.used;
    if (of_thread_.memory == nullptr || !fits) return take_elsewhere(bytes);
    std::byte* const memory = of_thread_.memory + of_thread_.used;
    permit(memory, bytes);
    of_thread_.used += (bytes + 63) / 64 * 64;
    return memory;
  }
  [[gnu::noinline]] void* take_elsewhere(std::size_t bytes);
  [[gnu::noinline]] void put_shared_back() noexcept;
  static void keep_of_thread();

  static constinit thread_local OfThread of_thread_;

  Workspace* outer_;
  std::size_t used_before_;
  SharedBlock* shared_ = nullptr;  // a list
};

// Memory of the caller's, from which a function takes as from a Workspace; a copy gives back what is taken of
// it when it goes out of scope. Nothing checks that there is enough.
class GivenMemory {
 public:
  // Aligned to 64 bytes.
  explicit GivenMemory(void* memory) noexcept : next_(static_cast<std::byte*>(memory)) {}

  template <class T>
  T* take(std::size_t count) noexcept {
    return reinterpret_cast<T*>(std::exchange(next_, next_ + bytes<T>(count)));
  }
  // What take takes.
  template <class T>
  static constexpr std::size_t bytes(std::size_t count) noexcept {
    return (count * sizeof(T) + 63) / 64 * 64;
  }

 private:
  std::byte* next_;
};

// What workspaces share is kept for the next one as long as somebody uses them again and again: a tape.
void begin_keeping_workspaces();
void end_keeping_workspaces() noexcept;

// What workspaces have taken from the heap and not given back, on all threads.
std::size_t workspace_bytes() noexcept;

}  // namespace xtape
