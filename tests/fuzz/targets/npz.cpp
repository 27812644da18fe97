// SPDX-License-Identifier: BSD-3-Clause
// An archive as it stands, or one that is made here of files of the NPY format, with the right checksums:
// then its arrays are what read_npy makes of each file.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "directory.hpp"
#include "finding.hpp"
#include "gzip.hpp"
#include "memory_file.hpp"
#include "npy_content.hpp"
#include "same_bits.hpp"
#include "xtape/data/npy.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

struct Entry {
  std::string name, content;
};

std::string little_endian(std::size_t number, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) result += static_cast<char>(number >> (8 * i) & 0xff);
  return result;
}

std::string zip(const std::vector<Entry>& entries, bool deflated) {
  static Deflater deflate(Deflater::Format::raw);
  std::string files, directory;
  for (const auto& [name, content] : entries) {
    const std::string data = deflated ? deflate(content) : content;
    const auto checksum = ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    const std::string version = little_endian(20, 2), flags = little_endian(0, 2),
                      method = little_endian(deflated ? 8 : 0, 2), day = little_endian(33, 4);
    const std::string about = version + flags + method + day + little_endian(checksum, 4) +
                              little_endian(data.size(), 4) + little_endian(content.size(), 4) +
                              little_endian(name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + version + about + std::string(10, '\0') + little_endian(files.size(), 4) + name;
    files += "PK\3\4" + about + name + data;
  }
  return files + directory + "PK\5\6" + little_endian(0, 4) + little_endian(entries.size(), 2) +
         little_endian(entries.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(files.size(), 4) + little_endian(0, 2);
}

void require_listed(const std::string& path, const NamedArrays& arrays) {
  const auto listing = data::list_npz(path);
  require(listing.size() == arrays.size(), "what is read is listed");
  std::vector<std::string> names;
  for (const auto& [name, array] : arrays) {
    require(listing.contains(name), "names are listed");
    require(listing.at(name).element_type == array.element_type(), "types are listed");
    require(listing.at(name).shape == array.shape(), "shapes are listed");
    names.push_back(name);
  }
  require(testing::are_same_bits(data::read_npz(path, names), arrays), "arrays are read by their names");
}

std::optional<NamedArrays> read(std::string_view content) {
  static const MemoryFile file;
  file.write(content);
  auto arrays = read_or_refuse([] { return data::read_npz(file.path()); });
  if (arrays) require_listed(file.path(), *arrays);
  return arrays;
}

void list(std::string_view content) {
  static const MemoryFile file;
  file.write(content);
  static_cast<void>(read_or_refuse([] { return data::list_npz(file.path()); }));
}

void require_comes_back(const NamedArrays& arrays, bool compress) {
  static const Directory directory;
  static const std::string written = directory / "x.npz";
  try {
    data::write_npz(written, arrays, {.compress = compress});
  } catch (const ArgumentError&) {  // A name that is no UTF-8.
    return;
  }
  require(testing::are_same_bits(data::read_npz(written), arrays), "what is written is read");
}

// Nothing where a file is none that read_npy takes.
std::optional<NamedArrays> arrays_of(const std::vector<Entry>& entries) {
  static const MemoryFile file;
  NamedArrays arrays;
  for (const auto& [name, content] : entries) {
    file.write(content);
    auto array = read_or_refuse([] { return data::read_npy(file.path()); });
    if (!array) return std::nullopt;
    arrays.add(name.substr(0, name.size() - 4), std::move(*array));
  }
  return arrays;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const bool is_made_here = bytes.flag(), deflated = bytes.flag(), third = bytes.flag();
  if (!is_made_here) {
    const auto arrays = third ? std::nullopt : read(bytes.rest());
    if (third) list(bytes.rest());
    if (arrays) require_comes_back(*arrays, deflated);
    return 0;
  }
  std::vector<Entry> entries;
  if (third) {
    const std::string_view piece = bytes.piece();
    Bytes content(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
    entries.push_back({"a.npy", npy_content(content)});
  }
  entries.push_back({"b.npy", npy_content(bytes)});
  const auto expected = arrays_of(entries);
  const auto arrays = read(zip(entries, deflated));
  require(arrays.has_value() == expected.has_value(), "an entry is read if it is read alone");
  if (arrays) require(testing::are_same_bits(*arrays, *expected), "an entry is read as it is read alone");
  return 0;
}
