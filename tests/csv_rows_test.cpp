// SPDX-License-Identifier: BSD-3-Clause
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>

#include "files.hpp"
#include "matchers.hpp"
#include "memory_file.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::CsvRows;
using data::CsvTable;
using data::read_csv;

namespace csv_rows_test {
namespace {

using Texts = std::vector<std::string>;
using Tables = std::vector<CsvTable>;

Tables pieces_of(CsvRows& rows, std::size_t size) {
  Tables tables;
  while (auto table = rows.next(size)) tables.push_back(*std::move(table));
  return tables;
}

// What tables answer together: texts that all of them have, and numbers one behind the other; or an error.
struct Answer {
  Texts texts;
  std::vector<double> numbers;
  std::string error;

  bool operator==(const Answer& other) const {
    return texts == other.texts && error == other.error && numbers.size() == other.numbers.size() &&
           (numbers.empty() ||
            std::memcmp(numbers.data(), other.numbers.data(), numbers.size() * sizeof(double)) == 0);
  }
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  for (const std::string& text : answer.texts) out << '"' << text << "\" ";
  for (const double number : answer.numbers) out << number << ' ';
  return out << answer.error;
}

template <class Ask>
Answer answer_of(const Tables& tables, Ask ask) {
  Answer together;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Answer answer;
    try {
      answer = ask(tables[i]);
    } catch (const FileError& error) {
      return {{}, {}, error.what()};
    }
    if (i > 0 && answer.texts != together.texts) return {{}, {}, "tables have different texts"};
    together.texts = answer.texts;
    together.numbers.insert(together.numbers.end(), answer.numbers.begin(), answer.numbers.end());
  }
  return together;
}

Texts texts_of(const std::vector<data::FeatureColumn>& columns) {
  Texts texts;
  for (const auto& [column, category] : columns) {
    texts.push_back(column);
    texts.push_back(category ? "is " + *category : "number");
  }
  return texts;
}

// Everything that a column can be asked.
std::vector<std::function<Answer(const CsvTable&)>> questions(const std::string& column) {
  return {
      [=](const CsvTable& table) {
        return Answer{{table.is_text(column) ? "text" : "numbers"}, {}, ""};
      },
      [=](const CsvTable& table) {
        return Answer{table.columns(), values(table.take_columns<double>({{column}})), ""};
      },
      [=](const CsvTable& table) {
        return Answer{{}, values(table.labels(column)), ""};
      },
      [=](const CsvTable& table) {
        const auto [indices, names] = table.class_labels(column);
        return Answer{names, values(indices), ""};
      },
      [=](const CsvTable& table) {
        const auto columns = table.one_hot_columns(column);
        return Answer{texts_of(columns), values(table.take_columns<float>(columns)), ""};
      },
      [=](const CsvTable& table) {
        return Answer{texts_of(table.feature_columns(column)), {}, ""};
      },
  };
}

void check_same(const Tables& whole, const Tables& pieces) {
  for (const std::string& column : whole[0].columns()) {
    std::size_t number = 0;
    for (const auto& question : questions(column)) {
      INFO("column " << column << ", question " << number++);
      CHECK(answer_of(pieces, question) == answer_of(whole, question));
    }
    Texts classes;  // in the order that is not that of the codes
    try {
      classes = whole[0].class_labels(column).class_names;
    } catch (const FileError&) {
      continue;
    }
    std::reverse(classes.begin(), classes.end());
    const auto indices = [&](const CsvTable& table) {
      return Answer{{}, values(table.class_indices(column, classes)), ""};
    };
    CHECK(answer_of(pieces, indices) == answer_of(whole, indices));
  }
}

void check_pieces(const std::string& path, const data::CsvOptions& options) {
  Tables whole;
  whole.push_back(read_csv(path, options));
  CsvRows rows(path, options);
  CHECK(rows.rows() == whole[0].rows());
  for (const std::size_t size : {1U, 2U, 7U}) {
    INFO("pieces of " << size);
    rows.rewind();
    const Tables pieces = pieces_of(rows, size);
    CHECK(pieces.size() == (whole[0].rows() + size - 1) / size);
    for (const CsvTable& piece : pieces) CHECK(piece.columns() == whole[0].columns());
    check_same(whole, pieces);
  }
}

struct Written {
  std::string text;
  data::CsvOptions options = {};
};

// A file of every kind that read_csv takes.
std::vector<Written> files() {
  using data::Infinities;
  using data::Missing;
  return {
      {"length,width,kind\n1,2.5,0\n-3e2,.5,1\n5,6,2\n7,8,0\n"},
      {"a,b\r\n\r\n1,2\r\n   \r\n\n3,4"},
      {"  first name ,\tb\n 1 ,\t2\n"},
      {"1;2\n3;4\n5;x\n", {.delimiter = ';', .header = false}},
      {"a,kind\n1,b\n2,c\n3, a\n4,b\n5,B\n6,c\n7,b\n8,c\n"},
      {"kind,mixed\n10,10\n9,9\n-1.5,x\n9.0,9.0\n-0,1\n0,1\n"},
      {"\"a,1\",\"b\"\"c\"\n\"x, y\",\"two\r\nlines\"\n \"say \"\"no\"\"\" ,\"\"\"\"\"\"\nab\"c,\" z \"\n"},
      {"a,b\n\"1\",\" 2 \"\n\"3\",4\n\" 3\",5\n"},
      {"a,b\n'1,5',\"2\"\n", {.quote = '\''}},
      {"a,b\n1,?\n,2\nNA,nan\n3,4\n"},
      {"a,b\n1,?\n,2\nNA,nan\nnAn,4\n", {.missing = Missing::nan}},
      {"color,number\nred,1\n?,\nblue,2\nred,3\n", {.missing = Missing::nan}},
      {"a,b\n-999,x\n2,\"-999\"\n -,y\n", {.missing_spellings = {"-999", "-"}, .missing = Missing::nan}},
      {"a\ninf\n-Infinity\n1e999\n2\n", {.infinities = Infinities::number}},
      {"a\ninf\n-Infinity\n1e999\n2\n", {.infinities = Infinities::missing, .missing = Missing::nan}},
      {"a\n1\ninf\n2\nx\n", {.infinities = Infinities::missing}},
      {"a\n1\n2\ninf\n"},
      {"agent,zip\n7,1\n007,01\n07,1\n10,1.0\n-0,2\n0,2\n", {.text = {"zip"}, .numbers = {"agent"}}},
      {"id\n9007199254740991\n1\n9007199254740993\n2\n", {.numbers = {"id"}}},
      {"a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\nx\n12\n13\n14\n15\n16\n17\n18\n19\n"},
      {"  a   b\tc\n1  2   3\n  4\t 5 6   \n\n", {.delimiter = ' ', .merge_delimiters = true}},
      {"# made by hand\na,b # names\n  # nothing\n1,\"#2\"\n3,4#5\n", {.comment = '#'}},
      {"Station \"North\r\n\r\na,b\r\n1,2\r\n", {.skip_lines = 2}},
      {"a,b,\n1,2\n3,4\n"},
      {"a,b, \n1,2,\n3,4\n"},
      {"a,b,a,a.1,a\n1,2,3,4,5\n", {.number_repeated_names = true}},
      {"a,b\r1,2\r\r3,\"4\"\r"},
      {"\xEF\xBB\xBFnäme\n€\n\xF0\x9F\x8C\x8D\n\xEF\xBB\xBFx\n"},
      {"x,y\n\"1,234\",5%\n-2,50 %\n", {.thousands_separator = ",", .percent = true}},
      {"x;y\n1.234,5;a\n-2;b\n", {.delimiter = ';', .decimal_point = ',', .thousands_separator = "."}},
      {"name\nAda Lovelace\nAlan Turing\n"},
      {"a\n1e39\n0.1\n"},
  };
}

std::string error_of(const char* function, const std::string& path, const std::function<void()>& call) {
  return file_error(function, path, [&](const std::string&) { call(); });
}

// What next() says about a file that becomes another one of the same time, behind the path.
std::string error_after(std::string_view before, std::string_view after,
                        const data::CsvOptions& options = {}) {
  const MemoryFile file(before);
  CsvRows rows(file.path(), options);
  const auto time = std::filesystem::last_write_time(file.path());
  file.write(after);
  std::filesystem::last_write_time(file.path(), time);
  return error_of("CsvRows", file.path(), [&] { pieces_of(rows, 2); });
}

}  // namespace

