// SPDX-License-Identifier: BSD-3-Clause
#include <zlib.h>

#include "files.hpp"
#include "matchers.hpp"
#include "named_arrays_equal.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_npz;
using data::write_npz;

namespace npz_test {
namespace {

// x = numpy.arange(3, dtype='<i4') and y = numpy.float32([[0.5]]) as NumPy 1.24 saves them, and layer.0 =
// numpy.zeros((4, 4)) as it saves it compressed.
const std::string stored_of_numpy = from_hex(
    "504b03041400000000000000210002ecbda98c0000008c00000005001400782e6e7079010010008c000000000000008c0000"
    "0000000000934e554d5059010076007b276465736372273a20273c6934272c2027666f727472616e5f6f72646572273a2046"
    "616c73652c20277368617065273a2028332c292c207d20202020202020202020202020202020202020202020202020202020"
    "20202020202020202020202020202020202020202020202020202020202020200a000000000100000002000000504b030414"
    "000000000000002100b7eb96d8840000008400000005001400792e6e70790100100084000000000000008400000000000000"
    "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c"
    "20277368617065273a2028312c2031292c207d20202020202020202020202020202020202020202020202020202020202020"
    "2020202020202020202020202020202020202020202020202020200a0000003f504b010214031400000000000000210002ec"
    "bda98c0000008c000000050000000000000000000000800100000000782e6e7079504b0102140314000000000000002100b7"
    "eb96d884000000840000000500000000000000000000008001c3000000792e6e7079504b0506000000000200020066000000"
    "7e0100000000");
const std::string deflated_of_numpy = from_hex(
    "504b030414000000080000002100c892d08149000000000100000b0014006c617965722e302e6e7079010010000001000000"
    "00000049000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94"
    "920a12774bcc294e058a17672416a402f91a263a0a269a3a0ab50a64032e86010600504b0102140314000000080000002100"
    "c892d08149000000000100000b00000000000000000000008001000000006c617965722e302e6e7079504b05060000000001"
    "00010039000000860000000000");

NamedArrays some_arrays() {
  NamedArrays arrays;
  arrays.add("layer.0.weight", Array<float>(xt::xarray<float>{{1.5, -2}, {0.25, 1e30f}}));
  arrays.add_scalar("steps", std::uint64_t{1} << 63);
  arrays.add("mask", AnyArray(Array<bool>(Shape{2, 0})));
  arrays.add("größe", Array<double>(std::vector<double>(1000, NaN)));
  return arrays;
}

std::string error_in(const std::string& content) {
  return file_error("read_npz", TemporaryPath(content), [](const std::string& path) { read_npz(path); });
}

std::string archive(const NamedArrays& arrays, const data::NpzOptions& options = {}) {
  const TemporaryPath path;
  write_npz(path, arrays, options);
  return path.content();
}

// With every occurrence of one text replaced by another of the same length.
std::string replaced(std::string content, const std::string& from, const std::string& to) {
  for (auto at = content.find(from); at != std::string::npos; at = content.find(from, at + to.size())) {
    content.replace(at, to.size(), to);
  }
  return content;
}

}  // namespace

TEST_CASE("the arrays that NumPy's savez wrote are read", "[data][npz]") {
  const NamedArrays arrays = read_npz(TemporaryPath(stored_of_numpy));
  CHECK(arrays.size() == 2);
  CHECK_THAT(values(arrays.get<std::int32_t>("test", "x", {3})), AllClose({0, 1, 2}, 0));
  CHECK_THAT(values(arrays.get<float>("test", "y", {1, 1})), AllClose({0.5}, 0));
}

TEST_CASE("the arrays that NumPy's savez_compressed wrote are read", "[data][npz]") {
  const NamedArrays arrays = read_npz(TemporaryPath(deflated_of_numpy));
  CHECK(arrays.size() == 1);
  CHECK_THAT(values(arrays.get<double>("test", "layer.0", {4, 4})), AllClose(std::vector<double>(16), 0));
}

TEST_CASE("arrays are written and read again, stored or deflated", "[data][npz]") {
  const NamedArrays arrays = some_arrays();
  const std::string stored = archive(arrays), deflated = archive(arrays, {.compress = true});
  CHECK(stored.size() > 8000);
  CHECK(deflated.size() < 2000);
  check_equal(read_npz(TemporaryPath(stored)), arrays);
  check_equal(read_npz(TemporaryPath(deflated)), arrays);
}

TEST_CASE("an archive may be larger than the pieces in which it is written", "[data][npz]") {
  Array<std::uint8_t> bytes(Shape{1 << 10, 1 << 10});
  Random random(1);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
  NamedArrays arrays;
  arrays.add("bytes", AnyArray(std::move(bytes)));
  arrays.add_scalar("behind", 1.5);
  check_equal(read_npz(TemporaryPath(archive(arrays))), arrays);
  check_equal(read_npz(TemporaryPath(archive(arrays, {.compress = true}))), arrays);
}

TEST_CASE("equal arrays give equal archives", "[data][npz]") {
  CHECK(archive(some_arrays()) == archive(some_arrays()));
  CHECK(archive(some_arrays(), {.compress = true}) == archive(some_arrays(), {.compress = true}));
}

TEST_CASE("an archive may be empty", "[data][npz]") {
  CHECK(archive({}).size() == 22);
  CHECK(read_npz(TemporaryPath(archive({}))).size() == 0);
}

TEST_CASE("a written archive replaces another, keeps its permissions, and leaves nothing beside it",
          "[data][npz]") {
  const TemporaryDirectory directory;
  write_npz(directory / "a.npz", some_arrays());
  NamedArrays other;
  other.add_scalar("x", 1.0f);
  std::filesystem::permissions(directory / "a.npz", std::filesystem::perms::owner_read |
                                                        std::filesystem::perms::owner_write |
                                                        std::filesystem::perms::group_write);
  const auto permissions = std::filesystem::status(directory / "a.npz").permissions();
  write_text(directory / "a.npz.tmp-123-0", "of a process that was killed");
  write_npz(directory / "a.npz", other);
  check_equal(read_npz(directory / "a.npz"), other);
  CHECK(std::filesystem::status(directory / "a.npz").permissions() == permissions);
  CHECK(directory.names() == std::vector<std::string>{"a.npz"});
}

TEST_CASE("names that cannot stand in an archive are refused before it is written", "[data][npz][errors]") {
  for (const std::string& name :
       {std::string("a\0b", 3), std::string("\xff"), std::string("\xc3"), std::string("\xed\xa0\x80"),
        std::string("\xc0\x80"), std::string("\xf5\x80\x80\x80")}) {
    NamedArrays arrays;
    arrays.add_scalar(name, 1.0f);
    const TemporaryPath path("before");
    CHECK_THROWS_AS(write_npz(path, arrays), ArgumentError);
    CHECK_THROWS_WITH(write_npz(path, arrays),
                      ContainsSubstring("write_npz: names must be UTF-8 without a byte 0, got"));
    CHECK(path.content() == "before");
  }
  NamedArrays arrays;
  for (const char* name : {"", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "a/b\\c"}) arrays.add_scalar(name, 1.0f);
  check_equal(read_npz(TemporaryPath(archive(arrays))), arrays);
}

TEST_CASE("an archive that cannot be written is named with the reason", "[data][npz][errors]") {
  const TemporaryDirectory directory;
  CHECK_THROWS_WITH(write_npz(directory.path(), some_arrays()),
                    "write_npz: " + directory.path() + ": the file must be writable, got: Is a directory");
  CHECK_THROWS_AS(write_npz(directory / "none/a.npz", some_arrays()), FileError);
  CHECK_THROWS_WITH(
      write_npz(directory / "none/a.npz", some_arrays()),
      "write_npz: " + (directory / "none/a.npz: the file must be writable, got: No such file or directory"));
  CHECK(directory.names().empty());
}

TEST_CASE("a file that is no archive, or not there, is refused", "[data][npz][errors]") {
  CHECK(error_in("") == ": the file must be a sound zip archive, got: Not a zip archive");
  CHECK(error_in("\x93NUMPY") == ": the file must be a sound zip archive, got: Not a zip archive");
  CHECK(file_error("read_npz", TemporaryPath(), [](const std::string& p) { read_npz(p); }) ==
        ": the file must be readable, got: No such file or directory");
  const TemporaryDirectory directory;
  CHECK(file_error("read_npz", directory.path(), [](const std::string& p) { read_npz(p); }) ==
        ": the file must be readable, got: Is a directory");
  CHECK(file_error("read_npz", "/dev/zero", [](const std::string& p) { read_npz(p); }) ==
        ": it must be a regular file, got a pipe or a device");
}

TEST_CASE("entries that are not as they should be are named", "[data][npz][errors]") {
  CHECK(error_in(replaced(stored_of_numpy, "y.npy", "x.npy")) ==
        ": 'x.npy': the names of the entries must be distinct");
  CHECK(
      error_in(replaced(stored_of_numpy, "<f4", "<c8")) ==
      ": 'y.npy': byte 10: the elements must be bools, integers of 8 to 64 bits or floats of 16 to 64, as in "
      "'<f4', got '<c8'; to read other arrays of the archive, name them: read_npz(path, names)");
  CHECK(error_in(replaced(stored_of_numpy, "(3,)", "(2,)")) ==
        ": 'x.npy': byte 136: the file must end here, got more bytes");
  CHECK(error_in(replaced(stored_of_numpy, "(3,)", "(9,)")) ==
        ": 'x.npy': byte 128: there must be 36 bytes of elements for shape (9), got at most 12");
  CHECK(error_in(replaced(stored_of_numpy, from_hex("0000003f"), from_hex("0000013f"))) ==
        ": 'y.npy': the entry of the archive must be sound, got: CRC error");
}

TEST_CASE("entries that claim to be larger or smaller than they are are refused", "[data][npz][errors]") {
  NamedArrays zeros;
  zeros.add("zeros", AnyArray(Array<float>(Shape{1'000'000})));
  const std::string honest = archive(zeros, {.compress = true});
  CHECK(honest.size() < 5000);
  CHECK(read_npz(TemporaryPath(honest)).size() == 1);

  const std::string size = little_endian(4'000'128, 4);
  CHECK(error_in(replaced(honest, size, little_endian(1000, 4))) ==
        ": 'zeros.npy': byte 128: there must be 4000000 bytes of elements for shape (1000000), got at most "
        "872");
  CHECK(error_in(replaced(honest, size, little_endian(4'000'129, 4))) ==
        ": 'zeros.npy': the entry must have 4000129 bytes, as the archive says, got 4000128");
  CHECK_THAT(error_in(replaced(honest, size, little_endian(0xfffffff0, 4))),
             ContainsSubstring(": 'zeros.npy': 4294967280 bytes cannot be made of "));
}

TEST_CASE("entries that overlap are refused", "[data][npz][errors]") {
  NamedArrays arrays;
  arrays.add("a", AnyArray(Array<double>(Shape{500})));
  const std::string honest = archive(arrays), directory = "PK\1\2", end = "PK\5\6";
  const std::size_t entry = honest.find(directory), behind = honest.find(end);
  // Three entries in the list where there is one, which unpacks to "a", "b" and "c".
  std::string content = honest.substr(0, behind);
  for (const char* name : {"b.npy", "c.npy"}) {
    content += replaced(honest.substr(entry, behind - entry), "a.npy", name);
  }
  const std::size_t directory_size = 3 * (behind - entry);
  content += end + little_endian(0, 4) + little_endian(3, 2) + little_endian(3, 2) +
             little_endian(directory_size, 4) + little_endian(entry, 4) + little_endian(0, 2);
  CHECK_THAT(error_in(content),
             ContainsSubstring(": 'b.npy': the entries must fit into the file, got 4128 bytes where "));
}

}  // namespace npz_test

