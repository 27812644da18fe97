// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/one_hot.hpp"

#include <cstdint>

#include "arrays/index_range.hpp"
#include "arrays/slices.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Array<T> one_hot(const Indices& class_indices, std::size_t classes, int axis, const LabelOptions& options) {
  Array<std::int64_t> indices(class_indices.shape());
  class_indices.copy_to(indices);
  require_indices("one_hot", "class_indices", indices,
                  {.noun = "classes", .count = classes, .skippable = Skippable::negative}, options);

  Shape with_classes_last = indices.shape();
  with_classes_last.append(classes);
  const std::size_t class_axis = resolve_axis("one_hot", axis, with_classes_last);
  Shape shape(indices.shape().begin(), indices.shape().begin() + class_axis);
  shape.append(classes);
  for (std::size_t a = class_axis; a < indices.shape().rank(); ++a) shape.append(indices.shape()[a]);

  Array<T> result(shape);
  const Slices samples = slices_along("one_hot", shape, axis);
  for (std::size_t s = 0; s < samples.count; ++s) {
    if (indices[s] == options.ignore_index) continue;
    result[samples.start(s) + static_cast<std::size_t>(indices[s]) * samples.step] = 1;
  }
  return result;
}

template Array<float> one_hot(const Indices&, std::size_t, int, const LabelOptions&);
template Array<double> one_hot(const Indices&, std::size_t, int, const LabelOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