TEST_CASE("pieces of a file are together what read_csv gives, bit for bit", "[data][csv][rows]") {
  for (const auto& [text, options] : files()) {
    INFO(text);
    check_pieces(MemoryFile(text).path(), options);
  }
}

TEST_CASE("pieces of a file larger than what is read at a time are what read_csv gives",
          "[data][csv][rows]") {
  std::string text = "number,name,text\r\n";
  for (int i = 0; i < 40000; ++i) {
    text += std::to_string(i) + "." + std::to_string(i % 7) + ",name " + std::to_string(i % 11) +
            ",\"two\r\nlines, \"\"" + std::to_string(i % 5) + "\"\"\"\r\n";
  }
  const MemoryFile file(text);
  Tables whole;
  whole.push_back(read_csv(file.path()));
  CsvRows rows(file.path());
  CHECK(rows.rows() == 40000U);
  const Tables pieces = pieces_of(rows, 9000);
  REQUIRE(pieces.size() == 5);
  CHECK(pieces[4].rows() == 4000);
  for (const char* column : {"name", "text"}) {
    const auto labels = [&](const CsvTable& table) {
      const auto [indices, names] = table.class_labels(column);
      return Answer{names, values(indices), ""};
    };
    CHECK(answer_of(pieces, labels) == answer_of(whole, labels));
  }
  const auto number = [](const CsvTable& t) {
    return Answer{{}, values(t.take_columns<double>({{"number"}})), ""};
  };
  CHECK(answer_of(pieces, number) == answer_of(whole, number));
}

