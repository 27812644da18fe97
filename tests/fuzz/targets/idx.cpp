// SPDX-License-Identifier: BSD-3-Clause
// An IDX file. What is read are the bytes of the file, and so is what is mapped; packed by gzip it is the
// same; and gzip data that are none are refused.
#include <algorithm>
#include <string>

#include "bytes.hpp"
#include "finding.hpp"
#include "gzip.hpp"
#include "memory_file.hpp"
#include "same_bits.hpp"
#include "xtape/data/idx.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

void require_same(const data::MappedArray& mapped, const std::optional<AnyArray>& read) {
  const AnyArray copy =
      mapped.visit([]<class T>(const ArrayInput<T>& array) { return AnyArray(Array<T>(array)); });
  require(read && testing::are_same_bits(copy, *read), "what is mapped is what is read");
}

std::optional<AnyArray> read(std::string_view content) {
  static const MemoryFile file;
  file.write(content);
  auto array = read_or_refuse([] { return data::read_idx(file.path()); });
  const auto mapped = read_or_refuse([] { return data::map_idx(file.path()); });
  if (mapped) require_same(*mapped, array);
  if (!array) return array;
  require(data::read_idx<double>(file.path()).shape() == array->shape(), "every array is one of doubles");
  static_cast<void>(read_or_refuse([] { return data::read_idx<std::uint8_t>(file.path()); }));
  return array;
}

void require_bytes_of(std::string_view content, const AnyArray& array) {
  array.visit([&]<class T>(const Array<T>& elements) {
    const std::size_t header = 4 + 4 * elements.shape().rank();
    require(content.size() == header + elements.size() * sizeof(T), "the file is as long as its header says");
    const auto* const memory = reinterpret_cast<const char*>(elements.data());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      std::string bytes(memory + i * sizeof(T), sizeof(T));
      std::reverse(bytes.begin(), bytes.end());
      require(bytes == content.substr(header + i * sizeof(T), sizeof(T)),
              "elements are the bytes of the file");
    }
  });
}

void require_same(const std::optional<AnyArray>& plain, const std::optional<AnyArray>& packed) {
  require(plain.has_value() == packed.has_value(), "what is packed is read if it is read unpacked");
  if (plain) require(testing::are_same_bits(*plain, *packed), "packing changes nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Deflater gzip(Deflater::Format::gzip);
  Bytes bytes(data, size);
  const std::size_t members = bytes.below(3);
  const std::size_t cut = members == 2 ? bytes.next() : 0;
  const std::string_view content = bytes.rest();
  const bool is_packed = content.starts_with('\x1f');
  const auto array = read(content);
  if (array && !is_packed) require_bytes_of(content, *array);
  if (is_packed || members == 0) return 0;
  const std::size_t first = members == 1 ? content.size() : std::min(cut, content.size());
  std::string packed = gzip(content.substr(0, first));
  if (members == 2) packed += gzip(content.substr(first));
  require_same(array, read(packed));
  return 0;
}
