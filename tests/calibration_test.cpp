// SPDX-License-Identifier: BSD-3-Clause
#include <set>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::Binning;
using metrics::expected_calibration_error;
using metrics::maximum_calibration_error;
using metrics::reliability_table;

namespace {

using Numbers = std::vector<double>;
using Classes = std::vector<std::int64_t>;

const auto exactly = ulps<double>(4);

// The definition: for each bin, all samples that lie in it.
struct Errors {
  double expected = 0;
  double maximum = 0;
};

Errors plain_errors(const Numbers& confidences, const std::vector<bool>& right, const Numbers& edges) {
  Errors errors;
  for (std::size_t bin = 0; bin + 1 < edges.size(); ++bin) {
    double count = 0, confidence = 0, accuracy = 0;
    for (std::size_t i = 0; i < confidences.size(); ++i) {
      const double p = confidences[i];
      if (p > edges[bin + 1] || (p <= edges[bin] && !(bin == 0 && p == 0))) continue;
      ++count;
      confidence += p;
      accuracy += right[i];
    }
    if (count == 0) continue;
    const double gap = std::abs(accuracy / count - confidence / count);
    errors.expected += count / static_cast<double>(confidences.size()) * gap;
    errors.maximum = std::max(errors.maximum, gap);
  }
  return errors;
}

struct Predictions {
  xt::xarray<double> probabilities;
  xt::xarray<int> labels;
  Numbers confidences;
  std::vector<bool> right;
};

Predictions some_predictions() {
  const xt::xarray<double> logits = xt::round(irregular({200, 4}, -3, 3) * 4) / 4;  // with ties
  const auto softmaxed = metrics::calibrated_probabilities(logits, 1);
  Predictions result{view(softmaxed), xt::cast<int>(xt::round(irregular({200}, -0.4, 3.4))), {}, {}};
  const auto predicted = metrics::predicted_classes(result.probabilities);
  for (std::size_t i = 0; i < 200; ++i) {
    result.confidences.push_back(result.probabilities(i, static_cast<std::size_t>(predicted[i])));
    result.right.push_back(predicted[i] == result.labels(i));
  }
  return result;
}

}  // namespace

TEMPLATE_TEST_CASE("a reliability table by hand", "[metrics][calibration]", float, double) {
  // Confidences 0.75 (right), 1 (wrong), 0.5 (right), 0.625 (wrong)
  const xt::xarray<TestType> probabilities{
      {0.75f, 0.25f, 0}, {0, 0, 1}, {0.25f, 0.5f, 0.25f}, {0.625f, 0.375f, 0}};
  const auto table = reliability_table(probabilities, Classes{0, 1, 1, 2}, {.bins = 4});
  CHECK_THAT(values(table.edges), AllClose({0, 0.25, 0.5, 0.75, 1}, 0));
  CHECK_THAT(values(table.counts), AllClose({0, 1, 2, 1}, 0));
  CHECK_THAT(values(table.confidence), AllClose({NaN, 0.5, 0.6875, 1}, 0));
  CHECK_THAT(values(table.accuracy), AllClose({NaN, 1, 0.5, 0}, 0));
  CHECK(expected_calibration_error(table) == (0.5 + 2 * 0.1875 + 1) / 4);
  CHECK(maximum_calibration_error(table) == 1);
}

