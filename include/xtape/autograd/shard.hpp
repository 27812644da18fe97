// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A state that a layer keeps for itself and changes in training, such as running statistics.
template <class T>
class ShardedState {
 public:
  /// Brings in what shard number `shard` of `shards`, from 1 on, has put off. Called for one after the other,
  /// on the thread that trains.
  virtual void merge(ArrayView<const T> values, std::size_t shard, std::size_t shards) = 0;

 protected:
  ~ShardedState() = default;
};

/// A part of a batch that one tape computes while others compute the rest by the same model. A layer that
/// draws numbers or changes a state of its own in training looks whether its tape has one (Tape::shard()):
/// it then draws from that, and puts off the change until all parts are done.
template <class T>
class Shard {
 public:
  /// Of this part alone.
  Random random;

  /// A state, and the shape of what it has put off.
  using State = std::pair<ShardedState<T>*, Shape>;

  /// Has state.merge() called with these values when all parts are done. They must stay until the frame ends,
  /// as those of Tape::allocate do. Every part of a batch puts off for the same states in the same order.
  void put_off(ShardedState<T>& state, ArrayView<const T> values) {
    states_.emplace_back(&state, values.shape());
    values_.push_back(values.data());
  }

  /// How many numbers have been put off.
  std::size_t elements_put_off() const noexcept {
    std::size_t elements = 0;
    for (const State& state : states_) elements += state.second.elements();
    return elements;
  }
  /// Writes them one after the other, and says whose they are: valid until clear().
  std::span<const State> write_put_off(T* to) const {
    for (std::size_t i = 0; i < states_.size(); ++i)
      to = std::copy_n(values_[i], states_[i].second.elements(), to);
    return states_;
  }
  /// Forgets what has been put off.
  void clear() noexcept {
    states_.clear();
    values_.clear();
  }

 private:
  std::vector<State> states_;
  std::vector<const T*> values_;
};

}  // namespace xtape
#pragma GCC visibility pop
