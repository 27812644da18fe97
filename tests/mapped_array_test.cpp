// SPDX-License-Identifier: BSD-3-Clause
#include <sys/stat.h>

#include <zlib.h>

#include <bit>
#include <concepts>
#include <optional>

#include "files.hpp"
#include "matchers.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::map_idx;
using data::map_npy;
using data::MappedArray;

namespace mapped_array_test {
namespace {

// The header is filled up with spaces to a length, if there is one.
std::string npy_of(const std::string& descr, const std::string& shape, const std::string& elements,
                   const char* fortran_order = "False", std::size_t length = 0) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape + ", }\n";
  header.insert(0, length > header.size() ? length - header.size() : 0, ' ');
  return "\x93NUMPY" + std::string{1, '\0'} + little_endian(header.size(), 2) + header + elements;
}

std::string idx(int type, const std::vector<std::uint64_t>& extents, const std::string& elements) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
  for (const std::uint64_t extent : extents) bytes += big_endian(extent, 4);
  return bytes + elements;
}

std::string npy_error(const std::string& content) {
  return file_error("map_npy", TemporaryPath(content), [](const std::string& path) { map_npy(path); });
}

std::string idx_error(const std::string& content) {
  return file_error("map_idx", TemporaryPath(content), [](const std::string& path) { map_idx(path); });
}

// What `read` and `map` say about a file, each behind its own name.
template <class Read, class Map>
void check_same_error(const std::string& content, const char* reader, Read read, const char* mapper,
                      Map map) {
  const TemporaryPath path(content);
  const std::string said = file_error(reader, path, read);
  CHECK(said != "no FileError");
  CHECK(file_error(mapper, path, map) == said);
}

AnyArray copy_of(const MappedArray& mapped) {
  return mapped.visit([]<class T>(const ArrayInput<T>& array) { return AnyArray(Array<T>(array)); });
}

// Behind which elements of 8 bytes may begin.
constexpr std::size_t aligned_header = 118;

}  // namespace

TEMPLATE_TEST_CASE("a mapped NPY file has the elements that were written", "[data][npy][map]", float, double,
                   std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t,
                   std::uint32_t, std::uint64_t, bool) {
  for (const Shape& shape : shapes_of_every_kind) {
    Array<TestType> array(shape);
    for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<TestType>(i % 3 == 1 ? 1 : i % 2);
    const TemporaryPath path;
    data::write_npy(path, array);
    const MappedArray mapped = map_npy(path);
    CHECK(mapped.element_type() == element_type_of<TestType>());
    CHECK(mapped.holds<TestType>());
    CHECK(mapped.shape() == shape);
    CHECK(mapped.get<TestType>().shape() == shape);
    CHECK_THAT(values(mapped.get<TestType>()), AllClose(values(array), 0));
    CHECK(are_same_bits(copy_of(mapped), data::read_npy(path)));
  }
}

TEST_CASE("a mapped IDX file has the bytes that it holds", "[data][idx][map]") {
  const TemporaryPath digits(idx(0x08, {2, 3}, from_hex("000102fdfeff"))),
      small(idx(0x09, {2}, from_hex("7f80")));
  const MappedArray mapped = map_idx(digits);
  CHECK(mapped.shape() == Shape{2, 3});
  CHECK_THAT(values(mapped.get<std::uint8_t>()), AllClose({0, 1, 2, 253, 254, 255}, 0));
  CHECK_THAT(values(map_idx(small).get<std::int8_t>()), AllClose({127, -128}, 0));
  CHECK(are_same_bits(copy_of(mapped), data::read_idx(digits)));
}

TEST_CASE("an IDX file without elements is mapped, whatever they would be", "[data][idx][map]") {
  CHECK(map_idx(TemporaryPath(idx(0x0E, {3, 0}, ""))).get<double>().shape() == Shape{3, 0});
  CHECK(map_idx(TemporaryPath(idx(0x08, {0}, ""))).get<std::uint8_t>().empty());
}

TEST_CASE("what a mapped array gave keeps the file mapped when all else is gone", "[data][map]") {
  std::optional<ArrayInput<float>> input, copy;
  {
    const TemporaryPath path;
    data::write_npy(path, xt::xarray<float>{{1.5, -2, 3}, {4, 5, 6.25}});
    std::optional<MappedArray> mapped = map_npy(path);
    const std::optional<MappedArray> other = mapped;
    mapped.reset();
    input = other->get<float>();
    copy = input;
  }
  CHECK_THAT(values(*input), AllClose({1.5, -2, 3, 4, 5, 6.25}, 0));
  input.reset();
  CHECK_THAT(values(*copy), AllClose({1.5, -2, 3, 4, 5, 6.25}, 0));
}

