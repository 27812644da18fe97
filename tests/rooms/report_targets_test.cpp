// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <numeric>

#include "files.hpp"
#include "matchers.hpp"
#include "report_pages.hpp"
#include "training/histogram.hpp"

using namespace xtape;
using namespace xtape::testing;
using training::History;
using training::ReportOptions;
using training::TargetKind;

namespace {

// Of the second row label 2 is missed, of the third label 1 invented.
const xt::xarray<double> label_logits{{3, -1, -2}, {2, 1, -1}, {-1, 2, -3}, {-2, -1, 4}};
const xt::xarray<int> some_labels{{1, 0, 0}, {1, 1, 1}, {0, 0, 0}, {0, 0, 1}};

// One is missed, one is a false alarm.
const std::vector<double> odds{2, -1, 0.5, -3};
const std::vector<int> answers{1, 1, 0, 0};

// Errors of 0, -1, 1 and 2.
const std::vector<double> estimates{1, 2, 4, 7};
const std::vector<double> amounts{1, 3, 3, 5};

std::string section(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("<section id=\"" + id + "\"");
  return begin == std::string::npos ? "" : page.substr(begin, page.find("</section>", begin) - begin);
}

}  // namespace

TEST_CASE("report of multi-label targets states how many rows and labels are right",
          "[training][report][multilabel]") {
  const std::string page = report(falling_history(), label_logits, training::multilabel(some_labels));
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("Tested on 4 rows of 3 labels after 3 epochs."));
  // 2 of 4: sqrt(1/4 / 3).
  CHECK_THAT(page, ContainsSubstring("<dt>All labels right</dt><dd>50.0%<small>± 28.9%</small>"));
  // 0, 1/3, 1/3, 0 of the rows: sqrt(1/27 / 4).
  CHECK_THAT(page, ContainsSubstring("<dt>Hamming loss</dt><dd>16.7%<small>± 9.6%</small>"));
  // 1, 2/3, 2/3; together 4 of 5 predicted and 4 of 5 true ones.
  CHECK_THAT(page,
             ContainsSubstring("<dt>F1</dt><dd>0.778<small>mean of the labels; together 0.800</small>"));
  // 1, 2/3, 1; together 31 of 35 pairs.
  CHECK_THAT(page,
             ContainsSubstring("<dt>ROC AUC</dt><dd>0.889<small>mean of the labels; together 0.886</small>"));
  // 1, 1/2, 1; together (1 + 1 + 3/4 + 4/5 + 5/9) / 5.
  CHECK_THAT(page, ContainsSubstring("<dt>Average precision</dt><dd>0.833<small>mean of the labels; together "
                                     "0.821</small>"));
  CHECK(count(page, "<section id=\"confusion-matrix\"") == 0);
}

TEST_CASE("report of multi-label targets has a line for each label", "[training][report][multilabel]") {
  const std::string page = report(History{}, label_logits, training::multilabel(some_labels),
                                  ReportOptions{.class_names = {"cat", "dog", "<fish>"}});
  const std::string table = section(page, "labels");
  CHECK_THAT(table, ContainsSubstring("<th scope=\"row\">dog</th><td class=\"figure\">0.500</td><td "
                                      "class=\"figure\">1.000</td><td class=\"figure\">0.667</td><td "
                                      "class=\"figure\">0.667</td><td class=\"figure\">0.500</td><td "
                                      "class=\"figure\">1</td></tr>"));
  CHECK_THAT(table, ContainsSubstring("<th scope=\"row\">&lt;fish&gt;</th><td class=\"figure\">1.000</td><td "
                                      "class=\"figure\">0.500</td>"));
  CHECK_THAT(table, ContainsSubstring("<th scope=\"row\">All together</th><td class=\"figure\">0.800</td>"));
  CHECK_THAT(table, ContainsSubstring("<td class=\"figure\">5</td></tr>\n</tfoot>"));
}

