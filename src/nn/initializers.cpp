// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/initializers.hpp"

#include <cmath>

#include "core/format.hpp"

namespace xtape::nn {
namespace {

struct Fans {
  double in, out;
};

Fans fans(const char* name, const Shape& weight) {
  if (weight.rank() != 2) fail<ShapeError>("{}: weight must be (out, in), got {}", name, weight);
  return {static_cast<double>(weight[1]), static_cast<double>(weight[0])};
}

template <class T>
void fill_uniform(ArrayView<T> weight, double variance, Random& random) {
  const double limit = std::sqrt(3 * variance);
  for (T& w : weight) w = static_cast<T>(random.uniform(-limit, limit));
}

template <class T>
void fill_normal(ArrayView<T> weight, double variance, Random& random) {
  const double deviation = std::sqrt(variance);
  for (T& w : weight) w = static_cast<T>(deviation * random.normal());
}

}  // namespace

template <class T>
void glorot_uniform(ArrayView<T> weight, Random& random) {
  const auto [in, out] = fans("glorot_uniform", weight.shape());
  fill_uniform(weight, 2 / (in + out), random);
}

template <class T>
void glorot_normal(ArrayView<T> weight, Random& random) {
  const auto [in, out] = fans("glorot_normal", weight.shape());
  fill_normal(weight, 2 / (in + out), random);
}

template <class T>
void he_uniform(ArrayView<T> weight, Random& random) {
  fill_uniform(weight, 2 / fans("he_uniform", weight.shape()).in, random);
}

template <class T>
void he_normal(ArrayView<T> weight, Random& random) {
  fill_normal(weight, 2 / fans("he_normal", weight.shape()).in, random);
}

template void glorot_uniform(ArrayView<float>, Random&);
template void glorot_uniform(ArrayView<double>, Random&);
template void glorot_normal(ArrayView<float>, Random&);
template void glorot_normal(ArrayView<double>, Random&);
template void he_uniform(ArrayView<float>, Random&);
template void he_uniform(ArrayView<double>, Random&);
template void he_normal(ArrayView<float>, Random&);
template void he_normal(ArrayView<double>, Random&);

}  // namespace xtape::nn
