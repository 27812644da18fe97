// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("tanh is the hyperbolic tangent of each element", "[ops][tanh]", float, double) {
  Tape<TestType> tape;
  const auto y = tanh(tape.variable(xt::xarray<double>{-2, 0, 0.5}));
  CHECK_THAT(values(y), AllClose({-0.9640275800758169, 0, 0.46211715726000975}, 1e-6));
}

TEST_CASE("tanh reaches one for large arguments without overflow", "[ops][tanh][extremes]") {
  Tape<double> tape;
  const double infinity = std::numeric_limits<double>::infinity();
  const auto x = tape.variable(xt::xarray<double>{-1e300, -infinity, 1e300, infinity, std::nan("")});
  const auto y = tanh(x);
  CHECK_THAT(values(y), AllClose({-1, -1, 1, 1, std::nan("")}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0, 0, std::nan("")}, 0));
}

TEST_CASE("tanh gradient agrees with central differences", "[ops][tanh][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return tanh(x); }, xt::xarray<double>{{-1.5, -0.1}, {0.3, 2}}),
             HasCorrectGradient());
}

TEST_CASE("tanh of a variable used twice adds both gradients", "[ops][tanh][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return tanh(x) * x + tanh(x); }, xt::xarray<double>{-0.5, 0.7}),
             HasCorrectGradient());
}

TEST_CASE("tanh gradient keeps its digits where tanh itself rounds to one", "[ops][tanh][exactness]") {
  Tape<float> tape;
  const auto x = tape.variable(array({2}, {9.5, -20}));
  sum(tanh(x)).backward();
  // 1 / cosh(x)^2, with mpmath
  CHECK_THAT(values(x.grad()), AllClose({2.24111854990184e-08, 1.69934170211664e-17}, ulps<float>(4)));
}