TEST_CASE("report of multi-label targets names the labels missed and invented",
          "[training][report][multilabel]") {
  const std::string page = report(History{}, label_logits, training::multilabel(some_labels),
                                  ReportOptions{.class_names = {"cat", "dog", "fish"}, .worst_examples = 2});
  // The means of log1p(e^-1), 2 + log1p(e^-2), log1p(e^-3) and of log1p(e^-2), log1p(e^-1), 1 + log1p(e^-1).
  CHECK_THAT(
      section(page, "worst"),
      ContainsSubstring("<tbody>\n<tr><td>2</td><td>–</td><td class=\"mistake\">dog</td><td "
                        "class=\"figure\">0.830</td></tr>\n<tr><td>1</td><td "
                        "class=\"mistake\">fish</td><td>–</td><td class=\"figure\">0.584</td></tr>\n"));
  const std::string pictures =
      report(History{}, label_logits, training::multilabel(some_labels), irregular({4, 4}),
             ReportOptions{.class_names = {"cat", "dog", "fish"}, .image = {2, 2}});
  CHECK(Parser::complaint(pictures) == "");
  CHECK_THAT(pictures, ContainsSubstring("aria-label=\"row 1: missed fish, invented –\""));
}

TEST_CASE("report of hundreds of labels lists a few of those that were missed",
          "[training][report][multilabel]") {
  const xt::xarray<float> logits = xt::ones<float>({3, 300});
  const xt::xarray<int> labels = xt::zeros<int>({3, 300});
  const std::string page = report(History{}, logits, training::multilabel(labels));
  CHECK(Parser::complaint(page) == "");
  CHECK(count(section(page, "labels"), "<th scope=\"row\">") == 300 + 3);
  CHECK_THAT(page, ContainsSubstring("<td class=\"mistake\">0, 1, 2, 3, 4, 5, 6, 7 and 292 more</td>"));
}

TEST_CASE("report of binary targets states its figures", "[training][report][binary]") {
  const std::string page = report(falling_history(), odds, training::binary(answers));
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("Tested on 4 rows, 2 of them of class 1, after 3 epochs."));
  CHECK_THAT(page, ContainsSubstring("<dt>Accuracy</dt><dd>50.0%<small>± 28.9%</small>"));
  // 3 of 4 pairs; DeLong: the variances of 1, 1/2 and of 1/2, 1, each over 2.
  CHECK_THAT(page, ContainsSubstring("<dt>ROC AUC</dt><dd>0.750<small>± 0.354</small>"));
  // (1 + 2/3) / 2
  CHECK_THAT(page, ContainsSubstring("<dt>Average precision</dt><dd>0.833<small>by chance 0.500</small>"));
  // log1p(e^-2), 1 + log1p(e^-1), 1/2 + log1p(e^-1/2), log1p(e^-3): 0.12693, 1.31326, 0.97408, 0.04859.
  CHECK_THAT(page, ContainsSubstring("<dt>Log loss</dt><dd>0.616<small>± 0.313</small>"));
  CHECK_THAT(page, ContainsSubstring("<title>1 taken for 0: 1 of 2 (50.0%)</title>"));
  CHECK_THAT(section(page, "reliability-diagram"), ContainsSubstring("Predicted probability of class 1"));
  CHECK_THAT(section(page, "worst"),
             ContainsSubstring("<tbody>\n<tr><td>1</td><td>1</td><td class=\"mistake\">0</td><td "
                               "class=\"figure\">26.9%</td><td class=\"figure\">1.313</td></tr>\n"));
}

TEST_CASE("report of binary targets draws what every threshold gives", "[training][report][binary]") {
  const std::string page = report(History{}, odds, training::binary(answers));
  // From 56 to 544 and from 266 up to 34; rates of 0, 1/2 and 1.
  CHECK_THAT(section(page, "roc-curve"),
             ContainsSubstring("<polyline class=\"rate\" points=\"56,266 56,150 300,150 300,34 544,34\"/>"));
  // Precisions of 1, 1/2, 2/3 and 1/2, in steps.
  CHECK_THAT(section(page, "precision-recall-curve"),
             ContainsSubstring("<polyline class=\"rate\" points=\"56,34 300,34 300,150 300,111.3 544,111.3 "
                               "544,150 544,150\"/>"));
  CHECK_THAT(section(page, "precision-recall-curve"),
             ContainsSubstring("<path class=\"best\" d=\"M56 150L544 150\"/>"));
}

