// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/mpi/run.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "core/fail.hpp"
#include "mpi/mpi_communicator.hpp"
#include "mpi/run_in_pieces.hpp"

namespace xtape::distributed {
namespace {

// A gigabyte of doubles: MPI's counts reach further, but what is below it may count bytes by them.
constexpr std::size_t largest_piece = std::size_t{1} << 27;

void start(int argc, char** argv) {
  int is_started = 0;
  require_success("run", "MPI_Initialized", MPI_Initialized(&is_started));
  if (is_started != 0) {
    fail<CommunicationError>(
        "run: MPI must not have been started before, got a second start; call run once, around all of the "
        "program");
  }
  int threads = MPI_THREAD_SINGLE;
  require_success("run", "MPI_Init_thread", MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &threads));
  if (threads < MPI_THREAD_FUNNELED)
    fail<CommunicationError>("run: MPI must allow threads that compute, MPI_THREAD_FUNNELED, got {}",
                             threads);
}

[[noreturn]] void end_all(int status) {
  std::fflush(nullptr);
  // What mpirun has not yet read from the pipes of its processes may be lost when it hears of the end.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

[[noreturn]] void end_all_because(const char* reason) {
  int rank = 0, size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  fmt::print(stderr, "rank {} of {}: {}\n", rank, size, reason);
  end_all(EXIT_FAILURE);
}

}  // namespace

int run(int argc, char** argv, const std::function<int(Communicator&)>& program) {
  return run_in_pieces(largest_piece, argc, argv, program);
}

int run_in_pieces(std::size_t piece, int argc, char** argv,
                  const std::function<int(Communicator&)>& program) {
  start(argc, argv);
  try {
    MpiCommunicator communicator(piece);
    const int status = program(communicator);
    if (status != 0) end_all((status & 0xff) != 0 ? status : EXIT_FAILURE);  // Others see the lowest byte.
  } catch (const std::exception& error) {
    end_all_because(error.what());
  } catch (...) {
    end_all_because("an exception that is no std::exception");
  }
  require_success("run", "MPI_Finalize", MPI_Finalize());
  return 0;
}

}  // namespace xtape::distributed
