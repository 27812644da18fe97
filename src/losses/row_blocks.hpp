// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/sum.hpp"
#include "losses/linear_logits.hpp"
#include "losses/softmax_cross_entropy_of_block.hpp"

namespace xtape::losses {

// Softmax cross-entropy of a linear layer by blocks of whole rows, each of which gives its losses and its
// gradient at once.
template <class T>
struct RowBlocks {
  LinearLogits<T> logits;
  SoftmaxCrossEntropyOfBlock<T> loss_of;

  // Returns the sum of the losses.
  double write(const LinearOperands<T>& from, const LinearGradients<T>& to) const {
    const LossSum<T>& losses = logits.losses;
    if (losses.may_leave_out()) losses.clear();
    kernels::Sum<double> sum;
    logits.for_each_block(from, to, [&](const LogitBlock<T>& block) {
      sum.add(losses.write({.begin = block.row,
                            .end = block.row + block.rows,
                            .x = block.logits,
                            .gradient = to.any() ? block.logits : nullptr,
                            .factors = to.factors},
                           loss_of));
    });
    return sum.value();
  }

  // After write(): the losses are computed again, but not written.
  void write_gradients(const LinearOperands<T>& from, const LinearGradients<T>& to) const {
    RowBlocks again = *this;
    again.logits.losses.each = nullptr;
    again.logits.losses.exact = nullptr;
    again.write(from, to);
  }
};

}  // namespace xtape::losses
