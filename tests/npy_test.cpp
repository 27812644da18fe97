// SPDX-License-Identifier: BSD-3-Clause
#include "files.hpp"
#include "matchers.hpp"
#include "named_arrays_equal.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::read_npy;

namespace {

std::string npy(const std::string& header, const std::string& elements, char version = 1) {
  return "\x93NUMPY" + std::string{version, '\0'} + little_endian(header.size(), version == 1 ? 2 : 4) +
         header + elements;
}

std::string npy_of(const std::string& descr, const std::string& shape, const std::string& elements,
                   const char* fortran_order = "False") {
  return npy("{'descr': '" + descr + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape + ", }\n",
             elements);
}

std::string error_in(const std::string& content) {
  return file_error("read_npy", TemporaryPath(content), [](const std::string& path) { read_npy(path); });
}

// {{1.5, -2, 3}, {4, 5, 6.25}} as NumPy 1.24 saves it: float32, and big-endian float64 in Fortran order.
const std::string floats_of_numpy = from_hex(
    "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c"
    "20277368617065273a2028322c2033292c207d20202020202020202020202020202020202020202020202020202020202020"
    "2020202020202020202020202020202020202020202020202020200a0000c03f000000c000004040000080400000a0400000"
    "c840");
const std::string fortran_of_numpy = from_hex(
    "934e554d5059010076007b276465736372273a20273e6638272c2027666f727472616e5f6f72646572273a20547275652c20"
    "277368617065273a2028322c2033292c207d2020202020202020202020202020202020202020202020202020202020202020"
    "2020202020202020202020202020202020202020202020202020200a3ff80000000000004010000000000000c00000000000"
    "0000401400000000000040080000000000004019000000000000");

}  // namespace

TEST_CASE("an array that NumPy saved is read", "[data][npy]") {
  const AnyArray array = read_npy(TemporaryPath(floats_of_numpy));
  REQUIRE(array.element_type() == ElementType::float32);
  CHECK(array.shape() == Shape{2, 3});
  CHECK_THAT(numbers(array), AllClose({1.5, -2, 3, 4, 5, 6.25}, 0));
}

TEST_CASE("an array in Fortran order and of the other byte order is read in row-major order", "[data][npy]") {
  const AnyArray array = read_npy(TemporaryPath(fortran_of_numpy));
  REQUIRE(array.element_type() == ElementType::float64);
  CHECK(array.shape() == Shape{2, 3});
  CHECK_THAT(numbers(array), AllClose({1.5, -2, 3, 4, 5, 6.25}, 0));

  // numpy.arange(24).reshape(2, 3, 4).ravel('F')
  const std::string elements = from_hex("000c04100814010d05110915020e06120a16030f07130b17");
  std::vector<double> expected(24);
  for (std::size_t i = 0; i < 24; ++i) expected[i] = static_cast<double>(i);
  CHECK_THAT(numbers(read_npy(TemporaryPath(npy_of("|u1", "(2, 3, 4)", elements, "True")))),
             AllClose(expected, 0));
  CHECK(read_npy(TemporaryPath(npy_of("|u1", "(2, 0)", "", "True"))).shape() == Shape{2, 0});
  CHECK(read_npy(TemporaryPath(npy_of("|u1", "()", "x", "True"))).shape() == Shape{});
}

TEST_CASE("elements of every type are read", "[data][npy]") {
  const auto [descr, name, elements, expected] =
      GENERATE(table<std::string, std::string, std::string, std::vector<double>>({
          {"|b1", "bool", "000102", {0, 1, 1}},
          {"|i1", "int8", "80", {-128}},
          {"<i2", "int16", "0180", {-32767}},
          {">i2", "int16", "8001", {-32767}},
          {"<i4", "int32", "01000080", {-2147483647.0}},
          {"<i8", "int64", "ffffffffffffffff", {-1}},
          {"|u1", "uint8", "ff", {255}},
          {"<u2", "uint16", "01ff", {65281}},
          {"<u4", "uint32", "000000ff", {4278190080.0}},
          {">u8", "uint64", "0000000000000101", {257}},
          {"<f4", "float32", "0000c07f", {NaN}},
          {"<f8", "float64", "000000000000f0ff", {-inf}},
          // numpy.array([1, 65504, inf, nan, 6e-8, -0.0, 0.1], 'f2')
          {"<f2",
           "float32",
           "003c ff7b 007c 007e 0100 0080 662e",
           {1, 65504, inf, NaN, 0x1p-24, -0.0, 0.0999755859375}},
      }));
  const std::string bytes = from_hex(elements);
  const std::string shape = "(" + std::to_string(expected.size()) + ",)";
  const AnyArray array = read_npy(TemporaryPath(npy_of(descr, shape, bytes)));
  CHECK(std::string(to_string(array.element_type())) == name);
  CHECK_THAT(numbers(array), AllClose(expected, 0));
}