TEST_CASE("a row may be longer than what is read at a time", "[data][csv][rows]") {
  const std::string name(1'000'000, 'x');
  const MemoryFile file("a,b\n1,2\n3,\"" + name + "\"\n5,6\n");
  CsvRows rows(file.path());
  const Tables pieces = pieces_of(rows, 1);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[1].class_labels("b").class_names == Texts{"2", "6", name});
}

TEST_CASE("rewound, rows come again from the first on, also from the middle", "[data][csv][rows]") {
  const MemoryFile file("a\n1\n2\n3\n");
  CsvRows rows(file.path());
  CHECK_THAT(values(rows.next(2)->values()), AllClose({1, 2}, 0));
  rows.rewind();
  CHECK_THAT(values(rows.next(1)->values()), AllClose({1}, 0));
  CHECK_THAT(values(rows.next(5)->values()), AllClose({2, 3}, 0));
  CHECK_FALSE(rows.next(5).has_value());
  CHECK_FALSE(rows.next(1).has_value());
  rows.rewind();
  CHECK_THAT(values(rows.next(3)->values()), AllClose({1, 2, 3}, 0));
  CHECK_FALSE(rows.next(1).has_value());
}

TEST_CASE("what reads rows is moved and goes on", "[data][csv][rows]") {
  const MemoryFile file("a\n1\n2\n3\n"), other("b\n7\n");
  CsvRows rows(file.path());
  CHECK_THAT(values(rows.next(1)->values()), AllClose({1}, 0));
  CsvRows moved = std::move(rows);
  CHECK_THAT(values(moved.next(1)->values()), AllClose({2}, 0));
  moved = CsvRows(other.path());
  CHECK_THAT(values(moved.next(1)->values()), AllClose({7}, 0));
}

