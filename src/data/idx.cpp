// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <utility>

#include "data/gzip_reader.hpp"
#include "data/map_elements.hpp"
#include "files/file_array.hpp"

namespace xtape::data {
namespace {

constexpr std::uint64_t extents_offset = 4;

constexpr std::array<std::pair<unsigned, ElementType>, 6> element_types{{{0x08, ElementType::uint8},
                                                                         {0x09, ElementType::int8},
                                                                         {0x0B, ElementType::int16},
                                                                         {0x0C, ElementType::int32},
                                                                         {0x0D, ElementType::float32},
                                                                         {0x0E, ElementType::float64}}};

struct IdxHeader {
  ElementType type;
  Shape shape;
};

IdxHeader read_idx_header(ByteReader& file) {
  std::array<unsigned char, extents_offset> magic{};
  file.read(magic.data(), magic.size(), "magic number");
  if (magic[0] != 0 || magic[1] != 0) {
    file.fail_at(0, "a file of the IDX format must begin with two bytes of 0, got {:#04x} and {:#04x}",
                 magic[0], magic[1]);
  }
  std::vector<std::size_t> extents(magic[3]);
  for (std::size_t& extent : extents) {
    std::array<unsigned char, 4> bytes{};
    file.read(bytes.data(), bytes.size(), "an extent");
    extent = 0;
    for (const unsigned char byte : bytes) extent = extent << 8 | byte;
  }
  const Shape shape = shape_from_file(file, extents_offset, extents);
  const auto known =
      std::ranges::find(element_types, unsigned{magic[2]}, &std::pair<unsigned, ElementType>::first);
  if (known == element_types.end()) {
    file.fail_at(2, "the element type must be 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e, got {:#04x}", magic[2]);
  }
  return {known->second, shape};
}

}  // namespace

AnyArray read_idx(const std::string& path) {
  const std::unique_ptr<ByteReader> file = open_maybe_gzip("read_idx", path);
  const IdxHeader header = read_idx_header(*file);
  AnyArray array = with_element_type(header.type, [&]<class T>() {
    return AnyArray(read_numbers<T>(*file, header.shape, std::endian::big));
  });
  file->require_end();
  return array;
}

MappedArray map_idx(const std::string& path) {
  InputFile plain("map_idx", path, InputFile::Kind::regular, "; read_idx reads it");
  if (plain.peek() == first_of_gzip) {
    fail<FileError>(
        "{}: the file must be plain to be mapped, got one packed by gzip; gunzip unpacks it, and "
        "read_idx reads it packed",
        plain.subject());
  }
  PlainReader file(std::move(plain));
  const IdxHeader header = read_idx_header(file);
  return map_elements(file, header.type, header.shape, std::endian::big, "read_idx");
}

AnyArray detail::read_idx(const std::string& path, ElementType type) {
  return convert_from_file("read_idx", path, data::read_idx(path), type);
}

}  // namespace xtape::data
