// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>

#include "files.hpp"
#include "matchers.hpp"
#include "report_pages.hpp"
#include "training/axis.hpp"
#include "training/markup.hpp"

using namespace xtape;
using namespace xtape::testing;
using training::Epoch;
using training::History;
using training::ReportOptions;

namespace {

// Classes 0 to 2; the third row is mistaken with probability e^2 / (e^2 + 2).
const xt::xarray<double> three_logits{{3, 0, 0}, {0, 4, 0}, {2, 0, 0}, {0, 0, 5}};
const std::vector<int> three_labels{0, 1, 2, 2};

}  // namespace

TEMPLATE_TEST_CASE("report is well-formed and holds every section", "[training][report]", float, double) {
  const xt::xarray<TestType> logits = xt::cast<TestType>(three_logits);
  const xt::xarray<TestType> features = xt::cast<TestType>(irregular({4, 6}));
  const std::string page = report(falling_history(), logits, three_labels, features,
                                  ReportOptions{.title = "Irises",
                                                .class_names = {"setosa", "versicolor", "virginica"},
                                                .image = {2, 3},
                                                .model_summary = "module  type\n0       Linear\n",
                                                .settings = {{"batch size", "32"}, {"optimizer", "Adam"}}});
  CHECK(Parser::complaint(page) == "");
  for (const char* id : {"loss", "accuracy", "confusion-matrix", "classes", "reliability-diagram",
                         "learning-rate", "settings", "model", "worst"}) {
    CHECK(count(page, "<section id=\"" + std::string(id) + "\"") == 1);
    CHECK(count(page, "<h2 id=\"" + std::string(id) + "-heading\">") == 1);
  }
  CHECK(count(page, "<svg ") == count(page, "role=\"img\""));
  CHECK(count(page, "<svg ") == 5 + 4);  // figures and pictures
  CHECK(count(page, "<desc ") == 5);
  for (const char* loads : {"<script", "<link", "<img", "src=", "href=", "url(", "@import"}) {
    CHECK(count(page, loads) == 0);
  }
  CHECK_THAT(page, ContainsSubstring("<h1>Irises</h1>"));
  CHECK_THAT(page,
             ContainsSubstring("Tested on 4 rows of 3 classes after 3 epochs. ± is one standard error.</p>"));
  CHECK_THAT(page, ContainsSubstring("<pre tabindex=\"0\">module  type\n0       Linear\n</pre>"));
  CHECK_THAT(page, ContainsSubstring("<tr><th scope=\"row\">batch size</th><td>32</td></tr>"));
}

TEST_CASE("report states accuracy, log loss, best epoch and time", "[training][report]") {
  const std::string page = report(falling_history(), three_logits, three_labels);
  // 3 of 4: sqrt(3/4 1/4 / 3) = 0.25.
  CHECK_THAT(page, ContainsSubstring("<dt>Accuracy</dt><dd>75.0%<small>± 25.0%</small>"));
  // log1p(2 e^-3), log1p(2 e^-4), 2 + log1p(2 e^-2), log1p(2 e^-5): 0.09492, 0.03598, 2.23954, 0.01339.
  CHECK_THAT(page, ContainsSubstring("<dt>Log loss</dt><dd>0.596<small>± 0.548</small>"));
  CHECK_THAT(page, ContainsSubstring("<dt>Best epoch</dt><dd>2<small>of 3, loss 0.6</small>"));
  CHECK_THAT(page, ContainsSubstring("<dt>Training time</dt><dd>4.50 s<small>1.50 s an epoch</small>"));
}