TEST_CASE("report of binary targets compares thresholds", "[training][report][binary]") {
  const std::string table = section(report(History{}, odds, training::binary(answers)), "thresholds");
  const auto line = [&table](const std::string& name) {
    const std::size_t begin = table.find("<th scope=\"row\">" + name + "</th>");
    std::string text = table.substr(begin, table.find("</tr>", begin) - begin);
    for (std::size_t i = text.find('<'); i != std::string::npos; i = text.find('<')) {
      text.replace(i, text.find('>') - i + 1, " ");
    }
    return text;
  };
  CHECK(line("0.25") == " 0.25  0.667  1.000  0.800  75.0%  1  0 ");
  CHECK(line("0.2689, highest F1") == " 0.2689, highest F1  0.667  1.000  0.800  75.0%  1  0 ");
  CHECK(line("0.5") == " 0.5  0.500  0.500  0.500  50.0%  1  1 ");
  CHECK(line("0.8808, fewest mistakes") == " 0.8808, fewest mistakes  1.000  0.500  0.667  75.0%  0  1 ");
  CHECK(line("0.9") == " 0.9  –  0.000  0.000  50.0%  0  2 ");
  CHECK(table.find(">0.2689") > table.find(">0.25"));
}

TEST_CASE("report of binary targets takes a logit of 0 for yes", "[training][report][binary]") {
  const std::string page =
      report(History{}, std::vector<float>{0, 0, -1}, training::binary(std::vector<int>{1, 1, 0}));
  CHECK_THAT(page, ContainsSubstring("<dt>Accuracy</dt><dd>100.0%"));
  CHECK_THAT(page, ContainsSubstring("<dt>ROC AUC</dt><dd>1.000"));
}

TEST_CASE("report of numbers states how far off they are", "[training][report][numbers]") {
  const std::string page = report(falling_history(), estimates, training::numbers(amounts));
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("Tested on 4 rows after 3 epochs."));
  // 1 - 6/8
  CHECK_THAT(page, ContainsSubstring("<dt>R²</dt><dd>0.250<small>"));
  // 0, 1, 1, 2: sqrt(2/3 / 4).
  CHECK_THAT(page, ContainsSubstring("<dt>Mean absolute error</dt><dd>1.000<small>± 0.408</small>"));
  // sqrt(6/4), and half a standard error of 0, 1, 1, 4 over it.
  CHECK_THAT(page, ContainsSubstring("<dt>Root mean squared error</dt><dd>1.225<small>± 0.354</small>"));
  CHECK_THAT(section(page, "worst"),
             ContainsSubstring("<tbody>\n<tr><td>3</td><td class=\"figure\">5</td><td "
                               "class=\"figure\">7</td><td class=\"figure\">2</td></tr>\n"));
  CHECK(count(page, "<section id=\"accuracy\"") == 0);
  CHECK(count(page, "<section id=\"outputs\"") == 0);
}

TEST_CASE("report of numbers draws them against the true ones", "[training][report][numbers]") {
  const std::string plot = section(report(History{}, estimates, training::numbers(amounts)), "scatter");
  // Both axes are [0, 8]: from 56 to 544 and from 266 up to 34.
  CHECK_THAT(plot, ContainsSubstring("<circle class=\"mark\" cx=\"117\" cy=\"237\" r=\"2.5\"/>\n"));
  CHECK_THAT(plot, ContainsSubstring("<circle class=\"mark\" cx=\"239\" cy=\"208\" r=\"2.5\"/>\n"));
  CHECK_THAT(plot, ContainsSubstring("<circle class=\"mark\" cx=\"361\" cy=\"63\" r=\"2.5\"/>\n"));
  CHECK(count(plot, "<circle class=\"mark\"") == 4 + 1);  // and in the legend
}