TEST_CASE("a header may be of each version and written in each way that Python allows", "[data][npy]") {
  for (const std::string& content :
       {npy("{'descr': '<i2', 'fortran_order': False, 'shape': (1,), }", "\x07" + std::string(1, '\0'), 2),
        npy("{'descr': '<i2', 'fortran_order': False, 'shape': (1,), }\n", "\x07" + std::string(1, '\0'), 3),
        npy("{\"shape\":(1,),\"fortran_order\":True,\"descr\":\"<i2\"}", "\x07" + std::string(1, '\0')),
        npy(" { 'descr' : '=i2' ,\n'shape' : ( 1L , ) , 'fortran_order' : False } \n",
            "\x07" + std::string(1, '\0'))}) {
    const AnyArray array = read_npy(TemporaryPath(content));
    CHECK(array.element_type() == ElementType::int16);
    CHECK(array.shape() == Shape{1});
    CHECK_THAT(numbers(array), AllClose({7}, 0));
  }
}

TEMPLATE_TEST_CASE("an array is written and read again", "[data][npy]", float, double, std::int8_t,
                   std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t,
                   std::uint64_t, bool) {
  for (const Shape& shape : shapes_of_every_kind) {
    Array<TestType> array(shape);
    for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<TestType>(i % 3 == 1 ? 1 : i % 2);
    const TemporaryPath path;
    data::write_npy(path, array);
    const AnyArray any = read_npy(path);
    CHECK(any.shape() == shape);
    REQUIRE(any.holds<TestType>());
    CHECK_THAT(numbers(any), AllClose(values(array), 0));
    data::write_npy(path, any);
    CHECK_THAT(values(read_npy<TestType>(path)), AllClose(values(array), 0));
  }
}

TEST_CASE("an array is written as NumPy does", "[data][npy]") {
  const TemporaryPath path;
  data::write_npy(path, xt::xarray<float>{{1.5, -2, 3}, {4, 5, 6.25}});
  CHECK(path.content() == floats_of_numpy);
  data::write_npy(path, std::vector<std::int64_t>{1});
  CHECK(path.content().size() == 128 + 8);
  CHECK(path.content().substr(8, 59) ==
        from_hex("7600") + "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }");
}

TEST_CASE("an array is read as elements of the type asked for", "[data][npy]") {
  const TemporaryPath path(npy_of("<i8", "(2,)", little_endian(1, 8) + little_endian(300, 8)));
  CHECK_THAT(values(read_npy<float>(path)), AllClose({1, 300}, 0));
  CHECK(file_error("read_npy", path, [](const std::string& p) { read_npy<std::uint8_t>(p); }) ==
        ": convert: array[1] must be a number that uint8 holds, got 300");
}

TEST_CASE("a file that cannot be written is left as it was", "[data][npy][errors]") {
  const TemporaryDirectory directory;
  const std::vector<float> array{1, 2};
  CHECK_THROWS_AS(data::write_npy(directory.path(), array), FileError);
  CHECK_THROWS_WITH(data::write_npy(directory.path(), array),
                    "write_npy: " + directory.path() + ": the file must be writable, got: Is a directory");
  CHECK_THROWS_WITH(
      data::write_npy(directory / "none/x.npy", array),
      "write_npy: " + (directory / "none/x.npy: the file must be writable, got: No such file or directory"));
  CHECK(directory.names().empty());
  data::write_npy(directory / "x.npy", array);
  std::filesystem::create_symlink("x.npy", directory / "link.npy");
  data::write_npy(directory / "link.npy", std::vector<float>{3});
  CHECK(std::filesystem::is_symlink(directory / "link.npy"));
  CHECK_THAT(values(read_npy<float>(directory / "x.npy")), AllClose({3}, 0));
  CHECK(directory.names().size() == 2);
}

TEST_CASE("a view with gaps is not written", "[data][npy][errors]") {
  const TemporaryPath path;
  const xt::xarray<float, xt::layout_type::column_major> array{{1, 2}, {3, 4}};
  CHECK_THROWS_AS(data::write_npy(path, array), ShapeError);
  CHECK_FALSE(std::filesystem::exists(std::string(path)));
}

TEST_CASE("elements that are no plain numbers are refused", "[data][npy][errors]") {
  const std::string rule =
      ": byte 10: the elements must be bools, integers of 8 to 64 bits or floats of 16 to 64, as in '<f4', "
      "got ";
  CHECK(error_in(npy_of("|O", "(1,)", "")) == rule + "'|O' (Python objects are never unpickled)");
  for (const char* descr :
       {"<c8", "<f16", "<U4", "|S4", "<M8[s]", "|i2", "f4", "<f1", "<b2", "<i3", "", "<f"}) {
    CHECK(error_in(npy_of(descr, "(1,)", "0123456789abcdef")) == rule + "'" + descr + "'");
  }
  CHECK(error_in(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "0123")) ==
        ": byte 10: the elements must be numbers, got a structured type");
}

