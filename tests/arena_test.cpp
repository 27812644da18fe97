// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <cstring>

#include "matchers.hpp"

using namespace xtape;

namespace {

bool is_aligned(const void* memory, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(memory) % alignment == 0;
}

}  // namespace

TEST_CASE("an arena takes nothing from the heap before it is asked", "[autograd][arena]") {
  const Arena arena;
  CHECK(arena.heap_allocations() == 0);
  CHECK(arena.reserved_bytes() == 0);
  CHECK(arena.bytes_in_use() == 0);
}

TEST_CASE("arena memory is aligned as asked", "[autograd][arena]") {
  Arena arena;
  for (const std::size_t alignment : {1U, 2U, 8U, 16U, 64U}) {
    arena.allocate(1, 1);
    CHECK(is_aligned(arena.allocate(3, alignment), alignment));
  }
}

TEST_CASE("arrays of a cache line or more begin at one", "[autograd][arena]") {
  Arena arena;
  arena.allocate(1, 1);
  CHECK(is_aligned(arena.allocate_array<float>(16), 64));
  arena.allocate(1, 1);
  CHECK(is_aligned(arena.allocate_array<double>(7), alignof(double)));
}

TEST_CASE("pieces of arena memory do not overlap", "[autograd][arena]") {
  Arena arena;
  unsigned char* pieces[300];
  for (int i = 0; i < 300; ++i) {
    pieces[i] = arena.allocate_array<unsigned char>(1000);
    std::memset(pieces[i], i % 251, 1000);
  }
  int intact = 0;
  for (int i = 0; i < 300; ++i) intact += pieces[i][0] == i % 251 && pieces[i][999] == i % 251;
  CHECK(intact == 300);
  CHECK(arena.bytes_in_use() >= 300'000);
  CHECK(arena.reserved_bytes() >= arena.bytes_in_use());
}

TEST_CASE("released arena memory is handed out again in the same places", "[autograd][arena]") {
  Arena arena;
  arena.allocate(100, 8);
  const Arena::Position mark = arena.position();
  const std::size_t bytes = arena.bytes_in_use();
  // The sizes span several chunks.
  const auto round = [&] {
    std::vector<void*> places;
    for (const std::size_t size : {10'000U, 100'000U, 50U, 400'000U})
      places.push_back(arena.allocate(size, 8));
    arena.release(mark);
    return places;
  };
  const auto first = round();
  const std::size_t allocations = arena.heap_allocations();
  CHECK(round() == first);
  CHECK(arena.heap_allocations() == allocations);
  CHECK(arena.bytes_in_use() == bytes);
}

TEST_CASE("an arena knows its own memory, also when it has been released", "[autograd][arena]") {
  Arena arena;
  const double outside = 0;
  CHECK_FALSE(arena.owns(&outside));
  const double* inside = arena.allocate_array<double>(10);
  CHECK(arena.owns(inside));
  CHECK(arena.owns(inside + 9));
  CHECK_FALSE(arena.owns(&outside));
  arena.release({});
  CHECK(arena.owns(inside));
}

TEST_CASE("chunks of an arena double, so that there are few", "[autograd][arena]") {
  Arena arena;
  for (int i = 0; i < 10'000; ++i) arena.allocate(1024, 8);
  CHECK(arena.heap_allocations() <= 8);  // 64 KiB (2^8 - 1) exceeds 10 MB
}

TEST_CASE("a piece of no bytes is a valid piece", "[autograd][arena]") {
  Arena arena;
  CHECK(arena.allocate_array<double>(0) != nullptr);
  CHECK(arena.bytes_in_use() == 0);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XTAPE_ADDRESS_SANITIZER
#endif
#endif

// AddressSanitizer ends the program where operator new would throw.
#if !defined(__SANITIZE_ADDRESS__) && !defined(XTAPE_ADDRESS_SANITIZER)
TEST_CASE("an arena stays as it was when the heap has no room", "[autograd][arena][errors]") {
  Arena arena;
  arena.allocate(100, 8);
  const std::size_t bytes = arena.bytes_in_use(), reserved = arena.reserved_bytes();
  CHECK_THROWS_AS(arena.allocate(std::size_t{1} << 62, 8), std::bad_alloc);
  CHECK(arena.bytes_in_use() == bytes);
  CHECK(arena.reserved_bytes() == reserved);
  CHECK(arena.heap_allocations() == 1);
  CHECK(arena.allocate(100, 8) != nullptr);
}
#endif
