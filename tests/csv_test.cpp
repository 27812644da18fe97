// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <fstream>
#include <random>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_csv;

namespace {

// A path in the system's directory for temporary files; what is there afterwards is removed.
class TemporaryPath {
 public:
  TemporaryPath()
      : path_(std::filesystem::temp_directory_path() /
              ("xtape_csv_test_" + std::to_string(std::random_device()()) + ".csv")) {}
  explicit TemporaryPath(std::string_view text) : TemporaryPath() {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryPath() { std::filesystem::remove(path_); }
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;

  operator std::string() const { return path_.string(); }
  std::string operator+(const std::string& text) const { return path_.string() + text; }

 private:
  std::filesystem::path path_;
};

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

TEST_CASE("a missing file and a directory are named with the system's reason", "[data][csv][errors]") {
  const TemporaryPath path;
  CHECK(error_of(path) ==
        "read_csv: " + (path + ": the file must be readable, got: No such file or directory"));
  std::filesystem::create_directory(std::string(path));
  CHECK(error_of(path) == "read_csv: " + (path + ": the file must be readable, got: Is a directory"));
}

TEST_CASE("a file without rows of numbers is refused", "[data][csv][errors]") {
  const std::string text = " the file must hold rows of numbers, got none";
  CHECK(error_in("") == text);
  CHECK(error_in("\n \n\r\n") == text);
  CHECK(error_in("a,b\n") == text);
  CHECK(error_in("a,b\n\n") == text);
  CHECK(error_in("", {.header = false}) == text);
}

TEST_CASE("a field that is not a finite number is named with line, column and text", "[data][csv][errors]") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"a,b\n1,2\n3,4x\n", "3:3: column 'b' must hold finite numbers, got '4x'"},
      {"a,b\n\n1,\n", "3:3: column 'b' must hold finite numbers, got ''"},
      {"a,b\r\n1, two \r\n", "2:3: column 'b' must hold finite numbers, got ' two '"},
      {"a,b\nnan,1\n", "2:1: column 'a' must hold finite numbers, got 'nan'"},
      {"a,b\n1,-inf\n", "2:3: column 'b' must hold finite numbers, got '-inf'"},
      {"a,b\n1,1e999\n", "2:3: column 'b' must hold finite numbers, got '1e999'"},
      {"a,b\n\"1\",2\n", "2:1: column 'a' must hold finite numbers, got '\"1\"'"},
      {"a,b\n1,2 3\n", "2:3: column 'b' must hold finite numbers, got '2 3'"},
      {"a,b\n1,0x10\n", "2:3: column 'b' must hold finite numbers, got '0x10'"},
      {"a,b\n1,+-2\n", "2:3: column 'b' must hold finite numbers, got '+-2'"},
      {"a,b\n1,--2\n", "2:3: column 'b' must hold finite numbers, got '--2'"},
      {"a,b\n1,+\n", "2:3: column 'b' must hold finite numbers, got '+'"},
      {"a,b\n1,1.5e\n", "2:3: column 'b' must hold finite numbers, got '1.5e'"},
  }));
  CHECK(error_in(text) == message);
}

TEST_CASE("a header taken for numbers is named", "[data][csv][errors]") {
  CHECK(error_in("a,b\n1,2\n", {.header = false}) == "1:1: column '0' must hold finite numbers, got 'a'");
}

TEST_CASE("a line with too few or too many fields is named", "[data][csv][errors]") {
  CHECK(error_in("a,b\n1,2\n3\n") == "3: every line must have 2 fields, as the first has, got 1");
  CHECK(error_in("a,b\n\n1,2,3\n") == "3: every line must have 2 fields, as the first has, got 3");
  CHECK(error_in("a,b\n1,2,\n") == "2: every line must have 2 fields, as the first has, got 3");
  CHECK(error_in("a,b\n\"1,5\",2\n") == "2: every line must have 2 fields, as the first has, got 3");
  CHECK(error_in("1,2\n3,4,5\n", {.header = false}) ==
        "2: every line must have 2 fields, as the first has, got 3");
}

TEST_CASE("a column name that stands twice is named", "[data][csv][errors]") {
  CHECK(error_in("\na,b, a \n1,2,3\n") == "2: column names must be distinct, got 'a' twice");
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