TEST_CASE("report of several outputs has a line for each", "[training][report][numbers]") {
  const xt::xarray<double> outputs{{1, 5, 0}, {2, 6, 0}, {4, 7, 0}, {7, 8, 3}};
  const xt::xarray<double> targets{{1, 5, 1}, {3, 6, 1}, {3, 7, 1}, {5, 8, 1}};
  const std::string page = report(History{}, outputs, training::numbers(targets),
                                  ReportOptions{.class_names = {"price", "age & size", "rooms"}});
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("Tested on 4 rows of 3 outputs after 0 epochs."));
  CHECK_THAT(section(page, "outputs"),
             ContainsSubstring("<th scope=\"row\">price</th><td class=\"figure\">0.250</td><td "
                               "class=\"figure\">1</td><td class=\"figure\">1.225</td><td "
                               "class=\"figure\">0.5</td></tr>\n<tr><th scope=\"row\">age &amp; size</th><td "
                               "class=\"figure\">1.000</td><td class=\"figure\">0</td>"));
  // Targets that are all the same.
  CHECK_THAT(section(page, "outputs"),
             ContainsSubstring("<th scope=\"row\">rooms</th><td class=\"figure\">0.000</td><td "
                               "class=\"figure\">1.25</td>"));
  CHECK(count(page, "<section id=\"scatter-") == 3);
  // (4 + 0 + 4) / 3 is the largest mean of squares, and the first of its errors the first of the largest.
  CHECK_THAT(section(page, "worst"), ContainsSubstring("<tbody>\n<tr><td>3</td><td>price</td><td "
                                                       "class=\"figure\">5</td><td class=\"figure\">7</td>"));
}

TEST_CASE("report of many outputs draws those predicted worst", "[training][report][numbers]") {
  xt::xarray<double> outputs = irregular({30, 20});
  const xt::xarray<double> targets = irregular({30, 20});
  for (const std::size_t column : {3u, 8u, 11u, 17u}) {
    for (std::size_t row = 0; row < 30; ++row) outputs(row, column) = -targets(row, column);
  }
  const std::string page = report(History{}, outputs, training::numbers(targets));
  CHECK(count(page, "<section id=\"scatter-") == 4);
  for (const char* id : {"scatter-4", "scatter-9", "scatter-12", "scatter-18", "errors-18"}) {
    CHECK(section(page, id) != "");
  }
}

TEST_CASE("report of soft labels takes the likeliest class for the true one", "[training][report][soft]") {
  const xt::xarray<double> logits{{2, 0}, {0, 1}}, labels{{0.75, 0.25}, {0.4, 0.6}};
  const std::string page = report(History{}, logits, training::soft_labels(labels));
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("Tested on 2 rows of 2 classes"));
  CHECK_THAT(page, ContainsSubstring("<dt>Accuracy</dt><dd>100.0%<small>± 0.0%</small>"));
  // 2/4 + log1p(e^-2) and 4/10 + log1p(e^-1): 0.62693, 0.71326.
  CHECK_THAT(page, ContainsSubstring("<dt>Log loss</dt><dd>0.670<small>± 0.043</small>"));
  CHECK_THAT(page, ContainsSubstring("<title>1 taken for 1: 1 of 1 (100.0%)</title>"));
}

TEST_CASE("report takes soft labels of one class for class indices", "[training][report][soft]") {
  const xt::xarray<double> logits{{3, 0, 0}, {0, 4, 0}, {2, 0, -inf}},
      labels{{1, 0, 0}, {0, 1, 0}, {0, 1, 0}};
  const std::string soft = report(falling_history(), logits, training::soft_labels(labels));
  const std::string hard = report(falling_history(), logits, std::vector<int>{0, 1, 1});
  CHECK(soft.substr(soft.find("<dl")) == hard.substr(hard.find("<dl")));
}

TEST_CASE("report takes the targets of a dataset, and those of a variable", "[training][report]") {
  const History history = falling_history();
  const std::vector<int> classes{0, 1, 2, 2};
  const xt::xarray<float> logits = irregular({4, 3});
  const std::string of_classes = report(history, logits, classes);
  CHECK(report(history, logits, training::Targets<float>(classes)) == of_classes);
  CHECK(report(history, logits, training::Targets<double>(classes)) == of_classes);

  const std::string of_labels = report(history, logits, training::multilabel(some_labels));
  CHECK(report(history, logits, training::Targets<float>(training::multilabel(some_labels))) == of_labels);
  CHECK(report(history, logits, training::multilabel(xt::xarray<bool>(some_labels))) == of_labels);
  Tape<float> tape;
  const auto variable = tape.constant(xt::xarray<float>(some_labels));
  CHECK(report(history, logits, training::multilabel(variable)) == of_labels);
  CHECK(report(history, logits, training::multilabel(std::vector<Variable<float>>{variable}[0])) ==
        of_labels);
}

