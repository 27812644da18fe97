// SPDX-License-Identifier: BSD-3-Clause
// A file of the NPY format. What was read, written, and read again is the same.
#include "xtape/data/npy.hpp"
#include "bytes.hpp"
#include "directory.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "npy_content.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  static const Directory directory;
  static const std::string written = directory / "x.npy";
  Bytes bytes(data, size);
  const std::size_t way = bytes.below(4);
  file.write(npy_content(bytes));
  const auto array = read_or_refuse([] { return data::read_npy(file.path()); });
  if (!array) return 0;
  if (way == 0) {
    require(data::read_npy<double>(file.path()).shape() == array->shape(), "every array is one of doubles");
  } else if (way == 1) {
    static_cast<void>(read_or_refuse([] { return data::read_npy<std::int16_t>(file.path()); }));
  } else {
    data::write_npy(written, *array);
    require(testing::are_same_bits(data::read_npy(written), *array), "what is written is read");
  }
  return 0;
}
