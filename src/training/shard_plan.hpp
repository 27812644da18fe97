// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <utility>

#include "xtape/distributed/communicator.hpp"

namespace xtape::training {

// How each batch is cut, and which parts are this rank's.
struct ShardPlan {
  std::size_t all = 1;                                // shards of a batch, over all ranks
  std::size_t first = 0;                              // of this rank
  std::size_t count = 1;                              // of this rank
  distributed::Communicator* communicator = nullptr;  // null: this process is alone
  bool is_fixed = true;                               // whether sums are the same for any number of ranks

  // Where a shard begins among the rows of a batch.
  std::size_t begin(std::size_t shard, std::size_t rows) const { return rows * shard / all; }

  // Which of the rows that have been loaded, all of a batch or those of this rank, are of one of its shards.
  template <class Loaded>
  std::pair<std::size_t, std::size_t> range_of(std::size_t shard, const Loaded& rows) const {
    const std::size_t batch_rows = rows.batch_rows();
    const std::size_t offset = rows.count() == batch_rows ? 0 : begin(first, batch_rows);
    return {begin(shard, batch_rows) - offset, begin(shard + 1, batch_rows) - offset};
  }
};

}  // namespace xtape::training
