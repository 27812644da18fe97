// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum.hpp"
#include "kernels/weighted.hpp"
#include "losses/sample_losses.hpp"

namespace xtape::losses {

// The labels of the samples of a loss over classes, with the options worked in, and the classes that are
// masked. Its arrays live on the tape; they are null where an option is not given.
template <class T>
struct ClassSamples {
  Slices slices;
  bool has_indices = false;
  const std::int64_t* indices = nullptr;  // one that is left out may be any class
  const double* class_weights = nullptr;
  const double* prior = nullptr;  // null: uniform
  const bool* class_mask = nullptr;
  bool class_mask_is_full = false;  // it has the shape of the predictions
  bool labels_are_made = false;  // t_j = kept_j given_j + added_j / mass, where `mass` is that of the prior
  double label_smoothing = 0;
  const double* kept = nullptr;
  const double* added = nullptr;
  double mass = 1;

  std::size_t classes() const { return slices.length; }

  // Every sample has one class, and the options leave it at that.
  bool labels_are_hard() const { return has_indices && label_smoothing == 0; }

  std::size_t class_of(std::size_t sample) const { return static_cast<std::size_t>(indices[sample]); }
  std::size_t class_of(const Sample<T>& sample) const { return class_of(sample.index); }
  double class_weight(std::size_t j) const { return class_weights == nullptr ? 1 : class_weights[j]; }

  bool is_masked(std::size_t sample, std::size_t j) const {
    if (class_mask == nullptr) return false;
    return !class_mask[class_mask_is_full ? slices.start(sample) + j * slices.step : j];
  }

  double prior_of(std::size_t j) const { return prior == nullptr ? 1 : prior[j]; }

  double prior_mass(std::size_t sample) const {
    kernels::Sum<double> sum;
    for (std::size_t j = 0; j < classes(); ++j) {
      if (!is_masked(sample, j)) sum.add(prior_of(j));
    }
    return sum.value();
  }

  // Which classes share the prior differs from sample to sample.
  bool has_own_masses() const { return class_mask != nullptr && class_mask_is_full; }

  double prior_mass_of(std::size_t sample) const {
    return label_smoothing > 0 && has_own_masses() ? prior_mass(sample) : mass;
  }

  // Of a sample with a class index, the label of a class that is not masked.
  double label(std::size_t sample, std::size_t j, double prior_mass_of_sample) const {
    const double of_index = j == class_of(sample) ? index_label(j) : 0;
    return labels_are_made ? of_index + added[j] / prior_mass_of_sample : of_index;
  }
  // What a class index gives its own class. That of weight 0 counts for nothing, whatever its loss; else the
  // weight of a hard label multiplies the loss.
  double index_label(std::size_t y) const { return labels_are_made ? kept[y] : class_weight(y) != 0; }

  // loss_of(sample) returns the loss of a sample with a hard label. The logits of masked classes are -inf.
  template <class LossOf>
  double hard_loss(const Sample<T>& sample, const LossOf& loss_of) const {
    Workspace workspace;
    const double loss = loss_of(without_masked_classes(sample, workspace));
    clear_masked_gradients(sample);
    return without_worthless_label(sample, loss);
  }

  // loss_of(sample, t) returns the loss of a sample with the labels t. The logits of masked classes are -inf,
  // their labels 0.
  template <class LossOf>
  double labelled_loss(const Sample<T>& sample, const LossOf& loss_of) const {
    if (!labels_are_made) return loss_of(sample, sample.labels);
    Workspace workspace;
    double* made = workspace.take<double>(classes());
    write_labels(sample, made);
    const double loss = loss_of(without_masked_classes(sample, workspace), static_cast<const double*>(made));
    clear_masked_gradients(sample);
    chain_label_gradient(sample);
    return loss;
  }

