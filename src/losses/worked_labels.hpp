// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/function_ref.hpp"
#include "losses/sample_block.hpp"
#include "threads/workspace.hpp"

namespace xtape::losses {

// The labels of the samples of a loss over classes, with the options worked in, and the classes that are
// masked. Its arrays live on the tape; they are null where an option is not given.
template <class T>
struct WorkedLabels {
  Slices slices;
  bool has_indices = false;
  const std::int64_t* indices = nullptr;  // one that is left out may be any class
  const double* class_weights = nullptr;
  const double* prior = nullptr;  // null: uniform
  const bool* class_mask = nullptr;
  bool class_mask_is_full = false;  // it has the shape of the predictions
  bool are_made = false;  // t_j = kept_j given_j + added_j / mass, where `mass` is that of the prior
  double label_smoothing = 0;
  const double* kept = nullptr;
  const double* added = nullptr;
  double mass = 1;

  std::size_t classes() const { return slices.length; }

  // Every sample has one class, and the options leave it at that.
  bool are_hard() const { return has_indices && label_smoothing == 0; }

  std::size_t class_of(std::size_t sample) const { return static_cast<std::size_t>(indices[sample]); }
  std::size_t class_of(const Sample<T>& sample) const { return class_of(sample.index); }
  double class_weight(std::size_t j) const { return class_weights == nullptr ? 1 : class_weights[j]; }

  bool is_masked(std::size_t sample, std::size_t j) const {
    if (class_mask == nullptr) return false;
    return !class_mask[class_mask_is_full ? slices.start(sample) + j * slices.step : j];
  }

  double prior_of(std::size_t j) const { return prior == nullptr ? 1 : prior[j]; }

  double prior_mass(std::size_t sample) const;

  // Which classes share the prior differs from sample to sample.
  bool has_own_masses() const { return class_mask != nullptr && class_mask_is_full; }

  double prior_mass_of(std::size_t sample) const {
    return label_smoothing > 0 && has_own_masses() ? prior_mass(sample) : mass;
  }

  // Of a sample with a class index, the label of a class that is not masked.
  double label(std::size_t sample, std::size_t j, double prior_mass_of_sample) const {
    const double of_index = j == class_of(sample) ? index_label(j) : 0;
    return are_made ? of_index + added[j] / prior_mass_of_sample : of_index;
  }
  // What a class index gives its own class. That of weight 0 counts for nothing, whatever its loss; else the
  // weight of a hard label multiplies the loss.
  double index_label(std::size_t y) const { return are_made ? kept[y] : class_weight(y) != 0; }

  // loss_of(sample) returns the loss of a sample with a hard label. The logits of masked classes are -inf.
  double hard_loss(const Sample<T>& sample, FunctionRef<double(const Sample<T>&)> loss_of) const;

  // loss_of(sample, t) returns the loss of a sample with the labels t. The logits of masked classes are -inf,
  // their labels 0.
  double labelled_loss(const Sample<T>& sample,
                       FunctionRef<double(const Sample<T>&, const double* t)> loss_of) const;

  // The same two for many samples at a time, without gradients of labels: loss_of(rows) for hard labels,
  // whose classes are classes_of(rows.range), or loss_of(rows with the labels t).
  void write_rows(SampleBlock<T> rows, FunctionRef<void(const SampleBlock<T>&)> loss_of) const;
  const std::int64_t* classes_of(const SliceRange& rows) const { return indices + rows.begin; }

 private:
  template <class Number>
  void write_labels(const Sample<T>& sample, Number* t) const;
  const double* labels_of(const Sample<T>& sample, Workspace& workspace) const;
  void copy_unmasked(const Sample<T>& sample, T* row) const;
  Sample<T> without_masked_classes(Sample<T> sample, Workspace& workspace) const;
  double without_worthless_label(const Sample<T>& sample, double loss, double scale = 1) const;
  void clear_masked_gradients(const Sample<T>& sample, double scale = 1) const;
  void chain_label_gradient(const Sample<T>& sample) const;
};

}  // namespace xtape::losses
