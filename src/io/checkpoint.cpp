// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/io/checkpoint.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

#include "arrays/format.hpp"
#include "files/directory.hpp"
#include "io/safetensors.hpp"
#include "io/safetensors_header.hpp"

namespace xtape::io {
namespace {

constexpr const char* format_mark = "format";
constexpr const char* version_mark = "format_version";
constexpr const char* checksum_mark = "checksum";
constexpr const char* format = "xtape-checkpoint";
constexpr const char* version = "1";

std::string reason(int error) { return std::generic_category().message(error); }

// Of what the file says and not of its bytes, so that it can stand in the file: with the length before each
// text no two contents have the same.
std::string checksum(const NamedArrays& state, const Metadata& metadata) {
  uLong crc = 0;
  const auto add = [&crc](const void* data, std::size_t bytes) {
    if (bytes > 0)
      crc = ::crc32_z(crc, static_cast<const Bytef*>(data), bytes);  // It takes a null pointer for "begin".
  };
  const auto add_text = [&add](const std::string& text) {
    const std::string length = fmt::format("{}:", text.size());
    add(length.data(), length.size());
    add(text.data(), text.size());
  };
  for (const auto& [key, text] : metadata) {
    add_text(key);
    add_text(text);
  }
  for (const auto& [name, any] : state) {
    add_text(name);
    add_text(to_string(any.element_type()));
    add_text(to_string(any.shape()));
    any.visit([&](const auto& array) { add(array.data(), array.size() * sizeof(*array.data())); });
  }
  return fmt::format("crc32:{:08x}", crc);
}

// The mark without which, or with another text, the file is none of ours.
std::string take_mark(const char* function, const std::string& path, Metadata& metadata, const char* mark) {
  const auto node = metadata.extract(mark);
  if (node.empty()) {
    fail<FileError>(
        "{}: {}: it must be a checkpoint, marked \"{}\" in its metadata, got no such mark; read_safetensors "
        "reads it as it is",
        function, path, mark);
  }
  return node.mapped();
}

void save(const char* function, const std::string& path, const NamedArrays& state, Metadata metadata) {
  const std::string sum = checksum(state, metadata);
  for (const auto& [mark, text] :
       {std::pair(format_mark, std::string(format)), std::pair(version_mark, std::string(version)),
        std::pair(checksum_mark, sum)}) {
    if (!metadata.emplace(mark, text).second) {
      fail<ArgumentError>("{}: metadata must leave \"{}\" to the checkpoint, got it", function, mark);
    }
  }
  write_safetensors(function, path, state, metadata);
}

}  // namespace

void save_checkpoint(const std::string& path, const NamedArrays& state, const Metadata& metadata) {
  save("save_checkpoint", path, state, metadata);
}

Checkpoint load_checkpoint(const std::string& path) {
  const char* function = "load_checkpoint";
  Safetensors file = read_safetensors(function, path);
  const std::string its_format = take_mark(function, path, file.metadata, format_mark);
  if (its_format != format) {
    fail<FileError>("{}: {}: its format must be \"{}\", got {}", function, path, format,
                    in_quotes(its_format));
  }
  const std::string its_version = take_mark(function, path, file.metadata, version_mark);
  if (its_version != version) {
    fail<FileError>("{}: {}: its version must be {}, got {}; a newer xtape may read it", function, path,
                    version, in_quotes(its_version));
  }
  const std::string its_sum = take_mark(function, path, file.metadata, checksum_mark);
  const std::string sum = checksum(file.arrays, file.metadata);
  if (its_sum != sum) {
    fail<FileError>("{}: {}: its checksum must be \"{}\", that of its content, got {}: it is damaged",
                    function, path, sum, in_quotes(its_sum));
  }
  return {std::move(file.arrays), std::move(file.metadata)};
}

Checkpoints::Checkpoints(std::string directory, const CheckpointsOptions& options)
    : directory_(std::move(directory)), options_(options) {
  if (options.keep == 0) fail<ArgumentError>("Checkpoints: options.keep must be at least 1, got 0");
}

std::string Checkpoints::path(std::uint64_t epoch) const {
  return path_in(directory_, fmt::format("epoch-{:06}.safetensors", epoch));
}

std::vector<std::uint64_t> Checkpoints::epochs() const {
  std::vector<std::string> names;
  if (!append_names(directory_, names) && errno != ENOENT) {
    fail<FileError>("Checkpoints: {}: the directory must be readable, got: {}", directory_, reason(errno));
  }
  std::vector<std::uint64_t> epochs;
  for (const std::string& name : names) {
    std::uint64_t epoch = 0;
    const std::size_t digits = name.find_first_of("0123456789");
    if (digits == std::string::npos) continue;
    std::from_chars(name.data() + digits, name.data() + name.size(), epoch);
    if (name_of(path(epoch)) == name) epochs.push_back(epoch);
  }
  std::ranges::sort(epochs);
  return epochs;
}

void Checkpoints::save(std::uint64_t epoch, const NamedArrays& state, const Metadata& metadata) {
  const char* function = "Checkpoints::save";
  if (!make_directories(directory_)) {
    fail<FileError>("{}: {}: the directory must be there or be made, got: {}", function, directory_,
                    reason(errno));
  }
  io::save(function, path(epoch), state, metadata);

  std::vector<std::uint64_t> earlier = epochs();
  earlier.erase(std::ranges::lower_bound(earlier, epoch), earlier.end());
  earlier.resize(earlier.size() - std::min(earlier.size(), options_.keep - 1));
  for (const std::uint64_t old : earlier) {
    const std::string file = path(old);
    if (std::remove(file.c_str()) != 0 && errno != ENOENT) {
      fail<FileError>("{}: {}: the old checkpoint must be removable, got: {}", function, file, reason(errno));
    }
  }
}

std::optional<Checkpoints::Newest> Checkpoints::newest() const {
  const std::vector<std::uint64_t> all = epochs();
  std::vector<std::string> damaged;
  for (auto epoch = all.rbegin(); epoch != all.rend(); ++epoch) {
    try {
      Checkpoint checkpoint = load_checkpoint(path(*epoch));
      return Newest{*epoch, std::move(checkpoint.state), std::move(checkpoint.metadata), std::move(damaged)};
    } catch (const UnreadableFileError&) {
      throw;  // It may be whole.
    } catch (const FileError& error) {
      damaged.emplace_back(error.what());
    }
  }
  if (damaged.empty()) return std::nullopt;
  fail<FileError>("Checkpoints::newest: {}: one of {} checkpoints must load, got none:\n{}", directory_,
                  damaged.size(), fmt::join(damaged, "\n"));
}

}  // namespace xtape::io
