// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "xtape/distributed/communicator.hpp"

namespace xtape::testing {

/// Ranks that are threads of one process. They add in the order of the ranks.
class ThreadsAsRanks {
 public:
  explicit ThreadsAsRanks(std::size_t ranks)
      : meeting_(static_cast<std::ptrdiff_t>(ranks)), shown_(ranks), sent_(ranks * ranks) {
    for (std::size_t pair = 0; pair < ranks * ranks; ++pair)
      pairs_.push_back(std::make_unique<std::barrier<>>(2));
  }

  /// Runs the program on each rank, and returns when all have ended. What a rank throws is thrown; for that
  /// all have to throw, since nobody ends the others. Of several the first is taken.
  void run(const std::function<void(distributed::Communicator&)>& program) {
    std::vector<std::exception_ptr> errors(shown_.size());
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < shown_.size(); ++rank) {
      threads.emplace_back([&, rank] {
        Rank communicator(*this, rank);
        try {
          program(communicator);
        } catch (...) {
          errors[rank] = std::current_exception();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
  }

 private:
  class Rank final : public distributed::Communicator {
   public:
    Rank(ThreadsAsRanks& all, std::size_t rank) : all_(all), rank_(rank) {}

    std::size_t rank() const noexcept override { return rank_; }
    std::size_t size() const noexcept override { return all_.shown_.size(); }
    void sum(std::span<float> elements) override { add(elements); }
    void sum(std::span<double> elements) override { add(elements); }
    void sum(std::span<std::uint64_t> elements) override { add(elements); }
    void barrier() override { all_.meeting_.arrive_and_wait(); }

   private:
    template <class T>
    void add(std::span<T> elements) {
      const std::vector<T> mine(elements.begin(), elements.end());
      show(std::as_bytes(std::span(mine)));
      std::fill(elements.begin(), elements.end(), T{0});
      for (const auto bytes : all_.shown_) {
        const T* const theirs = reinterpret_cast<const T*>(bytes.data());
        for (std::size_t i = 0; i < elements.size(); ++i) elements[i] += theirs[i];
      }
      barrier();
    }

    void exchange_bytes(std::size_t peer, std::span<const std::byte> sent,
                        std::span<std::byte> received) override {
      const std::size_t ranks = size();
      std::barrier<>& meeting = *all_.pairs_[std::min(rank_, peer) * ranks + std::max(rank_, peer)];
      all_.sent_[rank_ * ranks + peer] = sent;
      meeting.arrive_and_wait();
      const std::span<const std::byte> theirs = all_.sent_[peer * ranks + rank_];
      std::copy(theirs.begin(), theirs.end(), received.begin());
      meeting.arrive_and_wait();
    }

    void broadcast_bytes(std::span<std::byte> bytes, std::size_t root) override {
      show(bytes);
      if (rank_ != root) std::copy(all_.shown_[root].begin(), all_.shown_[root].end(), bytes.begin());
      barrier();
    }

    void show(std::span<const std::byte> bytes) {
      all_.shown_[rank_] = bytes;
      barrier();
    }

    ThreadsAsRanks& all_;
    std::size_t rank_;
  };

  std::barrier<> meeting_;
  std::vector<std::span<const std::byte>> shown_;  // by each rank to all, from one barrier to the next
  std::vector<std::span<const std::byte>> sent_;   // by each rank to each, likewise
  std::vector<std::unique_ptr<std::barrier<>>> pairs_;
};

}  // namespace xtape::testing
