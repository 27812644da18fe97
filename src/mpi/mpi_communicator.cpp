// SPDX-License-Identifier: BSD-3-Clause
#include "mpi/mpi_communicator.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/fail.hpp"

namespace xtape::distributed {

void require_success(const char* function, const char* call, int result) {
  if (result == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> reason{};
  int length = 0;
  if (MPI_Error_string(result, reason.data(), &length) != MPI_SUCCESS) length = 0;
  fail<CommunicationError>("{}: {} must succeed, got error {}: {}", function, call, result,
                           std::string_view(reason.data(), static_cast<std::size_t>(length)));
}

MpiCommunicator::MpiCommunicator(std::size_t piece) : piece_(piece) {
  // One of its own: messages of a program that uses MPI itself cannot be taken for ours, nor its errors.
  require_success("run", "MPI_Comm_dup", MPI_Comm_dup(MPI_COMM_WORLD, &all_));
  require_success("run", "MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(all_, MPI_ERRORS_RETURN));
  int rank = 0, size = 1;
  require_success("run", "MPI_Comm_rank", MPI_Comm_rank(all_, &rank));
  require_success("run", "MPI_Comm_size", MPI_Comm_size(all_, &size));
  rank_ = static_cast<std::size_t>(rank);
  size_ = static_cast<std::size_t>(size);
}

MpiCommunicator::~MpiCommunicator() { MPI_Comm_free(&all_); }

template <class T>
std::span<T> MpiCommunicator::take_piece(std::span<T>& rest) const {
  const std::size_t count = std::min(rest.size(), piece_);
  return std::exchange(rest, rest.subspan(count)).first(count);
}

template <class T>
void MpiCommunicator::sum_in_pieces(std::span<T> elements, MPI_Datatype type) {
  while (!elements.empty()) {
    const std::span<T> piece = take_piece(elements);
    require_success(
        "Communicator::sum", "MPI_Allreduce",
        MPI_Allreduce(MPI_IN_PLACE, piece.data(), static_cast<int>(piece.size()), type, MPI_SUM, all_));
  }
}

void MpiCommunicator::exchange_bytes(std::size_t peer, std::span<const std::byte> sent,
                                     std::span<std::byte> received) {
  const char* function = "Communicator::exchange";
  const int other = static_cast<int>(peer), tag = 0;
  while (!sent.empty() || !received.empty()) {
    const std::span<const std::byte> out = take_piece(sent);
    const std::span<std::byte> in = take_piece(received);
    MPI_Status status{};
    require_success(function, "MPI_Sendrecv",
                    MPI_Sendrecv(out.data(), static_cast<int>(out.size()), MPI_BYTE, other, tag, in.data(),
                                 static_cast<int>(in.size()), MPI_BYTE, other, tag, all_, &status));
    int count = 0;
    require_success(function, "MPI_Get_count", MPI_Get_count(&status, MPI_BYTE, &count));
    if (static_cast<std::size_t>(count) != in.size()) {
      fail<CommunicationError>("{}: received must have as many bytes as rank {} sends, {}, got {}", function,
                               peer, count, in.size());
    }
  }
}

void MpiCommunicator::broadcast_bytes(std::span<std::byte> bytes, std::size_t root) {
  while (!bytes.empty()) {
    const std::span<std::byte> piece = take_piece(bytes);
    require_success(
        "Communicator::broadcast", "MPI_Bcast",
        MPI_Bcast(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, static_cast<int>(root), all_));
  }
}

void MpiCommunicator::barrier() {
  require_success("Communicator::barrier", "MPI_Barrier", MPI_Barrier(all_));
}

}  // namespace xtape::distributed
