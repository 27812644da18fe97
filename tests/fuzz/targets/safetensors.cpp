// SPDX-License-Identifier: BSD-3-Clause
// A safetensors file. What was read, written, and read again is the same; a model that refuses it stays as it
// was.
#include <string>
#include <vector>

#include "bytes.hpp"
#include "directory.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "safetensors_content.hpp"
#include "same_bits.hpp"
#include "xtape/io/safetensors.hpp"
#include "xtape/io/weights.hpp"
#include "xtape/nn/linear.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

void require_listed(const std::string& path, const io::Safetensors& file) {
  const auto listing = io::list_safetensors(path);
  require(listing.arrays.size() == file.arrays.size(), "what is read is listed");
  require(listing.metadata == file.metadata, "metadata are listed");
  std::vector<std::string> names;
  for (const auto& [name, array] : file.arrays) {
    require(listing.arrays.contains(name), "names are listed");
    require(listing.arrays.at(name).element_type == array.element_type(), "types are listed");
    require(listing.arrays.at(name).shape == array.shape(), "shapes are listed");
    names.push_back(name);
  }
  require(testing::are_same_bits(io::read_safetensors(path, names).arrays, file.arrays),
          "tensors are read by their names");
}

void require_comes_back(const io::Safetensors& file) {
  static const Directory directory;
  static const std::string written = directory / "x";
  io::write_safetensors(written, file.arrays, file.metadata);
  const auto again = io::read_safetensors(written);
  require(testing::are_same_bits(again.arrays, file.arrays), "what is written is read");
  require(again.metadata == file.metadata, "metadata that are written are read");
}

void require_loaded_or_left(const std::string& path, bool partial) {
  static Random random(1);
  static nn::Linear<double> model(2, 3, random);
  static const NamedArrays initial = model.state();
  const auto report = read_or_refuse([&] { return io::load_weights(path, model, {.partial = partial}); });
  const NamedArrays state = model.state();
  if (!report) {
    require(testing::are_same_bits(state, initial), "a model that refuses a file stays as it was");
    return;
  }
  require(partial || (report->missing.empty() && report->unexpected.empty() && report->misfits.empty()),
          "everything fits unless it may be partial");
  for (const std::string& name : report->missing) {
    require(testing::are_same_bits(state[name], initial[name]), "what is missing stays as it was");
  }
  model.load_state(initial);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile memory;
  Bytes bytes(data, size);
  const std::size_t way = bytes.below(5);
  memory.write(safetensors_content(bytes));
  if (way <= 1) {
    require_loaded_or_left(memory.path(), way == 1);
  } else if (way == 2) {
    static_cast<void>(read_or_refuse([] { return io::list_safetensors(memory.path()); }));
  } else if (const auto file = read_or_refuse([] { return io::read_safetensors(memory.path()); })) {
    if (way == 3) require_listed(memory.path(), *file);
    if (way == 4) require_comes_back(*file);
  }
  return 0;
}
