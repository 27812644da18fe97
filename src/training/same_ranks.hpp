// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/distributed/communicator.hpp"
#include "xtape/io/safetensors.hpp"

namespace xtape::training {

// Throws ArgumentError, on every rank, where one of them has other settings than rank 0.
void require_same_ranks(distributed::Communicator& communicator, const io::Metadata& settings);

}  // namespace xtape::training
