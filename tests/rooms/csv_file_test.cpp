// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_file.hpp"

#include <filesystem>

#include "files.hpp"
#include "matchers.hpp"
#include "memory_file.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::CsvBegin;
using data::CsvFile;
using data::CsvScanner;

namespace csv_file_test {
namespace {

// Each row, field by field with its place, or the error that there is instead of one.
std::vector<std::string> rows_of(CsvScanner& scanner) {
  std::vector<std::string> rows;
  try {
    while (scanner.next_row()) {
      std::string& row = rows.emplace_back(std::to_string(scanner.line()));
      for (const data::CsvField& field : scanner.fields()) {
        row += " | " + std::to_string(field.line) + ":" + std::to_string(field.column) +
               (field.quoted ? " quoted " : " ") + std::string(field.text);
      }
      row += " || " + std::string(scanner.row());
    }
  } catch (const FileError& error) {
    rows.emplace_back(error.what());
  }
  return rows;
}

struct Written {
  std::string text;
  data::CsvOptions options = {};
};

const std::vector<Written> files{
    {""},
    {"\n \n\r\n"},
    {"a,b\r\n\r\n1,2\r\n   \r\n\n3,4"},
    {"a,b\r1,2\r\r3,\"4\"\r"},
    {"\r\n\r\n\r\r\n1\r\n"},
    {"\"a,1\",\"b\"\"c\"\n\"x, y\",\"two\r\nli\rn\nes\"\n \"say \"\"no\"\"\" ,\"\"\"\"\"\"\nab\"c,\" z \"\n"},
    {"a,b\n1,\"2\n3,4\n"},
    {"a,b\n1,\"2\"\""},
    {"a,b\n1,\"2\" 0123456789abcdefghij\n"},
    {"a,b\n1,\"2\" x\r\n3,4\n"},
    {"  a   b\tc\n1  2   3\n  4\t 5 6   \n\n", {.delimiter = ' ', .merge_delimiters = true}},
    {"# by hand\na,b # names\n  # nothing\n1,\"#2\"\n3,4#5\n", {.comment = '#'}},
    {"Station \"North\r\n\r\na,b\r\n1,2\r\n", {.skip_lines = 2}},
    {"a\nb\n", {.skip_lines = 9}},
    {"\xEF\xBB\xBFnäme,\n€,\xF0\x9F\x8C\x8D\n\xEF\xBB\xBFx,y\n"},
    {"a,b\t,c\n,\n,,\n"},
};

std::string error_in(std::string_view text, std::size_t piece) {
  const MemoryFile memory(text);
  CsvFile file("read", memory.path(), piece);
  const data::CsvOptions options;
  return file_error("read", memory.path(), [&](const std::string& path) {
    CsvScanner scanner("read", path, file, options, CsvBegin::file, 1);
    while (scanner.next_row()) {
    }
  });
}

}  // namespace

TEST_CASE("a text in pieces of any size has the rows that it has as a whole", "[data][csv][rows]") {
  for (const auto& [text, options] : files) {
    const MemoryFile memory(text);
    CsvScanner whole("read", memory.path(), text, options);
    const auto rows = rows_of(whole);
    for (std::size_t piece = 4; piece <= text.size() + 5; ++piece) {
      INFO(text << " in pieces of " << piece);
      CsvFile file("read", memory.path(), piece);
      CsvScanner scanner("read", memory.path(), file, options, CsvBegin::file, 1);
      CHECK(rows_of(scanner) == rows);
    }
  }
}

TEST_CASE("behind each row one may begin to read", "[data][csv][rows]") {
  for (const auto& [text, options] : files) {
    const MemoryFile memory(text);
    CsvScanner whole("read", memory.path(), text, options);
    auto rows = rows_of(whole);
    CsvFile file("read", memory.path(), 5);
    CsvScanner scanner("read", memory.path(), file, options, CsvBegin::file, 1);
    for (std::size_t passed = 1; passed < rows.size() && scanner.next_row(); ++passed) {
      INFO(text << " behind " << passed << " rows");
      CsvFile other("read", memory.path(), 5);
      other.go_to(file.offset(scanner.next_line()));
      CsvScanner rest("read", memory.path(), other, options, CsvBegin::row, scanner.next_line_number());
      CHECK(rows_of(rest) ==
            std::vector<std::string>(rows.begin() + static_cast<std::ptrdiff_t>(passed), rows.end()));
    }
  }
  SUCCEED();
}

TEST_CASE("characters may be cut by the pieces, and others than of UTF-8 are named with their line",
          "[data][csv][rows][errors]") {
  for (std::size_t piece = 4; piece < 24; ++piece) {
    INFO("pieces of " << piece);
    CHECK(error_in("€\xF0\x9F\x8C\x8D,ß\nä€ö,\xF0\x9F\x8C\x8D\n", piece) == "no FileError");
    for (const std::string bad :
         {"\xE2\x82", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xFF"}) {
      CHECK_THAT(error_in("€,\"\r\n\",\xF0\x9F\x8C\x8D\r\nä" + bad + ",1\n", piece),
                 Catch::Matchers::StartsWith(":3:3: the file must be in UTF-8, got the byte "));
    }
    CHECK(error_in(std::string("a,b\n12,\0\n", 9), piece) ==
          ":2:4: the file must be text in UTF-8, got a NUL byte");
    CHECK_THAT(error_in("a,b\n1,\xE2\x82", piece),
               Catch::Matchers::StartsWith(":2:3: the file must be in UTF-8"));
    CHECK(error_in(std::string("\xFF\xFE\0\0a\0\0\0", 8), piece) ==
          ": the file must be text in UTF-8, got UTF-32, by its first 4 bytes");
  }
}

TEST_CASE("a file of the system, which says that it is empty, is read whole", "[data][csv][rows]") {
  const std::string path = "/proc/version";
  if (!std::filesystem::exists(path)) return;
  REQUIRE(std::filesystem::file_size(path) == 0);
  const std::string text = read_text(path);
  CsvFile file("read", path);
  CHECK(file.beginning() == text.substr(0, text.rfind('\n') + 1));
  file.go_to(0);
  CHECK(file.more(nullptr, 1) == text);
  CHECK(file.is_at_end());
}

}  // namespace csv_file_test
