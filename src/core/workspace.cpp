// SPDX-License-Identifier: BSD-3-Clause
#include "core/workspace.hpp"

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

void give_back(void* memory, std::size_t bytes) noexcept {
  ::operator delete(memory, alignment);
  reserved.fetch_sub(bytes, std::memory_order_relaxed);
}

// What a thread keeps. What it destroys at its end is apart, so that every other use is without a guard.
struct OfThread {
  Workspace* innermost;
  std::byte *memory, *next;
};
constinit thread_local OfThread of_thread{};

struct AtEndOfThread {
  ~AtEndOfThread() {
    if (of_thread.memory == nullptr) return;
    permit(of_thread.memory, workspace_bytes_of_thread);
    give_back(of_thread.memory, workspace_bytes_of_thread);
    of_thread = {};
  }
};

void start_keeping_of_thread() {
  thread_local const AtEndOfThread at_end;
  static_cast<void>(at_end);
  of_thread.memory = of_thread.next = static_cast<std::byte*>(reserve(workspace_bytes_of_thread));
  forbid(of_thread.memory, workspace_bytes_of_thread);
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
    block->last_user = &of_thread;
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
    const bool is_own = block.last_user == &of_thread;
    return is_own != (other.last_user == &of_thread) ? is_own : block.bytes < other.bytes;
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

std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

Workspace::Workspace() noexcept : outer_(of_thread.innermost), begin_(of_thread.next) {
  of_thread.innermost = this;
}

Workspace::~Workspace() {
  of_thread.innermost = outer_;
  if (begin_ == nullptr) begin_ = of_thread.memory;
  if (of_thread.next != begin_) forbid(begin_, static_cast<std::size_t>(of_thread.next - begin_));
  of_thread.next = begin_;
  while (shared_ != nullptr) shared_blocks().put_back(std::exchange(shared_, shared_->next));
}

void* Workspace::take_bytes(std::size_t bytes) {
  if (of_thread.memory == nullptr) start_keeping_of_thread();
  const auto used = static_cast<std::size_t>(of_thread.next - of_thread.memory);
  if (of_thread.innermost == this && bytes <= workspace_bytes_of_thread - used) {
    permit(of_thread.next, bytes);
    return std::exchange(of_thread.next, of_thread.next + aligned(bytes));
  }
  SharedBlock* const block = shared_blocks().take(bytes);
  block->next = std::exchange(shared_, block);
  return block->memory();
}

void begin_keeping_workspaces() { shared_blocks().begin_keeping(); }
void end_keeping_workspaces() noexcept { shared_blocks().end_keeping(); }

std::size_t workspace_bytes() noexcept { return reserved.load(std::memory_order_relaxed); }

}  // namespace xtape
