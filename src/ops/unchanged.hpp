// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/recording.hpp"

namespace xtape {

// What an operation gives that has nothing to do: the array of x, and yet a result of its own, which under
// no_grad() needs no gradient.
template <class T>
Variable<T> unchanged(const char* name, Variable<T> x) {
  Recording<T> op(name, {x});
  op.output_shares(x.data(), x.shape());
  return op.finish([](Backward<T>& b) { b.pass_on(0, b.output_grad()); });
}

}  // namespace xtape
