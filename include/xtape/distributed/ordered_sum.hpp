// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "xtape/core/version.hpp"
#include "xtape/distributed/communicator.hpp"

namespace xtape::distributed::detail {
template <class T>
class Addition;  // declared here, a shared library does not export it
}  // namespace xtape::distributed::detail

#pragma GCC visibility push(default)
namespace xtape::distributed {

/// Adds arrays up, some from each rank, in an order that depends on how many arrays there are, and on nothing
/// else. So gradients of the same parts of a batch give the same sum, bit for bit, on any number of ranks.
///
///     OrderedSum<float> sum(communicator, 8 / communicator.size(), gradients.flat().size());
///     ...
///     for (std::size_t part = 0; part < 8 / communicator.size(); ++part) {  // in every step
///       loss_of(part).backward(gradients);
///       sum.add(gradients.flat());
///       gradients.zero();
///     }
///     sum.finish(gradients.flat());                 // that of all 8 parts, on every rank
///     gradients.add_to(optimizer.parameters());
///
/// The parts of rank 0 come first, then those of rank 1, and so on. Neighbours are added in pairs, the sums
/// of pairs again, and one without a neighbour moves up as it is: ((p0 + p1) + (p2 + p3)) + (p4 + p5). Every
/// rank gets the same bits. (Where a NaN comes of several, its payload and its sign are any of theirs.)
///
/// A rank adds its own parts as they come, and keeps the logarithm of their number. Then each rank adds one
/// slice of the arrays for all, and sends the sum around: with a number of parts of a rank that is a power of
/// two, it sends and receives about twice the length of an array, however many ranks there are, in 2 (size -
/// 1) messages; with other numbers up to the logarithm of it as much. From the second sum on nothing is
/// allocated here.
template <class T>
class OrderedSum {
 public:
  /// Every rank gives the same numbers.
  /// @param communicator    It must outlive this.
  /// @param parts_per_rank  how many arrays each rank adds: at least 1.
  /// @param length          of each array; 0 will do.
  /// @throws ArgumentError  parts_per_rank is 0.
  OrderedSum(Communicator& communicator, std::size_t parts_per_rank, std::size_t length);
  ~OrderedSum();
  OrderedSum(OrderedSum&&) noexcept;             ///< Takes what has been added.
  OrderedSum& operator=(OrderedSum&&) noexcept;  ///< The same.

  /// The next part of this rank. No other rank is waited for.
  /// @throws ShapeError     it has another length.
  /// @throws ArgumentError  all parts have been added: finish() comes first.
  void add(std::span<const T> part);

  /// The sum of all parts of all ranks; every rank calls it. Afterwards it begins anew.
  /// @param sum  is overwritten. It may be what was added last.
  /// @throws ShapeError          it has another length.
  /// @throws ArgumentError       this rank has not added all of its parts.
  /// @throws CommunicationError  the ranks do not reach each other. This is of no use then.
  void finish(std::span<T> sum);

 private:
  std::unique_ptr<detail::Addition<T>> addition_;
};

/// elements[i] becomes the sum of all ranks' elements[i], added as by OrderedSum with one part a rank: of
/// four ranks (e0 + e1) + (e2 + e3). Every rank gets the same bits.
/// @throws CommunicationError  the ranks do not reach each other.
void sum_in_order(Communicator& communicator, std::span<float> elements);
/// @copydoc sum_in_order(Communicator&, std::span<float>)
void sum_in_order(Communicator& communicator, std::span<double> elements);

extern template class OrderedSum<float>;
extern template class OrderedSum<double>;

}  // namespace xtape::distributed
#pragma GCC visibility pop
