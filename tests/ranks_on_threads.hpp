// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "xtape/distributed.hpp"

namespace xtape::testing {

/// Messages from each rank to each other one, in the order in which they were sent.
class Mail {
 public:
  explicit Mail(std::size_t ranks) : ranks_(ranks), messages_(ranks * ranks) {}

  std::size_t ranks() const { return ranks_; }

  void send(std::size_t from, std::size_t to, std::span<const std::byte> message) {
    const std::lock_guard lock(mutex_);
    messages_[from * ranks_ + to].emplace_back(message.begin(), message.end());
    came_.notify_all();
  }

  void receive(std::size_t from, std::size_t to, std::span<std::byte> message) {
    std::unique_lock lock(mutex_);
    auto& waiting = messages_[from * ranks_ + to];
    came_.wait(lock, [&] { return !waiting.empty(); });
    const std::vector<std::byte> first = std::move(waiting.front());
    waiting.pop_front();
    if (first.size() != message.size()) throw std::logic_error("Mail: a message of another length came");
    std::ranges::copy(first, message.begin());
  }

 private:
  std::size_t ranks_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::deque<std::vector<std::byte>>> messages_;
};

/// A rank that is a thread.
class ThreadRank final : public distributed::Communicator {
 public:
  ThreadRank(Mail& mail, std::size_t rank) : mail_(mail), rank_(rank) {}

  std::size_t rank() const noexcept override { return rank_; }
  std::size_t size() const noexcept override { return mail_.ranks(); }

  void sum(std::span<float> elements) override { add_all(elements); }
  void sum(std::span<double> elements) override { add_all(elements); }
  void sum(std::span<std::uint64_t> elements) override { add_all(elements); }
  void barrier() override { add_all(std::span<float>()); }

  /// How many bytes exchange() has sent to other ranks.
  std::size_t sent_bytes() const { return sent_bytes_; }

 private:
  void exchange_bytes(std::size_t peer, std::span<const std::byte> sent,
                      std::span<std::byte> received) override {
    sent_bytes_ += sent.size();
    mail_.send(rank_, peer, sent);
    mail_.receive(peer, rank_, received);
  }

  void broadcast_bytes(std::span<std::byte> bytes, std::size_t root) override {
    for (std::size_t to = 0; rank_ == root && to < size(); ++to) mail_.send(root, to, bytes);
    mail_.receive(root, rank_, bytes);
  }

  template <class T>
  void add_all(std::span<T> elements) {
    for (std::size_t to = 0; to < size(); ++to) mail_.send(rank_, to, std::as_bytes(elements));
    std::vector<T> others(elements.size());
    std::ranges::fill(elements, T{0});
    for (std::size_t from = 0; from < size(); ++from) {
      mail_.receive(from, rank_, std::as_writable_bytes(std::span(others)));
      for (std::size_t i = 0; i < elements.size(); ++i) elements[i] += others[i];
    }
  }

  Mail& mail_;
  std::size_t rank_;
  std::size_t sent_bytes_ = 0;
};

/// Calls work(communicator) for each rank, each on a thread of its own.
inline void on_ranks(std::size_t ranks, const std::function<void(ThreadRank&)>& work) {
  Mail mail(ranks);
  std::vector<std::exception_ptr> thrown(ranks);
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ThreadRank communicator(mail, rank);
        work(communicator);
      } catch (...) {
        thrown[rank] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& exception : thrown) {
    if (exception) std::rethrow_exception(exception);
  }
}

}  // namespace xtape::testing