TEST_CASE("a header that is none is refused with the byte", "[data][npy][errors]") {
  const auto [header, message] = GENERATE(table<std::string, std::string>({
      {"", "byte 10: the header must have '{' here, got its end"},
      {"{", "byte 11: the header must have a name in quotes here, got its end"},
      {"{}", "byte 10: the header must have the key descr, got none"},
      {"{'descr': '<f4'}", "byte 10: the header must have the key fortran_order, got none"},
      {"{'descr': '<f4', 'fortran_order': True}", "byte 10: the header must have the key shape, got none"},
      {"{'descr': '<f4', 'descr': '<f4'}",
       "byte 10: the keys of the header must be descr, fortran_order and shape, got 'descr' twice"},
      {"{'order': 'C'}",
       "byte 10: the keys of the header must be descr, fortran_order and shape, got 'order'"},
      {"{'descr': '<f4}", "byte 21: the header must have a closing quote here, got '<f4}'"},
      {"{'descr': '<\\x664'}", "byte 21: the header must have a closing quote here, got '<\\x664'}'"},
      {"{'descr' '<f4'}", "byte 19: the header must have ':' here, got ''<f4'}'"},
      {"{'fortran_order': 0}", "byte 28: the header must have True or False here, got '0}'"},
      {"{'shape': (-1,)}", "byte 21: the header must have an extent from 0 to 2^64 - 1 here, got '-1,)}'"},
      {"{'shape': (1.5,)}", "byte 22: the header must have a comma here, got '.5,)}'"},
      {"{'shape': (18446744073709551616,)}",
       "byte 21: the header must have an extent from 0 to 2^64 - 1 here, got '1844674407370955'"},
      {"{'shape': (1)}", "byte 23: the header must have a comma after the only extent here, got '}'"},
      {"{'shape': (1 2)}", "byte 23: the header must have a comma here, got '2)}'"},
      {"{'shape': 3}", "byte 20: the header must have '(' here, got '3}'"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + [0] * 9",
       "byte 66: the header must have the end of the header here, got '+ [0] * 9'"},
  }));
  CHECK(error_in(npy(header, "0123")) == ": " + message);
}

TEST_CASE("a file that does not begin as one of NumPy is refused", "[data][npy][errors]") {
  CHECK(error_in("") == ": byte 0: there must be 6 bytes of magic string, got 0");
  CHECK(error_in("PK\3\4 zip") ==
        ": byte 0: a file of the NPY format must begin with \\x93NUMPY, got something else");
  CHECK(error_in("\x93NUMPY\4" + std::string(9, '\0')) ==
        ": byte 6: the version must be 1.0, 2.0 or 3.0, got 4.0");
  CHECK(error_in("\x93NUMPY\1") == ": byte 6: there must be 2 bytes of version, got 1");
  CHECK(error_in("\x93NUMPY\1" + from_hex("00ffff") + "{}") ==
        ": byte 10: there must be 65535 bytes of header, got 2");
  CHECK(error_in("\x93NUMPY\2" + from_hex("00ffffffff") + "{}") ==
        ": byte 12: there must be 4294967295 bytes of header, got 2");
}

TEST_CASE("an array that is shorter or longer than its header says is refused", "[data][npy][errors]") {
  const std::string at = ": byte " + std::to_string(npy_of("<f4", "(2, 3)", "").size()) + ": ";
  CHECK(error_in(npy_of("<f4", "(2, 3)", "0123")) ==
        at + "there must be 24 bytes of elements for shape (2, 3), got 4");
  CHECK(error_in(npy_of("<f4", "(2, 3)", std::string(25, 'x'))) ==
        ": byte " + std::to_string(npy_of("<f4", "(2, 3)", "").size() + 24) +
            ": the file must end here, got more bytes");
  CHECK_THAT(
      error_in(npy_of("<f8", "(1099511627776,)", "01234567")),
      ContainsSubstring("there must be 8796093022208 bytes of elements for shape (1099511627776), got 8"));
  CHECK_THAT(
      error_in(npy_of("<f8", "(1152921504606846976,)", "")),
      ContainsSubstring("byte 10: the shape must be a possible one, got: Shape: an axis must be at most"));
  CHECK_THAT(
      error_in(npy_of("<f8", "(4294967296, 4294967296, 0)", "")),
      ContainsSubstring("byte 10: the shape must be a possible one, got: Shape: the number of elements"));
  CHECK_THAT(
      error_in(npy_of("|u1", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "x")),
      ContainsSubstring("byte 10: the shape must be a possible one, got: Shape: an array has at most 8"));
}
