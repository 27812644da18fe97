// SPDX-License-Identifier: BSD-3-Clause
#include "losses/loss_over_elements.hpp"

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "losses/option_checks.hpp"

namespace xtape::losses {

template <class T>
LossOverElements<T>::LossOverElements(const char* name, const char* predictions_name, Variable<T> predictions,
                                      const char* labels_name, const Labels<T>& labels,
                                      const ElementOptions& options)
    : name_(name),
      predictions_name_(predictions_name),
      labels_name_(labels_name),
      shape_(predictions.shape()),
      options_(options),
      recording_(name, layout(labels_name, labels.shape()), predictions, labels_name, &labels),
      class_weights_(broadcast("class_weights", *options.class_weights)) {
  require_in_range(name, "label_smoothing", options.label_smoothing, 0, 1);
  require_in_range(name, "smoothing_prior", options.smoothing_prior, 0, 1);
  require_temperature(name, options.temperature);
  recording_.weigh(options.sample_weights);
  recording_.leave_out(options.mask);
}

template <class T>
ArrayView<const double> LossOverElements<T>::broadcast(const char* option_name, const Weights& option) {
  if (!option.given()) return {};
  require_broadcasts(name_, option_name, option.shape(), predictions_name_, shape_);
  return recording_.template broadcast<double>(recording_.save_copy(option_name, option), shape_);
}

template <class T>
void LossOverElements<T>::check_labels(T no) const {
  if (!recording_.checks_logits()) return;
  const Slices& slices = recording_.slices();
  for (std::size_t s = 0; s < recording_.samples(); ++s) {
    if (!recording_.is_valid(s)) continue;
    for (std::size_t j = 0; j < slices.length; ++j) {
      const std::size_t at = slices.start(s) + j * slices.step;
      const T label = recording_.labels()[at];
      if (label < no || label > 1 || (no == -1 && label == 0)) throw_label_outside(label, at, no);
    }
  }
}

template <class T>
void LossOverElements<T>::throw_label_outside(T label, std::size_t at, T no) const {
  fail<LabelError>("{}: labels must be in [{}, 1]{}, got {} at {}; write 1 for yes and {} for no{}", name_,
                   no, no == -1 ? " and not 0, which teaches nothing" : "", label,
                   element_name(labels_name_, shape_, at), no,
                   no == 0 && label == -1 ? ", or take soft_margin, whose labels are -1 and 1" : "");
}

template <class T>
SampleLayout LossOverElements<T>::layout(const char* labels_name, const Shape& labels) const {
  const SampleLayout layout = options_.axis
                                  ? SampleLayout::along(name_, predictions_name_, shape_, *options_.axis)
                                  : SampleLayout::elements(shape_);
  require_same_shape(name_, labels_name, labels, predictions_name_, shape_);
  return layout;
}

template class LossOverElements<float>;
template class LossOverElements<double>;

}  // namespace xtape::losses