TEST_CASE("an array input keeps its owner as long as a copy of it lives", "[arrays][map]") {
  const auto owner = std::make_shared<const std::vector<double>>(std::vector<double>{1, 2, 3});
  std::optional<ArrayInput<double>> input(std::in_place, ArrayView<const double>(*owner), owner);
  CHECK(owner.use_count() == 2);
  const std::optional<ArrayInput<double>> copy = input;
  input.reset();
  CHECK(owner.use_count() == 2);
  CHECK(copy->data() == owner->data());
}

TEST_CASE("rows are taken of a mapped array as of one in memory", "[data][map]") {
  const TemporaryPath path;
  data::write_npy(path, xt::xarray<float>{{1, 2}, {3, 4}, {5, 6}});
  const ArrayInput<float> mapped = map_npy(path).get<float>();
  Tape<float> tape;
  const std::vector<std::size_t> rows{2, 0};
  CHECK_THAT(values(data::take_rows(tape, mapped, rows)), AllClose({5, 6, 1, 2}, 0));
}

TEST_CASE("a mapped array stays what it was when another file comes to its place", "[data][map]") {
  const TemporaryPath path;
  data::write_npy(path, std::vector<float>{1, 2});
  const auto before = map_npy(path).get<float>();
  data::write_npy(path, std::vector<float>{3});
  CHECK_THAT(values(before), AllClose({1, 2}, 0));
  CHECK_THAT(values(map_npy(path).get<float>()), AllClose({3}, 0));
}

TEST_CASE("a mapped array is asked for elements of its own type only", "[data][map][errors]") {
  const MappedArray mapped = map_npy(TemporaryPath(npy_of("|u1", "(2,)", "ab")));
  CHECK_FALSE(mapped.holds<float>());
  CHECK_THROWS_AS(mapped.get<float>(), ArgumentError);
  CHECK_THROWS_WITH(mapped.get<float>(),
                    "MappedArray::get: the elements must be float32 to be read as such, got uint8");
  STATIC_REQUIRE(std::same_as<decltype(mapped.get<std::uint8_t>()), ArrayInput<std::uint8_t>>);
}

TEST_CASE("elements of the other byte order are not mapped, but single bytes have none",
          "[data][npy][map][errors]") {
  const std::string other = std::endian::native == std::endian::little ? ">" : "<";
  const std::string names = std::endian::native == std::endian::little
                                ? "little-endian, as this machine is, to be mapped, got big-endian"
                                : "big-endian, as this machine is, to be mapped, got little-endian";
  CHECK(npy_error(npy_of(other + "f4", "(1,)", "0123", "False", aligned_header)) ==
        ": byte 128: the elements must be " + names + " float32; read_npy turns them");
  CHECK_THAT(values(map_npy(TemporaryPath(npy_of(other + "u1", "(2,)", "ab"))).get<std::uint8_t>()),
             AllClose({'a', 'b'}, 0));
}

TEST_CASE("IDX elements of more than one byte are not mapped where their order is another",
          "[data][idx][map][errors]") {
  if (std::endian::native == std::endian::big) {
    const auto mapped = map_idx(TemporaryPath(idx(0x0B, {1}, from_hex("0102"))));
    CHECK_THAT(values(mapped.get<std::int16_t>()), AllClose({258}, 0));
    return;
  }
  CHECK(
      idx_error(idx(0x0B, {1}, "ab")) ==
      ": byte 8: the elements must be little-endian, as this machine is, to be mapped, got big-endian int16; "
      "read_idx turns them");
}

TEST_CASE("an array in Fortran order is mapped only where it is in row-major order too",
          "[data][npy][map][errors]") {
  CHECK(npy_error(npy_of("|u1", "(2, 3)", "abcdef", "True")) ==
        ": byte 10: the elements must be in row-major order to be mapped, got Fortran order; read_npy brings "
        "them "
        "in it, and numpy.ascontiguousarray before they are saved");
  for (const char* shape : {"()", "(1,)"}) {
    CHECK_THAT(values(map_npy(TemporaryPath(npy_of("|u1", shape, "a", "True"))).get<std::uint8_t>()),
               AllClose({'a'}, 0));
  }
  CHECK_THAT(values(map_npy(TemporaryPath(npy_of("|u1", "(1, 3, 1)", "abc", "True"))).get<std::uint8_t>()),
             AllClose({'a', 'b', 'c'}, 0));
  CHECK(map_npy(TemporaryPath(npy_of("|u1", "(2, 0, 3)", "", "True"))).shape() == Shape{2, 0, 3});
}

