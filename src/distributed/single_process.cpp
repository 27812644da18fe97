// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/distributed/single_process.hpp"

#include <algorithm>

#include "core/fail.hpp"

namespace xtape::distributed {

void SingleProcess::exchange_bytes(std::size_t, std::span<const std::byte> sent,
                                   std::span<std::byte> received) {
  if (sent.size() != received.size()) {
    fail<CommunicationError>(
        "Communicator::exchange: received must have as many bytes as rank 0 sends, {}, got {}", sent.size(),
        received.size());
  }
  std::ranges::copy(sent, received.begin());
}

}  // namespace xtape::distributed
