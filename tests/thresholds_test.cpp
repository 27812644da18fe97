// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::cheapest_threshold;
using metrics::threshold_table;

namespace thresholds_test {
namespace {

using List = std::vector<double>;
using Classes = std::vector<std::int64_t>;

const auto exactly = ulps<double>(4);

const List scores{0.9, 0.4, 0.4, 0.2, 0.1};
const Classes labels{1, 1, 0, 0, 1};

}  // namespace

TEST_CASE("a sample that scores the threshold is called positive", "[metrics][thresholds]") {
  const auto table = threshold_table(scores, labels, List{0.4, 0.41, inf, -inf});
  CHECK_THAT(values(table.true_positives), AllClose({2, 1, 0, 3}, 0));
  CHECK_THAT(values(table.false_positives), AllClose({1, 0, 0, 2}, 0));
  CHECK_THAT(values(table.true_negatives), AllClose({1, 2, 2, 0}, 0));
  CHECK_THAT(values(table.false_negatives), AllClose({1, 2, 3, 0}, 0));
  CHECK_THAT(values(table.precision), AllClose({2 / 3.0, 1, 0, 0.6}, exactly));
  CHECK_THAT(values(table.recall), AllClose({2 / 3.0, 1 / 3.0, 0, 1}, exactly));
  CHECK_THAT(values(table.f1), AllClose({2 / 3.0, 0.5, 0, 0.75}, exactly));
  CHECK_THAT(values(table.accuracy), AllClose({0.6, 0.6, 0.4, 0.6}, exactly));
  CHECK_THAT(values(table.specificity), AllClose({0.5, 1, 1, 0}, exactly));
}

TEST_CASE("tables at the thresholds of the ROC curve have its rates", "[metrics][thresholds]") {
  const xt::xarray<double> many = xt::round(irregular({200}) * 5);
  const xt::xarray<int> classes = xt::cast<int>(irregular({200}, 0, 3) > 1.7);
  const auto curve = metrics::roc_curve(many, classes);
  const auto table = threshold_table(many, classes, curve.thresholds);
  CHECK_THAT(values(table.recall), AllClose(values(curve.true_positive_rates), 0));
  List false_positive_rates = values(table.specificity);
  for (double& rate : false_positive_rates) rate = 1 - rate;
  CHECK_THAT(false_positive_rates, AllClose(values(curve.false_positive_rates), 0, 1e-15));
}

TEST_CASE("0 / 0 in a table is 0, or what the options say", "[metrics][thresholds]") {
  const List above{1};
  CHECK_THAT(values(threshold_table(scores, labels, above).precision), AllClose({0}, 0));
  CHECK_THAT(values(threshold_table(scores, labels, above, {.undefined = 1}).precision), AllClose({1}, 0));
  const auto table = threshold_table(List{}, Classes{}, above, {.undefined = NAN});
  CHECK_THAT(values(table.accuracy), AllClose({NaN}, 0));
  CHECK_THAT(values(table.recall), AllClose({NaN}, 0));
  CHECK_THAT(values(table.specificity), AllClose({NaN}, 0));
  CHECK_THAT(values(table.f1), AllClose({NaN}, 0));
  CHECK_THAT(values(table.false_negatives), AllClose({0}, 0));
  CHECK(threshold_table(scores, labels, List{}).f1.size() == 0);
}

TEST_CASE("scores of floats are compared to thresholds as doubles", "[metrics][thresholds]") {
  const std::vector<float> tenth{0.1f};  // 0.100000001...
  const auto table = threshold_table(tenth, Classes{1}, List{0.1, 0.10000001});
  CHECK_THAT(values(table.true_positives), AllClose({1, 0}, 0));
}

TEST_CASE("the cheapest threshold falls as misses become dearer", "[metrics][thresholds]") {
  // From the top, false positives and false negatives: 0 3, 0 2, 1 1, 2 1, 2 0.
  const auto equal = cheapest_threshold(scores, labels);
  CHECK(equal.threshold == 0.9);
  CHECK_THAT(equal.cost, WithinRel(0.4, exactly));
  CHECK(equal.false_positives == 0);
  CHECK(equal.false_negatives == 2);
  const auto dear_misses = cheapest_threshold(scores, labels, {.false_positive = 1, .false_negative = 5});
  CHECK(dear_misses.threshold == 0.1);
  CHECK_THAT(dear_misses.cost, WithinRel(0.4, exactly));
  CHECK(dear_misses.false_positives == 2);
  CHECK(dear_misses.false_negatives == 0);
  const auto dear_alarms = cheapest_threshold(List{2, 1}, Classes{0, 1}, {.false_positive = 3});
  CHECK(dear_alarms.threshold == inf);
  CHECK(dear_alarms.cost == 0.5);
}

TEST_CASE("the cheapest threshold makes the mistakes that it counts", "[metrics][thresholds]") {
  const xt::xarray<double> many = xt::round(irregular({200}) * 5);
  const xt::xarray<int> classes = xt::cast<int>(irregular({200}, -1, 1) + 0.4 * many > 0.3);
  const auto cheapest = cheapest_threshold(many, classes, {.false_negative = 2});
  const auto predicted = metrics::predicted_labels(many, cheapest.threshold);
  const auto counts = metrics::confusion_matrix(predicted, classes, 2);
  CHECK(counts[1] == cheapest.false_positives);
  CHECK(counts[2] == cheapest.false_negatives);
  CHECK_THAT(cheapest.cost, WithinRel(static_cast<double>(counts[1] + 2 * counts[2]) / 200, exactly));
}

TEST_CASE("an infinite score is positive at every threshold", "[metrics][thresholds]") {
  const auto cheapest = cheapest_threshold(List{inf, 0}, Classes{0, 0});
  CHECK(cheapest.threshold == inf);
  CHECK(cheapest.false_positives == 1);
  CHECK(cheapest.cost == 0.5);
  CHECK_THAT(values(threshold_table(List{inf, 0}, Classes{0, 0}, List{inf}).false_positives),
             AllClose({1}, 0));
}

TEST_CASE("no rows are cheapest not called at all", "[metrics][thresholds]") {
  const auto cheapest = cheapest_threshold(List{}, Classes{});
  CHECK(cheapest.threshold == inf);
  CHECK(std::isnan(cheapest.cost));
  CHECK(cheapest.false_negatives == 0);
}

TEST_CASE("thresholds do not look at the rows of ignore_index", "[metrics][thresholds][ignore_index]") {
  const List some{0.9, NAN, 0.4, 0.6};
  const Classes named{1, -1, 1, 0};
  const auto table = threshold_table(some, named, List{0.5}, {.ignore_index = -1});
  CHECK_THAT(values(table.accuracy), AllClose({1 / 3.0}, exactly));
  const auto cheapest = cheapest_threshold(some, named, {.false_negative = 5}, {.ignore_index = -1});
  CHECK(cheapest.threshold == 0.4);
  CHECK_THAT(cheapest.cost, WithinRel(1 / 3.0, exactly));
}

TEST_CASE("thresholds refuse what does not fit", "[metrics][thresholds][errors]") {
  CHECK_THROWS_AS(threshold_table(scores, labels, Array<double>(Shape{2, 2})), ShapeError);
  CHECK_THROWS_WITH(threshold_table(scores, labels, Array<double>(Shape{2, 2})),
                    "threshold_table: thresholds must be (thresholds), got (2, 2)");
  CHECK_THROWS_AS(threshold_table(scores, labels, List{0, NaN}), ArgumentError);
  CHECK_THROWS_WITH(threshold_table(scores, labels, List{0, NaN}),
                    "threshold_table: thresholds must be numbers, got NaN at thresholds[1]");
  CHECK_THROWS_WITH(threshold_table(scores, labels, List{0}, {.undefined = 2}),
                    "threshold_table: undefined must be in [0, 1] or NaN, got 2");
  CHECK_THROWS_WITH(threshold_table(xt::xarray<float>{{1, 2}}, Classes{1}, List{0}),
                    "threshold_table: scores must be (rows): of several classes give the column of one, got "
                    "(1, 2)");
  CHECK_THROWS_AS(cheapest_threshold(List{1, 2}, Classes{0, 2}), LabelError);
  CHECK_THROWS_WITH(cheapest_threshold(List{1, 2}, Classes{0, 2}),
                    "cheapest_threshold: class_indices[1] is 2, but there are classes 0 to 1");
  CHECK_THROWS_WITH(cheapest_threshold(List{NaN}, Classes{1}),
                    "cheapest_threshold: scores must be numbers, got NaN at scores[0]");
  CHECK_THROWS_AS(cheapest_threshold(scores, labels, {.false_positive = -1}), ArgumentError);
  CHECK_THROWS_WITH(cheapest_threshold(scores, labels, {.false_positive = -1}),
                    "cheapest_threshold: costs.false_positive must be in [0, 1e100], got -1");
  CHECK_THROWS_WITH(cheapest_threshold(scores, labels, {.false_negative = inf}),
                    "cheapest_threshold: costs.false_negative must be in [0, 1e100], got inf");
  CHECK_THROWS_AS(cheapest_threshold(scores, labels, {.false_negative = NaN}), ArgumentError);
}

}  // namespace thresholds_test