TEST_CASE("report takes one column for a number a row", "[training][report]") {
  const xt::xarray<double> column = array({4, 1}, estimates);
  CHECK(report(History{}, column, training::numbers(amounts)) ==
        report(History{}, estimates, training::numbers(amounts)));
}

TEST_CASE("report draws the metrics of a history", "[training][report]") {
  History history = falling_history();
  history.metric_names = {"macro_roc_auc", "hamming_loss", "micro_roc_auc", "<mine>"};
  history.epochs[0].validation_metrics = {0.5, 0.5, 0.75, 1};
  history.epochs[1].validation_metrics = {0.75, 0.25, 0.75, NaN};
  history.epochs[2].validation_metrics = {1, 0.125};
  const std::string page = report(history, label_logits, training::multilabel(some_labels));
  CHECK(Parser::complaint(page) == "");
  const std::string areas = section(page, "metric-1");
  CHECK_THAT(areas, ContainsSubstring("<title id=\"metric-1-curve-title\">Area under the ROC curve</title>"));
  CHECK_THAT(areas, ContainsSubstring(">mean of the labels</text>"));
  // The axis is [0.5, 1].
  CHECK_THAT(areas, ContainsSubstring("<polyline class=\"validation\" points=\"56,266 300,150 544,34\"/>"));
  CHECK_THAT(areas, ContainsSubstring("<polyline class=\"second\" points=\"56,150 300,150\"/>"));
  CHECK_THAT(section(page, "metric-2"), ContainsSubstring("<h2 id=\"metric-2-heading\">Hamming loss</h2>"));
  CHECK_THAT(section(page, "metric-3"), ContainsSubstring("<h2 id=\"metric-3-heading\">&lt;mine&gt;</h2>"));
  CHECK_THAT(section(page, "metric-3"), ContainsSubstring("<circle class=\"dot validation\" cx=\"56\""));
  CHECK(count(page, "<section id=\"metric-") == 3);
}

TEST_CASE("report of a history of numbers has no curve of accuracies", "[training][report][numbers]") {
  History history = falling_history();
  history.targets = TargetKind::numbers;
  history.metric_names = {"r_squared", "mean_absolute_error", "root_mean_squared_error"};
  for (training::Epoch& epoch : history.epochs) epoch.validation_metrics = {0.5, 1, 2};
  const std::string page = report(history, estimates, training::numbers(amounts));
  CHECK(Parser::complaint(page) == "");
  CHECK(count(page, "<section id=\"accuracy\"") == 0);
  CHECK_THAT(section(page, "metric-1"), ContainsSubstring("<h2 id=\"metric-1-heading\">R²</h2>"));
  CHECK_THAT(section(page, "metric-2"), ContainsSubstring(">root mean squared</text>"));
  CHECK(count(page, "<section id=\"metric-") == 2);
}

TEST_CASE("report stands no rows of any kind", "[training][report]") {
  const xt::xarray<double> row_of_three = xt::xarray<double>::from_shape({0, 3});
  const std::vector<double> nothing;
  for (const std::string& page : {report(History{}, row_of_three, training::multilabel(row_of_three)),
                                  report(History{}, row_of_three, training::soft_labels(row_of_three)),
                                  report(History{}, row_of_three, training::numbers(row_of_three)),
                                  report(History{}, nothing, training::numbers(nothing)),
                                  report(History{}, nothing, training::binary(nothing))}) {
    CHECK(Parser::complaint(page) == "");
    CHECK_THAT(page, ContainsSubstring("Tested on 0 rows"));
    CHECK_THAT(page, ContainsSubstring("<p>No rows.</p>"));
    CHECK(count(page, "nan") == 0);
  }
}

