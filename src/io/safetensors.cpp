// SPDX-License-Identifier: BSD-3-Clause
#include "io/safetensors.hpp"

#include <algorithm>
#include <cstdint>

#include "core/atomic_file.hpp"
#include "core/byte_reader.hpp"
#include "io/safetensors_header.hpp"

namespace xtape::io {
namespace {

// 8 bytes that say how long it is, and then that many.
std::string read_header(ByteReader& file) {
  std::uint64_t bytes = 0;
  file.read(&bytes, sizeof bytes, "header size");
  if (bytes > max_header_bytes) {
    fail<FileError>("{}: its header must take at most {} bytes, got {}; is it a safetensors file?",
                    file.subject(), max_header_bytes, bytes);
  }
  return file.read_bytes(static_cast<std::size_t>(bytes), "header");
}

}  // namespace

Safetensors read_safetensors(const char* function, const std::string& path) {
  InputFile input(function, path, InputFile::Kind::regular);
  const std::uint64_t size = input.size();
  PlainReader file(std::move(input));
  const std::string text = read_header(file);
  SafetensorsHeader header = parse_header(file.subject(), text, size - file.offset());
  Safetensors result;
  result.metadata = std::move(header.metadata);
  for (auto& [name, tensor] : header.tensors) {
    AnyArray array = tensor.type->read(file, name, tensor.shape);
    result.arrays.add(std::move(name), std::move(array));
  }
  return result;
}

void write_safetensors(const char* function, const std::string& path, const NamedArrays& arrays,
                       const Metadata& metadata) {
  OrderedArrays ordered;
  for (const auto& named : arrays) ordered.push_back(&named);
  // Behind wider elements narrower ones are aligned.
  std::ranges::stable_sort(ordered, std::ranges::greater(),
                           [](const auto* named) { return stored_type_of(named->second).bytes; });
  const std::string header = format_header(function, ordered, metadata);
  const std::uint64_t header_bytes = header.size();

  AtomicFile file(function, path);
  file.write(&header_bytes, sizeof header_bytes);
  file.write(header.data(), header.size());
  for (const auto* named : ordered) {
    named->second.visit(
        [&](const auto& array) { file.write(array.data(), array.size() * sizeof(*array.data())); });
  }
  file.commit();
}

Safetensors read_safetensors(const std::string& path) { return read_safetensors("read_safetensors", path); }

void write_safetensors(const std::string& path, const NamedArrays& arrays, const Metadata& metadata) {
  write_safetensors("write_safetensors", path, arrays, metadata);
}

}  // namespace xtape::io
