// SPDX-License-Identifier: BSD-3-Clause
#include <bit>
#include <cstring>

#include "files.hpp"
#include "io/half_floats.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;
using io::read_safetensors;
using io::write_safetensors;

namespace {

template <class T>
Array<T> numbers(const Shape& shape, std::initializer_list<T> elements) {
  Array<T> array(shape);
  std::copy(elements.begin(), elements.end(), array.begin());
  return array;
}

// Of the smallest and largest number of every type, in several shapes.
NamedArrays arrays_of_every_type() {
  NamedArrays arrays;
  const auto add = [&arrays]<class T>(const char* name, T) {
    using Limits = std::numeric_limits<T>;
    arrays.add(name, AnyArray(numbers<T>({2, 2}, {Limits::lowest(), T(0), T(1), Limits::max()})));
  };
  add("float32", float());
  add("float64", double());
  add("int8", std::int8_t());
  add("int16", std::int16_t());
  add("int32", std::int32_t());
  add("int64", std::int64_t());
  add("uint8", std::uint8_t());
  add("uint16", std::uint16_t());
  add("uint32", std::uint32_t());
  add("uint64", std::uint64_t());
  add("bool", bool());
  return arrays;
}

}  // namespace

TEST_CASE("a written file has the layout of the format, byte for byte", "[io][safetensors]") {
  const TemporaryDirectory directory;
  NamedArrays arrays;
  arrays.add("a", AnyArray(numbers<std::uint8_t>({3}, {1, 2, 255})));
  arrays.add("b", AnyArray(numbers<float>({1, 2}, {1, -2})));
  arrays.add("c", AnyArray(numbers<std::int64_t>({}, {-2})));
  arrays.add("d", AnyArray(Array<float>(Shape{0, 5})));
  write_safetensors(directory / "x", arrays, {{"k", "v"}});

  std::string header = R"({"__metadata__":{"k":"v"},)"
                       R"("c":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                       R"("b":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
                       R"("d":{"dtype":"F32","shape":[0,5],"data_offsets":[16,16]},)"
                       R"("a":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}})";
  while (header.size() % 8 != 0) header += ' ';
  const std::string data("\xfe\xff\xff\xff\xff\xff\xff\xff\x00\x00\x80\x3f\x00\x00\x00\xc0\x01\x02\xff", 19);
  CHECK(read_text(directory / "x") == little_endian(header.size(), 8) + header + data);
}

TEST_CASE("a header of a multiple of 8 bytes is not padded, and others are", "[io][safetensors]") {
  const TemporaryDirectory directory;
  for (std::size_t length = 1; length <= 9; ++length) {
    NamedArrays arrays;
    arrays.add_scalar(std::string(length, 'n'), 1.5);
    write_safetensors(directory / "x", arrays);
    const std::string text = read_text(directory / "x");
    std::uint64_t header = 0;
    std::memcpy(&header, text.data(), 8);
    CHECK(header % 8 == 0);
    CHECK(text.size() == 8 + header + 8);
    const auto brace = text.find("]}}") + 3;
    CHECK(8 + header - brace < 8);
    CHECK(text.substr(brace, 8 + header - brace) == std::string(8 + header - brace, ' '));
  }
}

TEST_CASE("arrays of every type come back as they were, bit for bit", "[io][safetensors]") {
  const TemporaryDirectory directory;
  const NamedArrays arrays = arrays_of_every_type();
  write_safetensors(directory / "x", arrays);
  const auto back = read_safetensors(directory / "x");
  CHECK(are_same_bits(back.arrays, arrays));
  CHECK(back.metadata.empty());
}

TEMPLATE_TEST_CASE("numbers that are none, infinities and zeros keep their bits", "[io][safetensors]", float,
                   double) {
  using Bits = std::conditional_t<sizeof(TestType) == 4, std::uint32_t, std::uint64_t>;
  const TemporaryDirectory directory;
  const auto payload = std::bit_cast<TestType>(
      static_cast<Bits>(std::bit_cast<Bits>(std::numeric_limits<TestType>::quiet_NaN()) | 123));
  NamedArrays arrays;
  arrays.add("x", AnyArray(numbers<TestType>({6}, {payload, -payload, INFINITY, -INFINITY, TestType(-0.0),
                                                   std::numeric_limits<TestType>::denorm_min()})));
  write_safetensors(directory / "x", arrays);
  CHECK(are_same_bits(read_safetensors(directory / "x").arrays, arrays));
}

TEST_CASE("arrays of every shape come back, those without elements too", "[io][safetensors]") {
  const TemporaryDirectory directory;
  NamedArrays arrays;
  for (const Shape& shape : shapes_of_every_kind) arrays.add(to_string(shape), AnyArray(Array<float>(shape)));
  arrays.add("no memory", AnyArray(Array<double>()));
  write_safetensors(directory / "x", arrays);
  CHECK(are_same_bits(read_safetensors(directory / "x").arrays, arrays));
}

TEST_CASE("no arrays at all are a file too", "[io][safetensors]") {
  const TemporaryDirectory directory;
  write_safetensors(directory / "x", {});
  CHECK(read_text(directory / "x") == little_endian(8, 8) + "{}      ");
  CHECK(read_safetensors(directory / "x").arrays.size() == 0);
}

TEST_CASE("names and metadata may hold any text", "[io][safetensors]") {
  const TemporaryDirectory directory;
  const std::string odd("quote \" backslash \\ line\n NUL\0 naïve 日本 \U0001F600", 50);
  NamedArrays arrays;
  arrays.add_scalar(odd, 1.0f);
  arrays.add_scalar("", 2.0f);
  const io::Metadata metadata{{odd, odd}, {"", ""}, {"__metadata__", "x"}};
  write_safetensors(directory / "x", arrays, metadata);
  const auto back = read_safetensors(directory / "x");
  CHECK(are_same_bits(back.arrays, arrays));
  CHECK(back.metadata == metadata);
}

TEST_CASE("the arrays of a file may stand in any order", "[io][safetensors]") {
  const TemporaryDirectory directory;
  const std::string header =
      R"({ "late" : {"data_offsets":[4,6], "shape":[2], "dtype":"U8"},
           "empty": {"dtype":"I64","shape":[0],"data_offsets":[4,4]},
           "early": {"dtype":"F32","shape":[],"data_offsets":[0,4]} }  )";
  write_text(directory / "x",
             little_endian(header.size(), 8) + header + std::string("\0\0\0\x40\x07\x08", 6));
  const auto back = read_safetensors(directory / "x").arrays;
  CHECK(back.size() == 3);
  CHECK(back.get_scalar<float>("test", "early") == 2);
  CHECK_THAT(values(back.get<std::uint8_t>("test", "late", {2})), AllClose({7, 8}, 0));
  CHECK(back.get<std::int64_t>("test", "empty", {0}).empty());
}

