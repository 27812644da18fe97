// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>

#include "xtape/arrays/array_view.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::losses {

// Which samples of a loss count, and how much. Its arrays live on the tape; one without elements means 1, or
// true, for all.
struct SampleWeights {
  std::size_t samples = 0;
  ArrayView<const double> weights;
  std::optional<double> sum_of_given_weights;  // before they were broadcast; nothing if none are given
  ArrayView<bool> valid;
  bool follow_mask = false;                // a mask or an ignore_index is given, even if it leaves out none
  ArrayView<const double> target_weights;  // the class weight of each sample's label
  bool have_target_classes = false;
  bool target_weights_scale_losses = false;

  bool is_valid(std::size_t sample) const { return valid.empty() || valid[sample]; }
  double weight(std::size_t sample) const { return weights.empty() ? 1 : weights[sample]; }
  double target_weight(std::size_t sample) const {
    return target_weights.empty() ? 1 : target_weights[sample];
  }

  // Whether anything multiplies the losses.
  bool has_factors() const { return !weights.empty() || target_weights_scale_losses; }

  // What multiplies the loss of a sample.
  double factor(std::size_t sample) const {
    return target_weights_scale_losses ? weight(sample) * target_weight(sample) : weight(sample);
  }

  // What the sum of the losses is divided by; infinity where an empty mean is to give 0.
  double divisor(const char* loss, const Reduction& reduction) const;

 private:
  double sum(Divisor divisor) const;
};

}  // namespace xtape::losses
