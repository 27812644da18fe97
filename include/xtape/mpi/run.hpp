// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>

#include "xtape/core/version.hpp"
#include "xtape/distributed/communicator.hpp"

#pragma GCC visibility push(default)
namespace xtape::distributed {

/// Starts MPI, runs a program with a Communicator made of it, and ends MPI. It is in a library of its own, to
/// be linked as xtape::mpi; programs that use it include no header of MPI.
///
///     int main(int argc, char** argv) {
///       return distributed::run(argc, argv, [](distributed::Communicator& communicator) {
///         ...
///         return 0;
///       });
///     }
///
/// started as `mpirun -np 4 program`, or alone, as rank 0 of 1.
///
/// No rank waits for one that has failed. An exception that leaves `program` on any rank is written to the
/// standard error as "rank 2 of 4: what()", and ends the processes of all ranks at once, with status 1. So
/// does a result other than 0, which becomes the status, or 1 if its lowest byte is 0. A rank that is killed
/// ends them too: mpirun sees to it.
///
/// @param argc     of main
/// @param argv     likewise
/// @param program  Is called once. The communicator is its until it returns, and only on the thread that
/// calls
///                 it; all other threads may compute.
/// @return         0: elsewise this does not return.
/// @throws CommunicationError  MPI does not start or end as it should, or has been started already, as by an
///                             earlier run: it starts once in a process. A communicator that fails throws the
///                             same in `program`, with the text that MPI gives.
int run(int argc, char** argv, const std::function<int(Communicator&)>& program);

}  // namespace xtape::distributed
#pragma GCC visibility pop
