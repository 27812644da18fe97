// SPDX-License-Identifier: BSD-3-Clause
#include "losses/option_checks.hpp"

#include <cmath>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::losses {

void require_in_range(const char* loss, const char* name, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return;
  if (std::isinf(low) && std::isinf(high)) {
    fail<ArgumentError>("{}: {} must be finite, got {}", loss, name, value);
  }
  if (std::isinf(low)) {
    fail<ArgumentError>("{}: {} must be finite and at most {}, got {}", loss, name, high, value);
  }
  if (std::isinf(high)) {
    fail<ArgumentError>("{}: {} must be finite and at least {}, got {}", loss, name, low, value);
  }
  fail<ArgumentError>("{}: {} must be in [{}, {}], got {}", loss, name, low, high, value);
}

void require_positive(const char* loss, const char* name, double value) {
  if (value > 0 && std::isfinite(value)) return;
  fail<ArgumentError>("{}: {} must be finite and above 0, got {}", loss, name, value);
}

void require_clip_epsilon(const char* loss, double epsilon) {
  if (epsilon >= 0 && epsilon < 0.5) return;
  fail<ArgumentError>("{}: epsilon must be in [0, 0.5), so that it clips to [epsilon, 1 - epsilon], got {}",
                      loss, epsilon);
}

void require_temperature(const char* loss, double temperature) {
  if (temperature > 0 && std::isfinite(temperature)) return;
  fail<ArgumentError>("{}: temperature must be finite and above 0, got {}; 1 leaves the logits as they are",
                      loss, temperature);
}

template <class Error>
void require_fits_losses(const char* loss, const char* name, const char* single, const Shape& shape,
                         const Shape& losses) {
  bool fits = shape.rank() == losses.rank();
  for (std::size_t axis = 0; fits && axis < shape.rank(); ++axis) {
    fits = shape[axis] == 1 || shape[axis] == losses[axis];
  }
  if (fits || shape.rank() == 0) return;
  const bool trailing_axis = shape.rank() == losses.rank() + 1 && shape[losses.rank()] == 1;
  fail<Error>("{}: {} must be {} or have the shape of the losses {}, in which extents may be 1, got {}{}",
              loss, name, single, losses, shape, trailing_axis ? "; drop the last axis" : "");
}

template void require_fits_losses<ShapeError>(const char*, const char*, const char*, const Shape&,
                                              const Shape&);
template void require_fits_losses<WeightsShapeError>(const char*, const char*, const char*, const Shape&,
                                                     const Shape&);

void require_broadcasts(const char* loss, const char* name, const Shape& shape, const char* predictions,
                        const Shape& predictions_shape) {
  const std::size_t rank = predictions_shape.rank();
  bool fits = shape.rank() <= rank;
  for (std::size_t axis = 0; fits && axis < shape.rank(); ++axis) {
    const std::size_t target = predictions_shape[rank - shape.rank() + axis];
    fits = shape[axis] == 1 || shape[axis] == target;
  }
  if (fits) return;
  fail<WeightsShapeError>(
      "{}: {} must broadcast to the shape of {} {} (aligned at the last axis, extents equal or 1), got {}",
      loss, name, predictions, predictions_shape, shape);
}

template <class Error>
void require_one_per_class(const char* loss, const char* name, const char* be_or_have, const Shape& shape,
                           std::size_t classes) {
  if (shape == Shape{classes}) return;
  fail<Error>("{}: {} must {} one entry per class, shape {}, got {}", loss, name, be_or_have, Shape{classes},
              shape);
}

template void require_one_per_class<ArgumentError>(const char*, const char*, const char*, const Shape&,
                                                   std::size_t);
template void require_one_per_class<WeightsShapeError>(const char*, const char*, const char*, const Shape&,
                                                       std::size_t);

void require_same_shape(const char* loss, const char* labels, const Shape& shape, const char* predictions,
                        const Shape& predictions_shape) {
  if (shape == predictions_shape) return;
  const auto with_trailing_axis = [](Shape shorter) {
    if (shorter.rank() < Shape::max_rank) shorter.append(1);
    return shorter;
  };
  const char* longer = shape == with_trailing_axis(predictions_shape)   ? labels
                       : predictions_shape == with_trailing_axis(shape) ? predictions
                                                                        : nullptr;
  fail<ShapeError>("{}: {} must have the shape of {} {}, got {}{}", loss, labels, predictions,
                   predictions_shape, shape,
                   longer == nullptr ? "" : fmt::format("; drop the last axis of {}", longer));
}

void throw_nan(const char* loss, const char* argument, const Shape& shape, std::size_t at) {
  fail<NonFiniteError>("{}: {} {} must not hold NaN, got nan at {}", loss, argument, shape,
                       element_name(argument, shape, at));
}

}  // namespace xtape::losses
