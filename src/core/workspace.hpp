// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <type_traits>

namespace xtape {

struct SharedBlock;

// Memory in which a function works, given back when it goes out of scope: up to workspace_bytes_of_thread
// from what the thread keeps, the rest from what all threads share.
class Workspace {
 public:
  Workspace() noexcept;
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Uninitialised memory for so many elements, aligned to 64 bytes. Throws std::bad_alloc.
  template <class T>
  T* take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    return static_cast<T*>(take_bytes(count * sizeof(T)));
  }

 private:
  void* take_bytes(std::size_t bytes);

  Workspace* outer_;  // of this thread
  std::byte* begin_;  // in what the thread keeps
  SharedBlock* shared_ = nullptr;
};

inline constexpr std::size_t workspace_bytes_of_thread = std::size_t{1} << 19;

// What workspaces share is kept for the next one as long as somebody uses them again and again: a tape.
void begin_keeping_workspaces();
void end_keeping_workspaces() noexcept;

// What workspaces have taken from the heap and not given back, on all threads.
std::size_t workspace_bytes() noexcept;

}  // namespace xtape
