// SPDX-License-Identifier: BSD-3-Clause
#include "threads/workspace.hpp"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "matchers.hpp"
#include "xtape/xtape.hpp"

using namespace xtape;

namespace workspace_test {

constexpr std::size_t large = 3 * workspace_bytes_of_thread;

bool is_aligned(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % 64 == 0; }

// On a thread of its own, so that what other tests left does not matter.
template <class Work>
void on_new_thread(Work work) {
  std::thread(work).join();
}

TEST_CASE("a workspace gives memory that is aligned and its own", "[core]") {
  on_new_thread([] {
    Workspace workspace;
    std::vector<std::uint8_t*> arrays;
    const std::size_t sizes[] = {1, 0, 63, 64, 65, 1000, large, workspace_bytes_of_thread, large};
    for (const std::size_t size : sizes) {
      arrays.push_back(workspace.take<std::uint8_t>(size));
      std::fill_n(arrays.back(), size, static_cast<std::uint8_t>(arrays.size()));
    }
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      CAPTURE(i);
      CHECK(is_aligned(arrays[i]));
      CHECK(std::all_of(arrays[i], arrays[i] + sizes[i], [i](std::uint8_t value) { return value == i + 1; }));
    }
  });
}

TEST_CASE("an outer workspace may be asked while an inner one is in use", "[core]") {
  on_new_thread([] {
    Workspace outer;
    int* const first = outer.take<int>(100);
    int *from_inner = nullptr, *second = nullptr;
    {
      Workspace inner;
      from_inner = inner.take<int>(100);
      std::fill_n(from_inner, 100, 1);
      second = outer.take<int>(100);
      std::fill_n(second, 100, 2);
      CHECK(std::all_of(from_inner, from_inner + 100, [](int value) { return value == 1; }));
    }
    std::fill_n(first, 100, 3);
    int* const third = outer.take<int>(100);
    std::fill_n(third, 100, 4);
    CHECK(std::all_of(second, second + 100, [](int value) { return value == 2; }));
    CHECK(third == from_inner);
  });
}

TEST_CASE("the next workspace gets the same memory", "[core]") {
  on_new_thread([] {
    const Tape<float> keeper;
    const auto addresses = [] {
      Workspace workspace;
      return std::vector<void*>{workspace.take<float>(10), workspace.take<float>(large)};
    };
    const std::vector<void*> first = addresses();
    CHECK(addresses() == first);
  });
}

TEST_CASE("what a thread kept is given back at its end", "[core]") {
  const std::size_t before = workspace_bytes();
  std::size_t during = 0;
  on_new_thread([&] {
    Workspace().take<float>(10);
    during = workspace_bytes();
  });
  CHECK(during == before + workspace_bytes_of_thread);
  CHECK(workspace_bytes() == before);
}

TEST_CASE("large memory is given back at once while there is no tape", "[core]") {
  on_new_thread([] {
    Workspace().take<float>(10);
    const std::size_t before = workspace_bytes();
    {
      Workspace workspace;
      workspace.take<std::uint8_t>(large);
      CHECK(workspace_bytes() >= before + large);
    }
    CHECK(workspace_bytes() == before);
  });
}

TEST_CASE("a larger array takes the place of a smaller one that nobody uses", "[core]") {
  on_new_thread([] {
    const Tape<float> keeper;
    Workspace().take<std::uint8_t>(1);
    const std::size_t before = workspace_bytes();
    for (std::size_t size = large; size < 20 * large; size += large) Workspace().take<std::uint8_t>(size);
    CHECK(workspace_bytes() < before + 20 * large);
  });
}

// One backward pass of this left 268 MB behind, which no statistics counted.
TEST_CASE("what an operation worked in is counted, and given back with the last tape", "[core]") {
  const std::size_t before = workspace_bytes();
  {
    Tape<float> tape;
    const std::size_t rows = 1 << 15, out = 1 << 8;
    const auto x = tape.constant(Array<float>({rows, 4}));
    const auto weight = tape.variable(Array<float>({out, 4})), bias = tape.variable(Array<float>({out}));
    sum(linear_relu(x, weight, bias)).backward();
    CHECK(tape.statistics().workspace_bytes >= before + rows * out * sizeof(float));
    CHECK(tape.statistics().workspace_bytes < before + 2 * rows * out * sizeof(float));
  }
  CHECK(workspace_bytes() <= before + num_threads() * workspace_bytes_of_thread);
}

}  // namespace workspace_test
