// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "training/task.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::training {

// Loss and accuracy over the rows of a pass, batch by batch.
class Tally {
 public:
  void add(double loss, const LossDivisor& divisor, const Judged& judged) {
    is_mean_ = divisor.grows_with_samples;
    loss_ += is_mean_ ? loss * divisor.value : loss;
    divisor_ += divisor.value;
    judged_.rows += judged.rows;
    judged_.right += judged.right;
  }

  // NaN for nothing.
  double loss() const { return is_mean_ ? loss_ / divisor_ : loss_; }
  double accuracy() const { return static_cast<double>(judged_.right) / static_cast<double>(judged_.rows); }

 private:
  double loss_ = 0;
  double divisor_ = 0;
  bool is_mean_ = true;  // of all that were added: a training has one loss
  Judged judged_;
};

}  // namespace xtape::training
