// SPDX-License-Identifier: BSD-3-Clause
#include <sys/stat.h>

#include <filesystem>

#include "matchers.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;

// Files that are wrong, by accident or on purpose.
namespace {

std::string safetensors(std::string_view header, std::size_t data_bytes = 0) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return text + std::string(header) + std::string(data_bytes, '\1');
}

std::string error_of(const std::string& path) {
  try {
    io::read_safetensors(path);
  } catch (const FileError& error) {
    const std::string message = error.what(), prefix = "read_safetensors: " + path + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }
  return "no error";
}

// What is said about a file of this content, behind function and path.
std::string error_in(const std::string& content) {
  static const TemporaryDirectory directory;
  write_text(directory / "x", content);
  return error_of(directory / "x");
}

std::string error_in_header(std::string_view header, std::size_t data_bytes = 0) {
  const std::string message = error_in(safetensors(header, data_bytes)), prefix = "header: ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

// Of a header with one array "a" of these fields.
std::string error_in_tensor(const std::string& fields, std::size_t data_bytes = 0) {
  const std::string message = error_in_header("{\"a\":{" + fields + "}}", data_bytes),
                    prefix = "tensor \"a\"";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

std::string a_file() {
  const TemporaryDirectory directory;
  NamedArrays arrays;
  arrays.add("weight", AnyArray(Array<float>(Shape{2, 3})));
  arrays.add("mask", AnyArray(Array<bool>(Shape{3})));
  arrays.add_scalar("steps", std::uint64_t{7});
  io::write_safetensors(directory / "x", arrays, {{"key", "text"}});
  return read_text(directory / "x");
}

}  // namespace

TEST_CASE("a file that ends early is refused with what is missing", "[io][safetensors][errors]") {
  const std::string whole = a_file();
  CHECK(error_in(whole) == "no error");
  CHECK(error_in(whole.substr(0, 7)) == "byte 0: there must be 8 bytes of header size, got 7");
  CHECK(error_in(whole.substr(0, 20)) == "byte 8: there must be 208 bytes of header, got 12");
  CHECK(error_in(whole.substr(0, whole.size() - 1)) ==
        "it must have 35 bytes of data behind its header, as the header says, got 34");
}

TEST_CASE("a file with more behind its data is refused", "[io][safetensors][errors]") {
  CHECK(error_in(a_file() + "x") ==
        "it must have 35 bytes of data behind its header, as the header says, got 36");
}

TEST_CASE("noise is refused", "[io][safetensors][errors]") {
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    std::string noise(static_cast<std::size_t>(random.below(200)), ' ');
    for (char& byte : noise) byte = static_cast<char>(random.below(256));
    if (i % 2 == 0) noise = safetensors("{" + noise);
    CHECK(error_in(noise) != "no error");
  }
}

