// SPDX-License-Identifier: BSD-3-Clause
#include <numeric>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::average_precision;
using metrics::Estimate;
using metrics::precision_recall_curve;
using metrics::roc_auc;
using metrics::roc_curve;

namespace {

using Numbers = std::vector<double>;
using Classes = std::vector<std::int64_t>;

const auto exactly = ulps<double>(8);

// Few distinct scores, so many ties, and more of class 1 among the higher.
struct Sample {
  Numbers scores;
  Classes labels;
};

Sample tied_sample(std::size_t rows, Random& random) {
  Sample sample;
  for (std::size_t i = 0; i < rows; ++i) {
    sample.labels.push_back(random.uniform() < 0.4 ? 1 : 0);
    sample.scores.push_back(std::round(2 * (random.normal() + static_cast<double>(sample.labels.back()))) /
                            2);
  }
  return sample;
}

double mean(const Numbers& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

double variance(const Numbers& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += (number - mean(numbers)) * (number - mean(numbers));
  return sum / static_cast<double>(numbers.size() - 1);
}

// The definitions, pair by pair: how often each sample of class 1 beats one of class 0, and the reverse.
Estimate pairwise_auc(const Sample& sample) {
  const auto beats = [](double a, double b) { return a > b ? 1 : a == b ? 0.5 : 0; };
  std::vector<Numbers> wins(2);
  for (std::size_t i = 0; i < sample.scores.size(); ++i) {
    Numbers against;
    for (std::size_t j = 0; j < sample.scores.size(); ++j) {
      if (sample.labels[j] == sample.labels[i]) continue;
      against.push_back(sample.labels[i] == 1 ? beats(sample.scores[i], sample.scores[j])
                                              : beats(sample.scores[j], sample.scores[i]));
    }
    wins[static_cast<std::size_t>(sample.labels[i])].push_back(mean(against));
  }
  const double of_positives = variance(wins[1]) / static_cast<double>(wins[1].size());
  const double of_negatives = variance(wins[0]) / static_cast<double>(wins[0].size());
  return {mean(wins[1]), std::sqrt(of_positives + of_negatives), sample.scores.size()};
}

double trapezoids(const metrics::RocCurve& curve) {
  double area = 0;
  for (std::size_t i = 1; i < curve.thresholds.size(); ++i) {
    area += (curve.false_positive_rates[i] - curve.false_positive_rates[i - 1]) *
            (curve.true_positive_rates[i] + curve.true_positive_rates[i - 1]) / 2;
  }
  return area;
}

}  // namespace

TEMPLATE_TEST_CASE("curves and areas of four samples are scikit-learn's", "[metrics][ranking]", float,
                   double) {
  // roc_curve, roc_auc_score, precision_recall_curve and average_precision_score, from their documentation
  const TestType low = TestType(0.1), high = TestType(0.4), middle = TestType(0.35), top = TestType(0.8);
  const xt::xarray<TestType> scores{low, high, middle, top};
  const Classes labels{0, 0, 1, 1};
  const auto roc = roc_curve(scores, labels);
  CHECK_THAT(values(roc.thresholds), AllClose({inf, top, high, middle, low}, 0));
  CHECK_THAT(values(roc.false_positive_rates), AllClose({0, 0, 0.5, 0.5, 1}, 0));
  CHECK_THAT(values(roc.true_positive_rates), AllClose({0, 0.5, 0.5, 1, 1}, 0));
  CHECK(roc_auc(scores, labels) == 0.75);
  CHECK(roc_auc(scores, labels).count == 4);

  const auto curve = precision_recall_curve(scores, labels);
  CHECK_THAT(values(curve.thresholds), AllClose({inf, top, high, middle, low}, 0));
  CHECK_THAT(values(curve.precision), AllClose({1, 1, 0.5, 2 / 3.0, 0.5}, exactly));
  CHECK_THAT(values(curve.recall), AllClose({0, 0.5, 0.5, 1, 1}, 0));
  CHECK_THAT(average_precision(scores, labels), WithinRel(5 / 6.0, exactly));

  // By hand: each class wins 1 and 1/2 of its pairs, so both variances are 1/8.
  CHECK_THAT(roc_auc(scores, labels).standard_error, WithinRel(std::sqrt(0.125), exactly));
}

TEST_CASE("the mean average precision of three classes is scikit-learn's", "[metrics][ranking]") {
  // average_precision_score, from its documentation, which prints 0.77 and leaves the other digits out
  const xt::xarray<double> scores{{0.7, 0.2, 0.1}, {0.4, 0.3, 0.3}, {0.1, 0.8, 0.1},
                                  {0.2, 0.3, 0.5}, {0.4, 0.4, 0.2}, {0.1, 0.2, 0.7}};
  const Classes labels{0, 0, 1, 1, 2, 2};
  CHECK_THAT(average_precision(scores, labels), WithinAbs(0.775, 0.005));
  // By hand: 1/2 + 2/3 / 2; 1/2 + 1/2 / 2 (two samples tie at 0.3 under one wrong one); 1/2 + 1/2 / 2.
  CHECK_THAT(average_precision(scores, labels), WithinRel((5 / 6.0 + 0.75 + 0.75) / 3, exactly));
}

TEST_CASE("the area under the ratings of Hanley and McNeil is the published one", "[metrics][ranking]") {
  // Radiology 143 (1982), table I: ratings of 58 normal and 51 abnormal images. Area 0.893; Stata's manual
  // (roctab) has 0.8932 and DeLong's standard error 0.0307.
  const std::vector<std::size_t> normal{33, 6, 6, 11, 2}, abnormal{3, 2, 2, 11, 33};
  Sample sample;
  for (std::size_t rating = 0; rating < 5; ++rating) {
    sample.scores.insert(sample.scores.end(), normal[rating] + abnormal[rating], static_cast<double>(rating));
    sample.labels.insert(sample.labels.end(), normal[rating], 0);
    sample.labels.insert(sample.labels.end(), abnormal[rating], 1);
  }
  const Estimate auc = roc_auc(sample.scores, sample.labels);
  CHECK_THAT(auc.value, WithinAbs(0.8932, 0.00005));
  CHECK_THAT(auc.standard_error, WithinAbs(0.0307, 0.00005));
  CHECK(auc.count == 109);
  CHECK(roc_curve(sample.scores, sample.labels).thresholds.size() == 6);
}

TEST_CASE("the area and its standard error are those of all pairs, with and without ties",
          "[metrics][ranking]") {
  Random random(3);
  for (int repeat = 0; repeat < 20; ++repeat) {
    Sample sample = tied_sample(20 + random.below(60), random);
    const Estimate tied = pairwise_auc(sample), got = roc_auc(sample.scores, sample.labels);
    CHECK_THAT(got.value, WithinRel(tied.value, 1e-14));
    CHECK_THAT(got.standard_error, WithinRel(tied.standard_error, 1e-12));
    CHECK_THAT(trapezoids(roc_curve(sample.scores, sample.labels)), WithinRel(tied.value, 1e-14));
    for (double& score : sample.scores) score += random.uniform();
    CHECK_THAT(roc_auc(sample.scores, sample.labels).value, WithinRel(pairwise_auc(sample).value, 1e-14));
  }
}

TEST_CASE("equal scores of all make an area of one half, in one step", "[metrics][ranking]") {
  const Numbers scores(5, 2.5);
  const Classes labels{1, 0, 0, 1, 0};
  CHECK(roc_auc(scores, labels) == 0.5);
  CHECK(roc_auc(scores, labels).standard_error == 0);
  CHECK_THAT(values(roc_curve(scores, labels).true_positive_rates), AllClose({0, 1}, 0));
  CHECK_THAT(values(precision_recall_curve(scores, labels).precision), AllClose({1, 0.4}, exactly));
  CHECK_THAT(average_precision(scores, labels), WithinRel(0.4, exactly));
}

TEST_CASE("infinite scores, and zeros of either sign, have their place", "[metrics][ranking]") {
  CHECK(roc_auc(Numbers{-inf, 0.0, -0.0, inf}, Classes{0, 0, 1, 1}) == 0.875);
}

TEST_CASE("an area is symmetric under negated scores and exchanged classes", "[metrics][ranking]") {
  Random random(4);
  const Sample sample = tied_sample(50, random);
  Numbers negated = sample.scores;
  for (double& score : negated) score = -score;
  Classes exchanged = sample.labels;
  for (std::int64_t& label : exchanged) label = 1 - label;
  const Estimate auc = roc_auc(sample.scores, sample.labels);
  CHECK_THAT(roc_auc(negated, sample.labels).value, WithinRel(1 - auc.value, 1e-14));
  CHECK(roc_auc(negated, exchanged) == auc);
  CHECK_THAT(roc_auc(negated, exchanged).standard_error, WithinRel(auc.standard_error, 1e-12));
}

TEST_CASE("the area of several classes is the mean of each against the rest", "[metrics][ranking]") {
  const xt::xarray<double> scores = xt::round(irregular({40, 4}) * 3);
  const xt::xarray<int> labels = xt::cast<int>(xt::round(irregular({40}, -0.4, 2.4)));  // no class 3
  double sum = 0;
  for (int c = 0; c < 3; ++c) {
    const xt::xarray<double> column = xt::view(scores, xt::all(), c);
    const xt::xarray<int> is_class = xt::cast<int>(xt::equal(labels, c));
    sum += roc_auc(column, is_class);
  }
  CHECK_THAT(roc_auc(scores, labels).value, WithinRel(sum / 3, exactly));
}

TEST_CASE("two columns of opposite scores have the area and the error of one", "[metrics][ranking]") {
  Random random(5);
  const Sample sample = tied_sample(60, random);
  xt::xarray<double> columns = xt::zeros<double>({60, 2});
  for (std::size_t i = 0; i < 60; ++i) {
    columns(i, 0) = -sample.scores[i];
    columns(i, 1) = sample.scores[i];
  }
  const Estimate one = roc_auc(sample.scores, sample.labels), two = roc_auc(columns, sample.labels);
  CHECK_THAT(two.value, WithinRel(one.value, exactly));
  CHECK_THAT(two.standard_error, WithinRel(one.standard_error, 1e-12));
}

TEST_CASE("the standard error of a mean area is its spread over many samples", "[metrics][ranking]") {
  Random random(6);
  Numbers areas, errors;
  for (int repeat = 0; repeat < 300; ++repeat) {
    xt::xarray<double> scores = xt::zeros<double>({150, 3});
    Classes labels;
    for (std::size_t i = 0; i < 150; ++i) {
      labels.push_back(static_cast<std::int64_t>(random.below(3)));
      for (std::size_t c = 0; c < 3; ++c) scores(i, c) = random.normal();
      scores(i, static_cast<std::size_t>(labels.back())) += 1;
    }
    const Estimate area = roc_auc(scores, labels);
    areas.push_back(area);
    errors.push_back(area.standard_error);
  }
  // The spread of 300 is itself known to 4 %.
  CHECK_THAT(mean(errors), WithinRel(std::sqrt(variance(areas)), 0.1));
}

TEST_CASE("a hundred thousand samples are ranked without comparing all pairs", "[metrics][ranking]") {
  // Of the scores 0, 1, 2, ... every second is of class 1: the j-th of m of those beats j + 1 others.
  const std::size_t m = 50'000;
  std::vector<float> scores(2 * m);
  Classes labels(2 * m);
  for (std::size_t i = 0; i < 2 * m; ++i) {
    const std::size_t place = (i * 7919) % (2 * m);
    scores[place] = static_cast<float>(i);
    labels[place] = static_cast<std::int64_t>(i % 2);
  }
  const double count = static_cast<double>(m);
  CHECK_THAT(roc_auc(scores, labels).value, WithinRel((count + 1) / (2 * count), exactly));
  CHECK(roc_curve(scores, labels).thresholds.size() == 2 * m + 1);
}

TEST_CASE("what one class alone cannot tell is NaN", "[metrics][ranking]") {
  const Numbers scores{1, 2};
  CHECK(std::isnan(roc_auc(scores, Classes{1, 1})));
  CHECK(std::isnan(roc_auc(scores, Classes{0, 0})));
  CHECK_THAT(values(roc_curve(scores, Classes{1, 1}).false_positive_rates), AllClose({NaN, NaN, NaN}, 0));
  CHECK_THAT(values(roc_curve(scores, Classes{1, 1}).true_positive_rates), AllClose({0, 0.5, 1}, 0));
  CHECK_THAT(values(precision_recall_curve(scores, Classes{0, 0}).recall), AllClose({NaN, NaN, NaN}, 0));
  CHECK(std::isnan(average_precision(scores, Classes{0, 0})));
  CHECK(average_precision(scores, Classes{1, 1}) == 1);
  CHECK(std::isnan(roc_auc(xt::xarray<double>{{1, 2}, {2, 1}}, Classes{1, 1})));
  // Two samples on either side are the fewest that tell a spread.
  CHECK(roc_auc(Numbers{1, 3, 2}, Classes{0, 1, 0}) == 1);
  CHECK(std::isnan(roc_auc(Numbers{1, 3, 2}, Classes{0, 1, 0}).standard_error));
}

TEST_CASE("no samples have no ranking", "[metrics][ranking]") {
  CHECK(std::isnan(roc_auc(Numbers{}, Classes{})));
  CHECK(std::isnan(average_precision(ArrayView<const float>(nullptr, {0, 3}), Classes{})));
  CHECK_THAT(values(roc_curve(Numbers{}, Classes{}).thresholds), AllClose({inf}, 0));
}

TEST_CASE("rankings refuse scores and labels that do not fit", "[metrics][ranking][errors]") {
  const xt::xarray<double> columns{{1, 2}, {3, 4}};
  CHECK_THROWS_AS(roc_curve(columns, Classes{0, 1}), ShapeError);
  CHECK_THROWS_WITH(
      roc_curve(columns, Classes{0, 1}),
      "roc_curve: scores must be (rows): of several classes give the column of one, got (2, 2)");
  CHECK_THROWS_AS(roc_auc(xt::view(columns, xt::all(), 1), Classes{0, 1}), ShapeError);
  CHECK_THROWS_WITH(
      roc_auc(xt::view(columns, xt::all(), 1), Classes{0, 1}),
      "ArrayView: the array must be in row-major order without gaps, got strides that do not fit "
      "its shape (2); copy it into an xt::xarray first");
  CHECK_THROWS_WITH(
      roc_auc(Array<double>(Shape{2, 0}), Classes{0, 1}),
      "roc_auc: scores must be (rows, classes) with at least one class, or (rows) for class 1 of "
      "two, got (2, 0)");
  CHECK_THROWS_WITH(
      average_precision(Numbers{1, 2}, Classes{0}),
      "average_precision: class_indices must have one entry for each row of scores (2), got (1)");
  CHECK_THROWS_AS(precision_recall_curve(Numbers{1, 2}, Classes{0, 2}), LabelError);
  CHECK_THROWS_WITH(precision_recall_curve(Numbers{1, 2}, Classes{0, 2}),
                    "precision_recall_curve: class_indices[1] is 2, but there are classes 0 to 1");
  CHECK_THROWS_WITH(roc_auc(columns, Classes{-1, 0}),
                    "roc_auc: class_indices[0] is -1, but scores (2, 2) has classes 0 to 1; to skip such "
                    "samples set ignore_index = -1");
  CHECK_THROWS_AS(roc_auc(Numbers{1, NAN}, Classes{0, 1}), ArgumentError);
  CHECK_THROWS_WITH(roc_auc(Numbers{1, NAN}, Classes{0, 1}),
                    "roc_auc: scores must be numbers, got NaN at scores[1]");
}

TEST_CASE("rankings do not look at the rows of ignore_index", "[metrics][ignore_index]") {
  // Of 2 * 2 pairs of the others, 3 are in order.
  const Numbers scores{0.9, NAN, 0.4, 0.6, 0.1};
  const Classes labels{1, -1, 1, 0, 0};
  const LabelOptions named{.ignore_index = -1};
  CHECK(roc_auc(scores, labels, named) == 0.75);
  CHECK(roc_auc(scores, labels, named).count == 4);
  CHECK_THAT(average_precision(scores, labels, named), WithinRel((1 + 2 / 3.0) / 2, exactly));
  CHECK_THAT(values(roc_curve(scores, labels, named).true_positive_rates),
             AllClose({0, 0.5, 0.5, 1, 1}, exactly));
  CHECK_THAT(values(precision_recall_curve(scores, labels, named).precision),
             AllClose({1, 1, 0.5, 2 / 3.0, 0.5}, exactly));
  // A column for each class gives the area twice.
  const xt::xarray<double> columns{{0.1, 0.9}, {NAN, NAN}, {0.6, 0.4}, {0.4, 0.6}, {0.9, 0.1}};
  CHECK(roc_auc(columns, labels, named) == 0.75);
  CHECK(std::isnan(roc_auc(scores, Classes(5, -1), named)));
  CHECK(std::isnan(average_precision(scores, Classes(5, -1), named)));
}