TEST_CASE("report draws curves at their coordinates", "[training][report]") {
  History history = falling_history();
  history.epochs[0].validation_loss = NaN;
  history.epochs[1].validation_loss = inf;
  history.epochs[2].validation_loss = 0.25;
  const std::string page = report(history, three_logits, three_labels);
  // From 56 to 544 and from 34 down to 266; the axis is [0, 1].
  CHECK_THAT(page, ContainsSubstring("<polyline class=\"training\" points=\"56,34 300,150 544,266\"/>"));
  CHECK_THAT(page, ContainsSubstring("<circle class=\"dot validation\" cx=\"544\" cy=\"208\" r=\"3\"/>"));
  // Accuracies of 50 to 100 % and 60, 75, 70 %.
  CHECK_THAT(page, ContainsSubstring("<polyline class=\"training\" points=\"56,266 300,126.8 544,34\"/>"));
  CHECK_THAT(page,
             ContainsSubstring("<polyline class=\"validation\" points=\"56,219.6 300,150 544,173.2\"/>"));
  CHECK_THAT(page, ContainsSubstring("<path class=\"best\" d=\"M300 34V266\"/>"));
  CHECK_THAT(page, ContainsSubstring("<circle class=\"dot validation\" cx=\"300\" cy=\"150\" r=\"4.5\"/>"));
  CHECK_THAT(page, ContainsSubstring("best epoch: 2</text>"));
}

TEST_CASE("report draws a learning rate only where it changes", "[training][report]") {
  History history = falling_history();
  CHECK_THAT(report(history, three_logits, three_labels), ContainsSubstring("<section id=\"learning-rate\""));
  history.epochs[2].learning_rate = 0.1;
  CHECK(count(report(history, three_logits, three_labels), "learning-rate") == 0);
}

