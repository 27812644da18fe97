// SPDX-License-Identifier: BSD-3-Clause
#include "threads/workspace.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#ifdef __unix__
#include <pthread.h>
#endif

#include "core/poison.hpp"

namespace xtape {

// Stands in front of its memory.
struct alignas(64) SharedBlock {
  std::size_t bytes;
  SharedBlock* next;
  const void* last_user;  // a thread, in whose cache it may be

  std::byte* memory() { return reinterpret_cast<std::byte*>(this + 1); }
};

namespace {

constexpr std::align_val_t alignment{64};

std::atomic<std::size_t> reserved{0};

void* reserve(std::size_t bytes) {
  void* const memory = ::operator new(bytes, alignment);
  reserved.fetch_add(bytes, std::memory_order_relaxed);
  return memory;
}

// Tells threads apart.
const void* this_thread() {
  static constinit thread_local char any = 0;
  return &any;
}

void give_back(void* memory, std::size_t bytes) noexcept {
  ::operator delete(memory, alignment);
  reserved.fetch_sub(bytes, std::memory_order_relaxed);
}

// What threads share: never more blocks than were in use at once, each of the largest size that was wanted of
// it.
class SharedBlocks {
 public:
  SharedBlock* take(std::size_t bytes) {
    SharedBlock* block = nullptr;
    {
      const std::lock_guard lock(mutex);
      if (SharedBlock** const place = best_free(bytes)) block = std::exchange(*place, (*place)->next);
    }
    if (block != nullptr && block->bytes < bytes) release(std::exchange(block, nullptr));
    if (block == nullptr)
      block = new (reserve(sizeof(SharedBlock) + bytes)) SharedBlock{bytes, nullptr, nullptr};
    block->last_user = this_thread();
    permit(block->memory(), block->bytes);
    return block;
  }

  void put_back(SharedBlock* block) noexcept {
    forbid(block->memory(), block->bytes);
    {
      const std::lock_guard lock(mutex);
      if (keepers > 0) {
        block->next = std::exchange(free_, block);
        return;
      }
    }
    release(block);
  }

  void begin_keeping() noexcept {
    const std::lock_guard lock(mutex);
    ++keepers;
  }

  void end_keeping() noexcept {
    SharedBlock* unwanted = nullptr;
    {
      const std::lock_guard lock(mutex);
      if (--keepers == 0) unwanted = std::exchange(free_, nullptr);
    }
    while (unwanted != nullptr) release(std::exchange(unwanted, unwanted->next));
  }

  std::mutex mutex;

 private:
  static void release(SharedBlock* block) noexcept {
    permit(block->memory(), block->bytes);
    give_back(block, sizeof(SharedBlock) + block->bytes);
  }

  static bool is_better(const SharedBlock& block, const SharedBlock& other, std::size_t bytes) noexcept {
    const bool fits = block.bytes >= bytes;
    if (fits != (other.bytes >= bytes)) return fits;
    if (!fits) return block.bytes > other.bytes;
    const bool is_own = block.last_user == this_thread();
    return is_own != (other.last_user == this_thread()) ? is_own : block.bytes < other.bytes;
  }

  // The smallest that is large enough, of this thread's first, or else the largest, which a new one replaces.
  SharedBlock** best_free(std::size_t bytes) noexcept {
    SharedBlock** best = nullptr;
    for (SharedBlock** place = &free_; *place != nullptr; place = &(*place)->next) {
      if (best == nullptr || is_better(**place, **best, bytes)) best = place;
    }
    return best;
  }

  std::size_t keepers = 0;
  SharedBlock* free_ = nullptr;
};

// Never destroyed: workers may be at work when the program exits.
SharedBlocks& shared_blocks() {
  static SharedBlocks& blocks = []() -> SharedBlocks& {
    static auto* const made = new SharedBlocks;
#ifdef __unix__
    // A child of fork has the one thread that forked; nobody else may hold the mutex then.
    pthread_atfork([] { made->mutex.lock(); }, [] { made->mutex.unlock(); }, [] { made->mutex.unlock(); });
#endif
    return *made;
  }();
  return blocks;
}

}  // namespace

constinit thread_local Workspace::OfThread Workspace::of_thread_{};

// What is destroyed at the end of the thread is apart, so that no other use of what it keeps has a guard.
void Workspace::keep_of_thread() {
  struct AtEnd {
    ~AtEnd() {
      if (of_thread_.memory == nullptr) return;
      permit(of_thread_.memory, workspace_bytes_of_thread);
      give_back(of_thread_.memory, workspace_bytes_of_thread);
      of_thread_.memory = nullptr;
    }
  };
  thread_local const AtEnd at_end;
  static_cast<void>(at_end);
  of_thread_.memory = static_cast<std::byte*>(reserve(workspace_bytes_of_thread));
  forbid(of_thread_.memory, workspace_bytes_of_thread);
}

void Workspace::prepare_thread() noexcept {
  try {
    keep_of_thread();
  } catch (const std::bad_alloc&) {
  }
}

void* Workspace::take_elsewhere(std::size_t bytes) {
  if (of_thread_.memory == nullptr) {
    keep_of_thread();
    return take_bytes(bytes);
  }
  SharedBlock* const block = shared_blocks().take(bytes);
  block->next = std::exchange(shared_, block);
  return block->memory();
}

void Workspace::put_shared_back() noexcept {
  while (shared_ != nullptr) shared_blocks().put_back(std::exchange(shared_, shared_->next));
}

void begin_keeping_workspaces() { shared_blocks().begin_keeping(); }
void end_keeping_workspaces() noexcept { shared_blocks().end_keeping(); }

std::size_t workspace_bytes() noexcept { return reserved.load(std::memory_order_relaxed); }

}  // namespace xtape
