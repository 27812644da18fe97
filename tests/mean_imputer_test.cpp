// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::MeanImputer;

namespace {
using Rows = std::vector<std::size_t>;
}

TEMPLATE_TEST_CASE("NaN is replaced by the mean of the column's numbers in the training rows",
                   "[data][mean_imputer]", float, double) {
  const auto gap = static_cast<TestType>(NaN);
  const xt::xarray<TestType> features{{1, gap}, {1000, 1000}, {2, 7}, {gap, -1}, {4.5, gap}};
  MeanImputer<TestType> imputer;
  imputer.fit(features, Rows{0, 2, 3, 4});
  CHECK_THAT(values(imputer.means()), AllClose({2.5, 3}, 1e-15));
  const std::vector<double> expected{1, 3, 1000, 1000, 2, 7, 2.5, -1, 4.5, 3};
  CHECK_THAT(values(imputer.applied(features)), AllClose(expected, ulps<TestType>(1)));
  xt::xarray<TestType> in_place = features;
  imputer.apply(in_place);
  CHECK_THAT(values(in_place), AllClose(expected, ulps<TestType>(1)));
}

TEST_CASE("the mean of a constant column is its number, and large numbers do not overflow",
          "[data][mean_imputer]") {
  MeanImputer<double> imputer;
  xt::xarray<double> features = xt::xarray<double>::from_shape({999, 2});
  for (std::size_t row = 0; row < 999; ++row) {
    features(row, 0) = 0.1;
    features(row, 1) = 1.7e308;
  }
  imputer.fit(features);
  CHECK_THAT(values(imputer.means()), AllClose({0.1, 1.7e308}, 1e-15));
}

TEST_CASE("an imputer is saved and loaded", "[data][mean_imputer][state]") {
  MeanImputer<float> fitted, loaded;
  fitted.fit(xt::xarray<float>{{1, 2}, {4, 2.5}});
  loaded.load_state(fitted.state());
  CHECK_THAT(values(loaded.applied(xt::xarray<float>{{std::nanf(""), 8}})), AllClose({2.5, 8}, 0));

  NamedArrays wrong;
  wrong.add_scalar("mean", 1.0);
  CHECK_THROWS_WITH(loaded.load_state(wrong), "MeanImputer::load_state: 'mean' must have shape (2), got ()");
  NamedArrays not_finite;
  not_finite.add("mean", Array<double>(std::vector<double>{1, inf}));
  CHECK_THROWS_WITH(loaded.load_state(not_finite),
                    "MeanImputer::load_state: mean[1] must be finite, got inf");
  NamedArrays too_large;
  too_large.add("mean", Array<double>(std::vector<double>{1e300, 1}));
  CHECK_THROWS_WITH(loaded.load_state(too_large),
                    "MeanImputer::load_state: mean[0] must be finite as a float, got 1e+300");
  CHECK_THROWS_AS(loaded.load_state({}), ArgumentError);
  CHECK_THAT(values(loaded.means()), AllClose({2.5, 2.25}, 0));
}

TEST_CASE("columns that have no mean are refused and change nothing", "[data][mean_imputer][errors]") {
  MeanImputer<double> imputer;
  const xt::xarray<double> features{{1, NaN}, {inf, NaN}, {3, 4}};
  CHECK_THROWS_WITH(imputer.applied(features),
                    "MeanImputer::apply: there must be a fit() or a load_state() before, got none");
  CHECK_THROWS_AS(imputer.fit(features, Rows{0}), ValueError);
  CHECK_THROWS_WITH(
      imputer.fit(features, Rows{0}),
      "MeanImputer::fit: column[1] must have a number in the 1 rows to learn from, got NaN in all");
  CHECK_THROWS_WITH(imputer.fit(features), "MeanImputer::fit: features[1, 0] must be finite, got inf");
  CHECK_THROWS_AS(imputer.fit(features, Rows{}), ValueError);
  CHECK_THROWS_WITH(imputer.fit(features, Rows{5}),
                    "MeanImputer::fit: rows[0] must be below the 3 rows of features (3, 2), got 5");
  imputer.fit(features, Rows{0, 2});
  CHECK_THROWS_AS(imputer.applied(xt::xarray<double>{1, 2}), ShapeError);
}