TEST_CASE("a file that read_csv refuses is refused in the same words", "[data][csv][rows][errors]") {
  using namespace std::string_literals;
  const std::vector<Written> refused{
      {""},
      {"a,b\n\n"},
      {"", {.header = false}},
      {"a,b\n1,2\n3\n"},
      {"a,b\n1,2,\n"},
      {"a,b\n\"1\n\n\",2\n3\n"},
      {"a,b\n1,\"2\n3,4\n"},
      {"a,b\n1,\"2\" x\n"},
      {"a,b\n1,2\n\"1\n\"2,3\n"},
      {"\na,b, a \n1,2,3\n"},
      {"a;b;c\n1;2;x\n3;4;y\n"},
      {"\"a\";\"b\"\n1;2\n"},
      {"a;b\n1,5;2,5\n"},
      {"a\n1\nx\n", {.numbers = {"a"}}},
      {"name,a\nJosé,1\nJos\xE9,2\n"},
      {"a,b\n1,2\n3,\0\n"s},
      {"\xFF\xFE\x61\0\n\0"s},
      {"\x1F\x8B\x08"s},
      {"name\n\xE2\x82"},
  };
  for (const auto& [text, options] : refused) {
    INFO(text);
    const MemoryFile file(text);
    const std::string said =
        error_of("read_csv", file.path(), [&, &o = options] { read_csv(file.path(), o); });
    CHECK(said != "no FileError");
    CHECK(error_of("CsvRows", file.path(), [&, &o = options] { CsvRows(file.path(), o); }) == said);
  }
}

TEST_CASE("options that contradict each other are refused by name", "[data][csv][rows][errors]") {
  const MemoryFile file("a\n1\n");
  CHECK_THROWS_AS(CsvRows(file.path(), {.delimiter = '"'}), ArgumentError);
  CHECK_THROWS_WITH(
      CsvRows(file.path(), {.delimiter = '"'}),
      "CsvRows: delimiter and quote must be distinct and not the end of a line, got '\"' and '\"'");
  CHECK_THROWS_AS(CsvRows(file.path(), {.text = {"b"}}), ArgumentError);
  CsvRows rows(file.path());
  CHECK_THROWS_AS(rows.next(0), ArgumentError);
  CHECK_THROWS_WITH(rows.next(0), "CsvRows::next: rows must be at least 1, got 0");
}

TEST_CASE("rows are read of a regular file only", "[data][csv][rows][errors]") {
  const TemporaryDirectory directory;
  const std::string pipe = directory / "pipe", none = directory / "none";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(error_of("CsvRows", pipe, [&] { CsvRows rows(pipe); }) ==
        ": it must be a regular file, got a pipe or a device; read_csv reads it at once");
  CHECK(error_of("CsvRows", none, [&] { CsvRows rows(none); }) ==
        ": the file must be readable, got: No such file or directory");
}

TEST_CASE("a file that is written to between two passes is refused", "[data][csv][rows][errors]") {
  const std::string text = "a,b\n1,x\n2,y\n3,x\n";
  for (const std::string& other : {text + "4,y\n", text.substr(0, 12), std::string()}) {
    const MemoryFile file(text);
    CsvRows rows(file.path());
    file.write(other);
    const std::string said = error_of("CsvRows", file.path(), [&] { rows.next(1); });
    CHECK(said == ": the file must stay as it is while it is read, got one that was written to");
  }
}

