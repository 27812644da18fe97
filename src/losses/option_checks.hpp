// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array_view.hpp"

namespace xtape::losses {

// name must be in [low, high] and finite.
void require_in_range(const char* loss, const char* name, double value, double low, double high);

// name must be above 0 and finite.
void require_positive(const char* loss, const char* name, double value);

// Below 1/2, so that something is left between the ends.
void require_clip_epsilon(const char* loss, double epsilon);

// One of what `single` says, or the rank of the losses with each extent 1 or theirs.
template <class Error>
void require_fits_losses(const char* loss, const char* name, const char* single, const Shape& shape,
                         const Shape& losses);

void require_temperature(const char* loss, double temperature);

// Broadcasts to the shape of the predictions.
void require_broadcasts(const char* loss, const char* name, const Shape& shape, const char* predictions,
                        const Shape& predictions_shape);

// Must `be_or_have` one entry per class.
template <class Error>
void require_one_per_class(const char* loss, const char* name, const char* be_or_have, const Shape& shape,
                           std::size_t classes);

void require_same_shape(const char* loss, const char* labels, const Shape& shape, const char* predictions,
                        const Shape& predictions_shape);

[[noreturn]] void throw_nan(const char* loss, const char* argument, const Shape& shape, std::size_t at);

}  // namespace xtape::losses