TEST_CASE("report leaves out rows of any kind that hold NaN", "[training][report]") {
  const std::string one_of_two = "<p class=\"warning\">Left out of all that follows: 1 of 2 rows,";
  const xt::xarray<double> pairs{{NaN, 1}, {2, 1}};
  const xt::xarray<double> zeros_and_ones{{0, 1}, {1, 0}}, targets{{NaN, 1}, {2, 0}};
  const std::vector<double> singles{NaN, 1}, ones{1, 1}, infinities{inf, 1};
  for (const std::string& page : {report(History{}, pairs, training::multilabel(zeros_and_ones)),
                                  report(History{}, pairs, training::soft_labels(zeros_and_ones)),
                                  report(History{}, zeros_and_ones, training::soft_labels(pairs)),
                                  report(History{}, zeros_and_ones, training::numbers(targets)),
                                  report(History{}, singles, training::numbers(ones)),
                                  report(History{}, infinities, training::numbers(infinities)),
                                  report(History{}, singles, training::binary(ones))}) {
    CHECK(Parser::complaint(page) == "");
    CHECK_THAT(page, ContainsSubstring(one_of_two));
    CHECK_THAT(page, ContainsSubstring("Tested on 1 row"));
    // Rows keep their numbers.
    CHECK_THAT(section(page, "worst"), ContainsSubstring("<tbody>\n<tr><td>1</td>"));
  }
  const std::vector<double> all{NaN, NaN};
  for (const std::string& page :
       {report(History{}, all, training::numbers(ones)), report(History{}, all, training::binary(ones))}) {
    CHECK(Parser::complaint(page) == "");
    CHECK_THAT(page, ContainsSubstring("Left out of all that follows: 2 of 2 rows,"));
  }
}

TEST_CASE("report stands binary targets of one class, and any logits", "[training][report][binary]") {
  const std::vector<std::vector<double>> logits{
      {0, 0, 0}, {inf, -inf, 0}, {inf, inf, inf}, {1e300, -1e300, 1}};
  const std::vector<std::vector<int>> labels{{0, 0, 0}, {1, 1, 1}, {0, 1, 0}};
  for (const auto& some : logits) {
    for (const auto& of_them : labels) {
      const std::string page = report(History{}, some, training::binary(of_them));
      CHECK(Parser::complaint(page) == "");
      CHECK(count(page, "nan") == 0);
    }
  }
  const std::string no_yes = report(History{}, logits[0], training::binary(labels[0]));
  CHECK_THAT(no_yes, ContainsSubstring("<dt>ROC AUC</dt><dd>–<small>± –</small>"));
  CHECK_THAT(section(no_yes, "roc-curve"), ContainsSubstring("nothing to draw"));
  CHECK(count(no_yes, "highest F1") == 0);
  CHECK_THAT(section(no_yes, "thresholds"), ContainsSubstring("above all, fewest mistakes"));
}

TEST_CASE("report stands any numbers", "[training][report][numbers]") {
  const std::vector<double> extremes{0, -1e-320, 1e300, -1e300, 1e308, -1e308, inf, -inf, 1};
  for (const double truth : extremes) {
    for (const double prediction : extremes) {
      const std::vector<double> outputs{prediction, 1, 2}, targets{truth, 1, 1};
      const std::string page = report(History{}, outputs, training::numbers(targets));
      INFO(truth << " predicted as " << prediction);
      CHECK(Parser::complaint(page) == "");
      CHECK(count(page, ">nan") == 0);
    }
  }
  const std::vector<double> constant(5, 3);
  const std::string page = report(History{}, constant, training::numbers(constant));
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("<dt>R²</dt><dd>1.000"));
  CHECK_THAT(page, ContainsSubstring("<dt>Mean absolute error</dt><dd>0<small>± 0</small>"));
}