TEST_CASE("a file that changes without a trace is refused where it contradicts what was found",
          "[data][csv][rows][errors]") {
  CHECK(error_after("a,b\n1,x\n2,y\n", "a,b\n1,x\nz,y\n") ==
        ":3:1: column 'a' must hold numbers, as when the file was read first, got 'z'");
  CHECK(error_after("a,b\n1,x\n2,y\n", "a,b\n1,x\n223\n") ==
        ":3: every line must have 2 fields, as the first has, got 1");
  CHECK(error_after("a\n1\n2\n3\n", "a\n1\n222\n") ==
        ": the file must have the 3 rows that it had when it was read first, got 2");
  CHECK(error_after("a\n1\n222\n", "a\n1\n2\n3\n") ==
        ": the file must have the 2 rows that it had when it was read first, got 3");
  CHECK(error_after("a\n1\n22222\n", "a\n1\n2\n3\n4\n") ==
        ": the file must have the 2 rows that it had when it was read first, got more");
  CHECK(error_after("a\n1\n2\n", "a\n1\n\xFF\n") ==
        ":3:1: the file must be in UTF-8, got the byte 0xff, which is none of UTF-8 here but may be Latin-1; "
        "iconv "
        "-f LATIN1 -t UTF-8 converts it");
  CHECK(error_after("a,b\n1,x\n2,y\n", "a,b\n1,x\n5,z\n") == "no FileError");  // until one asks for its class
}

TEST_CASE("a category that was not there at first is named", "[data][csv][rows][errors]") {
  const MemoryFile file("a,b\n1,x\n2,y\n");
  CsvRows rows(file.path());
  const auto time = std::filesystem::last_write_time(file.path());
  file.write("a,b\n1,x\n2,z\n");
  std::filesystem::last_write_time(file.path(), time);
  CHECK(rows.next(1)->class_labels("b").class_names == Texts{"x", "y"});
  const auto table = rows.next(1);
  CHECK(error_of("CsvTable::class_labels", file.path(), [&] { table->class_labels("b"); }) ==
        ":3: column 'b' must hold one of the categories that were found first, got 'z'");
}

TEST_CASE("after an error the next call begins at the same row", "[data][csv][rows][errors]") {
  const std::string text = "a\n1\n2\n3\n4\n";
  const MemoryFile file(text);
  CsvRows rows(file.path());
  CHECK(rows.next(1)->rows() == 1);
  const auto time = std::filesystem::last_write_time(file.path());
  file.write("a\n1\n2\nx\n4\n");
  std::filesystem::last_write_time(file.path(), time);
  rows.rewind();
  CHECK(rows.next(1)->rows() == 1);
  for (int attempt = 0; attempt < 2; ++attempt) CHECK_THROWS_AS(rows.next(2), FileError);
  file.write(text);
  std::filesystem::last_write_time(file.path(), time);
  CHECK_THAT(values(rows.next(9)->values()), AllClose({2, 3, 4}, 0));
}

TEST_CASE("rows of a file go on when another comes to its place", "[data][csv][rows]") {
  const TemporaryPath file("a\n1\n2\n");
  CsvRows rows(file);
  CHECK(rows.next(1)->rows() == 1);
  file.write("a\nx\n");
  CHECK_THAT(values(rows.next(1)->values()), AllClose({2}, 0));
}

TEST_CASE("a first table says what the columns of a file hold, and no pass is needed", "[data][csv][rows]") {
  const TemporaryPath training("zip,kind,size,year\n02134,b,1,10\n10001,a,2,9\n1,c,3,10\n"),
      file("year,kind,zip\n9,c,02134\n10,b,7\n");
  const auto first = read_csv(training, {.text = {"zip"}});
  CsvRows rows(first, file);
  CHECK_FALSE(rows.rows().has_value());
  for (int pass = 0; pass < 2; ++pass) {
    const Tables pieces = pieces_of(rows, 1);
    REQUIRE(pieces.size() == 2);
    CHECK(rows.rows() == 2U);
    CHECK(pieces[0].columns() == Texts{"year", "kind", "zip"});
    CHECK(pieces[1].is_text("zip"));
    CHECK_FALSE(pieces[1].is_text("year"));
    for (const CsvTable& piece : pieces) {
      CHECK(piece.class_labels("kind").class_names == Texts{"a", "b", "c"});
      CHECK(piece.class_labels("year").class_names == Texts{"9", "10"});
      CHECK(texts_of(piece.one_hot_columns("zip")) == texts_of(first.one_hot_columns("zip")));
    }
    CHECK_THAT(values(pieces[0].class_labels("kind").class_indices), AllClose({2}, 0));
    CHECK_THAT(values(pieces[1].class_labels("year").class_indices), AllClose({1}, 0));
    CHECK(error_of("CsvTable::class_labels", file, [&] { pieces[1].class_labels("zip"); }) ==
          ":3: column 'zip' must hold one of the categories that were found first, got '7'");
    rows.rewind();
  }
}

