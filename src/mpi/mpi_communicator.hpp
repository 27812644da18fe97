// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// Of MPI nothing but its C interface: the other one is gone from the standard, and would be linked.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "xtape/distributed/communicator.hpp"

namespace xtape::distributed {

// Throws unless a call of MPI was successful.
void require_success(const char* function, const char* call, int result);

// All processes that mpirun has started.
class MpiCommunicator final : public Communicator {
 public:
  // @param piece  how many elements, or bytes, one call of MPI takes: its counts are of type int.
  explicit MpiCommunicator(std::size_t piece);
  ~MpiCommunicator() override;

  std::size_t rank() const noexcept override { return rank_; }
  std::size_t size() const noexcept override { return size_; }

  void sum(std::span<float> elements) override { sum_in_pieces(elements, MPI_FLOAT); }
  void sum(std::span<double> elements) override { sum_in_pieces(elements, MPI_DOUBLE); }
  void sum(std::span<std::uint64_t> elements) override { sum_in_pieces(elements, MPI_UINT64_T); }
  void barrier() override;

 private:
  void exchange_bytes(std::size_t peer, std::span<const std::byte> sent,
                      std::span<std::byte> received) override;
  void broadcast_bytes(std::span<std::byte> bytes, std::size_t root) override;

  template <class T>
  void sum_in_pieces(std::span<T> elements, MPI_Datatype type);
  template <class T>
  std::span<T> take_piece(std::span<T>& rest) const;

  MPI_Comm all_ = MPI_COMM_NULL;
  std::size_t piece_;
  std::size_t rank_ = 0;
  std::size_t size_ = 1;
};

}  // namespace xtape::distributed
