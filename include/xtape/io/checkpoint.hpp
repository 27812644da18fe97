// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/io/safetensors.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

/// What a checkpoint holds.
struct Checkpoint {
  NamedArrays state;  ///< as given to save_checkpoint
  Metadata metadata;  ///< likewise
};

/// Writes what a training needs to go on: a safetensors file marked as a checkpoint, with a CRC-32 of names,
/// types, shapes, data and metadata. The file is replaced as by write_safetensors.
///
///     NamedArrays state;
///     state.add("model.", model.state());
///     state.add("optimizer.", optimizer.state());
///     state.add("random.", random.state());
///     io::save_checkpoint("digits.checkpoint", state);
///
/// @throws ArgumentError  as write_safetensors, or metadata has one of the marks "format", "format_version"
///                        and "checksum".
/// @throws FileError      the file cannot be written.
void save_checkpoint(const std::string& path, const NamedArrays& state, const Metadata& metadata = {});

/// Reads what save_checkpoint wrote.
/// @throws FileError  the file cannot be read, is no checkpoint, is one of a newer version, or is damaged: no
///                    single changed byte makes it load as anything else than was saved.
Checkpoint load_checkpoint(const std::string& path);

/// Options of Checkpoints.
struct CheckpointsOptions {
  std::size_t keep = 3;  ///< How many checkpoints stay: the one just saved and those before it. At least 1.
};

/// The checkpoints of one training, in a directory of their own: "epoch-000012.safetensors". A process that
/// is killed at any moment, in the middle of a save too, costs no checkpoint that was there before.
///
///     io::Checkpoints checkpoints("runs/digits", {.keep = 3});
///     std::uint64_t epoch = 0;
///     if (auto last = checkpoints.newest()) {
///       load(last->state);
///       epoch = last->epoch + 1;
///     }
///     for (; epoch < epochs; ++epoch) {
///       train();
///       checkpoints.save(epoch, state());
///     }
class Checkpoints {
 public:
  /// The newest checkpoint that is whole.
  struct Newest {
    std::uint64_t epoch;               ///< its number
    NamedArrays state;                 ///< as given to save()
    Metadata metadata;                 ///< likewise
    std::vector<std::string> damaged;  ///< Why each newer one was passed over, with its path.
  };

  /// @throws ArgumentError  options.keep is 0.
  explicit Checkpoints(std::string directory, const CheckpointsOptions& options = {});

  /// Makes the directory if it is missing, writes the checkpoint, and when it is on the disk removes those of
  /// earlier epochs beyond options.keep. Checkpoints of later epochs stay.
  /// @throws ArgumentError, FileError  as save_checkpoint; FileError too if an old one cannot be removed.
  void save(std::uint64_t epoch, const NamedArrays& state, const Metadata& metadata = {});

  /// The one of the latest epoch that is not damaged, or nothing if there is none at all.
  /// @throws UnreadableFileError  the system does not open or read one: it may be whole.
  /// @throws FileError            there are some and all are damaged, or the directory cannot be read.
  std::optional<Newest> newest() const;

  /// The epochs of all that are there, rising.
  /// @throws FileError  the directory cannot be read.
  std::vector<std::uint64_t> epochs() const;

  /// Where the checkpoint of an epoch is or would be.
  std::string path(std::uint64_t epoch) const;

 private:
  std::string directory_;
  CheckpointsOptions options_;
};

}  // namespace xtape::io
#pragma GCC visibility pop
