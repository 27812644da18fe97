// SPDX-License-Identifier: BSD-3-Clause
// A model file: whatever it is, or whole but for its description. A pipeline that is read is valid, and
// written and read again the same.
#include <string>
#include <utility>

#include "bytes.hpp"
#include "directory.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "model_file.hpp"
#include "safetensors_content.hpp"
#include "same_bits.hpp"
#include "temporary_directory.hpp"
#include "xtape/io/model.hpp"
#include "xtape/io/safetensors.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

void write_with_description(const MemoryFile& file, std::size_t kind, std::string text) {
  static const Directory directory;
  static const std::string path = directory / "y";
  static io::Safetensors whole[model_count] = {whole_file(directory, 0), whole_file(directory, 1),
                                               whole_file(directory, 2), whole_file(directory, 3)};
  whole[kind].metadata[description] = std::move(text);
  try {
    io::write_safetensors(path, whole[kind].arrays, whole[kind].metadata);
  } catch (const ArgumentError&) {  // It is not UTF-8.
    return;
  }
  file.write(testing::read_text(path));
}

template <class T>
void require_comes_back(const inference::Pipeline<T>& pipeline) {
  static const Directory directory;
  static const std::string written = directory / "x";
  require(!pipeline.model->is_training(), "a model that was read is in evaluation mode");
  try {
    static_cast<void>(pipeline.graph());
  } catch (const Error&) {  // Layers need not fit together: that is found when they are used.
  }
  io::save_model(written, pipeline);
  const auto again = io::load_model<T>(written);
  require(testing::are_same_bits(again.model->state(), pipeline.model->state()), "the state comes back");
  require(io::read_safetensors(written).metadata.at(description).size() > 0, "there is a description");
  require(io::read_model_card(written).description == pipeline.card.description, "the card comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  Bytes bytes(data, size);
  const std::size_t way = bytes.below(4), kind = bytes.below(model_count);
  if (way == 0) {
    file.write(safetensors_content(bytes));
  } else {
    write_with_description(file, kind, std::string(bytes.rest()));
  }
  if (way == 1) {
    static_cast<void>(read_or_refuse([] { return io::read_model_card(file.path()); }));
  } else if (way == 2) {
    if (const auto read = read_or_refuse([] { return io::load_model<double>(file.path()); }))
      require_comes_back(*read);
  } else if (const auto read = read_or_refuse([] { return io::load_model<float>(file.path()); })) {
    require_comes_back(*read);
  }
  return 0;
}
