// SPDX-License-Identifier: BSD-3-Clause
#include <zlib.h>

#include "files.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_idx;

namespace {

std::string idx(int type, const std::vector<std::uint64_t>& extents, const std::string& elements) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
  for (const std::uint64_t extent : extents) bytes += big_endian(extent, 4);
  return bytes + elements;
}

std::string gzip(const std::string& content) {
  const TemporaryPath path;
  const gzFile file = gzopen(std::string(path).c_str(), "wb9");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  return path.content();
}

std::string error_in(const std::string& content) {
  return file_error("read_idx", TemporaryPath(content), [](const std::string& path) { read_idx(path); });
}

const std::string six_bytes = idx(0x08, {2, 3}, from_hex("000102030405"));

// The bytes 0 to 5 as Python's gzip packs them.
const std::string six_bytes_of_python =
    from_hex("1f8b08000000000002036360e06062606000616606462666165600262c235412000000");

}  // namespace

TEST_CASE("an IDX file of bytes has the shape and elements of its header", "[data][idx]") {
  const TemporaryPath path(six_bytes);
  const AnyArray array = read_idx(path);
  REQUIRE(array.element_type() == ElementType::uint8);
  CHECK(array.shape() == Shape{2, 3});
  CHECK_THAT(values(array.get<std::uint8_t>()), AllClose({0, 1, 2, 3, 4, 5}, 0));
}

TEST_CASE("an IDX file may hold elements of six types, the most significant byte first", "[data][idx]") {
  const auto [type, name, elements, expected] =
      GENERATE(table<int, std::string, std::string, std::vector<double>>({
          {0x08, "uint8", "00ff", {0, 255}},
          {0x09, "int8", "80ff", {-128, -1}},
          {0x0B, "int16", "0102 fffe", {258, -2}},
          {0x0C, "int32", "00010000 80000000", {65536, -2147483648.0}},
          {0x0D, "float32", "3fc00000 c0000000", {1.5, -2}},
          {0x0E, "float64", "3ff8000000000000 7ff0000000000000", {1.5, inf}},
      }));
  const AnyArray array = read_idx(TemporaryPath(idx(type, {2}, from_hex(elements))));
  CHECK(std::string(to_string(array.element_type())) == name);
  CHECK_THAT(array.visit([](const auto& of_type) { return values(of_type); }), AllClose(expected, 0));
}

TEST_CASE("an IDX file may hold a scalar, nothing, or eight axes", "[data][idx]") {
  CHECK(read_idx(TemporaryPath(idx(0x08, {}, "x"))).shape() == Shape{});
  CHECK(read_idx(TemporaryPath(idx(0x0E, {3, 0}, ""))).shape() == Shape{3, 0});
  CHECK(read_idx(TemporaryPath(idx(0x08, {1, 1, 1, 1, 1, 1, 1, 2}, "xy"))).shape() ==
        Shape{1, 1, 1, 1, 1, 1, 1, 2});
}

TEMPLATE_TEST_CASE("an IDX file is read as elements of the type asked for", "[data][idx]", float, double,
                   std::int64_t, std::uint8_t) {
  const TemporaryPath path(six_bytes);
  const Array<TestType> array = read_idx<TestType>(path);
  CHECK(array.shape() == Shape{2, 3});
  CHECK_THAT(values(array), AllClose({0, 1, 2, 3, 4, 5}, 0));
}

TEST_CASE("an element that the type asked for cannot hold is named", "[data][idx][errors]") {
  const TemporaryPath path(idx(0x09, {2}, from_hex("05ff")));
  CHECK(file_error("read_idx", path, [](const std::string& p) { read_idx<std::uint8_t>(p); }) ==
        ": convert: array[1] must be a number that uint8 holds, got -1");
}

TEST_CASE("an IDX file may be packed by gzip, in one member or more", "[data][idx]") {
  for (const std::string& content :
       {six_bytes_of_python, gzip(six_bytes), gzip(six_bytes.substr(0, 7)) + gzip(six_bytes.substr(7)),
        gzip("") + gzip(six_bytes) + gzip("")}) {
    CHECK_THAT(values(read_idx<float>(TemporaryPath(content))), AllClose({0, 1, 2, 3, 4, 5}, 0));
  }
}

