// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/distributed/communicator.hpp"

#include <algorithm>

#include "core/fail.hpp"

namespace xtape::distributed {

Communicator::~Communicator() = default;

void Communicator::require_rank(const char* function, const char* argument, std::size_t rank) const {
  if (rank >= size())
    fail<ArgumentError>("{}: {} must be a rank, in [0, {}), got {}", function, argument, size(), rank);
}

void Communicator::exchange_checked(std::size_t peer, std::span<const std::byte> sent,
                                    std::span<std::byte> received) {
  require_rank("Communicator::exchange", "peer", peer);
  if (peer != rank()) return exchange_bytes(peer, sent, received);
  if (sent.size() != received.size()) {
    fail<CommunicationError>(
        "Communicator::exchange: received must have as many bytes as rank {} sends, {}, got {}", peer,
        sent.size(), received.size());
  }
  std::ranges::copy(sent, received.begin());
}

void Communicator::exchange(std::size_t peer, std::span<const float> sent, std::span<float> received) {
  exchange_checked(peer, std::as_bytes(sent), std::as_writable_bytes(received));
}

void Communicator::exchange(std::size_t peer, std::span<const double> sent, std::span<double> received) {
  exchange_checked(peer, std::as_bytes(sent), std::as_writable_bytes(received));
}

void Communicator::broadcast(std::span<std::byte> bytes, std::size_t root) {
  require_rank("Communicator::broadcast", "root", root);
  broadcast_bytes(bytes, root);
}

std::string Communicator::broadcast(std::string text, std::size_t root) {
  require_rank("Communicator::broadcast", "root", root);
  std::uint64_t length = text.size();
  broadcast_bytes(std::as_writable_bytes(std::span(&length, 1)), root);
  text.resize(length);
  broadcast_bytes(std::as_writable_bytes(std::span(text)), root);
  return text;
}

std::vector<std::string> Communicator::gather(const std::string& text) {
  std::vector<std::string> texts;
  for (std::size_t root = 0; root < size(); ++root) texts.push_back(broadcast(text, root));
  return texts;
}

}  // namespace xtape::distributed
