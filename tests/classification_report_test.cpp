// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::balanced_accuracy;
using metrics::classification_report;
using metrics::confusion_matrix;
using metrics::matthews_correlation;

namespace classification_report_test {
namespace {

using Classes = std::vector<std::int64_t>;
using Counts = xt::xarray<std::int64_t>;

std::vector<double> list(const metrics::PrecisionRecall& figures) {
  return {figures.precision, figures.recall, figures.f1};
}

const auto exactly = ulps<double>(4);

}  // namespace

TEST_CASE("precision, recall and F1 are scikit-learn's", "[metrics][report]") {
  // precision_recall_fscore_support of (cat, dog, pig), from its documentation
  const auto report =
      classification_report(confusion_matrix(Classes{0, 2, 1, 0, 0, 1}, Classes{0, 1, 2, 0, 1, 2}, 3));
  CHECK_THAT(values(report.precision), AllClose({2 / 3.0, 0, 0}, exactly));
  CHECK_THAT(values(report.recall), AllClose({1, 0, 0}, exactly));
  CHECK_THAT(values(report.f1), AllClose({0.8, 0, 0}, exactly));
  CHECK_THAT(values(report.support), AllClose({2, 2, 2}, 0));
  CHECK_THAT(list(report.macro), AllClose({2 / 9.0, 1 / 3.0, 0.8 / 3}, exactly));
  CHECK_THAT(list(report.micro), AllClose({1 / 3.0, 1 / 3.0, 1 / 3.0}, exactly));
  CHECK_THAT(list(report.weighted), AllClose({2 / 9.0, 1 / 3.0, 0.8 / 3}, exactly));
}

TEST_CASE("weighted averages weigh each class by its support", "[metrics][report]") {
  // classification_report([0, 1, 2, 2, 2], [0, 0, 2, 2, 1]), from its documentation, which prints two digits
  const auto report =
      classification_report(confusion_matrix(Classes{0, 0, 2, 2, 1}, Classes{0, 1, 2, 2, 2}, 3));
  CHECK_THAT(values(report.precision), AllClose({0.5, 0, 1}, 0));
  CHECK_THAT(values(report.recall), AllClose({1, 0, 0.67}, 0, 0.005));
  CHECK_THAT(values(report.f1), AllClose({0.67, 0, 0.8}, 0, 0.005));
  CHECK_THAT(values(report.support), AllClose({1, 1, 3}, 0));
  CHECK_THAT(list(report.macro), AllClose({0.5, 0.56, 0.49}, 0, 0.005));
  CHECK_THAT(list(report.micro), AllClose({0.6, 0.6, 0.6}, exactly));
  CHECK_THAT(list(report.weighted), AllClose({0.7, 0.6, 0.61}, 0, 0.005));
  CHECK_THAT(list(report.weighted), AllClose({0.7, 0.6, (2 / 3.0 + 3 * 0.8) / 5}, exactly));
}

TEST_CASE("an undefined figure is 0, or what the options say, or left out of the averages",
          "[metrics][report]") {
  // Class 1 is never predicted, class 2 never occurs, class 3 does neither.
  const Counts counts{{3, 0, 1, 0}, {2, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}};
  const auto zero = classification_report(counts);
  CHECK_THAT(values(zero.precision), AllClose({0.6, 0, 0, 0}, exactly));
  CHECK_THAT(values(zero.recall), AllClose({0.75, 0, 0, 0}, exactly));
  CHECK_THAT(list(zero.macro), AllClose({0.15, 0.1875, 1 / 6.0}, exactly));

  const auto one = classification_report(counts, {.undefined = 1});
  CHECK_THAT(values(one.precision), AllClose({0.6, 1, 0, 1}, exactly));
  CHECK_THAT(values(one.recall), AllClose({0.75, 0, 1, 1}, exactly));
  CHECK_THAT(values(one.f1), AllClose({2 / 3.0, 0, 0, 1}, exactly));
  CHECK_THAT(list(one.macro), AllClose({0.65, 0.6875, 5 / 12.0}, exactly));

  const auto nan = classification_report(counts, {.undefined = NAN});
  CHECK_THAT(values(nan.precision), AllClose({0.6, NaN, 0, NaN}, exactly));
  CHECK_THAT(values(nan.recall), AllClose({0.75, 0, NaN, NaN}, exactly));
  CHECK_THAT(values(nan.f1), AllClose({2 / 3.0, 0, 0, NaN}, exactly));
  CHECK_THAT(list(nan.macro), AllClose({0.3, 0.375, 2 / 9.0}, exactly));
  CHECK_THAT(list(nan.weighted), AllClose({0.6, 0.5, 4 / 9.0}, exactly));
}

TEST_CASE("no samples and no classes have undefined figures", "[metrics][report]") {
  for (const Shape& shape : {Shape{2, 2}, Shape{0, 0}}) {
    const Array<std::int64_t> counts(shape);
    const auto report = classification_report(counts, {.undefined = 0.5});
    CHECK(report.f1.size() == shape[0]);
    CHECK_THAT(list(report.macro), AllClose({0.5, 0.5, 0.5}, 0));
    CHECK_THAT(list(report.micro), AllClose({0.5, 0.5, 0.5}, 0));
    CHECK_THAT(list(report.weighted), AllClose({0.5, 0.5, 0.5}, 0));
    CHECK(std::isnan(classification_report(counts, {.undefined = NAN}).macro.f1));
    CHECK(std::isnan(balanced_accuracy(counts)));
    CHECK(std::isnan(matthews_correlation(counts)));
  }
}

TEST_CASE("micro averages are the accuracy", "[metrics][report]") {
  const Classes predicted{3, 0, 1, 1, 2, 0, 0}, labels{3, 1, 1, 2, 2, 0, 3};
  const auto report = classification_report(confusion_matrix(predicted, labels, 4));
  const double accuracy = metrics::accuracy(predicted, labels);
  CHECK_THAT(list(report.micro), AllClose({accuracy, accuracy, accuracy}, 0));
}

TEST_CASE("balanced accuracy is the mean recall of the classes that occur", "[metrics][report]") {
  // balanced_accuracy_score([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]), from its documentation
  CHECK(balanced_accuracy(confusion_matrix(Classes{0, 1, 0, 0, 0, 1}, Classes{0, 1, 0, 0, 1, 0}, 2)) ==
        0.625);
  CHECK(balanced_accuracy(Counts{{3, 1, 0}, {0, 0, 0}, {0, 1, 1}}) == 0.625);
}

TEST_CASE("the correlation of Matthews is scikit-learn's", "[metrics][report]") {
  // matthews_corrcoef([+1, +1, +1, -1], [+1, -1, +1, +1]), from its documentation: -0.33
  CHECK_THAT(matthews_correlation(confusion_matrix(Classes{1, 0, 1, 1}, Classes{1, 1, 1, 0}, 2)),
             WithinRel(-1 / 3.0, exactly));
}

TEST_CASE("the correlation of Matthews of two classes has its closed form", "[metrics][report]") {
  const double tp = 90, tn = 1, fp = 4, fn = 5;
  CHECK_THAT(
      matthews_correlation(Counts{{1, 4}, {5, 90}}),
      WithinRel((tp * tn - fp * fn) / std::sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)), exactly));
}