  // The same two for many samples at a time, without gradients of labels: loss_of(rows) for hard labels,
  // whose classes are classes_of(rows), or loss_of(rows with the labels t).
  template <class LossOf>
  void write_rows(SampleRows<T> rows, const LossOf& loss_of) const {
    Workspace workspace;
    if (labels_are_made) {
      T* made = workspace.take<T>(rows.range.elements());
      for (std::size_t row = 0; row < rows.count(); ++row) write_labels(rows[row], made + row * classes());
      rows.labels = made;
    }
    if (class_mask != nullptr) {
      T* x = workspace.take<T>(rows.range.elements());
      for (std::size_t row = 0; row < rows.count(); ++row) copy_unmasked(rows[row], x + row * classes());
      rows.x = x;
    }
    loss_of(rows);
    for (std::size_t row = 0; row < rows.count() && class_mask != nullptr; ++row)
      clear_masked_gradients(rows[row], rows.scale_of(row));
    const bool may_be_worthless = labels_are_hard() && class_weights != nullptr;
    for (std::size_t row = 0; row < rows.count() && may_be_worthless; ++row) {
      rows.losses[row] = without_worthless_label(rows[row], rows.losses[row], rows.scale_of(row));
    }
  }
  const std::int64_t* classes_of(const SampleRows<T>& rows) const { return indices + rows.range.begin; }

 private:
  template <class Number>
  void write_labels(const Sample<T>& sample, Number* t) const {
    const double whole = prior_mass_of(sample.index);
    if (has_indices) {
      for (std::size_t j = 0; j < classes(); ++j) t[j] = static_cast<Number>(added[j] / whole);
      const std::size_t y = class_of(sample);
      t[y] = static_cast<Number>(kept[y] + added[y] / whole);
    } else if constexpr (std::is_same_v<Number, T>) {
      kernels::kernel<kernels::WorkLabels, T>()(sample.labels, kept, added, whole, t, classes());
    } else {
      for (std::size_t j = 0; j < classes(); ++j) {
        t[j] = kernels::weighted(static_cast<double>(sample.labels[j]), kept[j]) + added[j] / whole;
      }
    }
    if (class_mask == nullptr) return;
    for (std::size_t j = 0; j < classes(); ++j) t[j] = is_masked(sample.index, j) ? 0 : t[j];
  }

  void copy_unmasked(const Sample<T>& sample, T* row) const {
    for (std::size_t j = 0; j < classes(); ++j) {
      row[j] = is_masked(sample.index, j) ? -std::numeric_limits<T>::infinity() : sample.x[j];
    }
  }

  Sample<T> without_masked_classes(Sample<T> sample, Workspace& workspace) const {
    if (class_mask == nullptr) return sample;
    T* row = workspace.take<T>(classes());
    copy_unmasked(sample, row);
    sample.x = row;
    return sample;
  }

  // A label of weight 0 counts for nothing, also where the loss or its slope is infinite.
  double without_worthless_label(const Sample<T>& sample, double loss, double scale = 1) const {
    if (class_weight(class_of(sample)) != 0 || std::isnan(loss)) return loss;
    if (sample.gradient != nullptr) {
      std::fill_n(sample.gradient, sample.length, static_cast<T>(0 * scale));
    }
    return 0;
  }

  // They are 0, also beside NaN, times the scale. Only a class index that is masked itself has a gradient.
  void clear_masked_gradients(const Sample<T>& sample, double scale = 1) const {
    if (class_mask == nullptr || sample.gradient == nullptr) return;
    for (std::size_t j = 0; j < classes(); ++j) {
      const bool is_label = has_indices && j == class_of(sample);
      if (is_masked(sample.index, j) && !is_label) sample.gradient[j] = static_cast<T>(0 * scale);
    }
  }

  // From the labels that the loss saw to those that were given. One that is multiplied by 0 has no slope,
  // also where its class is impossible.
  void chain_label_gradient(const Sample<T>& sample) const {
    if (sample.label_gradient == nullptr) return;
    for (std::size_t j = 0; j < classes(); ++j) {
      const double slope = class_weight(j) * (1 - label_smoothing);
      sample.label_gradient[j] =
          is_masked(sample.index, j) || slope == 0 ? T{0} : static_cast<T>(slope * sample.label_gradient[j]);
    }
  }
};

}  // namespace xtape::losses
