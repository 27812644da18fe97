// SPDX-License-Identifier: BSD-3-Clause
// Checkpoints: of what a file holds, of one that is damaged, beside one that is whole, and of arrays that fit
// nothing.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "bytes.hpp"
#include "directory.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "safetensors_content.hpp"
#include "same_bits.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/io/checkpoint.hpp"
#include "xtape/nn/linear.hpp"
#include "xtape/optim/adam.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

bool are_same(const io::Checkpoint& a, const io::Checkpoint& b) {
  return testing::are_same_bits(a.state, b.state) && a.metadata == b.metadata;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The checkpoint of what the file holds, if it holds arrays.
void require_damage_is_found(const MemoryFile& file, std::size_t place, std::uint8_t change) {
  static const Directory directory;
  static const std::string path = directory / "x";
  auto held = read_or_refuse([&] { return io::read_safetensors(file.path()); });
  if (!held) return;
  for (const char* mark : {"format", "format_version", "checksum"}) held->metadata.erase(mark);
  const io::Checkpoint saved{std::move(held->arrays), std::move(held->metadata)};
  io::save_checkpoint(path, saved.state, saved.metadata);
  require(are_same(io::load_checkpoint(path), saved), "what is saved is loaded");
  std::string content = content_of(path);
  char& byte = content[place % content.size()];
  byte = static_cast<char>(byte ^ change);
  file.write(content);
  const auto damaged = read_or_refuse([&] { return io::load_checkpoint(file.path()); });
  require(!damaged || are_same(*damaged, saved), "a changed byte is found");
}

// Epoch 2 is whatever the file is, epoch 1 is whole.
void require_whole_one_is_found(std::string_view content) {
  static const Directory directory;
  static const io::Checkpoints checkpoints = [] {
    io::Checkpoints made(directory.path());
    made.save(1, {}, {{"epoch", "1"}});
    return made;
  }();
  std::ofstream(checkpoints.path(2), std::ios::binary) << content;
  const auto newest = checkpoints.newest();
  require(newest.has_value(), "a checkpoint that is whole is found");
  require(newest->epoch == 1 || newest->epoch == 2, "no other epoch is found");
  require(newest->damaged.size() == 2 - newest->epoch, "what is damaged is named");
}

// Takes the state or says why not, and then stays as it was.
template <class Object>
void require_taken_or_left(Object& object, const NamedArrays& initial, const NamedArrays& state) {
  try {
    object.load_state(state);
  } catch (const Error&) {
    require(testing::are_same_bits(object.state(), initial), "what refuses a state stays as it was");
    return;
  }
  object.load_state(initial);
  require(testing::are_same_bits(object.state(), initial), "a state that was given is taken");
}

struct Training {
  Random random{1};
  nn::Linear<float> model{2, 3, random};
  optim::Adam<float> optimizer{model.parameters()};
  data::Batches batches{{0, 1, 2}, 2};
};

void require_states_taken_or_left(const NamedArrays& arrays) {
  static Training training;
  static const NamedArrays of_model = training.model.state(), of_optimizer = training.optimizer.state(),
                           of_random = training.random.state(), of_batches = training.batches.state();
  require_taken_or_left(training.model, of_model, arrays.with_prefix("model."));
  require_taken_or_left(training.optimizer, of_optimizer, arrays.with_prefix("optimizer."));
  require_taken_or_left(training.random, of_random, arrays.with_prefix("random."));
  require_taken_or_left(training.batches, of_batches, arrays.with_prefix("batches."));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  Bytes bytes(data, size);
  const std::size_t way = bytes.below(4), place = bytes.next() + std::size_t{256} * bytes.next();
  const std::uint8_t change = bytes.next();
  const std::string content = safetensors_content(bytes);
  file.write(content);
  if (way == 0) {
    require_damage_is_found(file, place, change);
  } else if (way == 1) {
    require_whole_one_is_found(content);
  } else if (way == 2) {
    static_cast<void>(read_or_refuse([] { return io::load_checkpoint(file.path()); }));
  } else if (const auto held = read_or_refuse([] { return io::read_safetensors(file.path()); })) {
    require_states_taken_or_left(held->arrays);
  }
  return 0;
}