TEST_CASE("every half is read as the float of its sign, exponent and fraction", "[io][safetensors][half]") {
  std::size_t wrong = 0;
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float value = io::float_from_half(static_cast<std::uint16_t>(bits));
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const bool negative = bits >> 15 != 0;
    if (exponent == 31 && fraction != 0) {
      wrong += !std::isnan(value) || (std::bit_cast<std::uint32_t>(value) >> 13 & 1023) != bits % 1024;
    } else {
      const double magnitude = exponent == 31  ? inf
                               : exponent == 0 ? std::ldexp(fraction, -24)
                                               : std::ldexp(1024 + fraction, exponent - 25);
      wrong += static_cast<double>(value) != (negative ? -magnitude : magnitude);
    }
    wrong += std::signbit(value) != negative;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a file of PyTorch's with every type is read exactly", "[io][safetensors][pytorch]") {
  const auto [arrays, metadata] = read_safetensors("tests/data/pytorch_types.safetensors");
  CHECK(metadata == io::Metadata{{"naïve", "a \"text\"\n"}});
  for (const std::string type : {"F16", "BF16"}) {
    const auto& got = arrays[type].get<float>();
    const auto& expected = arrays[type + " as F32"].get<float>();
    REQUIRE(got.size() == expected.size());
    REQUIRE(got.size() > 50);
    CHECK(std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)) == 0);
  }
  CHECK_THAT(values(arrays.get<bool>("test", "BOOL", {3})), AllClose({1, 0, 1}, 0));
  CHECK_THAT(values(arrays.get<std::int8_t>("test", "I8", {4})), AllClose({-128, 0, 1, 127}, 0));
  CHECK_THAT(values(arrays.get<std::int16_t>("test", "I16", {4})), AllClose({-32768, 0, 1, 32767}, 0));
  CHECK_THAT(values(arrays.get<std::int32_t>("test", "I32", {4})), AllClose({-0x1p31, 0, 1, 0x1p31 - 1}, 0));
  CHECK(arrays.get<std::int64_t>("test", "I64", {4})[3] == std::numeric_limits<std::int64_t>::max());
  CHECK_THAT(values(arrays.get<std::uint8_t>("test", "U8", {4})), AllClose({0, 0, 1, 255}, 0));
  CHECK(arrays.get_scalar<float>("test", "scalar") == 2.5f);
  CHECK(arrays.get<float>("test", "empty", {2, 0, 3}).empty());
  CHECK(arrays.get<double>("test", "F64", {2, 3}).size() == 6);
}

