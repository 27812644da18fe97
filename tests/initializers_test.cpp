// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <string>

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

TEMPLATE_TEST_CASE("lecun_uniform fills +-sqrt(3 / in)", "[nn][initializers]", float, double) {
  const Moments got = moments_of(nn::lecun_uniform<TestType>);
  check_moments(got, 1.0 / in, uniform_spread);
  const double limit = std::sqrt(3.0 / in);
  CHECK(got.largest <= limit * (1 + 1e-7));
  CHECK(got.largest > 0.999 * limit);
}

TEMPLATE_TEST_CASE("lecun_normal has variance 1 / in", "[nn][initializers]", float, double) {
  const Moments got = moments_of(nn::lecun_normal<TestType>);
  check_moments(got, 1.0 / in, normal_spread);
  CHECK(got.largest > 3 * std::sqrt(1.0 / in));
}

TEST_CASE("initializers count what goes into one output of a convolution", "[nn][initializers]") {
  const auto largest = [](void (*initializer)(ArrayView<double>, Random&)) {
    Random random(1);
    Array<double> weight(Shape{20, 10, 5, 6});
    initializer(weight, random);
    return std::abs(*std::max_element(weight.begin(), weight.end()));
  };
  CHECK_THAT(largest(nn::he_uniform<double>), WithinRel(std::sqrt(6.0 / 300), 1e-3));
  CHECK_THAT(largest(nn::lecun_uniform<double>), WithinRel(std::sqrt(3.0 / 300), 1e-3));
  CHECK_THAT(largest(nn::glorot_uniform<double>), WithinRel(std::sqrt(6.0 / (300 + 600)), 1e-3));
}

TEMPLATE_TEST_CASE("orthogonal rows, or columns where there are more rows, are orthogonal to rounding",
                   "[nn][initializers][orthogonal]", float, double) {
  const Shape shape = GENERATE(Shape{1, 1}, Shape{3, 40}, Shape{40, 3}, Shape{150, 150}, Shape{6, 2, 3, 2},
                               Shape{30, 2, 3, 2});
  Random random(1);
  Array<TestType> weight(shape);
  nn::orthogonal<TestType>(weight, random);
  const std::size_t rows = shape[0], columns = weight.size() / rows, count = std::min(rows, columns);
  long double worst = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      long double product = i == j ? -1 : 0;
      for (std::size_t k = 0; k < std::max(rows, columns); ++k) {
        const auto element = [&](std::size_t line) {
          return static_cast<long double>(rows <= columns ? weight[line * columns + k]
                                                          : weight[k * columns + line]);
        };
        product += element(i) * element(j);
      }
      worst = std::max(worst, std::abs(product));
    }
  }
  CHECK(static_cast<double>(worst) < ulps<TestType>(2));
}

TEST_CASE("orthogonal draws a rotation or reflection of the plane, each angle equally likely",
          "[nn][initializers][orthogonal]") {
  Random random(2);
  double sines = 0, cosines = 0, determinants = 0;
  constexpr int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    Array<double> weight(Shape{2, 2});
    nn::orthogonal<double>(weight, random);
    cosines += weight[0];
    sines += weight[1];
    determinants += weight[0] * weight[3] - weight[1] * weight[2];
  }
  // Five standard deviations.
  CHECK_THAT(cosines, WithinAbs(0, 5 * std::sqrt(draws / 2.0)));
  CHECK_THAT(sines, WithinAbs(0, 5 * std::sqrt(draws / 2.0)));
  CHECK_THAT(determinants, WithinAbs(0, 5 * std::sqrt(draws)));
}

TEST_CASE("orthogonal multiplies by the gain", "[nn][initializers][orthogonal]") {
  Random random(1), same(1);
  Array<double> weight(Shape{3, 5}), plain(Shape{3, 5}), empty(Shape{0, 5});
  nn::orthogonal<double>(weight, random, 2);
  nn::orthogonal<double>(plain, same);
  for (std::size_t i = 0; i < weight.size(); ++i) CHECK(weight[i] == 2 * plain[i]);
  nn::orthogonal<double>(empty, random);
  CHECK(random == same);
}

TEST_CASE("initializers refuse a weight that is no matrix and no convolution's before they draw",
          "[nn][initializers][errors]") {
  Random random(1);
  Array<double> flat(Shape{6}), cube(Shape{1, 2, 3});
  const auto text = [](const char* name, const char* shape) {
    return std::string(name) + ": weight must be (out, in) or (out, in, rows, columns), got " + shape;
  };
  CHECK_THROWS_AS(nn::he_uniform<double>(flat, random), ShapeError);
  CHECK_THROWS_WITH(nn::he_uniform<double>(flat, random), text("he_uniform", "(6)"));
  CHECK_THROWS_WITH(nn::he_normal<double>(cube, random), text("he_normal", "(1, 2, 3)"));
  CHECK_THROWS_WITH(nn::glorot_uniform<double>(flat, random), text("glorot_uniform", "(6)"));
  CHECK_THROWS_WITH(nn::glorot_normal<double>(flat, random), text("glorot_normal", "(6)"));
  CHECK_THROWS_WITH(nn::lecun_uniform<double>(flat, random), text("lecun_uniform", "(6)"));
  CHECK_THROWS_WITH(nn::lecun_normal<double>(flat, random), text("lecun_normal", "(6)"));
  CHECK_THROWS_WITH(nn::orthogonal<double>(cube, random), text("orthogonal", "(1, 2, 3)"));
  CHECK(random == Random(1));
}
