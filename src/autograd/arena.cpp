// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/arena.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <new>

#include "core/poison.hpp"

namespace xtape {
namespace {

constexpr std::align_val_t chunk_alignment{64};
constexpr std::size_t first_chunk_bytes = std::size_t{1} << 16;

}  // namespace

Arena::Arena() = default;

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) {
    permit(chunk.memory, chunk.bytes);
    ::operator delete(chunk.memory, chunk_alignment);
  }
}

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t padding = (0 - reinterpret_cast<std::uintptr_t>(next_)) & (alignment - 1);
  const auto room = static_cast<std::size_t>(end_ - next_);
  if (next_ == nullptr || padding > room || bytes > room - padding) return allocate_in_next_chunk(bytes);
  std::byte* memory = next_ + padding;
  permit(memory, bytes);
  next_ = memory + bytes;
  return memory;
}

void* Arena::allocate_in_next_chunk(std::size_t bytes) {
  std::size_t chunk = next_ == nullptr ? 0 : chunk_ + 1;
  while (chunk < chunks_.size() && chunks_[chunk].bytes < bytes) ++chunk;
  if (chunk == chunks_.size()) {
    const std::size_t doubled = chunks_.empty() ? first_chunk_bytes : 2 * chunks_.back().bytes;
    std::size_t size = std::max(doubled, bytes);
    chunks_.reserve(chunks_.size() + 1);
    void* memory = ::operator new(size, chunk_alignment, std::nothrow);
    if (memory == nullptr) memory = ::operator new(size = bytes, chunk_alignment);
    chunks_.push_back({static_cast<std::byte*>(memory), size, 0});
    forbid(chunks_.back().memory, size);
    reserved_ += size;
    ++heap_allocations_;
  }
  chunks_[chunk].used_below = bytes_in_use();
  enter(chunk, chunks_[chunk].memory + bytes);
  permit(chunks_[chunk].memory, bytes);
  return chunks_[chunk].memory;
}

void Arena::enter(std::size_t chunk, std::byte* next) noexcept {
  chunk_ = chunk;
  next_ = next;
  end_ = next == nullptr ? nullptr : chunks_[chunk].memory + chunks_[chunk].bytes;
}

void Arena::release(Position position) noexcept {
  for (std::size_t chunk = position.chunk; chunk <= chunk_ && chunk < chunks_.size(); ++chunk) {
    const bool partly = chunk == position.chunk && position.next != nullptr;
    std::byte* from = partly ? position.next : chunks_[chunk].memory;
    forbid(from, static_cast<std::size_t>(chunks_[chunk].memory + chunks_[chunk].bytes - from));
  }
  enter(position.chunk, position.next);
}

bool Arena::owns(const void* address) const noexcept {
  return std::ranges::any_of(chunks_, [address](const Chunk& chunk) {
    return std::less_equal<>()(static_cast<const void*>(chunk.memory), address) &&
           std::less<>()(address, static_cast<const void*>(chunk.memory + chunk.bytes));
  });
}

std::size_t Arena::bytes_in_use() const noexcept {
  if (next_ == nullptr) return 0;
  return chunks_[chunk_].used_below + static_cast<std::size_t>(next_ - chunks_[chunk_].memory);
}

}  // namespace xtape
