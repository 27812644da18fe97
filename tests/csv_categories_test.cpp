// SPDX-License-Identifier: BSD-3-Clause
#include "files.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_csv;

namespace csv_categories_test {
namespace {

using Texts = std::vector<std::string>;

// What `ask` says of a table with this text, behind the function's name and the path.
template <class Ask>
std::string answer(std::string_view text, const data::CsvOptions& options, const std::string& function,
                   Ask ask) {
  const TemporaryPath file(text);
  const data::CsvTable table = read_csv(file, options);
  return file_error("CsvTable::" + function, file, [&](const std::string&) { ask(table); });
}

}  // namespace

TEST_CASE("whole numbers that are one double are two classes", "[data][csv][labels]") {
  const TemporaryPath file("id\n1234567890123456781\n1234567890123456789\n1234567890123456781\n");
  const auto labels = read_csv(file).class_labels("id");
  CHECK(labels.class_names == Texts{"1234567890123456781", "1234567890123456789"});
  CHECK_THAT(values(labels.class_indices), AllClose({0, 1, 0}, 0));
}

TEST_CASE("007, 7 and 07 are three classes, and one where numbers are asked for", "[data][csv][labels]") {
  const TemporaryPath file("agent\n7\n007\n07\n10\n9\n7.0\n");
  CHECK(read_csv(file).class_labels("agent").class_names == Texts{"007", "07", "7", "7.0", "9", "10"});
  CHECK(read_csv(file, {.text = {"agent"}}).class_labels("agent").class_names ==
        Texts{"007", "07", "10", "7", "7.0", "9"});
  const auto labels = read_csv(file, {.numbers = {"agent"}}).class_labels("agent");
  CHECK(labels.class_names == Texts{"7", "9", "10"});
  CHECK_THAT(values(labels.class_indices), AllClose({0, 0, 0, 2, 1, 0}, 0));
}

TEST_CASE("zeros of both signs are one class by value", "[data][csv][labels]") {
  const TemporaryPath file("a\n-0\n0\n0.0\n");
  CHECK(read_csv(file, {.numbers = {"a"}}).class_labels("a").class_names == Texts{"0"});
}

TEST_CASE("numbers that doubles do not tell apart are no classes by value", "[data][csv][labels][errors]") {
  const auto ask = [](const data::CsvTable& t) { t.class_labels("id"); };
  CHECK(answer("id\n9007199254740991\n", {.numbers = {"id"}}, "class_labels", ask) == "no FileError");
  CHECK(answer("id\n1\n9007199254740993\n", {.numbers = {"id"}}, "class_labels", ask) ==
        ":3: column 'id' must hold numbers below 2^53 to tell them apart by value, got '9007199254740993'; "
        "name "
        "it in CsvOptions::text instead of CsvOptions::numbers");
}

TEST_CASE("classes of text are found in a file that holds digits only", "[data][csv][labels]") {
  const TemporaryPath training("kind\n01\nx\n1\n"), test("kind\n1\n01\n");
  const auto names = read_csv(training).class_labels("kind").class_names;
  CHECK(names == Texts{"01", "1", "x"});
  CHECK_THAT(values(read_csv(test).class_indices("kind", names)), AllClose({1, 0}, 0));
}

TEST_CASE("a further file is read as the first", "[data][csv]") {
  const TemporaryPath training("zip,rate,mixed\n02134,1,x\n10001,2,7\n"),
      test("mixed,other,zip,rate\n07,0,02134,3\n");
  const auto first = read_csv(training, {.text = {"zip"}, .numbers = {"rate"}});
  const auto table = read_csv_like(first, test);
  CHECK(table.columns() == Texts{"mixed", "other", "zip", "rate"});
  CHECK(table.is_text("zip"));
  CHECK(table.is_text("mixed"));
  CHECK_FALSE(table.is_text("rate"));
  CHECK_FALSE(table.is_text("other"));
  CHECK(table.class_labels("mixed").class_names == Texts{"07"});
  const auto columns = first.feature_columns("mixed");
  CHECK_THAT(values(first.take_columns<double>(columns)), AllClose({1, 0, 1, 0, 1, 2}, 0));
  CHECK_THAT(values(table.take_columns<double>(columns)), AllClose({1, 0, 3}, 0));
}

TEST_CASE("a further file must hold numbers where the first does", "[data][csv][errors]") {
  const TemporaryPath training("a\n1\n"), test("a\n2\nthree\n");
  const auto first = read_csv(training);
  CHECK(file_error("read_csv_like", test, [&](const std::string& path) { read_csv_like(first, path); }) ==
        ":3:1: column 'a' must hold numbers, as that of " + (training + ", got 'three'"));
}

TEST_CASE("columns are what the options say", "[data][csv][errors]") {
  const TemporaryPath file("zip,rate\n02134,1\n10001,none\n");
  const auto read = [&](const data::CsvOptions& options) {
    return file_error("read_csv", file, [&](const std::string& path) { read_csv(path, options); });
  };
  CHECK(read({.numbers = {"rate"}}) ==
        ":3:7: column 'rate' must hold numbers, as CsvOptions::numbers says, got 'none'");
  CHECK_THROWS_AS(read({.text = {"zap"}}), ArgumentError);
  CHECK_THROWS_WITH(read({.text = {"zap"}}),
                    "read_csv: " + (file + " must have the column 'zap' of options.text, "
                                           "got columns zip, rate"));
  CHECK_THROWS_WITH(read({.text = {"zip"}, .numbers = {"zip"}}),
                    "read_csv: a column must be in options.text or options.numbers, got 'zip' in both");
  CHECK(answer("zip,a\n02134,1\n", {.text = {"zip"}}, "features", [](const data::CsvTable& t) {
          t.features<float>("a");
        }) == ": column 'zip' must hold numbers, got text, as CsvOptions::text or the first table says");
  CHECK(answer("zip,a\n02134,1\n", {.text = {"zip"}}, "labels", [](const data::CsvTable& t) {
          t.labels("zip");
        }) == ": column 'zip' must hold numbers, got text, as CsvOptions::text or the first table says");
}

TEST_CASE("columns may be left out of the features", "[data][csv][one_hot]") {
  const TemporaryPath file("name,age,kind\nAda,36,0\nAlan,41,1\n");
  const auto table = read_csv(file);
  CHECK(table.feature_columns("kind", {"name"}) == std::vector<data::FeatureColumn>{{"age"}});
  CHECK_THROWS_AS(table.feature_columns("kind", {"names"}), ArgumentError);
}

TEST_CASE("a column of too many categories is refused with the way to raise the limit",
          "[data][csv][one_hot][errors]") {
  const std::string text = "name,kind\na,0\nb,1\nc,0\n";
  const std::string message =
      ": column 'name' must have at most 2 categories, got 3; leave it out, or raise "
      "CsvOptions::max_categories";
  const auto all = [](const data::CsvTable& t) { t.feature_columns("kind"); };
  const auto one = [](const data::CsvTable& t) { t.one_hot_columns("name"); };
  CHECK(answer(text, {.max_categories = 2}, "feature_columns", all) == message);
  CHECK(answer(text, {.max_categories = 2}, "one_hot_columns", one) == message);
  CHECK(answer(text, {.max_categories = 3}, "feature_columns", all) == "no FileError");
  CHECK(answer(text, {.max_categories = 3}, "one_hot_columns", one) == "no FileError");
}

TEST_CASE("a stray field in a column of numbers is named instead of 2,000 categories",
          "[data][csv][one_hot][errors]") {
  const auto stray = GENERATE(as<std::string>{}, "1,5", "unknown");
  std::string text = "a;kind\n";
  for (int i = 0; i < 2000; ++i) text += (i == 1200 ? stray : std::to_string(i) + ".25") + ";0\n";
  const auto ask = [](const data::CsvTable& t) { t.feature_columns("kind"); };
  CHECK(
      answer(text, {.delimiter = ';', .max_categories = 5000}, "feature_columns", ask) ==
      ":1202:1: column 'a' must hold numbers only or text, got '" + stray +
          "' and 1999 of 2000 fields that are numbers; mend it, add it to CsvOptions::missing_spellings, or "
          "name the column in CsvOptions::text");
  CHECK(answer(text, {.delimiter = ';', .text = {"a"}, .max_categories = 5000}, "feature_columns", ask) ==
        "no FileError");
}

TEST_CASE("a column of text with fewer than nine numbers of ten is one of categories",
          "[data][csv][one_hot]") {
  const auto ask = [](const data::CsvTable& t) { t.feature_columns("kind"); };
  CHECK(answer("a,kind\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n7,0\n8,0\nx,0\n?,0\n", {}, "feature_columns", ask) ==
        "no FileError");
  CHECK(
      answer("a,kind\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n7,0\n8,0\n9,0\nx,0\n?,0\n", {}, "feature_columns", ask) ==
      ":11:1: column 'a' must hold numbers only or text, got 'x' and 9 of 10 fields that are numbers; mend "
      "it, "
      "add it to CsvOptions::missing_spellings, or name the column in CsvOptions::text");
}

}  // namespace csv_categories_test
