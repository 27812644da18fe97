// SPDX-License-Identifier: BSD-3-Clause
#include "io/half_floats.hpp"

#include <cmath>
#include <limits>

#include "matchers.hpp"
#include "temporary_directory.hpp"
#include "xtape/io.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// Every number of a format is itself, and what lies between two becomes the nearer one, in the middle the one
// whose last bit is 0: by the decoder, which tests of reading know to be right.
template <std::uint16_t (*encode)(double), float (*decode)(std::uint16_t)>
void check_rounding(std::uint16_t infinity) {
  std::size_t wrong = 0;
  for (std::uint16_t bits = 0; bits < infinity; ++bits) {
    const auto next = static_cast<std::uint16_t>(bits + 1);
    const double low = decode(bits);
    wrong += encode(low) != bits;
    wrong += encode(-low) != (bits | 0x8000);
    // Beyond the largest stands what would follow it.
    const double high =
        next < infinity ? decode(next) : 2 * low - decode(static_cast<std::uint16_t>(bits - 1));
    const double middle = low + (high - low) / 2;
    wrong += encode(middle) != (bits % 2 == 0 ? bits : next);
    wrong += encode(std::nextafter(middle, low)) != bits;
    wrong += encode(std::nextafter(middle, high)) != next;
  }
  CHECK(wrong == 0);
  CHECK(encode(INFINITY) == infinity);
  CHECK(encode(-INFINITY) == (infinity | 0x8000));
  CHECK(encode(1e300) == infinity);
  CHECK(encode(-0.0) == 0x8000);
  CHECK(encode(std::numeric_limits<double>::denorm_min()) == 0);
  CHECK(std::isnan(decode(encode(NAN))));
}

template <class T>
AnyArray array_of(const std::vector<T>& numbers) {
  return AnyArray(Array<T>(ArrayInput<T>(numbers.data(), {numbers.size()})));
}

}  // namespace

TEST_CASE("numbers are rounded to the nearest half, bfloat16, of two to the even one", "[io][safetensors]") {
  check_rounding<io::half_from, io::float_from_half>(0x7c00);
  check_rounding<io::bfloat16_from, io::float_from_bfloat16>(0x7f80);
}

TEST_CASE("halves are those of numpy", "[io][safetensors]") {
  // numpy.float16(x).view(numpy.uint16)
  CHECK(io::half_from(1) == 0x3c00);
  CHECK(io::half_from(-2) == 0xc000);
  CHECK(io::half_from(0.1) == 0x2e66);
  CHECK(io::half_from(65504) == 0x7bff);
  CHECK(io::half_from(3.14159) == 0x4248);
  CHECK(io::half_from(6e-8) == 0x0001);
  CHECK(io::half_from(1e-5) == 0x00a8);
}

TEST_CASE("real numbers are written as halves where that is wanted, whole ones as they are",
          "[io][safetensors]") {
  const TemporaryDirectory directory;
  NamedArrays arrays;
  arrays.add("f", array_of<float>({1, 0.1f, -70000}));
  arrays.add("d", array_of<double>({0.1, 1e-30}));
  arrays.add("i", array_of<std::int64_t>({1, std::int64_t{1} << 40}));
  io::write_safetensors(directory / "x", arrays, {}, io::StoredFloats::bfloat16);
  const auto listing = io::list_safetensors(directory / "x").arrays;
  CHECK(listing.at("f").type == "BF16");
  CHECK(listing.at("d").type == "BF16");
  CHECK(listing.at("i").type == "I64");
  const NamedArrays back = io::read_safetensors(directory / "x").arrays;
  // torch.tensor([1, 0.1, -70000]).bfloat16()
  CHECK(values(back["f"].get<float>()) == std::vector<double>{1, 0.10009765625, -70144});
  CHECK(values(back["d"].get<float>()) == std::vector<double>{0.10009765625, 0x1.44p-100});
  CHECK_THROWS_MATCHES(
      io::write_safetensors(directory / "y", arrays, {}, io::StoredFloats::float16), ValueError,
      Catch::Matchers::Message(
          "write_safetensors: element[2] of \"f\" must not be beyond the largest number of the "
          "type to store, got -70000; store bfloat16 or the numbers as they are"));
  CHECK(directory.names() == std::vector<std::string>{"x"});
}

TEST_CASE("a model takes weights that were saved as halves, and more than a block of them", "[io][weights]") {
  const TemporaryDirectory directory;
  Random random(1);
  nn::Linear<double> model(100, 99, random), other(100, 99, random);
  io::save_weights(directory / "x", model, {}, io::StoredFloats::float16);
  io::load_weights(directory / "x", other);
  CHECK_THAT(values(other.weight), AllClose(values(model.weight), 0x1p-11, 0x1p-25));
}