TEST_CASE("a header beyond the limit or the file is refused before it is read", "[io][safetensors][errors]") {
  const TemporaryDirectory directory;
  const auto with_size = [&](std::string_view size, std::uintmax_t file_bytes) {
    write_text(directory / "x", size);
    std::filesystem::resize_file(directory / "x", file_bytes);  // A hole: it takes no room on the disk.
    return error_of(directory / "x");
  };
  using namespace std::string_view_literals;
  CHECK(with_size("\0\0\0\x40\0\0\0\0"sv, 2'000'000'000) ==
        "its header must take at most 100000000 bytes, got 1073741824; is it a safetensors file?");
  CHECK(with_size("\xff\xff\xff\xff\xff\xff\xff\xff"sv, 100) ==
        "its header must take at most 100000000 bytes, got 18446744073709551615; is it a safetensors file?");
  CHECK(with_size("\x01\xe1\xf5\x05\0\0\0\0"sv, 200'000'000) ==
        "its header must take at most 100000000 bytes, got 100000001; is it a safetensors file?");
  CHECK(with_size("\x00\xe1\xf5\x05\0\0\0\0"sv, 100) ==
        "byte 8: there must be 100000000 bytes of header, got 92");
  CHECK(with_size("\0\0\0\0\0\0\0\0"sv, 8) == "header: it must begin with {, got \"\"");
}

TEST_CASE("a header that is no JSON is named with the place", "[io][safetensors][errors]") {
  CHECK(error_in_header("[]") == "it must begin with {, got \"[\"");
  CHECK(error_in_header(" {}") == "it must begin with {, got \" \"");
  CHECK(error_in_header("{\"a\":") ==
        "it must be JSON in UTF-8, got an error at its byte 6, the last of \"{\\\"a\\\":\"");
  CHECK(error_in_header("{\"a\" 1}") ==
        "it must be JSON in UTF-8, got an error at its byte 6, the last of \"{\\\"a\\\" 1\"");
  CHECK(error_in_header("{}{}") ==
        "it must be JSON in UTF-8, got an error at its byte 3, the last of \"{}{\"");
  CHECK_THAT(error_in_header("{a:1}"),
             ContainsSubstring("must be JSON in UTF-8, got an error at its byte 2"));
  CHECK_THAT(error_in_header("{}//"), ContainsSubstring("must be JSON in UTF-8, got an error at its byte 3"));
  CHECK_THAT(error_in_header("{\"a\":{},}"), ContainsSubstring("must have dtype, shape and data_offsets"));
  CHECK(error_in_header(std::string_view("{}\0\0", 4)) ==
        "it must be JSON in UTF-8, got a NUL at its byte 3");
  CHECK_THAT(error_in_header("{\"" + std::string(1000, 'x')), ContainsSubstring("byte 1003"));
}

TEST_CASE("text that is no UTF-8 is refused", "[io][safetensors][errors]") {
  const std::string wrong =
      GENERATE("\xff", "\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\\ud800", "\n");
  CAPTURE(wrong);
  CHECK_THAT(error_in_header("{\"" + wrong + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
             ContainsSubstring("it must be JSON in UTF-8, got an error at its byte"));
  CHECK_THAT(error_in_header("{\"__metadata__\":{\"key\":\"" + wrong + "\"}}"),
             ContainsSubstring("it must be JSON in UTF-8, got an error at its byte"));
}

TEST_CASE("what is nested deeply is refused at once", "[io][safetensors][errors]") {
  constexpr std::size_t depth = 5'000'000;
  CHECK(error_in_header("{\"a\":" + std::string(depth, '[')) == "tensor \"a\" must be an object, got a list");
  std::string objects = "{\"a\":";
  while (objects.size() < depth) objects += "{\"shape\":";
  CHECK(error_in_header(objects) ==
        "tensor \"a\": shape must be a list of whole numbers from 0 to 2^64 - 1, got an object");
  CHECK(error_in_tensor("\"shape\":" + std::string(depth, '[')) ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got a list");
}

TEST_CASE("names that stand twice are refused", "[io][safetensors][errors]") {
  const std::string empty = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  CHECK(error_in_header("{\"a\":" + empty + ",\"a\":" + empty + "}") ==
        "names must be distinct, got \"a\" twice");
  CHECK(error_in_header("{\"a\":" + empty + ",\"\\u0061\":" + empty + "}") ==
        "names must be distinct, got \"a\" twice");
  CHECK(error_in_header(R"({"__metadata__":{},"__metadata__":{}})") ==
        "names must be distinct, got \"__metadata__\" twice");
  CHECK(error_in_header(R"({"__metadata__":{"k":"1","k":"2"}})") ==
        "__metadata__ must have each name once, got \"k\" twice");
  CHECK(error_in_tensor(R"("dtype":"U8","dtype":"U8")") == " must have each name once, got \"dtype\" twice");
  CHECK(error_in_tensor(R"("shape":[],"shape":[])") == " must have each name once, got \"shape\" twice");
  CHECK(error_in_tensor(R"("data_offsets":[0,0],"data_offsets":[0,0])") ==
        " must have each name once, got \"data_offsets\" twice");
}

TEST_CASE("metadata that is not texts by names is refused", "[io][safetensors][errors]") {
  const auto [value, got] = GENERATE(table<std::string, std::string>({{"1", "1"},
                                                                      {"-1", "-1"},
                                                                      {"1.5", "1.5"},
                                                                      {"null", "null"},
                                                                      {"true", "true"},
                                                                      {"false", "false"},
                                                                      {"[]", "a list"},
                                                                      {"{}", "an object"}}));
  CHECK(error_in_header("{\"__metadata__\":{\"k\":" + value + "}}") ==
        "__metadata__: \"k\" must be a text, got " + got);
  if (value != "{}") {
    CHECK(error_in_header("{\"__metadata__\":" + value + "}") ==
          "__metadata__ must be an object, got " + got);
    CHECK(error_in_header("{\"a\":" + value + "}") == "tensor \"a\" must be an object, got " + got);
  }
}

TEST_CASE("fields of an array that are missing, strange or of another kind are refused",
          "[io][safetensors][errors]") {
  CHECK(error_in_tensor(R"("shape":[],"data_offsets":[0,4])", 4) ==
        " must have dtype, shape and data_offsets, got no dtype");
  CHECK(error_in_tensor(R"("dtype":"F32","data_offsets":[0,4])", 4) ==
        " must have dtype, shape and data_offsets, got no shape");
  CHECK(error_in_tensor(R"("dtype":"F32","shape":[])", 4) ==
        " must have dtype, shape and data_offsets, got no data_offsets");
  CHECK(error_in_tensor(R"("dtype":"F32","strides":[1])", 4) ==
        " must have dtype, shape and data_offsets only, got \"strides\"");
  CHECK(error_in_tensor(R"("dtype":["F32"])") == ": dtype must be a text, got a list");
  CHECK(error_in_tensor(R"("dtype":7)") == ": dtype must be a text, got 7");
  CHECK(error_in_tensor("\"shape\":\"(2)\"") ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got \"(2)\"");
  CHECK(error_in_tensor(R"("shape":3)") ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got 3");
  CHECK(error_in_tensor(R"("shape":null)") ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got null");
  CHECK(error_in_tensor(R"("shape":["2"])") ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got \"2\"");
}

TEST_CASE("types that no array has are refused with those that one may have", "[io][safetensors][errors]") {
  const std::string type = GENERATE("F8_E4M3", "C64", "f32", "", "F32 ", "__metadata__");
  CHECK(error_in_tensor("\"dtype\":\"" + type + R"(","shape":[2],"data_offsets":[0,3])", 3) ==
        ": dtype must be one of F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, BOOL, F16, BF16, got \"" +
            type + "\"; to read other tensors of the file, name them: read_safetensors(path, names)");
  CHECK(error_in_tensor("\"dtype\":\"" + type + "\"") ==
        " must have dtype, shape and data_offsets, got no shape");
}

TEST_CASE("the place of data of a type that no array has is checked all the same",
          "[io][safetensors][errors]") {
  const auto with_offsets = [](const std::string& offsets, std::size_t data_bytes) {
    const std::string content =
        safetensors(R"({"a":{"dtype":"F8_E4M3","shape":[9],"data_offsets":)" + offsets +
                        R"(},"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}})",
                    data_bytes);
    const TemporaryDirectory directory;
    write_text(directory / "x", content);
    try {
      io::list_safetensors(directory / "x");
      io::read_safetensors(directory / "x", {"b"});
    } catch (const FileError& error) {
      const std::string message = error.what();
      return message.substr(message.find(": ", message.find("/x")) + 2);
    }
    return std::string("no error");
  };
  CHECK(with_offsets("[0,4]", 5) == "no error");
  CHECK(with_offsets("[4,0]", 5) == "header: tensor \"a\": data_offsets must be begin and end, got [4, 0]");
  CHECK(with_offsets("[0,3]", 5) ==
        "header: tensor \"b\": data_offsets must begin at 3, where the data before it end, got [4, 5]");
  CHECK(with_offsets("[1,4]", 5) ==
        "header: tensor \"a\": data_offsets must begin at 0, where the data before it end, got [1, 4]");
  CHECK(with_offsets("[0,4]", 6) ==
        "it must have 5 bytes of data behind its header, as the header says, got 6");
}

TEST_CASE("counts that are negative, fractions or too large are refused", "[io][safetensors][errors]") {
  const std::string count = GENERATE("-1", "-0", "1.5", "1e3", "18446744073709551616", "1e999", "true");
  CAPTURE(count);
  for (const std::string field : {"shape", "data_offsets"}) {
    const std::string message = error_in_tensor("\"" + field + "\":[0," + count + "]");
    CHECK_THAT(message,
               ContainsSubstring(": " + field + " must be a list of whole numbers from 0 to 2^64 - 1") ||
                   ContainsSubstring("must be JSON"));
  }
  CHECK(error_in_tensor(R"("shape":[-3])") ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got -3");
  CHECK(error_in_tensor(R"("shape":[18446744073709551616])") ==
        ": shape must be a list of whole numbers from 0 to 2^64 - 1, got 18446744073709551616");
}

TEST_CASE("shapes whose sizes overflow are refused", "[io][safetensors][errors]") {
  const std::string shape =
      GENERATE("[18446744073709551615]", "[4294967296,4294967296]", "[0,9223372036854775807]",
               "[2,2305843009213693952,4]", "[9223372036854775808,2]",
               "[65536,65536,65536,65536,65536,65536,65536,65536]");
  CAPTURE(shape);
  CHECK_THAT(error_in_tensor("\"dtype\":\"F64\",\"shape\":" + shape + ",\"data_offsets\":[0,0]"),
             ContainsSubstring(": shape must be one that memory can hold, got ["));
}

TEST_CASE("shapes of more axes than arrays have are refused", "[io][safetensors][errors]") {
  std::string eight = "1,1,1,1,1,1,1,1";
  CHECK(error_in_tensor("\"dtype\":\"U8\",\"shape\":[" + eight + "],\"data_offsets\":[0,1]", 1) ==
        "no error");
  CHECK(error_in_tensor("\"dtype\":\"U8\",\"shape\":[" + eight + ",1],\"data_offsets\":[0,1]", 1) ==
        ": shape must have at most 8 axes, got more");
  std::string many;
  for (int i = 0; i < 1'000'000; ++i) many += "1,";
  CHECK(error_in_tensor("\"shape\":[" + many) == ": shape must have at most 8 axes, got more");
  CHECK(error_in_tensor("\"data_offsets\":[" + many) ==
        ": data_offsets must be two numbers, begin and end, got more");
}

TEST_CASE("data that have not the size of their array are refused", "[io][safetensors][errors]") {
  const auto [offsets, got] =
      GENERATE(table<std::string, std::string>({{"[0,23]", "[0, 23]"},
                                                {"[0,25]", "[0, 25]"},
                                                {"[24,0]", "[24, 0]"},
                                                {"[0,18446744073709551615]", "[0, 18446744073709551615]"},
                                                {"[18446744073709551600,8]", "[18446744073709551600, 8]"}}));
  CHECK(error_in_tensor(R"("dtype":"F32","shape":[2,3],"data_offsets":)" + offsets, 24) ==
        ": data_offsets must be 24 bytes apart, for F32 of shape (2, 3), got " + got);
  CHECK(error_in_tensor(R"("data_offsets":[])") ==
        ": data_offsets must be two numbers, begin and end, got []");
  CHECK(error_in_tensor(R"("data_offsets":[1])") ==
        ": data_offsets must be two numbers, begin and end, got [1]");
}

TEST_CASE("data that overlap, leave a hole or lie outside are refused", "[io][safetensors][errors]") {
  const auto two = [](const std::string& a, const std::string& b, std::size_t data_bytes) {
    return error_in_header(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
                               R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                           data_bytes);
  };
  CHECK(two("[0,4]", "[4,8]", 8) == "no error");
  CHECK(two("[4,8]", "[0,4]", 8) == "no error");
  const std::string rule = "data_offsets must begin at ", reason = ", where the data before it end, got ";
  CHECK(two("[0,4]", "[0,4]", 4) == "tensor \"b\": " + rule + "4" + reason + "[0, 4]");
  CHECK(two("[0,4]", "[3,7]", 7) == "tensor \"b\": " + rule + "4" + reason + "[3, 7]");
  CHECK(two("[0,4]", "[5,9]", 9) == "tensor \"b\": " + rule + "4" + reason + "[5, 9]");
  CHECK(two("[1,5]", "[5,9]", 9) == "tensor \"a\": " + rule + "0" + reason + "[1, 5]");
  CHECK(two("[0,4]", "[18446744073709551611,18446744073709551615]", 8) ==
        "tensor \"b\": " + rule + "4" + reason + "[18446744073709551611, 18446744073709551615]");
  CHECK(two("[0,4]", "[4,8]", 7) ==
        "it must have 8 bytes of data behind its header, as the header says, got 7");
  CHECK(two("[0,4]", "[4,8]", 9) ==
        "it must have 8 bytes of data behind its header, as the header says, got 9");
  // An array without elements has a place too.
  CHECK(error_in_header(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[9,9]}})", 0) ==
        "tensor \"a\": " + rule + "0" + reason + "[9, 9]");
}

TEST_CASE("arrays that would be far larger than the file are refused before they are made",
          "[io][safetensors][errors]") {
  CHECK(error_in_tensor(R"("dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000])", 8) ==
        "it must have 8000000000000 bytes of data behind its header, as the header says, got 8");
}

TEST_CASE("a truth value other than 0 and 1 is refused", "[io][safetensors][errors]") {
  std::string content = safetensors(R"({"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})", 3);
  CHECK(error_in(content) == "no error");
  content.back() = '\2';
  CHECK(error_in(content) == "tensor \"a\": a BOOL must be 0 or 1, got 2 at element 2");
}

TEST_CASE("long and unprintable names are shown shortened and escaped", "[io][safetensors][errors]") {
  CHECK(error_in_header("{\"" + std::string(500, 'n') + "\":1}") ==
        "tensor \"" + std::string(80, 'n') + "\"... must be an object, got 1");
  CHECK(error_in_header("{\"\\u001b[2J\\n\":1}") == "tensor \"\\x1b[2J\\n\" must be an object, got 1");
}

TEST_CASE("what is no regular file is refused with the system's reason", "[io][safetensors][errors]") {
  const TemporaryDirectory directory;
  CHECK(error_of(directory / "x") == "the file must be readable, got: No such file or directory");
  CHECK(error_of(directory.path()) == "the file must be readable, got: Is a directory");
  CHECK(error_of("/dev/zero") == "it must be a regular file, got a pipe or a device");
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK(error_of(directory / "pipe") == "it must be a regular file, got a pipe or a device");
}
