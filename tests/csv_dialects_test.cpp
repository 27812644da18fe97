// SPDX-License-Identifier: BSD-3-Clause
#include "files.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_csv;

namespace csv_dialects_test {
namespace {

using Texts = std::vector<std::string>;

// What read_csv says about a file of this text, behind the path.
std::string error_in(std::string_view text, const data::CsvOptions& options = {}) {
  const TemporaryPath file(text);
  return file_error("read_csv", file, [&](const std::string& path) { read_csv(path, options); });
}

}  // namespace

TEST_CASE("a run of blanks may be one delimiter", "[data][csv]") {
  const TemporaryPath file("  a   b\tc\n1  2   3\n  4\t 5 6   \n\n");
  const auto table = read_csv(file, {.delimiter = ' ', .merge_delimiters = true});
  CHECK(table.columns() == Texts{"a", "b", "c"});
  CHECK_THAT(values(table.values()), AllClose({1, 2, 3, 4, 5, 6}, 0));
  const TemporaryPath quoted("a b\n'x  y'  2\n");
  CHECK(read_csv(quoted, {.delimiter = ' ', .quote = '\'', .merge_delimiters = true})
            .class_labels("a")
            .class_names == Texts{"x  y"});
}

TEST_CASE("comments are passed over, but not in quotes", "[data][csv]") {
  const TemporaryPath file("# made by hand\na,b # names\n  # nothing\n1,\"#2\"\n3,4#5\n");
  const auto table = read_csv(file, {.comment = '#'});
  CHECK(table.columns() == Texts{"a", "b"});
  CHECK_THAT(values(table.take_columns<double>({{"a"}})), AllClose({1, 3}, 0));
  CHECK(table.class_labels("b").class_names == Texts{"#2", "4"});
  CHECK_THROWS_AS(read_csv(file, {.comment = ','}), ArgumentError);
  CHECK_THROWS_AS(read_csv(file, {.comment = '"'}), ArgumentError);
}

TEST_CASE("lines before the header may be skipped", "[data][csv]") {
  const std::string text = "Station \"North\r\n\r\na,b\r\n1,2\r\n";
  const TemporaryPath file(text);
  const auto table = read_csv(file, {.skip_lines = 2});
  CHECK(table.columns() == Texts{"a", "b"});
  CHECK_THAT(values(table.values()), AllClose({1, 2}, 0));
  CHECK(error_in(text + "3\n", {.skip_lines = 2}) ==
        ":5: every line must have 2 fields, as the first has, got 1");
  CHECK(error_in(text, {.skip_lines = 9}) == ": the file must hold rows of numbers or text, got none");
}

TEST_CASE("a header may end in a delimiter, and then the rows too", "[data][csv]") {
  const auto text =
      GENERATE(as<std::string>{}, "a,b,\n1,2\n3,4\n", "a,b,\n1,2,\n3,4,\n", "a,b, \n1,2,\n3,4\n");
  const TemporaryPath file(text);
  const auto table = read_csv(file);
  CHECK(table.columns() == Texts{"a", "b"});
  CHECK_THAT(values(table.values()), AllClose({1, 2, 3, 4}, 0));
}

TEST_CASE("a field behind a header that ends in a delimiter is no blank", "[data][csv][errors]") {
  CHECK(error_in("a,b,\n1,2,\n3,4,5\n") == ":3: every line must have 2 fields, as the first has, got 3");
  const TemporaryPath file("a,b,\n1,2,3\n");
  CHECK(read_csv(file).columns() == Texts{"a", "b", ""});
}

TEST_CASE("names that stand twice are numbered on request", "[data][csv]") {
  const std::string text = "a,b,a,a.1,a\n1,2,3,4,5\n";
  CHECK(error_in(text) ==
        ":1: column names must be distinct, got 'a' twice; CsvOptions::number_repeated_names numbers them");
  const TemporaryPath file(text);
  const auto table = read_csv(file, {.number_repeated_names = true});
  CHECK(table.columns() == Texts{"a", "b", "a.2", "a.1", "a.3"});
  CHECK_THAT(values(table.take_columns<double>({{"a.2"}})), AllClose({3}, 0));
}

TEST_CASE("lines may end in CR alone", "[data][csv]") {
  const TemporaryPath file("a,b\r1,2\r\r3,\"4\"\r");
  const auto table = read_csv(file);
  CHECK(table.columns() == Texts{"a", "b"});
  CHECK_THAT(values(table.values()), AllClose({1, 2, 3, 4}, 0));
  CHECK(error_in("a,b\r1,\"2\r\"\r3\r") == ":4: every line must have 2 fields, as the first has, got 1");
}

TEST_CASE("another encoding than UTF-8 is refused by its name", "[data][csv][errors]") {
  using namespace std::string_literals;
  CHECK(error_in("\xFF\xFE\x61\0\n\0"s) ==
        ": the file must be text in UTF-8, got UTF-16, by its first 2 bytes");
  CHECK(error_in("\xFE\xFF\0a"s) == ": the file must be text in UTF-8, got UTF-16, by its first 2 bytes");
  CHECK(error_in("\xFF\xFE\0\0a\0\0\0"s) ==
        ": the file must be text in UTF-8, got UTF-32, by its first 4 bytes");
  CHECK(error_in("\x1F\x8B\x08"s) == ": the file must be text in UTF-8, got gzip, by its first 2 bytes");
}

TEST_CASE("a byte that is none of UTF-8 is named with its line", "[data][csv][errors]") {
  CHECK(error_in("name,a\nJosé,1\nJos\xE9,2\n") ==
        ":3:4: the file must be in UTF-8, got the byte 0xe9, which is none of UTF-8 here but may be Latin-1; "
        "iconv "
        "-f LATIN1 -t UTF-8 converts it");
  // Cut, longer than need be, a surrogate, and beyond U+10FFFF.
  const auto bytes = GENERATE(as<std::string>{}, "\xE2\x82", "\xC0\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
                              "\xF4\x90\x80\x80", "\x80", "\xFF");
  CHECK_THAT(error_in("name\n" + bytes + "\n"), ContainsSubstring(":2:1: the file must be in UTF-8"));
}

TEST_CASE("text in UTF-8 is read as it is", "[data][csv]") {
  const TemporaryPath file("\xEF\xBB\xBFnäme\n€\n\xF0\x9F\x8C\x8D\n");
  CHECK(read_csv(file).class_labels("näme").class_names == Texts{"€", "\xF0\x9F\x8C\x8D"});
}

TEST_CASE("a NUL byte is named with its line", "[data][csv][errors]") {
  using namespace std::string_literals;
  CHECK(error_in("a,b\n1,2\n3,\0\n"s) == ":3:3: the file must be text in UTF-8, got a NUL byte");
}

TEST_CASE("a single column that another delimiter would part is told", "[data][csv][errors]") {
  CHECK(error_in("a;b;c\n1;2;x\n3;4;y\n") ==
        ":2: fields must be separated by ',', got a single column of text; ';' makes 3 columns of it: set "
        "CsvOptions::delimiter, or name the column in CsvOptions::text if it is one");
  CHECK(error_in("a\tb\n1\t2\n") ==
        ":2: fields must be separated by ',', got a single column of text; a tab makes 2 columns of it: set "
        "CsvOptions::delimiter, or name the column in CsvOptions::text if it is one");
  CHECK(error_in("a  b\n1 2\n") ==
        ":2: fields must be separated by ',', got a single column of text; a run of blanks makes 2 columns "
        "of it: set "
        "CsvOptions::delimiter and CsvOptions::merge_delimiters, or name the column in CsvOptions::text if "
        "it is "
        "one");
  CHECK(error_in("a;b\n1,5;2,5\n") ==
        ":2: every line must have 1 fields, as the first has, got 3; ';' makes 2 columns of it: set "
        "CsvOptions::delimiter");
}

TEST_CASE("quotes between other delimiters are told with them", "[data][csv][errors]") {
  CHECK(error_in("\"a\";\"b\"\n1;2\n") ==
        ":1:4: after a quoted field there must be a delimiter or the end of the line, got ';\"b\"'; quotes "
        "inside "
        "it are written twice; ';' makes 2 columns of it: set CsvOptions::delimiter");
}

TEST_CASE("a single column of text is read where no delimiter parts it, or it is named", "[data][csv]") {
  const TemporaryPath words("name\nAda Lovelace\nAlan Turing\n"), parted("a;b\nx;y\n");
  CHECK(read_csv(words).class_labels("name").class_names == Texts{"Ada Lovelace", "Alan Turing"});
  CHECK(read_csv(parted, {.text = {"a;b"}}).class_labels("a;b").class_names == Texts{"x;y"});
}

}  // namespace csv_dialects_test
