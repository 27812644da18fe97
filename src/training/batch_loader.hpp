// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "training/loaded_rows.hpp"
#include "training/shard_plan.hpp"
#include "xtape/random/random.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// Loads the batches of an epoch one after the other. Of what takes longer than a copy, a thread loads the
// next one while the one before is in use.
template <class T>
class BatchLoader {
 public:
  // Writes the rows of a batch, from 0 on; false where there is none any more. Called in order, by one thread
  // at a time.
  using Load = std::function<bool(std::size_t batch, LoadedRows<T>& to, Copy copy)>;

  // @param takes_time  longer than a copy
  BatchLoader(bool takes_time, const Augment<T>& augment, const ShardPlan& plan)
      : augment_(augment), plan_(plan) {
    if (!takes_time && !augment) return;
    try {
      thread_ = std::thread([this] { load_on_demand(); });
    } catch (const std::system_error&) {
      // Where the system has no more threads, this one does it.
    }
  }

  ~BatchLoader() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // @param seed  of the random numbers of the first shard of all; each has its own.
  void begin_epoch(Load load, std::uint64_t seed) {
    finish();
    load_ = std::move(load);
    next_ = 0;
    seed_ = seed;
    demand(0);
  }

  // Null where there is none any more. Valid until the next call. Throws what the store or the
  // augmentation throws.
  const LoadedRows<T>* next() {
    const std::size_t batch = next_++;
    if (thread_.joinable()) {
      finish();
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    } else {
      load(batch, Copy::shared);
    }
    if (!is_loaded_) return nullptr;
    demand(batch + 1);
    return &slots_[batch % 2];
  }

  // Waits until nothing is being loaded.
  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !is_demanded_; });
  }

 private:
  void load(std::size_t batch, Copy copy) {
    LoadedRows<T>& rows = slots_[batch % 2];
    is_loaded_ = load_(batch, rows, copy);
    if (is_loaded_ && augment_) augment(rows, seed_ + batch * plan_.all);
  }

  // Each shard by random numbers of its own, so that it does not matter which rank it is of.
  void augment(const LoadedRows<T>& rows, std::uint64_t seed) const {
    const ArrayView<T> features = rows.features();
    const std::size_t width = features.size() / std::max<std::size_t>(1, rows.count());
    for (std::size_t shard = plan_.first; shard < plan_.first + plan_.count; ++shard) {
      const auto [begin, end] = plan_.range_of(shard, rows);
      if (begin == end) continue;
      Random random(seed + shard);
      augment_({features.data() + begin * width, with_rows(features.shape(), end - begin)}, random);
    }
  }

  void demand(std::size_t batch) {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      demanded_ = batch;
      is_demanded_ = true;
    }
    changed_.notify_all();
  }

  void load_on_demand() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return is_demanded_ || is_ending_; });
      if (is_ending_) return;
      lock.unlock();
      try {
        load(demanded_, Copy::alone);  // The others have the step to do.
      } catch (...) {
        error_ = std::current_exception();
      }
      lock.lock();
      is_demanded_ = false;
      changed_.notify_all();
    }
  }

  const Augment<T>& augment_;
  const ShardPlan& plan_;
  Load load_;
  std::size_t next_ = 0;
  std::uint64_t seed_ = 0;
  std::array<LoadedRows<T>, 2> slots_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t demanded_ = 0;
  bool is_demanded_ = false;
  bool is_ending_ = false;
  bool is_loaded_ = false;    // the batch that was demanded last
  std::exception_ptr error_;  // of its load
  std::thread thread_;
};

}  // namespace xtape::training