TEST_CASE("a bin holds its upper edge, the first one 0 too", "[metrics][calibration]") {
  Numbers tenths;
  for (int i = 0; i <= 10; ++i) tenths.push_back(i / 10.0);
  const auto table = reliability_table(tenths, Classes(11, 1), {.bins = 10});
  CHECK_THAT(values(table.counts), AllClose({2, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0));
  // 0.3 in float is above 0.3.
  const auto of_floats = reliability_table(std::vector<float>{0.3f}, Classes{1}, {.bins = 10});
  CHECK_THAT(values(of_floats.counts), AllClose({0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 0));
}

TEST_CASE("a single column is the probability of class 1", "[metrics][calibration]") {
  // scikit-learn's calibration_curve(y_true, y_pred, n_bins=3), from its documentation: the fractions
  // 0, 0.5, 1 and the means 0.2, 0.525, 0.85
  const Numbers probabilities{0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0};
  const Classes labels{0, 0, 0, 0, 1, 1, 1, 1, 1};
  const auto table = reliability_table(probabilities, labels, {.bins = 3});
  CHECK_THAT(values(table.counts), AllClose({3, 2, 4}, 0));
  CHECK_THAT(values(table.accuracy), AllClose({0, 0.5, 1}, 0));
  CHECK_THAT(values(table.confidence), AllClose({0.2, 0.525, 0.85}, exactly));
  CHECK_THAT(expected_calibration_error(table), WithinRel((3 * 0.2 + 2 * 0.025 + 4 * 0.15) / 9, 1e-14));
  CHECK_THAT(maximum_calibration_error(table), WithinRel(0.2, exactly));
}

TEST_CASE("calibration errors are those of the plain definition", "[metrics][calibration]") {
  const Predictions given = some_predictions();
  for (const std::size_t bins : {std::size_t{1}, std::size_t{7}, std::size_t{15}, std::size_t{1000}}) {
    for (const Binning binning : {Binning::equal_width, Binning::equal_mass}) {
      const auto table =
          reliability_table(given.probabilities, given.labels, {.bins = bins, .binning = binning});
      const Errors plain = plain_errors(given.confidences, given.right, values(table.edges));
      CHECK_THAT(expected_calibration_error(table), WithinRel(plain.expected, 1e-13));
      CHECK_THAT(maximum_calibration_error(table), WithinRel(plain.maximum, 1e-13));
      CHECK(table.edges[0] == 0);
      CHECK(table.edges[table.edges.size() - 1] == 1);
    }
  }
}

TEST_CASE("there are fifteen bins of equal width by default", "[metrics][calibration]") {
  const auto table = reliability_table(Numbers{0.5}, Classes{1});
  CHECK(table.counts.shape() == Shape{15});
  CHECK(table.edges[4] == 4 / 15.0);
}

TEST_CASE("bins of equal mass hold as many samples each as can be", "[metrics][calibration]") {
  Numbers confidences;
  for (int i = 1; i <= 11; ++i) confidences.push_back(0.9 + i * 0.005);
  const auto table =
      reliability_table(confidences, Classes(11, 1), {.bins = 4, .binning = Binning::equal_mass});
  CHECK_THAT(values(table.counts), AllClose({3, 3, 3, 2}, 0));
  CHECK_THAT(values(table.edges), AllClose({0, confidences[2], confidences[5], confidences[8], 1}, 0));
  const auto one_each =
      reliability_table(confidences, Classes(11, 1), {.bins = 99, .binning = Binning::equal_mass});
  CHECK_THAT(values(one_each.counts), AllClose(Numbers(11, 1), 0));
}

TEST_CASE("samples of equal confidence share a bin of equal mass, whatever their order",
          "[metrics][calibration]") {
  const auto of = [](const Numbers& confidences, const Classes& labels) {
    return reliability_table(confidences, labels, {.bins = 3, .binning = Binning::equal_mass});
  };
  const auto table = of({0.5, 0.5, 0.5, 0.5, 0.5, 0.9}, {1, 1, 0, 0, 0, 1});
  CHECK_THAT(values(table.counts), AllClose({5, 1}, 0));
  CHECK_THAT(values(table.accuracy), AllClose({0.4, 1}, exactly));
  CHECK_THAT(values(of({0.9, 0.5, 0.5, 0.5, 0.5, 0.5}, {1, 0, 0, 1, 0, 1}).accuracy),
             AllClose({0.4, 1}, exactly));
  CHECK_THAT(values(of({1, 1, 1, 1}, {1, 1, 1, 0}).counts), AllClose({4}, 0));
  CHECK_THAT(values(of({0, 0, 0, 1}, {0, 0, 1, 1}).counts), AllClose({3, 1}, 0));
}

TEST_CASE("the calibration of no samples is not known", "[metrics][calibration]") {
  for (const Binning binning : {Binning::equal_width, Binning::equal_mass}) {
    const auto table =
        reliability_table(ArrayView<const double>(nullptr, {0, 3}), Classes{}, {.binning = binning});
    CHECK(std::isnan(expected_calibration_error(table)));
    CHECK(std::isnan(maximum_calibration_error(table)));
  }
}

TEST_CASE("reliability_table refuses what are no probabilities, labels or bins",
          "[metrics][calibration][errors]") {
  CHECK_THROWS_AS(reliability_table(Numbers{0.5}, Classes{1}, {.bins = 0}), ArgumentError);
  CHECK_THROWS_WITH(reliability_table(Numbers{0.5}, Classes{1}, {.bins = 0}),
                    "reliability_table: bins must be at least 1, got 0");
  for (const std::size_t bins : {SIZE_MAX, SIZE_MAX / 4})
    CHECK_THROWS_WITH(
        reliability_table(Numbers{0.5}, Classes{1}, {.bins = bins}),
        "reliability_table: bins must be at most 1152921504606846974, got " + std::to_string(bins));
  CHECK_THROWS_WITH(reliability_table(xt::xarray<float>{{3, -1}}, Classes{1}),
                    "reliability_table: probabilities must be in [0, 1], got 3 at probabilities[0, 0]");
  CHECK_THROWS_WITH(
      reliability_table(Numbers{0.5}, Classes{2}),
      "reliability_table: class_indices[0] is 2, but there are classes 0 to 1; classes are counted "
      "from 0, and no 0 occurs in class_indices: subtract 1 if these count from 1");
  CHECK_THROWS_WITH(reliability_table(Numbers{NAN}, Classes{1}),
                    "reliability_table: probabilities must be numbers, got NaN at probabilities[0]");
}

TEST_CASE("a reliability table does not look at the rows of ignore_index", "[metrics][ignore_index]") {
  const xt::xarray<double> probabilities{{0.75, 0.25}, {7, NAN}, {0.25, 0.75}, {0, 1}};
  const auto table = reliability_table(probabilities, Classes{0, -1, 0, 1}, {.bins = 4, .ignore_index = -1});
  CHECK_THAT(values(table.counts), AllClose({0, 0, 2, 1}, 0));
  CHECK(table.confidence[2] == 0.75);
  CHECK(table.accuracy[2] == 0.5);
  CHECK_THAT(expected_calibration_error(table), WithinRel(2 / 3.0 * 0.25, exactly));
  const auto empty = reliability_table(probabilities, Classes(4, -1), {.bins = 2, .ignore_index = -1});
  CHECK_THAT(values(empty.counts), AllClose({0, 0}, 0));
  CHECK(std::isnan(expected_calibration_error(empty)));
  const auto of_mass = reliability_table(probabilities, Classes{0, -1, 0, 1},
                                         {.bins = 2, .binning = Binning::equal_mass, .ignore_index = -1});
  CHECK_THAT(values(of_mass.counts), AllClose({2, 1}, 0));
}
