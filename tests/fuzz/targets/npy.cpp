// SPDX-License-Identifier: BSD-3-Clause
// A file of the NPY format. What was read, written, and read again is the same; what is mapped is what is
// read.
#include "xtape/data/npy.hpp"

#include <optional>

#include "bytes.hpp"
#include "directory.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "npy_content.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

void require_same(const data::MappedArray& mapped, const std::optional<AnyArray>& read) {
  const AnyArray copy =
      mapped.visit([]<class T>(const ArrayInput<T>& array) { return AnyArray(Array<T>(array)); });
  require(read && testing::are_same_bits(copy, *read), "what is mapped is what is read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  static const Directory directory;
  static const std::string written = directory / "x.npy";
  Bytes bytes(data, size);
  const std::size_t way = bytes.below(4);
  file.write(npy_content(bytes));
  const auto array = read_or_refuse([] { return data::read_npy(file.path()); });
  const auto mapped = read_or_refuse([] { return data::map_npy(file.path()); });
  if (mapped) require_same(*mapped, array);
  if (!array) return 0;
  if (way == 0) {
    require(data::read_npy<double>(file.path()).shape() == array->shape(), "every array is one of doubles");
  } else if (way == 1) {
    static_cast<void>(read_or_refuse([] { return data::read_npy<std::int16_t>(file.path()); }));
  } else {
    data::write_npy(written, *array);
    require(testing::are_same_bits(data::read_npy(written), *array), "what is written is read");
    require_same(data::map_npy(written), array);
  }
  return 0;
}