TEST_CASE("what the format cannot hold is refused, and the file stays", "[io][safetensors][errors]") {
  const TemporaryDirectory directory;
  write_text(directory / "x", "before");
  NamedArrays reserved, broken;
  reserved.add_scalar("__metadata__", 1.0f);
  broken.add_scalar("\xff", 1.0f);
  CHECK_THROWS_AS(write_safetensors(directory / "x", reserved), ArgumentError);
  CHECK_THROWS_WITH(
      write_safetensors(directory / "x", reserved),
      "write_safetensors: no array must have the name __metadata__, which the format reserves; give "
      "metadata as such");
  CHECK_THROWS_AS(write_safetensors(directory / "x", broken), ArgumentError);
  CHECK_THROWS_WITH(write_safetensors(directory / "x", broken),
                    "write_safetensors: names and metadata must be UTF-8, got \"\\xff\"");
  CHECK_THROWS_WITH(write_safetensors(directory / "x", {}, {{"key", "\xc3"}}),
                    "write_safetensors: names and metadata must be UTF-8, got \"\\xc3\"");
  io::Metadata huge;
  huge["key"].resize(100'000'000);
  CHECK_THROWS_WITH(
      write_safetensors(directory / "x", {}, huge),
      "write_safetensors: names, shapes and metadata must take at most 100000000 bytes, got at least "
      "100000003");
  CHECK(read_text(directory / "x") == "before");
  CHECK(directory.names() == std::vector<std::string>{"x"});
}

namespace safetensors_test {
namespace {

// Two types that no array has, around one of each width.
std::string mixed_file() {
  const std::string header = R"({"__metadata__":{"format":"pt"},
      "q":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[4,7]},
      "w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
      "z":{"dtype":"C64","shape":[],"data_offsets":[7,15]},
      "h":{"dtype":"BF16","shape":[1,1],"data_offsets":[15,17]}})";
  return little_endian(header.size(), 8) + header +
         std::string(
             "\0\0\x20\x40"
             "???"
             "????????"
             "\xc0\xbf",
             17);
}

}  // namespace

TEST_CASE("a file is listed with names, types and shapes, of tensors that cannot be read too",
          "[io][safetensors]") {
  const auto [arrays, metadata] = io::list_safetensors(TemporaryPath(mixed_file()));
  CHECK(metadata == io::Metadata{{"format", "pt"}});
  REQUIRE(arrays.size() == 4);
  CHECK(arrays.at("w").type == "F32");
  CHECK(arrays.at("w").element_type == ElementType::float32);
  CHECK(arrays.at("w").shape == Shape{1});
  CHECK(arrays.at("h").type == "BF16");
  CHECK(arrays.at("h").element_type == ElementType::float32);  // as which it is read
  CHECK(arrays.at("h").shape == Shape{1, 1});
  CHECK(arrays.at("q").type == "F8_E4M3");
  CHECK(arrays.at("q").element_type == std::nullopt);
  CHECK(arrays.at("q").shape == Shape{3});
  CHECK(arrays.at("z").type == "C64");
  CHECK(arrays.at("z").element_type == std::nullopt);
}

TEST_CASE("every type is read as it is listed", "[io][safetensors]") {
  const TemporaryDirectory directory;
  const NamedArrays arrays = arrays_of_every_type();
  write_safetensors(directory / "x", arrays);
  const auto listing = io::list_safetensors(directory / "x").arrays;
  CHECK(listing.size() == arrays.size());
  for (const auto& [name, array] : arrays) {
    CHECK(listing.at(name).element_type == array.element_type());
    CHECK(listing.at(name).shape == array.shape());
  }
}

TEST_CASE("tensors are read by their names, whatever others there are", "[io][safetensors]") {
  const TemporaryPath path(mixed_file());
  const auto both = read_safetensors(path, {"h", "w", "h"});
  CHECK(both.arrays.size() == 2);
  CHECK(both.arrays.get<float>("test", "w", {1})[0] == 2.5f);
  CHECK(both.arrays.get<float>("test", "h", {1, 1})[0] == -1.5f);
  CHECK(both.metadata == io::Metadata{{"format", "pt"}});
  CHECK(read_safetensors(path, {"h"}).arrays.get<float>("test", "h", {1, 1})[0] == -1.5f);
  CHECK(read_safetensors(path, {}).arrays.size() == 0);

  const std::string types =
      "dtype must be one of F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, BOOL, F16, BF16, got ";
  const auto error = [&](const std::vector<std::string>& names) {
    return file_error("read_safetensors", path, [&](const std::string& p) { read_safetensors(p, names); });
  };
  CHECK(error({"w", "q"}) == ": header: tensor \"q\": " + types + "\"F8_E4M3\"");
  CHECK(error({"w", "x"}) ==
        ": there must be a tensor \"x\", got none of that name; list_safetensors tells the names");
  CHECK(error({"__metadata__"}) ==
        ": there must be a tensor \"__metadata__\", got none of that name; list_safetensors tells the names");
  CHECK(file_error("read_safetensors", path, [](const std::string& p) { read_safetensors(p); }) ==
        ": header: tensor \"q\": " + types +
            "\"F8_E4M3\"; to read other tensors of the file, name them: read_safetensors(path, names)");
}

}  // namespace safetensors_test