TEST_CASE("report draws long curves by the extremes of each stretch", "[training][report]") {
  History history;
  for (std::size_t i = 1; i <= 200'000; ++i) {
    history.epochs.push_back({.number = i, .training_loss = i == 77'777 ? 8.0 : static_cast<double>(i % 2)});
  }
  const std::string page = report(history, three_logits, three_labels);
  CHECK(page.size() < 100'000);
  CHECK_THAT(page, ContainsSubstring(" 245.8,34 "));  // 56 + 488 * 77776 / 199999, and the axis ends with 8
}

TEST_CASE("report counts confusions in a row for each true class", "[training][report]") {
  const std::string page = report(falling_history(), three_logits, three_labels,
                                  ReportOptions{.class_names = {"red", "green", "blue"}});
  CHECK_THAT(page, ContainsSubstring("<title>blue taken for red: 1 of 2 (50.0%)</title>"));
  CHECK_THAT(page, ContainsSubstring("<title>blue taken for blue: 1 of 2 (50.0%)</title>"));
  CHECK_THAT(page, ContainsSubstring("<title>green taken for green: 1 of 1 (100.0%)</title>"));
  CHECK(count(page, " taken for ") == 4 + 1);  // and in the description
  // red was predicted twice, once rightly: precision 1/2, recall 1, F1 2/3.
  CHECK_THAT(page, ContainsSubstring("<th scope=\"row\">red</th><td class=\"figure\">0.500</td><td "
                                     "class=\"figure\">1.000</td><td class=\"figure\">0.667</td><td "
                                     "class=\"figure\">1</td>"));
}

TEST_CASE("report lists the pairs most often confused of many classes", "[training][report]") {
  const std::size_t classes = 41;
  xt::xarray<double> logits = xt::zeros<double>({std::size_t{5}, classes});
  const std::vector<int> labels{7, 7, 7, 3, 40}, guesses{8, 8, 7, 5, 40};
  for (std::size_t row = 0; row < 5; ++row) logits(row, static_cast<std::size_t>(guesses[row])) = 3;
  const std::string page = report(falling_history(), logits, labels);
  CHECK(Parser::complaint(page) == "");
  CHECK(count(page, "class=\"heat\"") == 0);
  CHECK_THAT(page, ContainsSubstring("<tbody>\n<tr><td>7</td><td>8</td><td class=\"figure\">2</td><td "
                                     "class=\"figure\">66.7%</td></tr>\n<tr><td>3</td><td>5</td>"));
}

TEST_CASE("report shows the rows of the highest loss first", "[training][report]") {
  const std::string page =
      report(falling_history(), three_logits, three_labels, ReportOptions{.worst_examples = 2});
  const std::string table = page.substr(page.find("id=\"worst\""));
  // softmax([2, 0, 0]) is 78.7 % and the loss of another class 2.2395.
  CHECK_THAT(table, ContainsSubstring(
                        "<tbody>\n<tr><td>2</td><td>2</td><td class=\"mistake\">0</td><td "
                        "class=\"figure\">78.7%</td><td class=\"figure\">2.240</td></tr>\n<tr><td>0</td>"));
  CHECK(count(table, "<tr>") == 1 + 2);
  CHECK(count(report(falling_history(), three_logits, three_labels, ReportOptions{.worst_examples = 0}),
              "id=\"worst\"") == 0);
}

TEST_CASE("report draws features as pictures from black to white", "[training][report]") {
  const xt::xarray<double> logits{{0, 1}}, grey{{-1, -1, -1, 0, 1, 1}}, colour{{1, 0, 0, 1, 0, 0}};
  const std::vector<int> label{0};
  CHECK_THAT(
      report(falling_history(), logits, label, grey, ReportOptions{.image = {2, 3}}),
      ContainsSubstring("viewBox=\"0 0 3 2\" role=\"img\" aria-label=\"row 0: 0 taken for 1\" "
                        "shape-rendering=\"crispEdges\"><rect width=\"3\" height=\"2\" fill=\"#000000\"/>"
                        "<path fill=\"#808080\" d=\"M0 1h1v1h-1z\"/>"
                        "<path fill=\"#ffffff\" d=\"M1 1h2v1h-2z\"/></svg>"));
  // Red at the left, green at the right.
  CHECK_THAT(report(falling_history(), logits, label, colour, ReportOptions{.image = {3, 1, 2}}),
             ContainsSubstring("fill=\"#00ff00\"/><path fill=\"#ff0000\" d=\"M0 0h1v1h-1z\"/></svg>"));
}

TEST_CASE("report draws large pictures by the means of their blocks", "[training][report]") {
  xt::xarray<float> features = xt::zeros<float>({1, 100, 200});
  for (std::size_t y = 0; y < 4; ++y)
    features(0, y, 0) = features(0, y, 1) = 1;  // of the first block of 4 by 4
  CHECK_THAT(report(falling_history(), xt::xarray<double>{{0, 1}}, std::vector<int>{0}, features,
                    ReportOptions{.image = {100, 200}}),
             ContainsSubstring("viewBox=\"0 0 50 25\""));
  CHECK_THAT(report(falling_history(), xt::xarray<double>{{0, 1}}, std::vector<int>{0}, features,
                    ReportOptions{.image = {100, 200}}),
             ContainsSubstring("<path fill=\"#808080\" d=\"M0 0h1v1h-1z\"/></svg>"));
}

TEST_CASE("report escapes all texts", "[training][report]") {
  const std::string nasty = "<b a=\"1\" b='2'>&amp;\x01 \xC3\xA9\xE6\xBC\xA2 \xFF\xC3";
  const std::string safe =
      "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;\xEF\xBF\xBD \xC3\xA9\xE6\xBC\xA2 "
      "\xEF\xBF\xBD\xEF\xBF\xBD";
  const xt::xarray<double> features = irregular({4, 1});
  const std::string page = report(falling_history(), three_logits, three_labels, features,
                                  ReportOptions{.title = nasty,
                                                .class_names = {nasty, nasty + "2", nasty + "3"},
                                                .image = {1, 1},
                                                .model_summary = nasty,
                                                .settings = {{nasty, nasty}}});
  CHECK(Parser::complaint(page) == "");
  CHECK(count(page, "<b a") == 0);
  CHECK_THAT(page, ContainsSubstring("<title>" + safe + "</title>"));
  CHECK_THAT(page, ContainsSubstring("<h1>" + safe + "</h1>"));
  CHECK_THAT(page, ContainsSubstring("<pre tabindex=\"0\">" + safe + "</pre>"));
  CHECK_THAT(page, ContainsSubstring("<th scope=\"row\">" + safe + "</th><td>" + safe + "</td>"));
  CHECK_THAT(page, ContainsSubstring("aria-label=\"row 2: " + safe + "3 taken for " + safe + "\""));
}

TEST_CASE("escaped replaces what is no UTF-8 and what XML cannot hold", "[training][report]") {
  const std::string mark = "\xEF\xBF\xBD";
  CHECK(training::escaped("a\tb\nc") == "a\tb\nc");
  CHECK(training::escaped("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");
  CHECK(training::escaped(std::string_view("\0", 1)) == mark);
  CHECK(training::escaped("\xC0\xAF") == mark + mark);             // too long a form of '/'
  CHECK(training::escaped("\xED\xA0\x80") == mark + mark + mark);  // half of a pair
  CHECK(training::escaped("\xF4\x90\x80\x80") == mark + mark + mark + mark);
  CHECK(training::escaped("\xE6\xBC") == mark + mark);
  CHECK(training::escaped("\xEF\xBF\xBF") == mark);  // U+FFFF is no character
}

TEST_CASE("shortened counts columns, not bytes", "[training][report]") {
  CHECK(training::shortened("versicolor", 10) == "versicolor");
  CHECK(training::shortened("versicolor", 9) == "versicol…");
  CHECK(training::shortened("漢字漢字", 7) == "漢字漢…");
  CHECK(training::shortened("漢字漢字", 6) == "漢字…");
  CHECK(training::columns_of("e\xCC\x81") == 1);
}

TEST_CASE("numbers read well at every size", "[training][report]") {
  CHECK(training::number(NaN, 2) == "–");
  CHECK(training::number(-inf, 2) == "−∞");
  CHECK(training::number(1e300, 2) == "1e300");
  CHECK(training::significant(1.5e-7) == "1.5e-7");
  CHECK(training::significant(0.091239) == "0.09124");
  CHECK(training::grouped(1234567) == "1,234,567");
  CHECK(training::grouped(123) == "123");
  CHECK(training::duration(0.00117) == "1.17 ms");
  CHECK(training::duration(0.531) == "0.53 s");
  CHECK(training::duration(59.97) == "1 min 0 s");
  CHECK(training::duration(7499) == "2 h 4 min");
  CHECK(training::duration(NaN) == "–");
  CHECK(std::signbit(training::tenth(-0.01)) == false);
}

TEST_CASE("axes have round numbers around all values", "[training][report]") {
  using training::Axis;
  const auto labels = [](const Axis& axis) {
    std::string text;
    for (const auto& tick : axis.ticks()) text += tick.label + " ";
    return text;
  };
  CHECK(labels(Axis::around({0.3, 2.2}, 100)) == "0.0 0.5 1.0 1.5 2.0 2.5 ");
  CHECK(labels(Axis::around({88, 99.5}, 100)) == "85 90 95 100 ");
  CHECK(labels(Axis::around({-1, NaN, inf, 1}, 100)) == "-1.0 -0.5 0.0 0.5 1.0 ");
  CHECK(labels(Axis::around({}, 100)) == "0.0 0.2 0.4 0.6 0.8 1.0 ");
  CHECK(labels(Axis::around({100}, 100)) == "90 92 94 96 98 100 ");
  CHECK(labels(Axis::around({7e8, 9e8}, 100)) == "7e8 7.5e8 8e8 8.5e8 9e8 ");
  CHECK(labels(Axis::around({0.003, 2.3}, 100)) == "0.002 0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2 5 ");
  CHECK(labels(Axis::around({1e-9, 1}, 100)) == "1e-9 1e-7 1e-5 0.001 0.1 10 ");
  CHECK(labels(Axis::of_epochs(1, 40)) == "5 10 15 20 25 30 35 40 ");
  CHECK(labels(Axis::of_epochs(3, 3)) == "3 ");
  CHECK(Axis::of_epochs(3, 3).place(3) == 0.5);
  CHECK_THAT(Axis::around({0.01, 1}, 100).place(0.1), WithinAbs(0.5, 1e-12));
}

TEST_CASE("axes stand any numbers", "[training][report]") {
  const std::vector<double> numbers{0,        1e-320, -1e-320, 1e-300, 1,   1 + 1e-15, -1,  1e12,
                                    1e12 + 1, 1e300,  -1e300,  1e308,  NaN, inf,       -inf};
  for (const double a : numbers) {
    for (const double b : numbers) {
      const auto axis = training::Axis::around({a, b}, 20);
      CHECK(axis.ticks().size() >= 1);
      CHECK(axis.ticks().size() <= 15);
      for (const double value : {a, b}) {
        if (!training::is_drawn(value)) continue;
        INFO(a << " and " << b);
        CHECK(axis.place(value) >= -1e-9);
        CHECK(axis.place(value) <= 1 + 1e-9);
      }
    }
  }
}

TEST_CASE("report stands any history", "[training][report]") {
  std::vector<History> histories(6);
  histories[1].epochs = {{}};
  histories[2].epochs = {{.number = 1, .learning_rate = 0.1, .training_loss = 2, .seconds = NaN}};
  histories[2].best_epoch = 1;
  histories[3].epochs = {{1, NaN, NaN, NaN, NaN, NaN, NaN}, {2, inf, -inf, inf, NaN, inf, inf}};
  histories[3].best_epoch = 2;
  histories[4].epochs = {{1, 0, 1e308, 0, -1e308, 0, 1e30}, {2, 1e-320, -1e300, 1, 1e300, 1, -1}};
  histories[4].best_epoch = 77;
  histories[5].epochs = {{9, 1, 1, 1, 1, 1, 1}, {3, 2, 2, 0, 2, 0, 2}};
  for (std::size_t i = 0; i < histories.size(); ++i) {
    INFO("history " << i);
    CHECK(Parser::complaint(report(histories[i], three_logits, three_labels)) == "");
  }
}

TEST_CASE("report stands any logits", "[training][report]") {
  const xt::xarray<double> none = xt::xarray<double>::from_shape({0, 3});
  const std::string empty = report(History{}, none, std::vector<int>{}, none, ReportOptions{.image = {1, 3}});
  CHECK(Parser::complaint(empty) == "");
  CHECK_THAT(empty, ContainsSubstring("<p>No rows.</p>"));
  CHECK(Parser::complaint(report(History{}, irregular({2, 1}), std::vector<int>{0, 0})) == "");
  const xt::xarray<double> infinite{{inf, 0}, {-inf, 0}, {inf, 1}};
  const std::string page = report(History{}, infinite, std::vector<int>{0, 0, 1});
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("<dt>Log loss</dt><dd>∞<small>± –</small>"));
  CHECK(count(page, "class=\"warning\"") == 0);
  const xt::xarray<double> broken_pictures{{NaN, NaN}, {inf, NaN}, {-inf, 2}};
  CHECK(Parser::complaint(report(History{}, infinite, std::vector<int>{0, 0, 1}, broken_pictures,
                                 ReportOptions{.image = {1, 2}})) == "");
}

TEST_CASE("report leaves out rows without a softmax and says so", "[training][report]") {
  const xt::xarray<double> logits{{2, 0}, {NaN, 0}, {inf, inf}, {-inf, -inf}, {0, 3}};
  const std::string page = report(History{}, logits, std::vector<int>{0, 0, 0, 0, 1});
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page, ContainsSubstring("<p class=\"warning\">Left out of all that follows: 3 of 5 rows,"));
  CHECK_THAT(page, ContainsSubstring("Tested on 2 rows of 2 classes"));
  CHECK_THAT(page, ContainsSubstring("<dt>Accuracy</dt><dd>100.0%"));
  // Numbers are those of all rows.
  CHECK_THAT(page, ContainsSubstring(
                       "<tbody>\n<tr><td>0</td><td>0</td><td class=\"hit\">0</td><td "
                       "class=\"figure\">88.1%</td><td class=\"figure\">0.127</td></tr>\n<tr><td>4</td>"));
}

TEST_CASE("report leaves out rows of ignore_index and says so", "[training][report][ignore_index]") {
  const xt::xarray<double> logits{{2, 0}, {NaN, 0}, {5, 0}, {inf, inf}, {0, 3}};
  const std::vector<int> labels{0, -1, -1, 0, 1};
  const std::string page = report(History{}, logits, labels, ReportOptions{.ignore_index = -1});
  CHECK(Parser::complaint(page) == "");
  CHECK_THAT(page,
             ContainsSubstring("<p class=\"note\">Left out of all that follows: 2 of 5 rows, whose label "
                               "-1 is ignored.</p>"));
  CHECK_THAT(page, ContainsSubstring("<p class=\"warning\">Left out of all that follows: 1 of 5 rows,"));
  CHECK_THAT(page, ContainsSubstring("Tested on 2 rows of 2 classes"));
  CHECK_THAT(page, ContainsSubstring("<dt>Accuracy</dt><dd>100.0%"));
  CHECK_THAT(report(History{}, logits, std::vector<int>(5, -1), ReportOptions{.ignore_index = -1}),
             ContainsSubstring("Tested on 0 rows of 2 classes"));
  CHECK_THROWS_WITH(
      report(History{}, logits, labels),
      "write_report: class_indices[1] is -1, but logits (5, 2) has classes 0 to 1; to skip such "
      "samples set ignore_index = -1");
}

TEST_CASE("report takes one column as log-odds of class 1", "[training][report]") {
  const xt::xarray<double> one{2, -1, 0.5}, two{{0, 2}, {0, -1}, {0, 0.5}};
  const std::vector<int> labels{1, 0, 0};
  CHECK(report(falling_history(), one, labels) == report(falling_history(), two, labels));
}

TEST_CASE("report replaces a file at once or not at all", "[training][report]") {
  const TemporaryPath path("before");
  CHECK_THROWS_AS(training::write_report(path, History{}, three_logits, std::vector<int>{0, 1, 2, 3}),
                  LabelError);
  CHECK(path.content() == "before");
  training::write_report(path, History{}, three_logits, three_labels);
  CHECK(Parser::complaint(path.content()) == "");
}

TEST_CASE("report rejects what does not fit", "[training][report][errors]") {
  const TemporaryPath path;
  const auto error = [&path](const auto&... arguments) {
    return message([&] { training::write_report(path, History{}, arguments...); });
  };
  CHECK(error(xt::xarray<double>::from_shape({2, 0}), std::vector<int>{0, 0}) ==
        "write_report: logits must be (rows, classes) with at least one class, or (rows) for class 1 of two, "
        "got (2, 0)");
  CHECK(error(three_logits, std::vector<int>{0, 1}) ==
        "write_report: class_indices must have one entry for each row of logits (4, 3), got (2)");
  CHECK(error(three_logits, std::vector<int>{0, 1, 2, 3}) ==
        "write_report: class_indices[3] is 3, but logits (4, 3) has classes 0 to 2");
  CHECK(error(three_logits, three_labels, ReportOptions{.class_names = {"a", "b"}}) ==
        "write_report: options.class_names must be one for each of 3 classes, or none, got 2");
  CHECK(error(three_logits, three_labels, ReportOptions{.image = {2, 2}}) ==
        "write_report: options.image needs features to show, got none; give them before the options");
  CHECK(error(three_logits, three_labels, irregular({3, 4}), ReportOptions{}) ==
        "write_report: features must have one row for each row of logits (4, 3), got (3, 4)");
  CHECK(error(three_logits, three_labels, irregular({4, 5}), ReportOptions{.image = {2, 2}}) ==
        "write_report: features must have 4 elements in each row for options.image (2, 2), got (4, 5)");
  for (const Shape& image : {Shape{4}, Shape{2, 2, 1}, Shape{0, 4}}) {
    CHECK(error(three_logits, three_labels, irregular({4, 4}), ReportOptions{.image = image}) ==
          "write_report: options.image must be (height, width), (1, height, width) or (3, height, width) "
          "with at "
          "least one pixel, got " +
              to_string(image));
  }
  CHECK(!std::filesystem::exists(std::string(path)));
  const std::string missing = path + "/missing/report.html";
  CHECK(message([&] { training::write_report(missing, History{}, three_logits, three_labels); }) ==
        "write_report: " + missing + ": the file must be writable, got: No such file or directory");
}