namespace npz_test {
namespace {

// As Python's zipfile.writestr makes an entry: stored, with its checksum.
struct Entry {
  std::string name, content;
};

std::string zip_of(const std::vector<Entry>& entries) {
  std::string files, directory;
  for (const auto& [name, content] : entries) {
    const auto checksum =
        crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const std::string sizes = little_endian(checksum, 4) + little_endian(content.size(), 4) +
                              little_endian(content.size(), 4) + little_endian(name.size(), 2);
    const std::string version = little_endian(20, 2), flags_method_and_time = std::string(6, '\0'),
                      date = little_endian(33, 2);
    directory += "PK\1\2" + version + version + flags_method_and_time + date + sizes + std::string(12, '\0') +
                 little_endian(files.size(), 4) + name;
    files +=
        "PK\3\4" + version + flags_method_and_time + date + sizes + std::string(2, '\0') + name + content;
  }
  return files + directory + "PK\5\6" + std::string(4, '\0') + little_endian(entries.size(), 2) +
         little_endian(entries.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(files.size(), 4) + std::string(2, '\0');
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& elements) {
  const std::string header = "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }\n";
  return "\x93NUMPY" + std::string{1, '\0'} + little_endian(header.size(), 2) + header + elements;
}

// x is 1 and 2, what else there is cannot be read: text, a structure, objects.
const Entry x_entry{"x.npy", npy("'<i4'", "(2,)", little_endian(1, 4) + little_endian(2, 4))};
const std::string mixed_archive =
    zip_of({{"names.npy", npy("'<U2'", "(1,)", std::string(8, 'a'))},
            x_entry,
            {"table.npy", npy("[('a', '<f4'), (\"b]\", '<i2')]", "(1,)", "012345")},
            {"half.npy", npy("'>f2'", "(2, 1)", std::string("\x3e\0\xc0\0", 4))},
            {"objects.npy", npy("'|O'", "()", "pickle")}});

template <class Read>
std::string error_of(Read read) {
  return file_error("read_npz", TemporaryPath(mixed_archive), read);
}

}  // namespace

TEST_CASE("entries that are no arrays are passed over", "[data][npz]") {
  const std::string apple_double("\0\5\x16\7\0\2\0\0Mac OS X", 16);
  const TemporaryPath path(zip_of({{"README.md", "what this is"},
                                   {"folder/", ""},
                                   x_entry,
                                   {"__MACOSX/._x.npy", apple_double},
                                   {"folder/x.npy", x_entry.content},
                                   {".npy.bak", "junk"}}));
  const NamedArrays arrays = read_npz(path);
  CHECK(arrays.size() == 2);
  CHECK_THAT(values(arrays.get<std::int32_t>("test", "x", {2})), AllClose({1, 2}, 0));
  CHECK_THAT(values(arrays.get<std::int32_t>("test", "folder/x", {2})), AllClose({1, 2}, 0));
  CHECK(data::list_npz(path).size() == 2);
  CHECK(read_npz(TemporaryPath(zip_of({{"README", ""}}))).size() == 0);
}

TEST_CASE("arrays are read by their names, whatever others there are", "[data][npz]") {
  const TemporaryPath path(mixed_archive);
  const NamedArrays arrays = read_npz(path, {"x", "half", "x"});
  CHECK(arrays.size() == 2);
  CHECK_THAT(values(arrays.get<std::int32_t>("test", "x", {2})), AllClose({1, 2}, 0));
  CHECK_THAT(values(arrays.get<float>("test", "half", {2, 1})), AllClose({1.5, -2}, 0));
  CHECK(read_npz(path, {}).size() == 0);
}

TEST_CASE("an archive is listed with names, types and shapes, of arrays that cannot be read too",
          "[data][npz]") {
  const auto listing = data::list_npz(TemporaryPath(mixed_archive));
  REQUIRE(listing.size() == 5);
  CHECK(listing.at("x").type == "<i4");
  CHECK(listing.at("x").element_type == ElementType::int32);
  CHECK(listing.at("x").shape == Shape{2});
  CHECK(listing.at("half").type == ">f2");
  CHECK(listing.at("half").element_type == ElementType::float32);  // as which it is read
  CHECK(listing.at("half").shape == Shape{2, 1});
  CHECK(listing.at("names").type == "<U2");
  CHECK(listing.at("names").element_type == std::nullopt);
  CHECK(listing.at("names").shape == Shape{1});
  CHECK(listing.at("table").type == "[('a', '<f4'), (\"b]\", '<i2')]");
  CHECK(listing.at("table").element_type == std::nullopt);
  CHECK(listing.at("objects").element_type == std::nullopt);
  CHECK(listing.at("objects").shape == Shape{});
  const auto of_numpy = data::list_npz(TemporaryPath(deflated_of_numpy));
  CHECK(of_numpy.at("layer.0").type == "<f8");
  CHECK(of_numpy.at("layer.0").shape == Shape{4, 4});
}

TEST_CASE("every type that is listed as readable is read as it is listed", "[data][npz]") {
  for (const char* descr :
       {"|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8"}) {
    const std::size_t bytes = static_cast<std::size_t>(descr[2] - '0');
    const TemporaryPath path(
        zip_of({{"a.npy", npy("'" + std::string(descr) + "'", "(1,)", std::string(bytes, '\0'))}}));
    CHECK(data::list_npz(path).at("a").element_type == read_npz(path)["a"].element_type());
  }
}

TEST_CASE("of what cannot be read only what is asked for is an error", "[data][npz][errors]") {
  const std::string types =
      ": byte 10: the elements must be bools, integers of 8 to 64 bits or floats of 16 to 64, as in '<f4', "
      "got ";
  const std::string others = "; to read other arrays of the archive, name them: read_npz(path, names)";
  CHECK(error_of([](const std::string& p) { read_npz(p); }) == ": 'names.npy'" + types + "'<U2'" + others);
  CHECK(error_of([](const std::string& p) { read_npz(p, {"names"}); }) == ": 'names.npy'" + types + "'<U2'");
  CHECK(error_of([](const std::string& p) {
          read_npz(p, {"x", "table"});
        }) == ": 'table.npy': byte 10: the elements must be numbers, got a structured type");
  CHECK(error_of([](const std::string& p) { read_npz(p, {"objects"}); }) ==
        ": 'objects.npy'" + types + "'|O' (Python objects are never unpickled)");
  CHECK(error_of([](const std::string& p) {
          read_npz(p, {"x", "y"});
        }) == ": there must be an array 'y', got none of that name; list_npz tells the names");
  // Two arrays of one name could be either.
  CHECK(file_error("read_npz", TemporaryPath(zip_of({x_entry, x_entry, {"z.npy", ""}})),
                   [](const std::string& p) { read_npz(p, {"x"}); }) ==
        ": 'x.npy': the names of the entries must be distinct");
}

TEST_CASE("a listing trusts no header", "[data][npz][damage]") {
  const auto list_error = [](const std::string& content) {
    return file_error("list_npz", TemporaryPath(content), [](const std::string& p) { data::list_npz(p); });
  };
  CHECK(list_error(zip_of({{"a.npy", "\x93NUMPY"}})) ==
        ": 'a.npy': byte 6: there must be 2 bytes of version, got 0");
  const std::string large_header = "\x93NUMPY" + std::string{2, '\0'} + little_endian(0xffffffff, 4) + "{";
  CHECK(list_error(zip_of({{"a.npy", large_header}})) ==
        ": 'a.npy': byte 12: there must be 4294967295 bytes of header, got at most 1");
  for (const char* descr : {"[", "[[[]", "['a", "[('a', '<f4')"}) {
    CHECK_THAT(list_error(zip_of({{"a.npy", npy(descr, "()", "")}})),
               ContainsSubstring("the header must have a clos"));
  }
}

}  // namespace npz_test
