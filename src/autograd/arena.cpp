// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/arena.hpp"

#include <algorithm>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define XTAPE_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XTAPE_ADDRESS_SANITIZER
#endif
#endif

#ifdef XTAPE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace xtape {
namespace {

constexpr std::align_val_t chunk_alignment{64};
constexpr std::size_t first_chunk_bytes = std::size_t{1} << 16;

// Under AddressSanitizer, a view that outlives its frame is reported where it is read.
void forbid([[maybe_unused]] const std::byte* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef XTAPE_ADDRESS_SANITIZER
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}

void permit([[maybe_unused]] const std::byte* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef XTAPE_ADDRESS_SANITIZER
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

}  // namespace

Arena::Arena() = default;

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) {
    permit(chunk.memory, chunk.bytes);
    ::operator delete(chunk.memory, chunk_alignment);
  }
}

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t offset = (top_.offset + alignment - 1) & ~(alignment - 1);
  if (top_.chunk < chunks_.size() && offset <= chunks_[top_.chunk].bytes &&
      bytes <= chunks_[top_.chunk].bytes - offset) {
    std::byte* memory = chunks_[top_.chunk].memory + offset;
    permit(memory, bytes);
    top_.offset = offset + bytes;
    return memory;
  }
  return allocate_in_next_chunk(bytes);
}

void* Arena::allocate_in_next_chunk(std::size_t bytes) {
  std::size_t next = chunks_.empty() ? 0 : top_.chunk + 1;
  while (next < chunks_.size() && chunks_[next].bytes < bytes) ++next;
  if (next == chunks_.size()) {
    const std::size_t doubled = chunks_.empty() ? first_chunk_bytes : 2 * chunks_.back().bytes;
    chunks_.reserve(chunks_.size() + 1);
    const std::size_t size = std::max(doubled, bytes);
    chunks_.push_back({static_cast<std::byte*>(::operator new(size, chunk_alignment)), size});
    forbid(chunks_.back().memory, size);
    reserved_ += size;
    ++heap_allocations_;
  }
  const std::size_t below = bytes_in_use();
  permit(chunks_[next].memory, bytes);
  top_ = {next, bytes, below};
  return chunks_[next].memory;
}

void Arena::release(Position position) noexcept {
  for (std::size_t chunk = position.chunk; chunk <= top_.chunk && chunk < chunks_.size(); ++chunk) {
    const std::size_t from = chunk == position.chunk ? position.offset : 0;
    forbid(chunks_[chunk].memory + from, chunks_[chunk].bytes - from);
  }
  top_ = position;
}

}  // namespace xtape
