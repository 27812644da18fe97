// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include <array>

#include "files.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_csv;

namespace csv_test {
namespace {

std::string error_of(const std::string& path, const data::CsvOptions& options = {}) {
  try {
    read_csv(path, options);
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

// What read_csv says about a file of this text, behind the path.
std::string error_in(std::string_view text, const data::CsvOptions& options = {}) {
  const TemporaryPath file(text);
  const std::string message = error_of(file, options), prefix = "read_csv: " + (file + ":");
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

// What `ask` says of a table with this text, as "<function>: <line>:<column>: ...".
template <class Ask>
std::string answer(std::string_view text, Ask ask, const data::CsvOptions& options = {}) {
  const TemporaryPath file(text);
  const data::CsvTable table = read_csv(file, options);
  try {
    ask(table);
  } catch (const FileError& error) {
    std::string message = error.what();
    const std::string path = file + ":";
    const auto at = message.find(path);
    return at == std::string::npos ? "without the file: " + message : message.erase(at, path.size());
  }
  return "no FileError";
}

std::vector<std::string> texts(const std::vector<data::FeatureColumn>& columns) {
  std::vector<std::string> result;
  for (const auto& [column, category] : columns)
    result.push_back(category ? column + "=" + *category : column);
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a table has the rows and columns of its file", "[data][csv]") {
  const TemporaryPath file("length,width,kind\n1,2.5,0\n-3e2,.5,1\n");
  const auto table = read_csv(file);
  CHECK(table.rows() == 2);
  CHECK(table.columns() == std::vector<std::string>{"length", "width", "kind"});
  CHECK(table.values().shape() == Shape{2, 3});
  CHECK_THAT(values(table.values()), AllClose({1, 2.5, 0, -300, 0.5, 1}, 0));
}

TEST_CASE("features are all columns but one, and labels that one", "[data][csv]") {
  const TemporaryPath file("a,label,b\n1,7,2\n3,0,4\n");
  const auto table = read_csv(file);
  const Array<float> features = table.features<float>("label");
  CHECK(features.shape() == Shape{2, 2});
  CHECK_THAT(values(features), AllClose({1, 2, 3, 4}, 0));
  CHECK_THAT(values(table.features<double>("b")), AllClose({1, 7, 3, 0}, 0));
  const Array<std::int64_t> labels = table.labels("label");
  CHECK(labels.shape() == Shape{2});
  CHECK_THAT(values(labels), AllClose({7, 0}, 0));
}

TEST_CASE("lines may end in CRLF, be blank, and the last may have no end", "[data][csv]") {
  const TemporaryPath file("a,b\r\n\r\n1,2\r\n   \r\n\n3,4");
  const auto table = read_csv(file);
  CHECK(table.columns() == std::vector<std::string>{"a", "b"});
  CHECK_THAT(values(table.values()), AllClose({1, 2, 3, 4}, 0));
}

TEST_CASE("spaces around names and numbers are passed over", "[data][csv]") {
  const TemporaryPath file("  first name ,\tb\n 1 ,\t2\n");
  const auto table = read_csv(file);
  CHECK(table.columns() == std::vector<std::string>{"first name", "b"});
  CHECK_THAT(values(table.values()), AllClose({1, 2}, 0));
}

TEST_CASE("without a header columns are named by number", "[data][csv]") {
  const TemporaryPath file("1;2\n3;4\n");
  const auto table = read_csv(file, {.delimiter = ';', .header = false});
  CHECK(table.columns() == std::vector<std::string>{"0", "1"});
  CHECK_THAT(values(table.values()), AllClose({1, 2, 3, 4}, 0));
  CHECK_THAT(values(table.labels("1")), AllClose({2, 4}, 0));
}

TEST_CASE("numbers are read to the last bit, in every usual form", "[data][csv]") {
  const TemporaryPath file(
      "x\n0.1\n+5\n-0\n1e-3\n1E+2\n3.\n123456789012345678\n5e-324\n1.7976931348623157e308\n");
  CHECK_THAT(values(read_csv(file).values()),
             AllClose({0.1, 5, 0, 1e-3, 100, 3, 123456789012345678.0, 5e-324, 1.7976931348623157e308}, 0));
}

TEST_CASE("a number too small for a double is zero", "[data][csv]") {
  const TemporaryPath file("x\n1e-400\n-1e-5000\n");
  CHECK_THAT(values(read_csv(file).values()), AllClose({0, 0}, 0));
}

TEST_CASE("a tab may be the delimiter", "[data][csv]") {
  const TemporaryPath file("a\tb\n1\t 2\n");
  CHECK_THAT(values(read_csv(file, {.delimiter = '\t'}).values()), AllClose({1, 2}, 0));
}

TEST_CASE("a pipe is read to its end", "[data][csv]") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const std::string_view text = "a,b\n1,2\n";
  REQUIRE(::write(pipe[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(pipe[1]);
  CHECK_THAT(values(read_csv("/dev/fd/" + std::to_string(pipe[0])).values()), AllClose({1, 2}, 0));
  ::close(pipe[0]);
}

TEST_CASE("a missing file and a directory are named with the system's reason", "[data][csv][errors]") {
  const TemporaryPath path;
  CHECK(error_of(path) ==
        "read_csv: " + (path + ": the file must be readable, got: No such file or directory"));
  std::filesystem::create_directory(std::string(path));
  CHECK(error_of(path) == "read_csv: " + (path + ": the file must be readable, got: Is a directory"));
}

TEST_CASE("a file without rows of numbers is refused", "[data][csv][errors]") {
  const std::string text = " the file must hold rows of numbers or text, got none";
  CHECK(error_in("") == text);
  CHECK(error_in("\n \n\r\n") == text);
  CHECK(error_in("a,b\n") == text);
  CHECK(error_in("a,b\n\n") == text);
  CHECK(error_in("", {.header = false}) == text);
}

TEST_CASE("a field that is not a finite number is named with line, column and text", "[data][csv][errors]") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"a,b\n1,2\n3,4x\n", "3:3: column 'b' must hold finite numbers, got '4x'"},
      {"a,b\r\n1, two \r\n", "2:3: column 'b' must hold finite numbers, got ' two '"},
      {"a,b\nNan,1\n",
       "2:1: column 'a' must hold finite numbers, got 'Nan'; to read what is missing as NaN set "
       "CsvOptions::missing"},
      {"a,b\n1,-inf\n",
       "2:3: column 'b' must hold finite numbers, got '-inf'; to read it as an infinity or as missing set "
       "CsvOptions::infinities"},
      {"a,b\n1,1e999\n",
       "2:3: column 'b' must hold finite numbers, got '1e999'; to read it as an infinity or as missing set "
       "CsvOptions::infinities"},
      {"a,b\n1,2 3\n", "2:3: column 'b' must hold finite numbers, got '2 3'"},
      {"a,b\n1,0x10\n", "2:3: column 'b' must hold finite numbers, got '0x10'"},
      {"a,b\n1,+-2\n", "2:3: column 'b' must hold finite numbers, got '+-2'"},
      {"a,b\n1,--2\n", "2:3: column 'b' must hold finite numbers, got '--2'"},
      {"a,b\n1,+\n", "2:3: column 'b' must hold finite numbers, got '+'"},
      {"a,b\n1,1.5e\n", "2:3: column 'b' must hold finite numbers, got '1.5e'"},
      {"a,b\n1,\"2,\n5\"\n", "2:3: column 'b' must hold finite numbers, got '2,\n5'"},
      {"\"a\n\",b\n\"\n\n\",x\n", "5:3: column 'b' must hold finite numbers, got 'x'"},
  }));
  if (text.starts_with("\"a")) {
    CHECK(answer(text, [](const data::CsvTable& t) { t.features<float>("a\n"); }) ==
          "CsvTable::features: " + message);
  } else {
    CHECK(answer(text, [](const data::CsvTable& t) { t.values(); }) == "CsvTable::values: " + message);
    const char* const other = message.find("'a'") != std::string::npos ? "b" : "a";
    CHECK(answer(text, [&](const data::CsvTable& t) { t.features<float>(other); }) ==
          "CsvTable::features: " + message);
  }
}

TEST_CASE("a header taken for numbers is named", "[data][csv][errors]") {
  CHECK(answer("a,b\n1,2\n", [](const data::CsvTable& t) { t.values(); }, {.header = false}) ==
        "CsvTable::values: 1:1: column '0' must hold finite numbers, got 'a'");
}

TEST_CASE("text is no error where no numbers are asked of it", "[data][csv]") {
  const TemporaryPath file("name,a,kind\nx,1,0\ny,2,1\n");
  const auto table = read_csv(file);
  CHECK(table.is_text("name"));
  CHECK_FALSE(table.is_text("a"));
  CHECK(table.rows() == 2);
  CHECK_THAT(values(table.labels("kind")), AllClose({0, 1}, 0));
  CHECK_THAT(values(table.take_columns<double>({{"a"}, {"kind"}})), AllClose({1, 0, 2, 1}, 0));
}

TEST_CASE("quotes hold delimiters, ends of lines and doubled quotes", "[data][csv]") {
  const TemporaryPath file(
      "\"a,1\",\"b\"\"c\"\n\"x, y\",\"two\r\nlines\"\n \"say \"\"no\"\"\" ,\"\"\"\"\"\"\nab\"c,\" z \"\n");
  const auto table = read_csv(file);
  CHECK(table.columns() == Texts{"a,1", "b\"c"});
  CHECK(table.class_labels("a,1").class_names == Texts{"ab\"c", "say \"no\"", "x, y"});
  CHECK(table.class_labels("b\"c").class_names == Texts{" z ", "\"\"", "two\r\nlines"});
  CHECK_THAT(values(table.class_labels("a,1").class_indices), AllClose({2, 1, 0}, 0));
}

TEST_CASE("numbers may stand in quotes, and lines are counted inside them", "[data][csv]") {
  const TemporaryPath file("a,b\n\"1\",\" 2 \"\n\"3\",4\n");
  CHECK_THAT(values(read_csv(file).values()), AllClose({1, 2, 3, 4}, 0));
  CHECK(error_in("a,b\n\"1\n\n\",2\n3\n") == "5: every line must have 2 fields, as the first has, got 1");
}

TEST_CASE("the quote may be another character, or none", "[data][csv]") {
  const TemporaryPath file("a,b\n'1,5',\"2\"\n");
  CHECK(read_csv(file, {.quote = '\''}).class_labels("a").class_names == Texts{"1,5"});
  CHECK(read_csv(file, {.quote = '\''}).class_labels("b").class_names == Texts{"\"2\""});
  const TemporaryPath open("a,b\n\"x,\"y\"\n");
  CHECK(read_csv(open, {.quote = '\0'}).class_labels("a").class_names == Texts{"\"x"});
}

TEST_CASE("a quote that is not closed, or not at the end of its field, is named", "[data][csv][errors]") {
  CHECK(error_in("a,b\n1,\"2\n3,4\n") ==
        "2:3: a quoted field must end with a quote, got the end of the file");
  CHECK(error_in("a,b\n1,\"2\"\"") == "2:3: a quoted field must end with a quote, got the end of the file");
  CHECK(
      error_in("a,b\n1,\"2\" x\n") ==
      "2:7: after a quoted field there must be a delimiter or the end of the line, got 'x'; quotes inside it "
      "are written twice");
  CHECK(error_in("a,b\n\"1\n\"2,3\n") ==
        "3:2: after a quoted field there must be a delimiter or the end of the line, got '2,3'; quotes "
        "inside it "
        "are written twice");
}

TEST_CASE("delimiters and quotes that cannot be told apart are refused", "[data][csv][errors]") {
  const TemporaryPath file("a\n1\n");
  CHECK_THROWS_AS(read_csv(file, {.delimiter = '"'}), ArgumentError);
  CHECK_THROWS_WITH(
      read_csv(file, {.delimiter = '"'}),
      "read_csv: delimiter and quote must be distinct and not the end of a line, got '\"' and '\"'");
  CHECK_THROWS_AS(read_csv(file, {.delimiter = '\n'}), ArgumentError);
  CHECK_THROWS_AS(read_csv(file, {.quote = '\r'}), ArgumentError);
}

TEST_CASE("a missing number is an error that says so, or NaN", "[data][csv][missing]") {
  const std::string text = "a,b,kind\n1,?,0\n,2,1\nNA,nan,0\n";
  const auto all = [](const data::CsvTable& t) { t.features<float>("kind"); };
  CHECK(answer(text, all) ==
        "CsvTable::features: 3:1: column 'a' must hold finite numbers, got ''; to read what is missing as "
        "NaN set "
        "CsvOptions::missing");
  CHECK(
      answer(text, [](const data::CsvTable& t) { t.take_columns<float>({{"b"}}); }) ==
      "CsvTable::take_columns: 2:3: column 'b' must hold finite numbers, got '?'; to read what is missing as "
      "NaN set "
      "CsvOptions::missing");
  CHECK(answer(text, [](const data::CsvTable& t) { t.labels("kind"); }) == "no FileError");

  const TemporaryPath file(text);
  const auto table = read_csv(file, {.missing = data::Missing::nan});
  CHECK_THAT(values(table.features<float>("kind")), AllClose({1, NaN, NaN, 2, NaN, NaN}, 0));
  CHECK_THAT(values(table.values()), AllClose({1, NaN, 0, NaN, 2, 1, NaN, NaN, 0}, 0));
}

TEST_CASE("what is missing may be written in any way, as a number too", "[data][csv][missing]") {
  const TemporaryPath file("a,b\n-999,x\n2,\"-999\"\n -,y\n");
  const auto table = read_csv(file, {.missing_spellings = {"-999", "-"}, .missing = data::Missing::nan});
  CHECK_THAT(values(table.take_columns<double>({{"a"}})), AllClose({NaN, 2, NaN}, 0));
  CHECK(texts(table.one_hot_columns("b")) == Texts{"b=x", "b=y"});
  CHECK(read_csv(file, {.missing_spellings = {}}).is_text("a"));
}

TEST_CASE("a label must not be missing", "[data][csv][missing][errors]") {
  const std::string text = "name,number\nx,1\n,2\n?,\n";
  for (const auto missing : {data::Missing::error, data::Missing::nan}) {
    const data::CsvOptions options{.missing = missing};
    CHECK(answer(
              text, [](const data::CsvTable& t) { t.class_labels("name"); }, options) ==
          "CsvTable::class_labels: 3:1: column 'name' must hold a class in every row, got ''");
    CHECK(answer(
              text, [](const data::CsvTable& t) { t.class_labels("number"); }, options) ==
          "CsvTable::class_labels: 4:3: column 'number' must hold a class in every row, got ''");
    CHECK(answer(
              text, [](const data::CsvTable& t) { t.labels("number"); }, options) ==
          "CsvTable::labels: 4:3: column 'number' must hold a class index in every row, got ''");
    CHECK(answer(
              text, [](const data::CsvTable& t) { t.class_indices("name", {"x"}); }, options) ==
          "CsvTable::class_indices: 3:1: column 'name' must hold a class in every row, got ''");
  }
}

TEST_CASE("class labels are the places of names in their sorted order", "[data][csv][labels]") {
  const TemporaryPath file("a,kind\n1,b\n2,c\n3, a\n4,b\n5,B\n");
  const data::LabelColumn labels = read_csv(file).class_labels("kind");
  CHECK(labels.class_names == Texts{"B", "a", "b", "c"});
  CHECK(labels.class_indices.shape() == Shape{5});
  CHECK_THAT(values(labels.class_indices), AllClose({2, 3, 1, 2, 0}, 0));
}

TEST_CASE("class labels of numbers are sorted by value", "[data][csv][labels]") {
  const TemporaryPath file("kind,mixed\n10,10\n9,9\n-1.5,x\n9.0,9.0\n-0,1\n0,1\n");
  const auto table = read_csv(file);
  const data::LabelColumn labels = table.class_labels("kind");
  CHECK(labels.class_names == Texts{"-1.5", "-0", "0", "9", "9.0", "10"});
  CHECK_THAT(values(labels.class_indices), AllClose({5, 3, 0, 4, 1, 2}, 0));
  CHECK(table.class_labels("mixed").class_names == Texts{"1", "10", "9", "9.0", "x"});
}

TEST_CASE("another file's labels are the places of names known before", "[data][csv][labels]") {
  const TemporaryPath file("kind\nb\na\nb\n"), numbers("kind\n7\n3\n");
  CHECK_THAT(values(read_csv(file).class_indices("kind", {"c", "b", "a"})), AllClose({1, 2, 1}, 0));
  CHECK_THAT(values(read_csv(numbers).class_indices("kind", {"3", "5", "7"})), AllClose({2, 0}, 0));
  CHECK(answer("x,kind\n1,b\n\n1,a\n", [](const data::CsvTable& t) {
          t.class_indices("kind", {"c", "b"});
        }) == "CsvTable::class_indices: 4: column 'kind' must hold one of the classes c, b, got 'a'");
  const auto table = read_csv(file);
  CHECK_THROWS_AS(table.class_indices("kind", {"a", "a"}), ArgumentError);
  CHECK_THROWS_WITH(table.class_indices("kind", {"a", "a"}),
                    "CsvTable::class_indices: class_names must be distinct, got one twice among a, a");
}

TEST_CASE("labels of names say what takes them", "[data][csv][labels][errors]") {
  CHECK(answer("a,kind\n1,0\n2,cat\n", [](const data::CsvTable& t) { t.labels("kind"); }) ==
        "CsvTable::labels: 3:3: column 'kind' must hold whole numbers from 0 on, got 'cat'; class_labels "
        "takes names");
}

TEMPLATE_TEST_CASE("columns of text become a column per category", "[data][csv][one_hot]", float, double) {
  const TemporaryPath file("length,color,kind,size\n1.5,red,x,L\n2,blue,y,M\n3,red,x,L\n");
  const auto table = read_csv(file);
  const auto columns = table.feature_columns("kind");
  CHECK(texts(columns) == Texts{"length", "color=blue", "color=red", "size=L", "size=M"});
  const Array<TestType> features = table.take_columns<TestType>(columns);
  CHECK(features.shape() == Shape{3, 5});
  CHECK_THAT(values(features), AllClose({1.5, 0, 1, 1, 0, 2, 1, 0, 0, 1, 3, 0, 1, 1, 0}, 0));

  const TemporaryPath test("size,color,length\nM,red,7\n");
  CHECK_THAT(values(read_csv(test).take_columns<TestType>(columns)), AllClose({7, 0, 1, 0, 1}, 0));
}

TEST_CASE("numbers may be categories too", "[data][csv][one_hot]") {
  const TemporaryPath file("zip,a\n10,1\n9,2\n10,3\n");
  const auto table = read_csv(file);
  auto columns = table.one_hot_columns("zip");
  CHECK(texts(columns) == Texts{"zip=9", "zip=10"});
  columns.push_back({"zip"});
  CHECK_THAT(values(table.take_columns<double>(columns)), AllClose({0, 1, 10, 1, 0, 9, 0, 1, 10}, 0));
}

TEST_CASE("a missing category is an error, or a row of zeros", "[data][csv][one_hot][missing]") {
  const std::string text = "color,number\nred,1\n?,\nblue,2\n";
  CHECK(answer(text, [](const data::CsvTable& t) { t.take_columns<float>(t.one_hot_columns("color")); }) ==
        "CsvTable::take_columns: 3:1: column 'color' must hold a category in every row, got '?'");
  const TemporaryPath file(text);
  const auto table = read_csv(file, {.missing = data::Missing::nan});
  CHECK_THAT(values(table.take_columns<double>(table.one_hot_columns("color"))),
             AllClose({0, 1, 0, 0, 1, 0}, 0));
  CHECK_THAT(values(table.take_columns<double>(table.one_hot_columns("number"))),
             AllClose({1, 0, 0, 0, 0, 1}, 0));
}

TEST_CASE("categories that were not asked for, or twice, are named", "[data][csv][one_hot][errors]") {
  CHECK(answer("color\nred\nblue\n",
               [](const data::CsvTable& t) {
                 t.take_columns<float>({{"color", "red"}, {"color", "green"}});
               }) ==
        "CsvTable::take_columns: 3: column 'color' must hold one of the categories asked for, got 'blue'");
  const TemporaryPath file("color\nred\n");
  const auto table = read_csv(file);
  CHECK_THROWS_AS(table.take_columns<float>({{"color", "red"}, {"color", "red"}}), ArgumentError);
  CHECK_THROWS_WITH(
      table.take_columns<float>({{"color", "red"}, {"color", "red"}}),
      "CsvTable::take_columns: columns must be distinct, got category 'red' of column 'color' twice");
  CHECK_THROWS_AS(table.take_columns<float>({{"length", {}}, {"color", "red"}}), ArgumentError);
  CHECK_THROWS_AS(table.feature_columns("length"), ArgumentError);
  CHECK_THROWS_AS(table.one_hot_columns("length"), ArgumentError);
  CHECK_THROWS_AS(table.is_text("length"), ArgumentError);
}

TEST_CASE("a number too large for float is named and not made an infinity", "[data][csv][errors]") {
  const std::string text = "a,b\n0,1\n0,1e39\n";
  CHECK(answer(text, [](const data::CsvTable& t) { t.features<double>("a"); }) == "no FileError");
  CHECK(answer(text, [](const data::CsvTable& t) { t.features<float>("a"); }) ==
        "CsvTable::features: 3: column 'b' must hold numbers up to 3.4028235e+38, got 1e+39");
}

TEST_CASE("empty fields between tabs are fields", "[data][csv]") {
  const TemporaryPath file("a\tb\n\t\n1\t2\n \n");
  const auto table = read_csv(file, {.delimiter = '\t', .missing = data::Missing::nan});
  CHECK_THAT(values(table.values()), AllClose({NaN, NaN, 1, 2}, 0));
}

TEST_CASE("a line with too few or too many fields is named", "[data][csv][errors]") {
  CHECK(error_in("a,b\n1,2\n3\n") == "3: every line must have 2 fields, as the first has, got 1");
  CHECK(error_in("a,b\n\n1,2,3\n") == "3: every line must have 2 fields, as the first has, got 3");
  CHECK(error_in("a,b\n1,2,\n") == "2: every line must have 2 fields, as the first has, got 3");
  CHECK(error_in("1,2\n3,4,5\n", {.header = false}) ==
        "2: every line must have 2 fields, as the first has, got 3");
}

TEST_CASE("a column name that stands twice is named", "[data][csv][errors]") {
  CHECK(error_in("\na,b, a \n1,2,3\n") ==
        "2: column names must be distinct, got 'a' twice; CsvOptions::number_repeated_names numbers them");
}

TEST_CASE("labels that are not whole numbers from 0 on are named with their line", "[data][csv][errors]") {
  const TemporaryPath file("half,minus,large,good\n\n0,0,9007199254740991,0\n2.5,-1,9007199254740992,-0\n");
  const auto table = read_csv(file);
  const std::string where = "CsvTable::labels: " + (file + ":4: column '");
  CHECK_THROWS_AS(table.labels("half"), FileError);
  CHECK_THROWS_WITH(table.labels("half"), where + "half' must hold whole numbers from 0 on, got 2.5");
  CHECK_THROWS_WITH(table.labels("minus"), where + "minus' must hold whole numbers from 0 on, got -1");
  CHECK_THROWS_AS(table.labels("large"), FileError);
  CHECK_THAT(values(table.labels("good")), AllClose({0, 0}, 0));
}

TEST_CASE("a column that is not there is refused with those that are", "[data][csv][errors]") {
  const TemporaryPath file("a,b\n1,2\n");
  const auto table = read_csv(file);
  CHECK_THROWS_AS(table.labels("c"), ArgumentError);
  CHECK_THROWS_WITH(table.labels("c"),
                    "CsvTable::labels: " + (file + " must have a column 'c', got columns a, b"));
  CHECK_THROWS_WITH(table.features<float>("A"),
                    "CsvTable::features: " + (file + " must have a column 'A', got columns a, b"));
}

TEST_CASE("read_csv passes over a byte order mark", "[data][csv]") {
  const TemporaryPath file("\xEF\xBB\xBFlabel,a\n1,2\n");
  const auto table = read_csv(file);
  CHECK(table.columns() == std::vector<std::string>{"label", "a"});
}

}  // namespace csv_test
