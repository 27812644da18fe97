// SPDX-License-Identifier: BSD-3-Clause
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace scikit_learn_test {
namespace {

using nlohmann::json;

constexpr double tolerance = 1e-12;

// Cases of tests/reference/scikit_learn.json, which scikit_learn.py beside it prints.
json cases(const char* kind) {
  std::ifstream file("tests/reference/scikit_learn.json");
  return json::parse(file).at(kind);
}

double number(const json& value) {
  if (value.is_null()) return NaN;
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

std::vector<double> numbers(const json& list) {
  std::vector<double> result;
  for (const json& value : list) result.push_back(number(value));
  return result;
}

template <class T>
xt::xarray<T> array_of(const json& list, const json& extents) {
  const auto shape = extents.get<std::vector<std::size_t>>();
  return xt::cast<T>(array(Shape(shape.begin(), shape.end()), numbers(list)));
}

std::vector<double> figures(const metrics::MultilabelAverages& averages) {
  return {averages.precision, averages.recall, averages.f1, averages.roc_auc, averages.average_precision};
}

void check_estimate(const metrics::Estimate& estimate, const json& one, const std::string& name) {
  CHECK_THAT(std::vector<double>{estimate.value}, AllClose({number(one.at(name))}, tolerance));
  CHECK_THAT(std::vector<double>{estimate.standard_error},
             AllClose({number(one.at(name + "_error"))}, tolerance));
}

}  // namespace

TEMPLATE_TEST_CASE("reports of any number of labels are scikit-learn's", "[metrics][multilabel]", float,
                   double) {
  for (const json& one : cases("multilabel")) {
    INFO(one.at("name"));
    const auto scores = array_of<TestType>(one.at("scores"), one.at("shape"));
    const auto labels = array_of<int>(one.at("labels"), one.at("shape"));
    const double threshold = one.at("threshold");
    const auto report = metrics::multilabel_report(scores, labels, {.threshold = threshold});
    CHECK_THAT(values(report.precision), AllClose(numbers(one.at("precision")), tolerance));
    CHECK_THAT(values(report.recall), AllClose(numbers(one.at("recall")), tolerance));
    CHECK_THAT(values(report.f1), AllClose(numbers(one.at("f1")), tolerance));
    CHECK_THAT(values(report.support), AllClose(numbers(one.at("support")), 0));
    CHECK_THAT(values(report.roc_auc), AllClose(numbers(one.at("roc_auc")), tolerance));
    CHECK_THAT(values(report.average_precision), AllClose(numbers(one.at("average_precision")), tolerance));
    CHECK_THAT(figures(report.macro), AllClose(numbers(one.at("macro")), tolerance));
    CHECK_THAT(figures(report.weighted), AllClose(numbers(one.at("weighted")), tolerance));
    CHECK_THAT(figures(report.micro), AllClose(numbers(one.at("micro")), tolerance));
    CHECK_THAT((std::vector<double>{report.samples.precision, report.samples.recall, report.samples.f1}),
               AllClose(numbers(one.at("samples")), tolerance));
    check_estimate(report.subset_accuracy, one, "subset_accuracy");
    check_estimate(report.hamming_loss, one, "hamming_loss");

    const auto predicted = metrics::predicted_labels(scores, threshold);
    CHECK_THAT(values(predicted), AllClose(numbers(one.at("predicted")), 0));
    check_estimate(metrics::subset_accuracy(predicted, labels), one, "subset_accuracy");
    check_estimate(metrics::hamming_loss(predicted, labels), one, "hamming_loss");
  }
}

TEMPLATE_TEST_CASE("errors of regression are scikit-learn's", "[metrics][regression]", float, double) {
  for (const json& one : cases("regression")) {
    INFO(one.at("name"));
    const auto outputs = array_of<TestType>(one.at("outputs"), one.at("shape"));
    const auto targets = array_of<TestType>(one.at("targets"), one.at("shape"));
    check_estimate(metrics::mean_squared_error(outputs, targets), one, "mean_squared_error");
    check_estimate(metrics::mean_absolute_error(outputs, targets), one, "mean_absolute_error");
    const std::vector<double> others{metrics::root_mean_squared_error(outputs, targets),
                                     metrics::r_squared(outputs, targets),
                                     metrics::explained_variance(outputs, targets)};
    CHECK_THAT(others, AllClose({number(one.at("root_mean_squared_error")), number(one.at("r_squared")),
                                 number(one.at("explained_variance"))},
                                tolerance));
  }
}

TEMPLATE_TEST_CASE("counts and figures at thresholds are scikit-learn's", "[metrics][thresholds]", float,
                   double) {
  for (const json& one : cases("thresholds")) {
    INFO(one.at("name"));
    const std::vector<std::size_t> rows{one.at("scores").size()};
    const auto scores = array_of<TestType>(one.at("scores"), rows);
    const auto labels = array_of<int>(one.at("labels"), rows);
    const auto table = metrics::threshold_table(scores, labels, numbers(one.at("thresholds")));
    CHECK_THAT(values(table.thresholds), AllClose(numbers(one.at("thresholds")), 0));
    CHECK_THAT(values(table.true_positives), AllClose(numbers(one.at("true_positives")), 0));
    CHECK_THAT(values(table.false_positives), AllClose(numbers(one.at("false_positives")), 0));
    CHECK_THAT(values(table.true_negatives), AllClose(numbers(one.at("true_negatives")), 0));
    CHECK_THAT(values(table.false_negatives), AllClose(numbers(one.at("false_negatives")), 0));
    CHECK_THAT(values(table.precision), AllClose(numbers(one.at("precision")), tolerance));
    CHECK_THAT(values(table.recall), AllClose(numbers(one.at("recall")), tolerance));
    CHECK_THAT(values(table.f1), AllClose(numbers(one.at("f1")), tolerance));
    CHECK_THAT(values(table.accuracy), AllClose(numbers(one.at("accuracy")), tolerance));
    CHECK_THAT(values(table.specificity), AllClose(numbers(one.at("specificity")), tolerance));
  }
}

TEMPLATE_TEST_CASE("the cheapest threshold is that of a search by scikit-learn's counts",
                   "[metrics][thresholds]", float, double) {
  for (const json& one : cases("thresholds")) {
    const std::vector<std::size_t> rows{one.at("scores").size()};
    const auto scores = array_of<TestType>(one.at("scores"), rows);
    const auto labels = array_of<int>(one.at("labels"), rows);
    for (const json& wanted : one.at("cheapest")) {
      INFO(one.at("name") << " " << wanted);
      const auto costs = numbers(wanted.at("costs"));
      const auto found = metrics::cheapest_threshold(
          scores, labels, {.false_positive = costs[0], .false_negative = costs[1]});
      CHECK(found.threshold == number(wanted.at("threshold")));
      CHECK_THAT(found.cost, WithinRel(number(wanted.at("cost")), tolerance));
      CHECK(found.false_positives == wanted.at("false_positives").get<std::int64_t>());
      CHECK(found.false_negatives == wanted.at("false_negatives").get<std::int64_t>());
    }
  }
}

}  // namespace scikit_learn_test
