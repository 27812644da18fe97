// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/logit_odds.hpp"
#include "xtape/arrays/array_view.hpp"

namespace xtape {

// What two thresholds at the distance g take from the class between them.
struct OrdinalGap {
  double nats = 0;    // -log(1 - e^-g)
  double growth = 0;  // its derivative by -g: 1 / (e^g - 1)
};

// Those of all classes.
template <class T>
void write_ordinal_gaps(ArrayView<const T> thresholds, OrdinalGap* gaps);

// The value of ordinal_log_probabilities for one score, with memory for an element more than there are
// classes.
template <class T>
void write_ordinal_row(T score, ArrayView<const T> thresholds, const OrdinalGap* gaps,
                       kernels::LogitOdds* odds, T* y);

}  // namespace xtape
