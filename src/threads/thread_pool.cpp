// SPDX-License-Identifier: BSD-3-Clause
#include "threads/thread_pool.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif
#ifdef __unix__
#include <pthread.h>
#endif

#include "core/fail.hpp"
#include "threads/cpu_quota.hpp"
#include "threads/workspace.hpp"
#include "xtape/threads/threads.hpp"

namespace xtape {
namespace {

// Those that this process may run on: fewer than the machine has, under taskset or in a cpuset.
std::size_t allowed_cores() {
#ifdef __linux__
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

// What there is no memory to read limits nothing.
std::optional<double> known_cpu_quota() {
  try {
    return cpu_quota();
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

std::size_t available_cores() {
  const std::size_t allowed = allowed_cores();
  const std::optional<double> quota = known_cpu_quota();
  if (!quota || *quota >= static_cast<double>(allowed)) return allowed;
  return std::max<std::size_t>(1, static_cast<std::size_t>(*quota));
}

constexpr std::size_t most_threads = 1024;

// Consecutive blocks, which one thread takes first of all and the others help with.
struct alignas(64) Share {
  std::atomic<std::size_t> next{0};
  std::size_t end = 0;
};

// A thread takes the same part of every job, so that it finds in its cache what it wrote in the job before,
// and then what others have not begun. Workers look out for the next job for a moment, which in a loop comes
// sooner than a sleeping thread wakes up, and sleep. They are started by the first job that can use them.
class ThreadPool {
 public:
  void run(std::size_t blocks, void (*work)(void*, std::size_t), void* context) {
    const std::size_t helpers = std::min(limit.load(), blocks) - 1;
    if (helpers == 0 || busy_.test_and_set(std::memory_order_acquire)) {
      for (std::size_t block = 0; block < blocks; ++block) work(context, block);
      return;
    }
    const Occupation until_the_end(busy_);
    {
      const std::lock_guard lock(mutex_);
      start_workers(helpers);
      work_ = work;
      context_ = context;
      share_out(blocks, helpers + 1);
      wanted_ = helpers;
    }
    for (std::size_t i = 0; i < helpers; ++i) job_arrived_.notify_one();
    take_blocks(0);
    {
      const std::lock_guard lock(mutex_);
      wanted_ = 0;  // Whoever has not woken up yet is not needed any more.
    }
    look_out_for([this] { return active_ == 0; });
    {
      std::unique_lock lock(mutex_);
      job_done_.wait(lock, [this] { return active_ == 0; });
    }
    if (exception_ != nullptr) std::rethrow_exception(std::exchange(exception_, nullptr));
  }

  bool helper_is_awake() const noexcept { return awake_ > 0 && limit > 1; }

  std::atomic<std::size_t> limit{std::min(available_cores(), most_threads)};

 private:
  struct Occupation {
    explicit Occupation(std::atomic_flag& flag) : busy(flag) {}
    ~Occupation() { busy.clear(std::memory_order_release); }
    Occupation(const Occupation&) = delete;
    Occupation& operator=(const Occupation&) = delete;

    std::atomic_flag& busy;
  };

  // A system that refuses another thread, or memory for it, leaves the job to those there are. They are
  // waited for until they have the memory that they work in, lest they take it in the middle of a later job.
  void start_workers(std::size_t helpers) {
    try {
      while (workers_.size() < helpers)
        workers_.emplace_back([this, number = workers_.size() + 1] { serve(number); });
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
    for (std::size_t ready; (ready = ready_) < workers_.size();) ready_.wait(ready);
  }

  void serve(std::size_t number) {
    Workspace::prepare_thread();
    ++ready_;
    ready_.notify_one();
    for (;;) {
      ++awake_;
      look_out_for([this] { return wanted_ > 0; });
      --awake_;
      std::unique_lock lock(mutex_);
      job_arrived_.wait(lock, [this] { return wanted_ > 0; });
      --wanted_;
      ++active_;
      lock.unlock();
      take_blocks(number);
      lock.lock();
      if (--active_ == 0) job_done_.notify_one();
    }
  }

  template <class Condition>
  static void look_out_for(Condition condition) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + std::chrono::microseconds(100);
    while (!condition() && Clock::now() < end) std::this_thread::yield();
  }

  void share_out(std::size_t blocks, std::size_t threads) {
    shares_ = std::span(all_shares_).first(threads);
    for (std::size_t i = 0; i < threads; ++i) {
      shares_[i].next = blocks * i / threads;
      shares_[i].end = blocks * (i + 1) / threads;
    }
  }

  void take_blocks(std::size_t number) noexcept {
    try {
      for (std::size_t i = 0; i < shares_.size(); ++i) {
        Share& share = shares_[(number + i) % shares_.size()];
        for (std::size_t block; (block = share.next.fetch_add(1)) < share.end;) work_(context_, block);
      }
    } catch (...) {
      give_up();
    }
  }

  // Called while the exception is being handled.
  void give_up() noexcept {
    for (Share& share : shares_) share.next = share.end;
    const std::lock_guard lock(mutex_);
    if (exception_ == nullptr) exception_ = std::current_exception();
  }

  std::atomic_flag busy_;
  std::mutex mutex_;
  std::condition_variable job_arrived_;
  std::condition_variable job_done_;
  std::vector<std::thread> workers_;
  std::atomic<std::size_t> wanted_{0};  // changed under the mutex
  std::atomic<std::size_t> active_{0};  // likewise
  std::atomic<std::size_t> ready_{0};   // workers that have begun to
  std::atomic<std::size_t> awake_{0};   // workers that look out for a job
  void (*work_)(void*, std::size_t) = nullptr;
  void* context_ = nullptr;
  std::exception_ptr exception_;                // the first of the job
  std::array<Share, most_threads> all_shares_;  // Memory that cannot run out in the middle of a job.
  std::span<Share> shares_;                     // those of the job
};

// Never destroyed: workers may be at work when the program exits. A forked child has none of its parent's
// threads and gets a pool of its own. The first needs no memory that could run out: it may be asked for by
// what must not throw.
alignas(ThreadPool) std::array<std::byte, sizeof(ThreadPool)> place_of_first_pool;
std::atomic<ThreadPool*> current_pool;

ThreadPool& pool() {
  [[maybe_unused]] static const bool started = [] {
    current_pool = new (place_of_first_pool.data()) ThreadPool;
#ifdef __unix__
    pthread_atfork(nullptr, nullptr, [] {
      auto* const fresh = new ThreadPool;
      fresh->limit = current_pool.load()->limit.load();
      current_pool = fresh;
    });
#endif
    return true;
  }();
  return *current_pool;
}

}  // namespace

void detail::run_blocks(std::size_t blocks, void (*run)(void*, std::size_t), void* context) {
  pool().run(blocks, run, context);
}

bool detail::helper_is_awake() noexcept { return pool().helper_is_awake(); }

void set_num_threads(std::size_t threads) {
  if (threads < 1 || threads > most_threads) {
    fail<ArgumentError>("set_num_threads: threads must be in [1, {}], got {}", most_threads, threads);
  }
  pool().limit = threads;
}

std::size_t num_threads() noexcept { return pool().limit; }

}  // namespace xtape
