// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Memory that is handed out in order and given back in the opposite order, all at once: a list of
/// chunks, each at least twice the one before it, and a position in it. A loop that asks for the same
/// sizes again gets the same memory again and never touches the heap after its first round.
class Arena {
 public:
  /// A place in the arena, to give memory back down to.
  struct Position {
    std::size_t chunk = 0;      ///< of the list
    std::byte* next = nullptr;  ///< free byte in it
  };

  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory; alignment is a power of two, at most 64.
  /// @throws std::bad_alloc  the heap has no room; the arena is as before.
  void* allocate(std::size_t bytes, std::size_t alignment);

  /// Uninitialised memory for so many elements of T, aligned to 64 bytes where there are as many.
  template <class T>
  T* allocate_array(std::size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T), count * sizeof(T) < 64 ? alignof(T) : 64));
  }

  /// Whether it has handed out, or may hand out again, the memory at this address.
  bool owns(const void* address) const noexcept;

  /// Where the next memory comes from.
  Position position() const noexcept { return {chunk_, next_}; }

  /// Gives back all that was handed out since `position` was taken.
  void release(Position position) noexcept;

  /// Handed out and not given back.
  std::size_t bytes_in_use() const noexcept;
  std::size_t reserved_bytes() const noexcept { return reserved_; }            ///< taken from the heap
  std::size_t heap_allocations() const noexcept { return heap_allocations_; }  ///< so far

 private:
  struct Chunk {
    std::byte* memory;
    std::size_t bytes;
    std::size_t used_below;  // when this chunk was begun, in the chunks before it
  };

  void enter(std::size_t chunk, std::byte* next) noexcept;
  [[gnu::noinline]] void* allocate_in_next_chunk(std::size_t bytes);  // rare, and so kept out of the way

  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  std::byte* next_ = nullptr;  // in chunk_
  std::byte* end_ = nullptr;   // of chunk_
  std::size_t reserved_ = 0;
  std::size_t heap_allocations_ = 0;
};

}  // namespace xtape
#pragma GCC visibility pop
