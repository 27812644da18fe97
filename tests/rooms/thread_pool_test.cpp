// SPDX-License-Identifier: BSD-3-Clause
#include "threads/thread_pool.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#ifdef __unix__
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "matchers.hpp"
#include "threads/workspace.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// Sets the number of threads for one test.
class Threads {
 public:
  explicit Threads(std::size_t threads) : before_(num_threads()) { set_num_threads(threads); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  std::size_t before_;
};

// How many blocks were not done exactly once.
std::size_t wrong_blocks(std::size_t blocks) {
  std::vector<std::atomic<int>> done(blocks);
  parallel_for(blocks, [&](std::size_t block) { ++done.at(block); });
  return static_cast<std::size_t>(std::ranges::count_if(done, [](const auto& times) { return times != 1; }));
}

}  // namespace

TEST_CASE("parallel_for does each block once, with any number of threads", "[core][threads]") {
  const Threads threads(GENERATE(1U, 2U, 3U, 16U));
  for (const std::size_t blocks : {0U, 1U, 2U, 3U, 7U, 100U, 10'000U}) CHECK(wrong_blocks(blocks) == 0);
}

TEST_CASE("parallel_for_even_ranges takes all once, of which each of two threads gets half",
          "[core][threads]") {
  const Threads threads(1);
  for (const std::size_t count : {0U, 1U, 2U, 3U, 5U, 9U, 64U, 65U, 99U, 2048U, 32'769U, 87'380U, 235'146U}) {
    for (const std::size_t length : {1U, 2U, 4U, 21U, 64U, 1024U, 4096U, 32'768U, 43'690U}) {
      std::vector<std::size_t> ends;
      parallel_for_even_ranges(count, length, [&](std::size_t begin, std::size_t end) {
        CHECK(begin == (ends.empty() ? 0 : ends.back()));
        CHECK(begin < end);
        CHECK(end - begin <= length);
        CHECK((length % 64 != 0 || end - begin <= 1024 || begin % 64 == 0));
        ends.push_back(end);
      });
      CAPTURE(count, length);
      CHECK((ends.empty() ? 0 : ends.back()) == count);
      if (count <= length) {
        CHECK(ends.size() <= 1);
      } else {
        CHECK((ends.size() % 2 == 0 || ends.size() == count));
        const auto of_first = static_cast<double>(ends[ends.size() / 2 - 1]),
                   half = static_cast<double>(count) / 2;
        CHECK(std::abs(of_first - half) <= (length < 1024 ? static_cast<double>(length) : 0.01 * half));
      }
    }
  }
}

TEST_CASE("parallel_for_arrays takes each element once and cuts at multiples of 64", "[core][threads]") {
  const Threads threads(GENERATE(1U, 2U, 3U));
  const std::vector<std::size_t> sizes{0, 1, 63, 64, 65, 1000, 0, 5, 10'000, 3, 0};
  for (const std::size_t length : {1U, 50U, 64U, 100U, 1024U, 100'000U}) {
    std::vector<std::vector<std::atomic<int>>> done;
    for (const std::size_t size : sizes) done.emplace_back(size);
    std::atomic<int> wrong_cuts = 0;
    parallel_for_arrays(
        sizes.size(), length, [&](std::size_t array) { return sizes[array]; },
        [&](std::size_t array, std::size_t begin, std::size_t end) {
          if (begin >= end || begin % 64 != 0 || (end % 64 != 0 && end != sizes[array])) ++wrong_cuts;
          for (std::size_t i = begin; i < end; ++i) ++done.at(array).at(i);
        });
    CHECK(wrong_cuts == 0);
    for (const auto& array : done)
      CHECK(std::ranges::all_of(array, [](const auto& times) { return times == 1; }));
  }
}

TEST_CASE("parallel_for_arrays takes small arrays together, on the calling thread while others sleep",
          "[core][threads]") {
  const Threads threads(2);
  std::set<std::thread::id> callers;
  std::mutex mutex;
  // One that has just ended another job may not look out for more yet.
  for (int attempt = 0; attempt < 1000 && callers.size() != 1; ++attempt) {
    while (detail::helper_is_awake()) std::this_thread::yield();
    callers.clear();
    parallel_for_arrays(
        100, 1000, [](std::size_t) { return std::size_t{10}; },
        [&](std::size_t, std::size_t, std::size_t) {
          const std::lock_guard lock(mutex);
          callers.insert(std::this_thread::get_id());
        });
  }
  CHECK(callers == std::set{std::this_thread::get_id()});
}

TEST_CASE("an eighth of what is worth waking a thread for is shared with one that is awake",
          "[core][threads]") {
  const Threads threads(2);
  bool is_shared = false;
  for (int attempt = 0; attempt < 1000 && !is_shared; ++attempt) {
    CHECK(wrong_blocks(2) == 0);  // after which the other thread looks out for more
    std::size_t next = 0, ranges = 0;
    std::mutex mutex;
    parallel_for_even_ranges(1000, 1000, [&](std::size_t begin, std::size_t end) {
      const std::lock_guard lock(mutex);
      next += end - begin;
      ++ranges;
    });
    CHECK(next == 1000);
    is_shared = ranges > 1;
  }
  CHECK(is_shared);
}

TEST_CASE("a single thread finds no help awake, where two would", "[core][threads]") {
  const Threads threads(2);
  bool was_awake = false;
  for (int attempt = 0; attempt < 1000 && !was_awake; ++attempt) {
    CHECK(wrong_blocks(2) == 0);
    const bool before = detail::helper_is_awake();
    set_num_threads(1);
    CHECK_FALSE(detail::helper_is_awake());
    set_num_threads(2);
    was_awake = before && detail::helper_is_awake();
  }
  CHECK(was_awake);
}

TEST_CASE("threads that come to help have the memory already in which they work", "[core][threads]") {
  const Threads threads(24);  // more than any other test starts
  const auto work = [](std::size_t) {
    Workspace workspace;
    workspace.take<double>(100)[0] = 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  work(0);
  CHECK(wrong_blocks(24) == 0);
  const std::size_t before = workspace_bytes();
  for (int job = 0; job < 20; ++job) parallel_for(24, work);
  CHECK(workspace_bytes() == before);
}

TEST_CASE("parallel_for does many small jobs one after the other", "[core][threads]") {
  const Threads threads(4);
  std::size_t wrong = 0;
  for (int job = 0; job < 20'000; ++job) wrong += wrong_blocks(3);
  CHECK(wrong == 0);
}

TEST_CASE("all that blocks wrote is seen after parallel_for", "[core][threads]") {
  const Threads threads(4);
  std::vector<std::size_t> plain(1000);
  for (std::size_t job = 0; job < 200; ++job) {
    parallel_for(plain.size(), [&](std::size_t block) { plain[block] = block + job; });
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) wrong += plain[i] != i + job;
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("two blocks of a job are at work at the same time", "[core][threads]") {
  const Threads threads(2);
  std::atomic<int> arrived{0};
  std::atomic<bool> met{true};
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  parallel_for(2, [&](std::size_t) {
    ++arrived;
    while (arrived < 2 && met) {
      if (std::chrono::steady_clock::now() > latest) met = false;
      std::this_thread::yield();
    }
  });
  CHECK(met);
}

TEST_CASE("parallel_for within a block does its blocks on the same thread", "[core][threads]") {
  const Threads threads(4);
  std::atomic<int> done{0}, elsewhere{0};
  parallel_for(8, [&](std::size_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(8, [&](std::size_t) {
      ++done;
      elsewhere += std::this_thread::get_id() != here;
    });
  });
  CHECK(done == 64);
  CHECK(elsewhere == 0);
}

TEST_CASE("parallel_for may be called from several threads at once", "[core][threads]") {
  const Threads threads(3);
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int job = 0; job < 500; ++job) wrong += wrong_blocks(16);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("with one thread all blocks are done in order on the calling one", "[core][threads]") {
  const Threads threads(1);
  std::vector<std::size_t> order;
  parallel_for(5, [&](std::size_t block) { order.push_back(block); });
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("no more threads than were set work at once", "[core][threads]") {
  const Threads threads(2);
  std::atomic<int> working{0}, most{0};
  parallel_for(200, [&](std::size_t) {
    const int now = ++working;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    --working;
  });
  CHECK(most <= 2);
}

#ifdef __unix__
TEST_CASE("a forked child computes with threads of its own and exits cleanly", "[core][threads]") {
  const std::size_t before = num_threads();
  set_num_threads(3);
  std::atomic<int> done{0};
  parallel_for(8, [&](std::size_t) { ++done; });
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> of_child{0};
    parallel_for(8, [&](std::size_t) { ++of_child; });
    _exit(of_child == 8 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  set_num_threads(before);
  CHECK(done == 8);
  CHECK(status == 0);
}
#endif

TEST_CASE("the first exception of a block reaches the caller, when no thread is at work any more",
          "[core][threads][errors]") {
  const Threads threads(GENERATE(1U, 2U, 4U));
  for (const std::size_t bad : {0U, 1U, 57U, 99U}) {
    std::atomic<int> at_work{0};
    const auto job = [&] {
      parallel_for(100, [&](std::size_t block) {
        ++at_work;
        if (block == bad) {
          --at_work;
          throw std::out_of_range(std::to_string(block));
        }
        std::this_thread::yield();
        --at_work;
      });
    };
    for (int time = 0; time < 50; ++time) {
      CHECK_THROWS_WITH(job(), std::to_string(bad));
      CHECK(at_work == 0);
      CHECK(wrong_blocks(100) == 0);
    }
  }
}

TEST_CASE("a job that throws on every thread leaves as many threads for the next",
          "[core][threads][errors]") {
  const Threads threads(4);
  // A busy machine may leave a job to fewer.
  const auto threads_of_jobs = [] {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    for (int job = 0; job < 100 && seen.size() < 4; ++job) {
      parallel_for(16, [&](std::size_t) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
      });
    }
    return seen.size();
  };
  REQUIRE(threads_of_jobs() == 4);
  for (int time = 0; time < 20; ++time) {
    CHECK_THROWS_AS(parallel_for(64, [](std::size_t) { throw std::bad_alloc(); }), std::bad_alloc);
  }
  CHECK(threads_of_jobs() == 4);
}
