// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::hamming_loss;
using metrics::multilabel_report;
using metrics::predicted_labels;
using metrics::subset_accuracy;

namespace multilabel_test {
namespace {

const auto exactly = ulps<double>(4);

// 4 rows of 3 labels: rows 0 and 3 are right, one label is wrong in row 1, two are in row 2.
const xt::xarray<int> answers{{1, 0, 1}, {0, 1, 0}, {1, 1, 0}, {0, 0, 0}};
const xt::xarray<int> truth{{1, 0, 1}, {0, 1, 1}, {0, 0, 0}, {0, 0, 0}};

}  // namespace

TEST_CASE("all labels of a row must be right for its subset accuracy", "[metrics][multilabel]") {
  const auto accuracy = subset_accuracy(answers, truth);
  CHECK(accuracy == 0.5);
  CHECK_THAT(accuracy.standard_error, WithinRel(std::sqrt(1 / 3.0 / 4), exactly));
  CHECK(accuracy.count == 4);
}

TEST_CASE("the loss of Hamming counts wrong labels, and its error is that of rows", "[metrics][multilabel]") {
  const auto loss = hamming_loss(answers, truth);
  CHECK_THAT(loss.value, WithinRel(0.25, exactly));
  // 0, 1/3, 2/3, 0 have the squared distances 1/16, 1/144, 25/144, 1/16 from 1/4.
  CHECK_THAT(loss.standard_error, WithinRel(std::sqrt(44 / 144.0 / 3 / 4), exactly));
  CHECK(loss.count == 4);
}

TEMPLATE_TEST_CASE("yes and no may be of any element type", "[metrics][multilabel]", bool, signed char,
                   unsigned, std::int64_t, float, double, long double) {
  const xt::xarray<TestType> typed = xt::cast<TestType>(truth);
  CHECK(hamming_loss(answers, typed) == hamming_loss(answers, truth));
  CHECK(hamming_loss(xt::cast<TestType>(answers), typed) == hamming_loss(answers, truth));
}

TEST_CASE("yes and no may be expressions, variables and arrays of the library's own",
          "[metrics][multilabel]") {
  const double loss = hamming_loss(answers, truth);
  CHECK(hamming_loss(answers > 0, truth + 0) == loss);
  const xt::xarray<int> turned = xt::transpose(answers);
  CHECK(hamming_loss(xt::transpose(turned), truth) == loss);
  Tape<float> tape;
  CHECK(hamming_loss(answers, tape.variable(xt::cast<float>(truth))) == loss);
  CHECK(hamming_loss(predicted_labels(xt::xarray<double>(answers - 0.5)), truth) == loss);
}

TEST_CASE("logits of at least 0 and sigmoids of at least one half are the same labels",
          "[metrics][multilabel]") {
  Tape<double> tape;
  const auto logits = tape.variable(xt::xarray<double>{{-3, -1e-3, -0.0, 0, 1e-300, 2}});
  const auto predicted = predicted_labels(logits);
  CHECK(predicted.shape() == Shape{1, 6});
  CHECK_THAT(values(predicted), AllClose({0, 0, 1, 1, 1, 1}, 0));
  CHECK_THAT(values(predicted_labels(sigmoid(logits), 0.5)), AllClose(values(predicted), 0));
  CHECK_THAT(values(predicted_labels(std::vector<double>{-inf, 0, inf}, inf)), AllClose({0, 0, 1}, 0));
}

TEST_CASE("reports of labels agree with those of each label alone", "[metrics][multilabel]") {
  const xt::xarray<double> scores = xt::round(irregular({60, 3}) * 4);
  const xt::xarray<int> labels = xt::cast<int>(irregular({60, 3}, -1, 1) + 0.3 * scores > 0);
  const auto report = multilabel_report(scores, labels);
  for (std::size_t label = 0; label < 3; ++label) {
    const xt::xarray<double> column = xt::view(scores, xt::all(), label);
    const xt::xarray<int> is = xt::view(labels, xt::all(), label);
    const auto alone =
        metrics::classification_report(metrics::confusion_matrix(predicted_labels(column), is, 2));
    CHECK(report.precision[label] == alone.precision[1]);
    CHECK(report.recall[label] == alone.recall[1]);
    CHECK(report.f1[label] == alone.f1[1]);
    CHECK(report.support[label] == alone.support[1]);
    CHECK(report.roc_auc[label] == metrics::roc_auc(column, is));
    CHECK(report.average_precision[label] == metrics::average_precision(column, is));
  }
  const std::vector<double> all_scores(scores.begin(), scores.end());
  CHECK(report.micro.roc_auc == metrics::roc_auc(all_scores, std::vector<int>(labels.begin(), labels.end())));
  CHECK(report.hamming_loss == hamming_loss(predicted_labels(scores), labels));
}

TEST_CASE("a label without rows of both kinds has no area, and stays out of the mean",
          "[metrics][multilabel]") {
  // Label 0 is everywhere, label 1 nowhere; label 2 wins one of its two pairs.
  const xt::xarray<double> scores{{1, 1, 1}, {2, 2, 2}, {3, 3, 3}};
  const xt::xarray<bool> labels{{true, false, false}, {true, false, true}, {true, false, false}};
  const auto report = multilabel_report(scores, labels);
  CHECK_THAT(values(report.roc_auc), AllClose({NaN, NaN, 0.5}, 0));
  CHECK_THAT(values(report.average_precision), AllClose({1, NaN, 0.5}, 0));
  CHECK(report.macro.roc_auc == 0.5);
  CHECK(report.macro.average_precision == 0.75);
  CHECK(report.weighted.roc_auc == 0.5);
  CHECK(report.weighted.average_precision == 0.875);
  CHECK(report.samples.recall == 1);
}

TEST_CASE("an undefined figure of a label is 0, or what the options say, or left out of the averages",
          "[metrics][multilabel]") {
  // Label 0 is right, label 1 is nowhere.
  const xt::xarray<float> scores{{1, -1}, {-1, -1}};
  const xt::xarray<int> labels{{1, 0}, {0, 0}};
  CHECK(multilabel_report(scores, labels).macro.f1 == 0.5);
  CHECK(multilabel_report(scores, labels).samples.f1 == 0.5);
  CHECK(multilabel_report(scores, labels, {.undefined = 1}).macro.f1 == 1);
  CHECK(multilabel_report(scores, labels, {.undefined = 1}).samples.f1 == 1);
  const auto left_out = multilabel_report(scores, labels, {.undefined = NAN});
  CHECK_THAT(values(left_out.f1), AllClose({1, NaN}, 0));
  CHECK(left_out.macro.f1 == 1);
  CHECK(left_out.samples.f1 == 1);
}

TEST_CASE("no rows have no figures", "[metrics][multilabel]") {
  const Array<double> none(Shape{0, 2});
  CHECK(predicted_labels(none).shape() == Shape{0, 2});
  CHECK(std::isnan(subset_accuracy(none, none)));
  CHECK(std::isnan(hamming_loss(none, none)));
  const auto report = multilabel_report(none, none, {.undefined = NAN});
  CHECK_THAT(values(report.support), AllClose({0, 0}, 0));
  CHECK_THAT(values(report.roc_auc), AllClose({NaN, NaN}, 0));
  CHECK(std::isnan(report.macro.f1));
  CHECK(std::isnan(report.micro.f1));
  CHECK(std::isnan(report.micro.average_precision));
  CHECK(std::isnan(report.samples.f1));
  CHECK(std::isnan(report.hamming_loss));
}

TEST_CASE("metrics of labels name the element that is neither 0 nor 1", "[metrics][multilabel][errors]") {
  xt::xarray<int> twos = truth;
  twos(3, 1) = 2;
  CHECK_THROWS_AS(subset_accuracy(answers, twos), LabelError);
  CHECK_THROWS_WITH(subset_accuracy(answers, twos),
                    "subset_accuracy: labels must be 0 or 1, got 2 at labels[3, 1]");
  CHECK_THROWS_WITH(multilabel_report(xt::xarray<float>(answers), twos),
                    "multilabel_report: labels must be 0 or 1, got 2 at labels[3, 1]");
  CHECK_THROWS_WITH(hamming_loss(answers - 1, truth),
                    "hamming_loss: predicted must be 0 or 1, got -1 at predicted[0, 1]");
  CHECK_THROWS_WITH(hamming_loss(xt::xarray<double>{{0, 0.25}}, xt::xarray<bool>{{true, false}}),
                    "hamming_loss: predicted must be 0 or 1, got 0.25 at predicted[0, 1]; predicted_labels "
                    "makes them of scores");
  CHECK_THROWS_WITH(hamming_loss(xt::xarray<bool>{{true, false}}, xt::xarray<double>{{1, NaN}}),
                    "hamming_loss: labels must be 0 or 1, got nan at labels[0, 1]");
  CHECK_THROWS_AS(hamming_loss(answers, xt::cast<std::int64_t>(truth) << 32), LabelError);
}

TEST_CASE("metrics of labels refuse shapes and scores that do not fit", "[metrics][multilabel][errors]") {
  const xt::xarray<double> scores = xt::zeros<double>({4, 3});
  CHECK_THROWS_AS(subset_accuracy(answers, xt::xarray<int>{1, 0}), ShapeError);
  CHECK_THROWS_WITH(subset_accuracy(answers, xt::xarray<int>{1, 0}),
                    "subset_accuracy: labels must have the shape of predicted (4, 3), got (2)");
  CHECK_THROWS_WITH(hamming_loss(std::vector<int>{1}, std::vector<int>{1}),
                    "hamming_loss: predicted must be (rows, labels) with at least one label, got (1)");
  CHECK_THROWS_WITH(hamming_loss(Array<double>(Shape{2, 0}), Array<double>(Shape{2, 0})),
                    "hamming_loss: predicted must be (rows, labels) with at least one label, got (2, 0)");
  CHECK_THROWS_WITH(multilabel_report(std::vector<float>{1}, std::vector<int>{1}),
                    "multilabel_report: scores must be (rows, labels) with at least one label, got (1)");
  CHECK_THROWS_WITH(multilabel_report(scores, xt::transpose(truth)),
                    "multilabel_report: labels must have the shape of scores (4, 3), got (3, 4)");
  CHECK_THROWS_WITH(predicted_labels(Array<float>(Shape{1, 2, 3})),
                    "predicted_labels: scores must be (rows, labels) with at least one label, or (rows) for "
                    "one label, got (1, 2, 3)");
  CHECK_THROWS_AS(multilabel_report(xt::xarray<double>(scores * NaN), truth), ArgumentError);
  CHECK_THROWS_WITH(predicted_labels(xt::xarray<float>{{0, NAN}}),
                    "predicted_labels: scores must be numbers, got NaN at scores[0, 1]");
  CHECK_THROWS_WITH(predicted_labels(scores, NaN), "predicted_labels: threshold must be a number, got NaN");
  CHECK_THROWS_WITH(multilabel_report(scores, truth, {.threshold = NaN}),
                    "multilabel_report: options.threshold must be a number, got NaN");
  CHECK_THROWS_WITH(multilabel_report(scores, truth, {.undefined = -1}),
                    "multilabel_report: undefined must be in [0, 1] or NaN, got -1");
}

}  // namespace multilabel_test