TEST_CASE("a packed IDX file may be larger than the pieces in which it is read", "[data][idx]") {
  std::string elements(1 << 20, '\0');
  Random random(1);
  for (char& byte : elements) byte = static_cast<char>(random.below(256));
  const std::string content = idx(0x09, {1 << 10, 1 << 10}, elements);
  const auto plain = read_idx<std::int8_t>(TemporaryPath(content));
  const auto packed = read_idx<std::int8_t>(TemporaryPath(gzip(content)));
  CHECK(plain.shape() == Shape{1 << 10, 1 << 10});
  CHECK(std::string(plain.begin(), plain.end()) == elements);
  CHECK(std::string(packed.begin(), packed.end()) == elements);
}

TEST_CASE("an IDX file that is none, or of another kind, is refused with the byte", "[data][idx][errors]") {
  CHECK(error_in("") == ": byte 0: there must be 4 bytes of magic number, got 0");
  CHECK(error_in("\x93NUMPY") ==
        ": byte 0: a file of the IDX format must begin with two bytes of 0, got 0x93 and 0x4e");
  CHECK(error_in(idx(0x0A, {1}, "x")) ==
        ": byte 2: the element type must be 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e, got 0x0a");
  CHECK(error_in(idx(0x08, std::vector<std::uint64_t>(9, 1), "x")) ==
        ": byte 4: the shape must be a possible one, got: Shape: an array has at most 8 axes, got more");
  CHECK(file_error("read_idx", TemporaryPath(), [](const std::string& p) { read_idx(p); }) ==
        ": the file must be readable, got: No such file or directory");
  CHECK(file_error("read_idx", TemporaryPath(), [](const std::string& p) {
          std::filesystem::create_directory(p);
          read_idx(p);
        }) == ": the file must be readable, got: Is a directory");
}

TEST_CASE("an IDX file that is shorter or longer than its header says is refused", "[data][idx][errors]") {
  CHECK(error_in(idx(0x08, {2, 3}, "12345")) ==
        ": byte 12: there must be 6 bytes of elements for shape (2, 3), got 5");
  CHECK(error_in(idx(0x08, {2, 3}, "1234567")) == ": byte 18: the file must end here, got more bytes");
  CHECK(error_in(gzip(idx(0x08, {2, 3}, "12345"))) ==
        " (unpacked): byte 12: there must be 6 bytes of elements for shape (2, 3), got 5");
  CHECK(error_in(gzip(idx(0x08, {2, 3}, "1234567"))) ==
        " (unpacked): byte 18: the file must end here, got more bytes");
}

TEST_CASE("an IDX header that claims more than can be is refused before anything is read",
          "[data][idx][errors]") {
  CHECK(error_in(idx(0x0E, {0xffffffff, 0xffff}, "12345678")) ==
        ": byte 12: there must be 2251765453422600 bytes of elements for shape (4294967295, 65535), got 8");
  CHECK_THAT(error_in(idx(0x0E, {0xffffffff, 0xffffffff, 0xffffffff}, "")),
             Catch::Matchers::StartsWith(
                 ": byte 4: the shape must be a possible one, got: Shape: the number of elements"));
  CHECK_THAT(error_in(gzip(idx(0x0E, {0xffffffff, 0xffff}, "12345678"))),
             Catch::Matchers::StartsWith(
                 " (unpacked): byte 12: there must be 2251765453422600 bytes of elements for shape "
                 "(4294967295, 65535), got at most "));
}

TEST_CASE("gzip data that are cut, wrong or followed by others are refused", "[data][idx][errors]") {
  const std::string packed = gzip(six_bytes);
  CHECK(error_in(packed.substr(0, packed.size() - 1)) ==
        " (unpacked): byte 18: the gzip data must be whole, got a file that ends within them");
  std::string wrong_checksum = packed, wrong_length = packed;
  wrong_checksum[packed.size() - 8] ^= 1;
  wrong_length[packed.size() - 1] ^= 1;
  CHECK(error_in(wrong_checksum) ==
        " (unpacked): byte 18: the gzip data must be sound, got: incorrect data check");
  CHECK(error_in(wrong_length) ==
        " (unpacked): byte 18: the gzip data must be sound, got: incorrect length check");
  CHECK(error_in(packed + "more") ==
        " (unpacked): byte 18: the gzip data must be sound, got: incorrect header check");
  CHECK(error_in(packed + packed) == " (unpacked): byte 18: the file must end here, got more bytes");
}
