// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <limits>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;

// Losses of probabilities at 0, at 1, at the bounds of their clips and beside them.
namespace probability_ends_test {
namespace {

constexpr double log_of_2 = 0.6931471805599453;

// Of one probability and one label.
template <class T>
LossResult binary(double p, double label, double epsilon) {
  return result_of<T>(array({1}, {p}), array({1}, {label}), [=](auto x, auto z) {
    return losses::binary_cross_entropy(x, z, {.epsilon = epsilon, .reduction = Reduction::none});
  });
}

template <class T>
LossResult divergence(double p, double t, double epsilon) {
  return result_of<T>(array({1}, {p}), array({1}, {t}), [=](auto x, auto z) {
    return losses::kl_divergence(x, z, {.epsilon = epsilon, .reduction = Reduction::sum});
  });
}

template <class T>
LossResult of_class(const std::vector<double>& p, int y, double epsilon) {
  return result_of<T>(array({p.size()}, p),
                      [=](auto x) { return losses::categorical_cross_entropy(x, y, {.epsilon = epsilon}); });
}

template <class T>
double below(double x) {
  return std::nextafter(static_cast<T>(x), T{-1});
}
template <class T>
double above(double x) {
  return std::nextafter(static_cast<T>(x), T{2});
}

void check(const LossResult& result, double loss, std::vector<double> gradient, double tolerance) {
  CHECK_THAT(result.loss, AllClose({loss}, tolerance));
  CHECK_THAT(result.gradient, AllClose(std::move(gradient), tolerance));
}

TEMPLATE_TEST_CASE("binary_cross_entropy at the bounds of its clip and beside them",
                   "[losses][binary_cross_entropy][extremes]", float, double) {
  const double ulp = ulps<TestType>(4);
  // 2^-20 and 1 - 2^-20 are the same in float and double.
  const double epsilon = 0x1p-20, high = 1 - epsilon;
  const double log_high = -9.536747711539e-07;  // log1p(-2^-20)
  check(binary<TestType>(epsilon, 1, epsilon), 20 * log_of_2, {-0x1p20}, ulp);
  check(binary<TestType>(below<TestType>(epsilon), 1, epsilon), 20 * log_of_2, {0}, ulp);
  check(binary<TestType>(0, 1, epsilon), 20 * log_of_2, {0}, ulp);
  check(binary<TestType>(0, 0, epsilon), -log_high, {0}, std::max(ulp, 1e-12));
  check(binary<TestType>(high, 0, epsilon), 20 * log_of_2, {0x1p20}, ulp);
  check(binary<TestType>(above<TestType>(high), 0, epsilon), 20 * log_of_2, {0}, ulp);
  check(binary<TestType>(1, 0, epsilon), 20 * log_of_2, {0}, ulp);
  check(binary<TestType>(1, 1, epsilon), -log_high, {0}, std::max(ulp, 1e-12));
}

TEMPLATE_TEST_CASE("binary_cross_entropy with an epsilon of 0, or lost beside 1",
                   "[losses][binary_cross_entropy][extremes]", float, double) {
  for (const double epsilon : {0.0, 1e-30}) {
    check(binary<TestType>(1, 1, epsilon), 0, {-1}, 0);
    check(binary<TestType>(1, 0, epsilon), inf, {inf}, 0);
  }
  check(binary<TestType>(0, 0, 0), 0, {1}, 0);
  check(binary<TestType>(0, 1, 0), inf, {-inf}, 0);
  check(binary<TestType>(0x1p-100, 1, 0), 100 * log_of_2, {-0x1p100}, ulps<TestType>(2));
  check(binary<TestType>(0, 1, 0x1p-100), 100 * log_of_2, {0}, ulps<TestType>(2));
}

TEMPLATE_TEST_CASE("categorical_cross_entropy of certainties, at every epsilon",
                   "[losses][categorical_cross_entropy][extremes]", float, double) {
  const double ulp = ulps<TestType>(4), epsilon = 0x1p-20;
  check(of_class<TestType>({0, 1}, 0, epsilon), 20 * log_of_2, {0, 0}, ulp);
  check(of_class<TestType>({0, 1}, 1, epsilon), 9.536747711539e-07, {0, 0}, std::max(ulp, 1e-12));
  check(of_class<TestType>({0, 1}, 1, 0), 0, {1, 0}, 0);
  check(of_class<TestType>({0, 1}, 1, 1e-30), 0, {1, 0}, 0);
  check(of_class<TestType>({0, 1}, 0, 0), inf, {-inf, 1}, 0);
  // -log(u / (u + 1)): by u it falls by 1 / u - 1 / (u + 1), and by the other by 1 / (u + 1).
  check(of_class<TestType>({0x1p-100, 1}, 0, 0), 100 * log_of_2, {-0x1p100, 1}, ulp);
}

TEMPLATE_TEST_CASE("kl_divergence at the bounds of its clip, beside them and without epsilon",
                   "[losses][kl_divergence][extremes]", float, double) {
  const double ulp = ulps<TestType>(4), epsilon = 0x1p-20;
  check(divergence<TestType>(epsilon, 1, epsilon), 20 * log_of_2, {-0x1p20}, ulp);
  check(divergence<TestType>(below<TestType>(epsilon), 1, epsilon), 20 * log_of_2, {0}, ulp);
  check(divergence<TestType>(0, 1, epsilon), 20 * log_of_2, {0}, ulp);
  check(divergence<TestType>(0, 0, epsilon), 0, {0}, 0);
  check(divergence<TestType>(1, 1, epsilon), 0, {-1}, 0);
  check(divergence<TestType>(1, 0, epsilon), -20 * log_of_2 * epsilon, {-epsilon}, ulp);
  check(divergence<TestType>(0, 0, 0), 0, {0}, 0);
  check(divergence<TestType>(0x1p-100, 1, 0), 100 * log_of_2, {-0x1p100}, ulp);
  check(divergence<TestType>(1, 0, 0), 0, {0}, 0);
}

}  // namespace
}  // namespace probability_ends_test
