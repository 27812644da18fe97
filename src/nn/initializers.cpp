// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/initializers.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "arrays/format.hpp"
#include "threads/thread_pool.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {
namespace {

struct Fans {
  double in, out;
};

Fans fans(const char* name, const Shape& weight) {
  if (weight.rank() != 2 && weight.rank() != 4)
    fail<ShapeError>("{}: weight must be (out, in) or (out, in, rows, columns), got {}", name, weight);
  const auto kernel = static_cast<double>(Shape(weight.begin() + 2, weight.end()).elements());
  return {static_cast<double>(weight[1]) * kernel, static_cast<double>(weight[0]) * kernel};
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

// In so many parts that are the same on every processor, and that its vector instructions can hold.
double product(const double* a, const double* b, std::size_t n) {
  constexpr std::size_t parts = 8;
  double sums[parts] = {};
  std::size_t i = 0;
  for (; i + parts <= n; i += parts) {
    for (std::size_t k = 0; k < parts; ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  for (std::size_t k = 1; k < parts; ++k) sums[0] += sums[k];
  return sums[0];
}

// Gram and Schmidt's process in its modified form: rows become orthogonal to those above and 1 long. Done a
// second time, it takes away what rounding has left of the others.
void orthonormalise(double* rows, std::size_t count, std::size_t length) {
  const std::size_t together =
      std::max<std::size_t>(1, products_per_block / std::max<std::size_t>(1, length));
  for (std::size_t i = 0; i < count; ++i) {
    double* const row = rows + i * length;
    const double norm = std::sqrt(product(row, row, length));
    for (std::size_t k = 0; k < length; ++k) row[k] /= norm;
    parallel_for_ranges(count - i - 1, together, [=](std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j) {
        double* const other = row + (j + 1) * length;
        const double share = product(row, other, length);
        for (std::size_t k = 0; k < length; ++k) other[k] -= share * row[k];
      }
    });
  }
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

template <class T>
void lecun_uniform(ArrayView<T> weight, Random& random) {
  fill_uniform(weight, 1 / fans("lecun_uniform", weight.shape()).in, random);
}

template <class T>
void lecun_normal(ArrayView<T> weight, Random& random) {
  fill_normal(weight, 1 / fans("lecun_normal", weight.shape()).in, random);
}

template <class T>
void orthogonal(ArrayView<T> weight, Random& random, double gain) {
  fans("orthogonal", weight.shape());  // checks
  if (weight.empty()) return;
  const std::size_t rows = weight.shape()[0], columns = weight.size() / rows;
  const std::size_t count = std::min(rows, columns), length = std::max(rows, columns);
  std::vector<double> matrix(count * length);  // its rows are those or, if they are more, the columns
  for (double& x : matrix) x = random.normal();
  orthonormalise(matrix.data(), count, length);
  orthonormalise(matrix.data(), count, length);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      const double x = rows <= columns ? matrix[r * length + c] : matrix[c * length + r];
      weight[r * columns + c] = static_cast<T>(gain * x);
    }
  }
}

template <class T>
void orthogonal(ArrayView<T> weight, Random& random) {
  orthogonal(weight, random, 1);
}

template <class T>
void standard_normal(ArrayView<T> weight, Random& random) {
  fill_normal(weight, 1, random);
}

template void glorot_uniform(ArrayView<float>, Random&);
template void glorot_uniform(ArrayView<double>, Random&);
template void glorot_normal(ArrayView<float>, Random&);
template void glorot_normal(ArrayView<double>, Random&);
template void he_uniform(ArrayView<float>, Random&);
template void he_uniform(ArrayView<double>, Random&);
template void he_normal(ArrayView<float>, Random&);
template void he_normal(ArrayView<double>, Random&);

template void lecun_uniform(ArrayView<float>, Random&);
template void lecun_uniform(ArrayView<double>, Random&);
template void lecun_normal(ArrayView<float>, Random&);
template void lecun_normal(ArrayView<double>, Random&);
template void orthogonal(ArrayView<float>, Random&);
template void orthogonal(ArrayView<double>, Random&);
template void standard_normal(ArrayView<float>, Random&);
template void standard_normal(ArrayView<double>, Random&);
template void orthogonal(ArrayView<float>, Random&, double);
template void orthogonal(ArrayView<double>, Random&, double);

}  // namespace xtape::nn
#pragma GCC visibility pop
