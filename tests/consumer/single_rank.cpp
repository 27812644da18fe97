// SPDX-License-Identifier: BSD-3-Clause
// A program without headers of MPI, of which no mpirun has started several.
#include <iostream>

#include "xtape/mpi.hpp"

int main(int argc, char** argv) {
  return xtape::distributed::run(argc, argv, [](xtape::distributed::Communicator& communicator) {
    std::cout << "rank " << communicator.rank() << " of " << communicator.size() << '\n';
    return 0;
  });
}
