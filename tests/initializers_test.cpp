// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

constexpr std::size_t in = 300, out = 200;

struct Moments {
  double mean = 0, variance = 0, largest = 0;
};

template <class T>
Moments moments_of(void (*initializer)(ArrayView<T>, Random&)) {
  Random random(1);
  Array<T> weight(Shape{out, in});
  initializer(weight, random);
  Moments result;
  for (const T w : weight) {
    result.mean += w;
    result.variance += static_cast<double>(w) * w;
    result.largest = std::max(result.largest, std::abs(static_cast<double>(w)));
  }
  result.mean /= static_cast<double>(weight.size());
  result.variance /= static_cast<double>(weight.size());
  return result;
}

// Five standard deviations of the mean and of the variance of 60,000 numbers: a false alarm in a million.
// The square of a uniform number varies by sqrt(4/5) of its mean, that of a normal number by sqrt(2).
void check_moments(const Moments& got, double variance, double spread_of_square) {
  const double count = in * out;
  CHECK_THAT(got.mean, WithinAbs(0, 5 * std::sqrt(variance / count)));
  CHECK_THAT(got.variance, WithinRel(variance, 5 * spread_of_square / std::sqrt(count)));
}

const double uniform_spread = std::sqrt(0.8), normal_spread = std::sqrt(2.0);

}  // namespace

TEMPLATE_TEST_CASE("glorot_uniform fills +-sqrt(6 / (in + out))", "[nn][initializers]", float, double) {
  const Moments got = moments_of(nn::glorot_uniform<TestType>);
  check_moments(got, 2.0 / (in + out), uniform_spread);
  const double limit = std::sqrt(6.0 / (in + out));
  CHECK(got.largest <= limit * (1 + 1e-7));  // rounded to float
  CHECK(got.largest > 0.999 * limit);
}

TEMPLATE_TEST_CASE("he_uniform fills +-sqrt(6 / in)", "[nn][initializers]", float, double) {
  const Moments got = moments_of(nn::he_uniform<TestType>);
  check_moments(got, 2.0 / in, uniform_spread);
  const double limit = std::sqrt(6.0 / in);
  CHECK(got.largest <= limit * (1 + 1e-7));
  CHECK(got.largest > 0.999 * limit);
}

TEMPLATE_TEST_CASE("glorot_normal has variance 2 / (in + out)", "[nn][initializers]", float, double) {
  const Moments got = moments_of(nn::glorot_normal<TestType>);
  check_moments(got, 2.0 / (in + out), normal_spread);
  CHECK(got.largest > 3 * std::sqrt(2.0 / (in + out)));  // not uniform
}

TEMPLATE_TEST_CASE("he_normal has variance 2 / in", "[nn][initializers]", float, double) {
  const Moments got = moments_of(nn::he_normal<TestType>);
  check_moments(got, 2.0 / in, normal_spread);
  CHECK(got.largest > 3 * std::sqrt(2.0 / in));
}

TEST_CASE("initializers refuse a weight that is not a matrix before they draw",
          "[nn][initializers][errors]") {
  Random random(1);
  Array<double> flat(Shape{6}), cube(Shape{1, 2, 3});
  CHECK_THROWS_AS(nn::he_uniform<double>(flat, random), ShapeError);
  CHECK_THROWS_WITH(nn::he_uniform<double>(flat, random), "he_uniform: weight must be (out, in), got (6)");
  CHECK_THROWS_WITH(nn::he_normal<double>(cube, random),
                    "he_normal: weight must be (out, in), got (1, 2, 3)");
  CHECK_THROWS_WITH(nn::glorot_uniform<double>(flat, random),
                    "glorot_uniform: weight must be (out, in), got (6)");
  CHECK_THROWS_WITH(nn::glorot_normal<double>(flat, random),
                    "glorot_normal: weight must be (out, in), got (6)");
  CHECK(random == Random(1));
}
