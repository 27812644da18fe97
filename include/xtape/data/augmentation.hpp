// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Options of random_shift.
struct RandomShiftOptions {
  std::size_t most = 2;  ///< in pixels, up or down and to the left or right
  double fill = 0;       ///< what stands where nothing was shifted to
};

/// Shifts each picture, in place, by whole pixels: down by v and to the right by h, two numbers drawn
/// uniformly from -most .. most. All channels of a picture are shifted alike.
///
///   y[r, c, i, j] = x[r, c, i - v(r), j - h(r)], or `fill` where that is outside
///
///     data::random_shift(batch, random, {.most = 2, .fill = -1});
///
/// Takes random.below(2 * most + 1) twice for each row, for v and then for h, none if there are no elements,
/// and no memory.
/// @param pictures  (rows, channels, height, width) or (rows, height, width)
/// @throws ShapeError     pictures is of another shape.
/// @throws ArgumentError  most is not below height and width: nothing would be left. It may be if there are
/// no
///                        elements.
template <class T>
void random_shift(ArrayView<T> pictures, Random& random, const RandomShiftOptions& options = {});

/// Options of random_flip.
struct RandomFlipOptions {
  bool horizontal = true;    ///< Left and right change places.
  bool vertical = false;     ///< Top and bottom do.
  double probability = 0.5;  ///< of each
};

/// Flips pictures, in place: each with the probability, and all of its channels alike.
///
///   y[r, c, i, j] = x[r, c, i, width - 1 - j], where drawn, and then x[r, c, height - 1 - i, j], where drawn
///
///     data::random_flip(batch, random);  // left and right of half of the pictures
///
/// Takes for each row one random.uniform() if horizontal is set, and then one if vertical is, none if there
/// are no elements; a picture is flipped where it is below the probability. Takes no memory.
/// @param pictures  (rows, channels, height, width) or (rows, height, width)
/// @throws ShapeError     pictures is of another shape.
/// @throws ArgumentError  probability is not in [0, 1].
template <class T>
void random_flip(ArrayView<T> pictures, Random& random, const RandomFlipOptions& options = {});

/// The same for an Array, an xtensor container and whatever else an ArrayView can be made of.
/// @throws ShapeError  the container is not in row-major order without gaps, too.
template <class Container>
requires std::constructible_from<ArrayView<xtape::detail::Element<Container>>, Container&> void random_shift(
    Container& pictures, Random& random, const RandomShiftOptions& options = {}) {
  random_shift(ArrayView<xtape::detail::Element<Container>>(pictures), random, options);
}
/// The same.
template <class Container>
requires std::constructible_from<ArrayView<xtape::detail::Element<Container>>, Container&> void random_flip(
    Container& pictures, Random& random, const RandomFlipOptions& options = {}) {
  random_flip(ArrayView<xtape::detail::Element<Container>>(pictures), random, options);
}

}  // namespace xtape::data
#pragma GCC visibility pop
