// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Sigmoid;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> sigmoid(Variable<T> x) {
  return unary<kernels::Sigmoid>("sigmoid", x);
}

template Variable<float> sigmoid(Variable<float>);
template Variable<double> sigmoid(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
