// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/distributed/ordered_sum.hpp"

#include <algorithm>
#include <vector>

#include "core/fail.hpp"
#include "distributed/addition_tree.hpp"
#include "distributed/slice.hpp"

namespace xtape::distributed {

template <class T>
class detail::Addition {
 public:
  Addition(Communicator& communicator, std::size_t parts_per_rank, std::size_t length)
      : communicator_(communicator),
        parts_per_rank_(parts_per_rank),
        length_(length),
        own_slice_(slice_of(communicator.rank(), communicator.size(), length)),
        own_(length),
        slice_(own_slice_.length) {
    for (std::size_t rank = 0; rank < communicator.size(); ++rank) {
      first_nodes_.push_back(nodes_.size());
      append_largest(rank * parts_per_rank, (rank + 1) * parts_per_rank, nodes_);
    }
    first_nodes_.push_back(nodes_.size());
    received_.resize(nodes_.size() * own_slice_.length);
  }

  void add(std::span<const T> part) {
    require_length("OrderedSum::add", "part", part.size());
    if (parts_ == parts_per_rank_) {
      fail<ArgumentError>(
          "OrderedSum::add: there must be {} parts of this rank, got one more; call finish first",
          parts_per_rank_);
    }
    own_.add({0, communicator_.rank() * parts_per_rank_ + parts_}, part);
    ++parts_;
  }

  void finish(std::span<T> sum) {
    require_length("OrderedSum::finish", "sum", sum.size());
    if (parts_ != parts_per_rank_) {
      fail<ArgumentError>("OrderedSum::finish: there must be {} parts of this rank, got {}", parts_per_rank_,
                          parts_);
    }
    for_each_peer([this](std::size_t peer) { exchange_slices(peer); });
    own_.clear();
    parts_ = 0;
    for (std::size_t node = 0; node < nodes_.size(); ++node) slice_.add(nodes_[node], received(node));
    const std::span<T> own_sum = part_of(sum, own_slice_);
    slice_.finish(own_sum);
    for_each_peer([&](std::size_t peer) {
      if (peer != communicator_.rank()) communicator_.exchange(peer, own_sum, part_of(sum, slice_at(peer)));
    });
  }

 private:
  void require_length(const char* function, const char* argument, std::size_t length) const {
    if (length != length_)
      fail<ShapeError>("{}: {} must have {} elements, got {}", function, argument, length_, length);
  }

  Slice slice_at(std::size_t rank) const { return slice_of(rank, communicator_.size(), length_); }
  std::size_t nodes_at(std::size_t rank) const { return first_nodes_[rank + 1] - first_nodes_[rank]; }

  template <class U>
  static std::span<U> part_of(std::span<U> elements, Slice slice) {
    return elements.subspan(slice.begin, slice.length);
  }

  // This rank's slice of what a rank has added up.
  std::span<T> received(std::size_t node) {
    return std::span(received_).subspan(node * own_slice_.length, own_slice_.length);
  }

  // Each rank in turn, this one too, so that in every step all are in pairs: peer + rank is the step.
  template <class Action>
  void for_each_peer(Action action) {
    const std::size_t ranks = communicator_.size();
    for (std::size_t step = 0; step < ranks; ++step) action((step + ranks - communicator_.rank()) % ranks);
  }

  // Sends what the peer adds, and receives what this rank adds.
  void exchange_slices(std::size_t peer) {
    const Slice wanted = slice_at(peer);
    const std::size_t rank = communicator_.rank();
    for (std::size_t n = 0; n < std::max(nodes_at(rank), nodes_at(peer)); ++n) {
      communicator_.exchange(peer, n < nodes_at(rank) ? part_of(own_.sum(n), wanted) : std::span<const T>(),
                             n < nodes_at(peer) ? received(first_nodes_[peer] + n) : std::span<T>());
    }
  }

  Communicator& communicator_;
  std::size_t parts_per_rank_;
  std::size_t length_;
  Slice own_slice_;
  std::size_t parts_ = 0;                 // that this rank has added
  std::vector<AdditionNode> nodes_;       // what the ranks add up alone, from left to right
  std::vector<std::size_t> first_nodes_;  // of each rank, and how many there are
  AdditionTree<T> own_;                   // of this rank's parts
  AdditionTree<T> slice_;                 // of this rank's slice of all parts
  std::vector<T> received_;               // slices, one of each node
};

template <class T>
OrderedSum<T>::OrderedSum(Communicator& communicator, std::size_t parts_per_rank, std::size_t length) {
  if (parts_per_rank == 0) fail<ArgumentError>("OrderedSum: parts_per_rank must be at least 1, got 0");
  addition_ = std::make_unique<detail::Addition<T>>(communicator, parts_per_rank, length);
}

template <class T>
OrderedSum<T>::~OrderedSum() = default;
template <class T>
OrderedSum<T>::OrderedSum(OrderedSum&&) noexcept = default;
template <class T>
OrderedSum<T>& OrderedSum<T>::operator=(OrderedSum&&) noexcept = default;

template <class T>
void OrderedSum<T>::add(std::span<const T> part) {
  addition_->add(part);
}

template <class T>
void OrderedSum<T>::finish(std::span<T> sum) {
  addition_->finish(sum);
}

namespace {

template <class T>
void sum_one_part(Communicator& communicator, std::span<T> elements) {
  OrderedSum<T> sum(communicator, 1, elements.size());
  sum.add(elements);
  sum.finish(elements);
}

}  // namespace

void sum_in_order(Communicator& communicator, std::span<float> elements) {
  sum_one_part(communicator, elements);
}

void sum_in_order(Communicator& communicator, std::span<double> elements) {
  sum_one_part(communicator, elements);
}

template class OrderedSum<float>;
template class OrderedSum<double>;

}  // namespace xtape::distributed
