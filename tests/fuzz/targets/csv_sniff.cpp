// SPDX-License-Identifier: BSD-3-Clause
// Whatever is guessed of a file, it is read by that or refused as a file.
#include "bytes.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "xtape/data/csv.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  file.write(Bytes(data, size).rest());
  const auto guess = read_or_refuse([] { return data::sniff_csv(file.path()); });
  if (!guess) return 0;
  require(!guess->description.empty(), "a guess is described");
  const auto table = read_or_refuse([&] { return data::read_csv(file.path(), guess->options); });
  if (table) require(table->rows() > 0, "a table has rows");
  return 0;
}
