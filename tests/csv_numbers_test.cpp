// SPDX-License-Identifier: BSD-3-Clause
#include "files.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_csv;

namespace csv_numbers_test {
namespace {

using Texts = std::vector<std::string>;

std::vector<double> numbers(std::string_view text, const data::CsvOptions& options) {
  const TemporaryPath file(text);
  return values(read_csv(file, options).values());
}

bool is_text(std::string_view field, const data::CsvOptions& options = {}) {
  const TemporaryPath file("a\tb\n" + std::string(field) + "\t0\n");
  data::CsvOptions with_tab = options;
  with_tab.delimiter = '\t';
  return read_csv(file, with_tab).is_text("a");
}

}  // namespace

TEST_CASE("infinities in any case of letters are numbers or missing", "[data][csv]") {
  const std::string text = "a\ninf\nInfinity\n-inf\n+Inf\n-INFINITY\n1e999\n2\n";
  CHECK_THAT(numbers(text, {.infinities = data::Infinities::number}),
             AllClose({inf, inf, -inf, inf, -inf, inf, 2}, 0));
  CHECK_THAT(numbers(text, {.infinities = data::Infinities::missing, .missing = data::Missing::nan}),
             AllClose({NaN, NaN, NaN, NaN, NaN, NaN, 2}, 0));
  const TemporaryPath file(text);
  CHECK(file_error("CsvTable::values", file, [](const std::string& path) { read_csv(path).values(); }) ==
        ":2:1: column 'a' must hold finite numbers, got 'inf'; to read it as an infinity or as missing set "
        "CsvOptions::infinities");
}

TEST_CASE("an infinity is one in floats too", "[data][csv]") {
  const TemporaryPath file("a,b\n-inf,0\n");
  const auto table = read_csv(file, {.infinities = data::Infinities::number});
  CHECK_THAT(values(table.features<float>("b")), AllClose({-inf}, 0));
}

TEST_CASE("NaN is missing in every spelling", "[data][csv][missing]") {
  CHECK_THAT(numbers("a\nnan\n-nan\nNAN\n+NaN\n1\n", {.missing = data::Missing::nan}),
             AllClose({NaN, NaN, NaN, NaN, 1}, 0));
  const TemporaryPath file("a\n1\n-nan\n");
  CHECK(file_error("CsvTable::values", file, [](const std::string& path) { read_csv(path).values(); }) ==
        ":3:1: column 'a' must hold finite numbers, got '-nan'; to read what is missing as NaN set "
        "CsvOptions::missing");
}

TEST_CASE("a sign may stand before a number, and hexadecimals are text", "[data][csv]") {
  CHECK_FALSE(is_text("+5"));
  CHECK(is_text("+-5"));
  CHECK(is_text("++5"));
  CHECK(is_text("0x10"));
  CHECK(is_text("0x1.8p3"));
}

TEST_CASE("numbers may have decimal commas and thousands separators", "[data][csv]") {
  const data::CsvOptions german{.delimiter = ';', .decimal_point = ',', .thousands_separator = "."};
  CHECK_THAT(numbers("a;b\n1,5;-1.234.567,25\n+1.000;12\n", german),
             AllClose({1.5, -1234567.25, 1000, 12}, 0));
  CHECK_THAT(numbers("a,b\n\"1,234.5\",\"12,345\"\n", {.thousands_separator = ","}),
             AllClose({1234.5, 12345}, 0));
  CHECK_THAT(numbers("a\n1'234\n1\n", {.thousands_separator = "'"}), AllClose({1234, 1}, 0));
}

TEST_CASE("thousands separators part groups of three digits", "[data][csv]") {
  const data::CsvOptions options{.thousands_separator = ","};
  CHECK_FALSE(is_text("123,456", options));
  const auto text =
      GENERATE(as<std::string>{}, "1,23", "1234,567", ",123", "1,234,", "1,,234", "1.5,000", "1,234,56");
  CHECK(is_text(text, options));
}

TEST_CASE("a decimal comma is text where points are decimal", "[data][csv]") {
  CHECK(is_text("1,5"));
  CHECK_FALSE(is_text("1,5", {.decimal_point = ','}));
  CHECK(is_text("1.5", {.decimal_point = ','}));
}

TEST_CASE("a percentage is a hundredth of its number", "[data][csv]") {
  CHECK_THAT(numbers("a\n12.5%\n-7 %\n0.1\n100%\n12.3%\n", {.percent = true}),
             AllClose({0.125, -0.07, 0.1, 1, 0.123}, 0));
  CHECK(is_text("12.5%"));
  CHECK(is_text("%", {.percent = true}));
  CHECK(is_text("1e2%", {.percent = true}));
}

TEST_CASE("number formats that contradict each other are refused", "[data][csv][errors]") {
  const TemporaryPath file("a\n1\n");
  CHECK_THROWS_AS(read_csv(file, {.decimal_point = ';'}), ArgumentError);
  CHECK_THROWS_WITH(read_csv(file, {.decimal_point = ';'}),
                    "read_csv: options.decimal_point must be '.' or ',', got ';'");
  CHECK_THROWS_WITH(
      read_csv(file, {.thousands_separator = "."}),
      "read_csv: options.thousands_separator must hold no digit, sign, 'e' or decimal point, got '.'");
}

}  // namespace csv_numbers_test