TEST_CASE("the correlation of Matthews loses nothing where one class has nearly all", "[metrics][report]") {
  for (const std::int64_t n : {std::int64_t{100'000'000}, std::int64_t{1'000'000'000'000}}) {
    const auto many = static_cast<double>(n);
    CHECK_THAT(matthews_correlation(Counts{{n, 1}, {1, 1}}),
               WithinRel(0.5 * (many - 1) / (many + 1), exactly));
  }
}

TEST_CASE("the correlation of Matthews is 1 for all right, 0 for one class only", "[metrics][report]") {
  CHECK_THAT(matthews_correlation(Counts{{3, 0, 0}, {0, 1, 0}, {0, 0, 7}}), WithinRel(1.0, exactly));
  CHECK_THAT(matthews_correlation(Counts{{0, 5}, {5, 0}}), WithinRel(-1.0, exactly));
  CHECK(matthews_correlation(Counts{{3, 0}, {7, 0}}) == 0);
  CHECK(matthews_correlation(Counts{{3, 7}, {0, 0}}) == 0);
  // Gorodkin's formula by hand: n = 6, 2 right, sum t p = 2 * 3 + 2 * 2 + 2 * 1.
  CHECK_THAT(matthews_correlation(Counts{{2, 0, 0}, {1, 0, 1}, {0, 2, 0}}),
             WithinAbs(0 / std::sqrt((36. - 14) * (36 - 12)), 1e-15));
  CHECK_THAT(matthews_correlation(Counts{{2, 0, 0}, {1, 1, 0}, {0, 1, 1}}),
             WithinRel((6. * 4 - 12) / std::sqrt((36. - 14) * (36 - 12)), exactly));
}

TEST_CASE("figures of a confusion matrix refuse what is none", "[metrics][report][errors]") {
  CHECK_THROWS_AS(classification_report(Counts{{1, 2}}), ShapeError);
  CHECK_THROWS_WITH(classification_report(Counts{{1, 2}}),
                    "classification_report: confusion must be (classes, classes), got (1, 2)");
  CHECK_THROWS_WITH(balanced_accuracy(Counts{1, 2}),
                    "balanced_accuracy: confusion must be (classes, classes), got (2)");
  CHECK_THROWS_AS(matthews_correlation(Counts{{1, 2}, {-3, 4}}), ValueError);
  CHECK_THROWS_WITH(matthews_correlation(Counts{{1, 2}, {-3, 4}}),
                    "matthews_correlation: confusion must hold counts, got -3 at confusion[1, 0]");
  for (const double undefined : {-0.1, 1.5}) {
    CHECK_THROWS_AS(classification_report(Counts{{1, 0}, {0, 1}}, {.undefined = undefined}), ArgumentError);
  }
  CHECK_THROWS_WITH(classification_report(Counts{{1, 0}, {0, 1}}, {.undefined = 1.5}),
                    "classification_report: undefined must be in [0, 1] or NaN, got 1.5");
}

}  // namespace classification_report_test
