// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>

#include "xtape/distributed/communicator.hpp"

namespace xtape::distributed {

// As run, with no more elements, or bytes, in one call of MPI.
int run_in_pieces(std::size_t piece, int argc, char** argv, const std::function<int(Communicator&)>& program);

}  // namespace xtape::distributed
