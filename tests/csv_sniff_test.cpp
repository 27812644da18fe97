// SPDX-License-Identifier: BSD-3-Clause
#include "files.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_csv;

namespace csv_sniff_test {
namespace {

using Texts = std::vector<std::string>;

std::string described(std::string_view text) {
  const TemporaryPath file(text);
  return data::sniff_csv(file).description;
}

}  // namespace

TEST_CASE("what is sniffed reads the file", "[data][csv][sniff]") {
  const TemporaryPath file(
      "# made by hand\nStation North\nexported today\ntime;depth;kind\n1;2,5;x\n2;1.003,25;y\n3;3,5;x\n");
  const auto [options, description] = data::sniff_csv(file);
  CHECK(
      description ==
      "3 columns separated by ';', decimal commas, thousands separated by '.', 3 lines before, comments that "
      "begin with '#', a header");
  const auto table = read_csv(file, options);
  CHECK(table.columns() == Texts{"time", "depth", "kind"});
  CHECK_THAT(values(table.take_columns<double>({{"time"}, {"depth"}})),
             AllClose({1, 2.5, 2, 1003.25, 3, 3.5}, 0));
}

TEST_CASE("sniff_csv tells delimiters and headers", "[data][csv][sniff]") {
  const auto [text, description] = GENERATE(table<std::string, std::string>({
      {"a,b\n1,2\n", "2 columns separated by ',', a header"},
      {"1,2\n3,4\n", "2 columns separated by ',', no header"},
      {"a\tb\tc\n1\t2\tx, y\n", "3 columns separated by a tab, a header"},
      {"a|b\n1|x;y\n", "2 columns separated by '|', a header"},
      {"  1   2.5  3\n 10  3.5  4\n", "3 columns separated by a run of blanks, no header"},
      {"1,5;2,5\n3,5;4,5\n", "2 columns separated by ';', decimal commas, no header"},
      {"\"a\";\"b\"\n\"x;\"\"y\";1\n", "2 columns separated by ';', a header"},
      {"a,b\n\"1,234\",\"2,345.5\"\n", "2 columns separated by ',', thousands separated by ',', a header"},
      {"a,b\n1,1 234\n", "2 columns separated by ',', thousands separated by ' ', a header"},
      {"a;b\n1;1 234,5\n",
       "2 columns separated by ';', decimal commas, thousands separated by ' ', a header"},
      {"e,x,s\np,x,y\n", "3 columns separated by ',', no header"},
      {"when,what\n2026-01-01 12:00,7\n2026-01-02 12:00,8\n", "2 columns separated by ',', a header"},
      {"name\nAda Lovelace\n", "1 column, a header"},
      {"one, two\nthree, four\nfive\nsix, seven\n", "1 column, a header"},
      {"a,b,\n1,2,\n", "2 columns separated by ',', a header"},
      {"a,b\r1,2\r", "2 columns separated by ',', a header"},
      {"\xEF\xBB\xBF"
       "1;2\n",
       "2 columns separated by ';', no header"},
  }));
  CHECK(described(text) == description);
}

TEST_CASE("what cannot be sniffed is refused as by read_csv", "[data][csv][sniff][errors]") {
  const auto error = [](std::string_view text) {
    const TemporaryPath file(text);
    return file_error("sniff_csv", file, [](const std::string& path) { data::sniff_csv(path); });
  };
  CHECK(error("\n\n") == ": the file must hold rows of numbers or text, got none");
  CHECK(error("a,\"b\n1,2\n") == ":1:3: a quoted field must end with a quote, got the end of the file");
  CHECK_THAT(error("a,b\nJos\xE9,1\n"),
             ContainsSubstring(":2:4: the file must be in UTF-8, got the byte 0xe9"));
}

}  // namespace csv_sniff_test
