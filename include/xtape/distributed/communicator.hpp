// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape::distributed {

/// What connects the processes of one training, its ranks: on one machine or on many. mpi.hpp has one that is
/// made of MPI, SingleProcess is for a process alone, and a class derived from this one may be made of
/// anything else that moves bytes.
///
/// Every rank calls the same functions in the same order, and with as many elements, which is not checked: a
/// rank that calls another one, or none, leaves the others waiting. One thread of a process calls them.
/// Any number of elements will do, none and more than 2^31 too.
///
///     double losses = loss_of_my_rows;
///     communicator.sum(std::span(&losses, 1));  // now that of all rows, on every rank
///     if (communicator.rank() == 0) std::cout << losses << '\n';
class Communicator {
 public:
  virtual ~Communicator();
  Communicator(const Communicator&) = delete;             ///< A connection is one.
  Communicator& operator=(const Communicator&) = delete;  ///< The same.

  /// Which of the processes this one is: in [0, size()).
  virtual std::size_t rank() const noexcept = 0;
  /// How many processes there are: at least 1.
  virtual std::size_t size() const noexcept = 0;

  /// elements[i] becomes the sum of all ranks' elements[i]. In which order they are added is up to what
  /// connects the ranks, and so are the last bits: OrderedSum adds in one that does not depend on it.
  /// @throws CommunicationError  the ranks do not reach each other. So do all functions below.
  virtual void sum(std::span<float> elements) = 0;
  /// @copydoc sum(std::span<float>)
  virtual void sum(std::span<double> elements) = 0;
  /// Likewise, modulo 2^64: exact in any order.
  virtual void sum(std::span<std::uint64_t> elements) = 0;

  /// Sends to another rank and receives from it, while that one does the same. One may send more than the
  /// other. Where peers are chosen by a rule, as (step - rank) modulo size(), nobody waits in a circle.
  /// @param peer      the other rank, or this one: then it is a copy.
  /// @param sent      as many elements as the peer receives.
  /// @param received  as many as the peer sends; no part of `sent`.
  /// @throws ArgumentError       peer is not below size().
  /// @throws CommunicationError  also if the peer sends another number of elements.
  void exchange(std::size_t peer, std::span<const float> sent, std::span<float> received);
  /// @copydoc exchange(std::size_t, std::span<const float>, std::span<float>)
  void exchange(std::size_t peer, std::span<const double> sent, std::span<double> received);

  /// Every rank gets the bytes of one.
  /// @param root  the rank whose bytes they are.
  /// @throws ArgumentError  root is not below size().
  void broadcast(std::span<std::byte> bytes, std::size_t root = 0);

  /// The text of one rank, on every rank.
  /// @param text  of this rank: it matters at root alone, and its length may be another one elsewhere.
  /// @param root  the rank whose text is given back.
  /// @throws ArgumentError  root is not below size().
  std::string broadcast(std::string text, std::size_t root = 0);

  /// The texts of all ranks, in their order, on every rank: to compare settings, and to say which of them
  /// differ. It takes two messages from each rank to all others, so it is for what is done once.
  std::vector<std::string> gather(const std::string& text);

  /// Returns when every rank has called it.
  virtual void barrier() = 0;

 protected:
  Communicator() = default;

 private:
  // What exchange and broadcast do when their arguments have been checked. The peer is another rank.
  virtual void exchange_bytes(std::size_t peer, std::span<const std::byte> sent,
                              std::span<std::byte> received) = 0;
  virtual void broadcast_bytes(std::span<std::byte> bytes, std::size_t root) = 0;

  void exchange_checked(std::size_t peer, std::span<const std::byte> sent, std::span<std::byte> received);
  void require_rank(const char* function, const char* argument, std::size_t rank) const;
};

}  // namespace xtape::distributed
#pragma GCC visibility pop
