// SPDX-License-Identifier: BSD-3-Clause
#include "training/not_finite.hpp"

#include <algorithm>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::training {
namespace {

constexpr auto is_finite = [](auto x) { return std::isfinite(x); };

}  // namespace

template <class T>
void require_finite_features(const Dataset<T>& data, std::span<const std::size_t> rows,
                             const std::string& what_came_of_it) {
  const std::size_t width = data.features.size() / data.features.shape()[0];
  for (const std::size_t row : rows) {
    const std::span<const T> features(data.features.data() + row * width, width);
    const auto at = std::ranges::find_if_not(features, is_finite);
    if (at == features.end()) continue;
    const std::size_t index = row * width + static_cast<std::size_t>(at - features.begin());
    fail<NonFiniteError>("train: {}: {} is {}; leave such rows out, or impute what is missing",
                         what_came_of_it, element_name("features", data.features.shape(), index),
                         std::isnan(*at) ? "nan" : "infinite");
  }
}

template <class T>
void require_finite_weights(const optim::Optimizer<T>& optimizer, std::size_t epoch,
                            const std::string& advice) {
  for (const Parameter<T>* parameter : optimizer.parameters()) {
    const ArrayView<const T> values = parameter->values();
    const T* const at = std::find_if_not(values.begin(), values.end(), is_finite);
    if (at == values.end()) continue;
    const auto index = static_cast<std::size_t>(at - values.begin());
    fail<NonFiniteError>("train: the parameter '{}' must be finite after epoch {}, got {} at {}; {}",
                         parameter->name(), epoch, in_words(static_cast<double>(*at)),
                         element_name("value", values.shape(), index), advice);
  }
}

template void require_finite_features(const Dataset<float>&, std::span<const std::size_t>,
                                      const std::string&);
template void require_finite_features(const Dataset<double>&, std::span<const std::size_t>,
                                      const std::string&);
template void require_finite_weights(const optim::Optimizer<float>&, std::size_t, const std::string&);
template void require_finite_weights(const optim::Optimizer<double>&, std::size_t, const std::string&);

}  // namespace xtape::training
