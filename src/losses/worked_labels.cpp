// SPDX-License-Identifier: BSD-3-Clause
#include "losses/worked_labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum.hpp"
#include "kernels/weighted.hpp"

namespace xtape::losses {

template <class T>
double WorkedLabels<T>::prior_mass(std::size_t sample) const {
  kernels::Sum<double> sum;
  for (std::size_t j = 0; j < classes(); ++j) {
    if (!is_masked(sample, j)) sum.add(prior_of(j));
  }
  return sum.value();
}

template <class T>
double WorkedLabels<T>::hard_loss(const Sample<T>& sample,
                                  FunctionRef<double(const Sample<T>&)> loss_of) const {
  Workspace workspace;
  const double loss = loss_of(without_masked_classes(sample, workspace));
  clear_masked_gradients(sample);
  return without_worthless_label(sample, loss);
}

template <class T>
double WorkedLabels<T>::labelled_loss(const Sample<T>& sample,
                                      FunctionRef<double(const Sample<T>&, const double* t)> loss_of) const {
  Workspace workspace;
  const double* t = labels_of(sample, workspace);
  if (!are_made) return loss_of(sample, t);
  const double loss = loss_of(without_masked_classes(sample, workspace), t);
  clear_masked_gradients(sample);
  chain_label_gradient(sample);
  return loss;
}

template <class T>
void WorkedLabels<T>::write_rows(SampleBlock<T> rows,
                                 FunctionRef<void(const SampleBlock<T>&)> loss_of) const {
  Workspace workspace;
  if (are_made) {
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
  const bool may_be_worthless = are_hard() && class_weights != nullptr;
  for (std::size_t row = 0; row < rows.count() && may_be_worthless; ++row) {
    rows.losses[row] = without_worthless_label(rows[row], rows.losses[row], rows.scale_of(row));
  }
}

template <class T>
const double* WorkedLabels<T>::labels_of(const Sample<T>& sample, Workspace& workspace) const {
  if constexpr (std::is_same_v<T, double>) {
    if (!are_made) return sample.labels;
  }
  double* t = workspace.take<double>(classes());
  if (are_made) {
    write_labels(sample, t);
  } else {
    std::copy_n(sample.labels, classes(), t);
  }
  return t;
}

template <class T>
template <class Number>
void WorkedLabels<T>::write_labels(const Sample<T>& sample, Number* t) const {
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

template <class T>
void WorkedLabels<T>::copy_unmasked(const Sample<T>& sample, T* row) const {
  for (std::size_t j = 0; j < classes(); ++j) {
    row[j] = is_masked(sample.index, j) ? -std::numeric_limits<T>::infinity() : sample.x[j];
  }
}

template <class T>
Sample<T> WorkedLabels<T>::without_masked_classes(Sample<T> sample, Workspace& workspace) const {
  if (class_mask == nullptr) return sample;
  T* row = workspace.take<T>(classes());
  copy_unmasked(sample, row);
  sample.x = row;
  return sample;
}

// A label of weight 0 counts for nothing, also where the loss or its slope is infinite.
template <class T>
double WorkedLabels<T>::without_worthless_label(const Sample<T>& sample, double loss, double scale) const {
  if (class_weight(class_of(sample)) != 0 || std::isnan(loss)) return loss;
  if (sample.gradient != nullptr) {
    std::fill_n(sample.gradient, sample.length, static_cast<T>(0 * scale));
  }
  return 0;
}

// They are 0, also beside NaN, times the scale. Only a class index that is masked itself has a gradient.
template <class T>
void WorkedLabels<T>::clear_masked_gradients(const Sample<T>& sample, double scale) const {
  if (class_mask == nullptr || sample.gradient == nullptr) return;
  for (std::size_t j = 0; j < classes(); ++j) {
    const bool is_label = has_indices && j == class_of(sample);
    if (is_masked(sample.index, j) && !is_label) sample.gradient[j] = static_cast<T>(0 * scale);
  }
}

// From the labels that the loss saw to those that were given. One that is multiplied by 0 has no slope, also
// where its class is impossible.
template <class T>
void WorkedLabels<T>::chain_label_gradient(const Sample<T>& sample) const {
  if (sample.label_gradient == nullptr) return;
  for (std::size_t j = 0; j < classes(); ++j) {
    const double slope = class_weight(j) * (1 - label_smoothing);
    sample.label_gradient[j] =
        is_masked(sample.index, j) || slope == 0 ? T{0} : static_cast<T>(slope * sample.label_gradient[j]);
  }
}

template struct WorkedLabels<float>;
template struct WorkedLabels<double>;

}  // namespace xtape::losses
