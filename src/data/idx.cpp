// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/idx.hpp"

#include <array>
#include <bit>

#include "data/file_array.hpp"
#include "data/gzip_reader.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {
namespace {

constexpr std::uint64_t extents_offset = 4;

AnyArray read_elements(ByteReader& file, unsigned type, const Shape& shape) {
  switch (type) {
    case 0x08:
      return read_numbers<std::uint8_t>(file, shape, std::endian::big);
    case 0x09:
      return read_numbers<std::int8_t>(file, shape, std::endian::big);
    case 0x0B:
      return read_numbers<std::int16_t>(file, shape, std::endian::big);
    case 0x0C:
      return read_numbers<std::int32_t>(file, shape, std::endian::big);
    case 0x0D:
      return read_numbers<float>(file, shape, std::endian::big);
    case 0x0E:
      return read_numbers<double>(file, shape, std::endian::big);
    default:
      file.fail_at(2, "the element type must be 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e, got {:#04x}", type);
  }
}

}  // namespace

AnyArray read_idx(const std::string& path) {
  const std::unique_ptr<ByteReader> file = open_maybe_gzip("read_idx", path);
  std::array<unsigned char, extents_offset> magic{};
  file->read(magic.data(), magic.size(), "magic number");
  if (magic[0] != 0 || magic[1] != 0) {
    file->fail_at(0, "a file of the IDX format must begin with two bytes of 0, got {:#04x} and {:#04x}",
                  magic[0], magic[1]);
  }
  std::vector<std::size_t> extents(magic[3]);
  for (std::size_t& extent : extents) {
    std::array<unsigned char, 4> bytes{};
    file->read(bytes.data(), bytes.size(), "an extent");
    extent = 0;
    for (const unsigned char byte : bytes) extent = extent << 8 | byte;
  }
  AnyArray array = read_elements(*file, magic[2], shape_from_file(*file, extents_offset, extents));
  file->require_end();
  return array;
}

template <class T>
Array<T> read_idx(const std::string& path) {
  return convert_from_file<T>("read_idx", path, read_idx(path));
}

template Array<float> read_idx(const std::string&);
template Array<double> read_idx(const std::string&);
template Array<std::int8_t> read_idx(const std::string&);
template Array<std::int16_t> read_idx(const std::string&);
template Array<std::int32_t> read_idx(const std::string&);
template Array<std::int64_t> read_idx(const std::string&);
template Array<std::uint8_t> read_idx(const std::string&);
template Array<std::uint16_t> read_idx(const std::string&);
template Array<std::uint32_t> read_idx(const std::string&);
template Array<std::uint64_t> read_idx(const std::string&);
template Array<bool> read_idx(const std::string&);

}  // namespace xtape::data
#pragma GCC visibility pop