TEST_CASE("a piece may be the first table of another file", "[data][csv][rows]") {
  const MemoryFile file("kind,a\nx,1\ny,2\nz,3\n"), other("a,kind\n7,z\n8,x\n");
  CsvRows rows(file.path());
  const auto piece = rows.next(1);
  CsvRows others(*piece, other.path());
  const auto labels = others.next(2)->class_labels("kind");
  CHECK(labels.class_names == Texts{"x", "y", "z"});
  CHECK_THAT(values(labels.class_indices), AllClose({2, 0}, 0));
}

TEST_CASE("a file must hold what the first table says", "[data][csv][rows][errors]") {
  const TemporaryPath training("a,b\n1,x\n"), text("a\n2\nthree\n"), more("a,c\n1,2\n"), none("a\n");
  const auto first = read_csv(training);
  CsvRows rows(first, text);
  CHECK(error_of("CsvRows", text, [&] { pieces_of(rows, 2); }) ==
        ":3:1: column 'a' must hold numbers, as that of " + (training + ", got 'three'"));
  CHECK(error_of("CsvRows", more, [&] { CsvRows(first, more); }) ==
        ": the columns must be among those of " + (training + ", a, b, got 'c'"));
  CHECK(error_of("CsvRows", none, [&] { CsvRows(first, none); }) ==
        ": the file must hold rows of numbers or text, got none");
}

TEST_CASE("of a column of many categories those are found that one has", "[data][csv][rows][errors]") {
  const MemoryFile file("name,year\nx,1\ny,2\nz,3\ny,2\n");
  CsvRows rows(file.path(), {.max_categories = 2});
  const auto table = rows.next(2);
  for (const std::string column : {"name", "year"}) {
    const std::string said = ": column '" + column +
                             "' must have at most 2 categories, got more; leave it out, or raise "
                             "CsvOptions::max_categories";
    CHECK(error_of("CsvTable::class_labels", file.path(), [&] { table->class_labels(column); }) == said);
    CHECK(error_of("CsvTable::one_hot_columns", file.path(), [&] { table->one_hot_columns(column); }) ==
          said);
  }
  CHECK(error_of("CsvTable::feature_columns", file.path(), [&] { table->feature_columns("year"); }) ==
        ": column 'name' must have at most 2 categories, got more; leave it out, or raise "
        "CsvOptions::max_categories");
  CHECK_THAT(values(table->take_columns<double>({{"name", "y"}, {"name", "x"}})), AllClose({0, 1, 1, 0}, 0));
  CHECK_THAT(values(table->class_indices("year", {"3", "2", "1"})), AllClose({2, 1}, 0));
}

TEST_CASE("numbers that doubles do not tell apart are no classes in any piece", "[data][csv][rows][errors]") {
  const MemoryFile file("id\n1\n9007199254740993\n");
  CsvRows rows(file.path(), {.numbers = {"id"}});
  const auto table = rows.next(1);
  CHECK(error_of("CsvTable::class_labels", file.path(), [&] { table->class_labels("id"); }) ==
        ":3: column 'id' must hold numbers below 2^53 to tell them apart by value, got '9007199254740993'; "
        "name it "
        "in CsvOptions::text instead of CsvOptions::numbers");
}

}  // namespace csv_rows_test