TEST_CASE("elements that do not begin where their type may stand in memory are not mapped",
          "[data][npy][map][errors]") {
  CHECK(
      npy_error(npy_of("=f8", "(1,)", "01234567", "False", aligned_header + 4)) ==
      ": byte 132: elements of float64 must begin at a multiple of 8 bytes to be mapped, got another place; "
      "read_npy reads them, and write_npy writes them so");
  CHECK(map_npy(TemporaryPath(npy_of("=f4", "(1,)", "0123", "False", aligned_header + 4))).shape() ==
        Shape{1});
  CHECK(map_npy(TemporaryPath(npy_of("=f8", "(0,)", "", "False", aligned_header + 1))).shape() == Shape{0});
}

TEST_CASE("bools are mapped only where each is one", "[data][npy][map][errors]") {
  CHECK_THAT(values(map_npy(TemporaryPath(npy_of("|b1", "(3,)", from_hex("000100")))).get<bool>()),
             AllClose({0, 1, 0}, 0));
  const std::string at = std::to_string(npy_of("|b1", "(3,)", "").size() + 2);
  CHECK(npy_error(npy_of("|b1", "(3,)", from_hex("000102"))) ==
        ": byte " + at + ": bools must be 0 or 1 to be mapped, got 2; read_npy reads it as true");
}

TEST_CASE("halves are not mapped", "[data][npy][map][errors]") {
  CHECK(npy_error(npy_of("<f2", "(1,)", "ab")) ==
        ": byte 10: the elements must be of a type of C++ to be mapped, got the halves '<f2'; read_npy makes "
        "them "
        "float32");
}

TEST_CASE("an IDX file that gzip packed is not mapped", "[data][idx][map][errors]") {
  const TemporaryPath path;
  const gzFile file = gzopen(std::string(path).c_str(), "wb9");
  gzwrite(file, "packed", 6);
  gzclose(file);
  CHECK(file_error("map_idx", path, [](const std::string& p) { map_idx(p); }) ==
        ": the file must be plain to be mapped, got one packed by gzip; gunzip unpacks it, and read_idx "
        "reads it "
        "packed");
}

TEST_CASE("what is no file is not mapped", "[data][map][errors]") {
  const TemporaryDirectory directory;
  const std::string pipe = directory / "pipe", none = directory / "none";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto npy = [](const std::string& path) { map_npy(path); };
  const auto idx = [](const std::string& path) { map_idx(path); };
  CHECK(file_error("map_npy", pipe, npy) ==
        ": it must be a regular file, got a pipe or a device; read_npy reads it");
  CHECK(file_error("map_idx", pipe, idx) ==
        ": it must be a regular file, got a pipe or a device; read_idx reads it");
  CHECK(file_error("map_npy", directory.path(), npy) == ": the file must be readable, got: Is a directory");
  CHECK(file_error("map_idx", none, idx) == ": the file must be readable, got: No such file or directory");
}

TEST_CASE("a file that is refused when it is read is refused in the same words when it is mapped",
          "[data][map][errors]") {
  const auto read = [](const std::string& path) { data::read_npy(path); };
  const auto map = [](const std::string& path) { map_npy(path); };
  for (const std::string& content :
       {std::string(), std::string("\x93NUMPY\4") + std::string(9, '\0'), npy_of("|O", "(1,)", ""),
        npy_of("=f4", "(2, 3)", "0123"), npy_of("=f4", "(1,)", "01234"), npy_of("=f4", "(0,)", "0"),
        npy_of("=f8", "(1099511627776,)", "01234567"), npy_of("=f8", "(1152921504606846976,)", ""),
        npy_of("=f8", "(4294967296, 4294967296, 0)", "")}) {
    check_same_error(content, "read_npy", read, "map_npy", map);
  }
  const auto read_bytes = [](const std::string& path) { data::read_idx(path); };
  const auto map_bytes = [](const std::string& path) { map_idx(path); };
  for (const std::string& content :
       {std::string(), std::string("\x93NUMPY"), idx(0x0A, {1}, "x"), idx(0x08, {2, 3}, "12345"),
        idx(0x08, {2, 3}, "1234567"), idx(0x0E, {0xffffffff, 0xffff}, "12345678"),
        idx(0x08, std::vector<std::uint64_t>(9, 1), "x")}) {
    check_same_error(content, "read_idx", read_bytes, "map_idx", map_bytes);
  }
}

}  // namespace mapped_array_test