TEST_CASE("report of a hundred thousand rows stays small", "[training][report]") {
  constexpr std::size_t rows = 100'000;
  std::vector<double> truth(rows), guess(rows);
  std::vector<int> labels(rows);
  const xt::xarray<double> noise = irregular({rows});
  for (std::size_t i = 0; i < rows; ++i) {
    truth[i] = static_cast<double>(i % 997);
    guess[i] = truth[i] + 50 * noise(i);
    labels[i] = noise(i) + std::sin(static_cast<double>(i)) > 2.5;  // rare
  }
  const std::string numbers = report(History{}, guess, training::numbers(truth));
  CHECK(Parser::complaint(numbers) == "");
  CHECK(numbers.size() < 120'000);
  const std::string binary = report(History{}, guess, training::binary(labels));
  CHECK(Parser::complaint(binary) == "");
  CHECK(binary.size() < 120'000);
}

TEST_CASE("report of many rows draws squares where they are", "[training][report][numbers]") {
  std::vector<double> truth(2000, 1), guess(2000, 1);
  truth[1999] = guess[1999] = 5;
  const std::string plot = section(report(History{}, guess, training::numbers(truth)), "scatter");
  // The axes are [0, 5]: (153.6, 219.6) and (544, 34), in squares of 5.
  CHECK_THAT(plot, ContainsSubstring("<path class=\"right\" fill-opacity=\"0.125\" d=\"M540 30h5v5h-5z\"/>"));
  CHECK_THAT(plot, ContainsSubstring("<path class=\"right\" fill-opacity=\"1\" d=\"M150 215h5v5h-5z\"/>"));
}

TEST_CASE("histogram counts numbers between round edges", "[training][report]") {
  const auto few = training::histogram_of({0, -1, 1, 2});
  CHECK(few.edges == std::vector<double>{-1, -0.5, 0, 0.5, 1, 1.5, 2});
  CHECK(few.counts == std::vector<std::int64_t>{1, 0, 1, 0, 1, 1});
  CHECK(training::histogram_of({}).edges.empty());
  CHECK(training::histogram_of({inf, -inf}).counts.empty());
  const auto constant = training::histogram_of({3, 3, 3});
  CHECK(std::accumulate(constant.counts.begin(), constant.counts.end(), std::int64_t{0}) == 3);
}

TEST_CASE("histogram leaves out what lies far from the middle half", "[training][report]") {
  std::vector<double> numbers{1e6, inf, -1e9, 2e6};
  for (int i = 0; i <= 100; ++i) numbers.push_back(i / 100.0);
  const auto histogram = training::histogram_of(numbers);
  CHECK(histogram.above == 3);
  CHECK(histogram.below == 1);
  CHECK(histogram.edges.front() >= -5);
  CHECK(histogram.edges.back() <= 5);
  CHECK(std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::int64_t{0}) == 101);
}

TEST_CASE("report rejects targets that do not fit", "[training][report][errors]") {
  const TemporaryPath path;
  const auto error = [&path](const auto&... arguments) {
    return message([&] { training::write_report(path, History{}, arguments...); });
  };
  const xt::xarray<double> square{{1, 0}, {0, 1}}, none = xt::xarray<double>::from_shape({2, 0});
  const std::vector<double> two{1, 0};
  CHECK(
      error(square, training::multilabel(two)) ==
      "write_report: targets must be (rows, labels) of multi-label targets with at least one label, got (2)");
  CHECK(
      error(none, training::multilabel(none)) ==
      "write_report: targets must be (rows, labels) of multi-label targets with at least one label, got (2, "
      "0)");
  CHECK(error(square, training::binary(square)) ==
        "write_report: targets must be (rows) of binary targets, got (2, 2); several labels a row are "
        "training::multilabel()");
  CHECK(error(square, training::soft_labels(two)) ==
        "write_report: targets must be (rows, classes) of soft labels with at least one class, got (2)");
  CHECK(
      error(none, training::numbers(none)) ==
      "write_report: targets must be (rows), or (rows, outputs) of numbers with at least one output, got (2, "
      "0)");
  CHECK(error(two, training::multilabel(square)) ==
        "write_report: outputs must be of the shape of the targets (2, 2), got (2)");
  CHECK(error(two, training::soft_labels(square)) ==
        "write_report: outputs must be of the shape of the targets (2, 2), got (2)");
  CHECK(error(square, training::multilabel(xt::xarray<double>{{1, 0}, {0.5, 1}})) ==
        "write_report: multi-label targets must be 0 or 1, got 0.5 at targets[1, 0]");
  CHECK(error(two, training::binary(std::vector<double>{1, NaN})) ==
        "write_report: binary targets must be 0 or 1, got nan at targets[1]");
  CHECK(error(two, training::binary(two), ReportOptions{.ignore_index = -1}) ==
        "write_report: options.ignore_index must be of class indices, got binary targets; give outputs and "
        "targets without those rows");
  CHECK(error(two, training::numbers(two), ReportOptions{.class_names = {"a", "b"}}) ==
        "write_report: options.class_names must be one for each of 1 outputs, or none, got 2");
  CHECK(error(two, training::numbers(two), irregular({3, 4}), ReportOptions{}) ==
        "write_report: features must have one row for each row of outputs (2), got (3, 4)");
  CHECK(error(two, training::Targets<double>()) == "write_report: targets must have rows, got none");
}
