// SPDX-License-Identifier: BSD-3-Clause
#include "losses/softmax_cross_entropy_of_block.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/weighted.hpp"
#include "losses/class_terms.hpp"

namespace xtape::losses {
namespace {

// The logits of the labels, also of masked classes, which are not among those of the rows.
template <class T>
const T* gather_label_logits(const SampleBlock<T>& rows, const WorkedLabels<T>& labels,
                             Workspace& workspace) {
  T* label_logits = workspace.take<T>(rows.count());
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const Sample<T> sample = rows[row];
    label_logits[row] = sample.given_x[labels.class_of(sample)];
  }
  return label_logits;
}

}  // namespace

template <class T>
SoftmaxCrossEntropyOfBlock<T>::SoftmaxCrossEntropyOfBlock(LossOverClasses<T>& loss, double z_loss)
    : z_loss_(z_loss),
      temperature_(loss.temperature()),
      kernel_suffices_(z_loss == 0 && !loss.has_label_gradient() && !loss.has_masked_smoothed_label() &&
                       (temperature_ == 1 || !kernels::is_double<T>)) {
  if (kernel_suffices_ && loss.labels().are_hard()) {
    loss.keep_labels_hard();
  } else {
    loss.make_labels();
  }
  labels_ = loss.labels();
}

template <class T>
void SoftmaxCrossEntropyOfBlock<T>::operator()(const SampleBlock<T>& block) const {
  if (kernel_suffices_) {
    labels_.write_rows(block, [&](const SampleBlock<T>& rows) { write_with_kernel(rows); });
  } else {
    write_one_by_one(block, [&](const Sample<T>& sample) {
      return labels_.labelled_loss(sample,
                                   [&](const Sample<T>& ready, const double* t) { return loss(ready, t); });
    });
  }
}

template <class T>
void SoftmaxCrossEntropyOfBlock<T>::write_with_kernel(const SampleBlock<T>& rows) const {
  Workspace workspace;
  const T* label_logits = labels_.are_hard() && labels_.class_mask != nullptr
                              ? gather_label_logits(rows, labels_, workspace)
                              : nullptr;
  const bool all_are_numbers =
      temperature_ == 1 ? run_kernel(rows, label_logits) : write_scaled(rows, label_logits);
  if (all_are_numbers) return;
  // The kernel leaves rows to this in which the largest logit is not finite.
  for (std::size_t row = 0; row < rows.count(); ++row) {
    if (std::isnan(rows.losses[row]) && rows.is_valid(row)) rows.losses[row] = loss_without_kernel(rows, row);
  }
}

// Floats that are divided by the temperature as doubles lose nothing.
template <class T>
bool SoftmaxCrossEntropyOfBlock<T>::write_scaled(const SampleBlock<T>& rows, const T* label_logits) const {
  Workspace workspace;
  const auto quotients = [&](const auto* numbers, std::size_t count, double divisor) {
    double* result = numbers == nullptr ? nullptr : workspace.take<double>(count);
    for (std::size_t i = 0; i < count && result != nullptr; ++i) result[i] = numbers[i] / divisor;
    return result;
  };
  const std::size_t count = rows.range.elements();
  const SampleBlock<double> scaled{
      .range = rows.range,
      .x = quotients(rows.x, count, temperature_),
      .given_x = nullptr,
      .labels = quotients(rows.labels, count, 1),
      .valid = rows.valid,
      .scales = quotients(rows.scales, rows.count(), temperature_),
      .scale = rows.scale / temperature_,
      .losses = rows.losses,
      .gradient = rows.gradient == nullptr ? nullptr : workspace.take<double>(count),
      .label_gradient = nullptr};
  const bool all_are_numbers = run_kernel(scaled, quotients(label_logits, rows.count(), temperature_));
  if (rows.gradient != nullptr) std::copy_n(scaled.gradient, count, rows.gradient);
  return all_are_numbers;
}

template <class T>
template <class Number>
bool SoftmaxCrossEntropyOfBlock<T>::run_kernel(const SampleBlock<Number>& rows,
                                               const Number* label_logits) const {
  const bool are_hard = labels_.are_hard();
  return kernels::kernel<kernels::SoftmaxCrossEntropy, Number>()(
      {.rows = rows.count(),
       .classes = rows.length(),
       .x = rows.x,
       .labels = are_hard ? labels_.classes_of(rows.range) : nullptr,
       .label_logits = label_logits,
       .soft_labels = are_hard ? nullptr : rows.labels,
       .scales = rows.scales,
       .scale = rows.scale,
       .losses = rows.losses,
       .gradient = rows.gradient});
}

template <class T>
double SoftmaxCrossEntropyOfBlock<T>::loss_without_kernel(const SampleBlock<T>& rows, std::size_t row) const {
  const Sample<T> sample = rows[row];
  Workspace workspace;
  double* t = workspace.take<double>(sample.length);
  if (labels_.are_hard()) {
    const std::size_t y = labels_.class_of(sample);
    std::fill_n(t, sample.length, 0.0);
    t[y] = labels_.is_masked(sample.index, y) ? 0 : 1;
  } else {
    std::copy_n(sample.labels, sample.length, t);
  }
  const double value = loss(sample, t);
  scale_gradients(sample, rows.scale_of(row));
  return value;
}

// Of any logits. A class index that is masked has its label outside the row.
template <class T>
double SoftmaxCrossEntropyOfBlock<T>::loss(const Sample<T>& sample, const double* t) const {
  Workspace workspace;
  const SoftmaxRow<T> row(sample.x, sample.length, temperature_, workspace);
  const bool label_is_masked =
      labels_.has_indices && labels_.is_masked(sample.index, labels_.class_of(sample));
  const double outside = label_is_masked ? labels_.index_label(labels_.class_of(sample)) : 0;
  const double other_pulls = outside + (z_loss_ > 0 ? 2 * z_loss_ * row.log_sum() : 0);

  const auto term = [](double label, const ClassOdds& odds) {
    return ClassTerm{kernels::weighted(label, odds.nats), label, odds.nats};
  };
  double value = loss_of_softmax(row, sample, t, term, ZeroLabels::add_nothing, other_pulls);
  if (z_loss_ > 0) value += z_loss_ * row.log_sum() * row.log_sum();
  if (label_is_masked) {
    const std::size_t y = labels_.class_of(sample);
    value += kernels::weighted(outside, row.nats_of_logit(sample.given_x[y]));
    if (sample.gradient != nullptr) sample.gradient[y] = static_cast<T>(-outside / temperature_);
  }
  return value;
}

template class SoftmaxCrossEntropyOfBlock<float>;
template class SoftmaxCrossEntropyOfBlock<double>;

}  // namespace xtape::losses
