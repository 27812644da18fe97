// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "losses/loss_over_classes.hpp"

namespace xtape::losses {

// Softmax cross-entropy of samples: a LossOfBlock.
template <class T>
class SoftmaxCrossEntropyOfBlock {
 public:
  SoftmaxCrossEntropyOfBlock(LossOverClasses<T>& loss, double z_loss);

  void operator()(const SampleBlock<T>& block) const;

  const WorkedLabels<T>& labels() const { return labels_; }

 private:
  void write_with_kernel(const SampleBlock<T>& rows) const;
  // Whether all losses are numbers.
  bool write_scaled(const SampleBlock<T>& rows, const T* label_logits) const;
  template <class Number>
  bool run_kernel(const SampleBlock<Number>& rows, const Number* label_logits) const;
  double loss_without_kernel(const SampleBlock<T>& rows, std::size_t row) const;
  double loss(const Sample<T>& sample, const double* t) const;

  double z_loss_;
  double temperature_;
  bool kernel_suffices_;
  WorkedLabels<T> labels_{};
};

}  // namespace xtape::losses
