// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/autograd/arena.hpp"
#include "xtape/autograd/node.hpp"

#pragma GCC visibility push(default)
namespace xtape::detail {

// How far a tape has come: what it goes back to.
template <class T>
struct Mark {
  std::size_t nodes = 0;
  Arena::Position values = {};
  Node<T>* owning_rules = nullptr;
};

// Takes back what was recorded since it was made, unless keep() is called: a throw in between leaves the
// tape as it was.
template <class T>
class Rollback {
 public:
  explicit Rollback(Tape<T>& tape) noexcept;
  ~Rollback();
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

  // False if a frame has ended meanwhile, and with it what was to be taken back.
  bool in_its_frame() const noexcept;

  template <class Result>
  Result keep(Result result) noexcept {
    kept_ = true;
    return result;
  }

  bool kept() const noexcept { return kept_; }

 private:
  Tape<T>& tape_;
  Mark<T> begin_;
  std::uint64_t frames_ended_;
  bool kept_ = false;
};

extern template class Rollback<float>;
extern template class Rollback<double>;

}  // namespace xtape::detail
#pragma GCC visibility pop
