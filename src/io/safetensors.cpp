// SPDX-License-Identifier: BSD-3-Clause
#include "io/safetensors.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "files/atomic_file.hpp"

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

SafetensorsReader::SafetensorsReader(const char* function, const std::string& path)
    : file_(InputFile(function, path, InputFile::Kind::regular)) {
  const std::string text = read_header(file_);
  header_ = parse_header(subject(), text, file_.size() - file_.offset());
}

NamedArrays SafetensorsReader::read(const std::function<bool(const std::string&)>& wanted,
                                    std::string_view other_way) {
  for (const auto& [name, tensor] : header_.tensors) {
    if (wanted(name)) require_readable(subject(), name, tensor, other_way);
  }
  NamedArrays arrays;
  std::uint64_t at = 0;  // in the data
  for (const auto& [name, tensor] : header_.tensors) {
    if (!wanted(name)) continue;
    if (tensor.begin > at) file_.skip(tensor.begin - at);
    arrays.add(name, tensor.type->read(file_, name, tensor.shape));
    at = tensor.end;
  }
  return arrays;
}

Safetensors read_safetensors(const char* function, const std::string& path) {
  SafetensorsReader reader(function, path);
  return {reader.read([](const std::string&) { return true; }), reader.header().metadata};
}

void write_safetensors(const char* function, const std::string& path, const NamedArrays& arrays,
                       const Metadata& metadata, StoredFloats floats) {
  OrderedArrays ordered;
  for (const auto& named : arrays) ordered.push_back(&named);
  // Behind wider elements narrower ones are aligned.
  std::ranges::stable_sort(ordered, std::ranges::greater(), [floats](const auto* named) {
    return stored_type_of(named->second, floats).bytes;
  });
  const std::string header = format_header(function, ordered, metadata, floats);
  const std::uint64_t header_bytes = header.size();

  AtomicFile file(function, path);
  file.write(&header_bytes, sizeof header_bytes);
  file.write(header.data(), header.size());
  for (const auto* named : ordered) {
    stored_type_of(named->second, floats).write(file, {function, named->first}, named->second);
  }
  file.commit();
}

SafetensorsListing list_safetensors(const std::string& path) {
  const SafetensorsReader reader("list_safetensors", path);
  SafetensorsListing listing{{}, reader.header().metadata};
  for (const auto& [name, tensor] : reader.header().tensors) {
    const auto type = tensor.type != nullptr ? std::optional(tensor.type->element_type) : std::nullopt;
    listing.arrays.emplace(name, StoredArray{tensor.type_name, type, tensor.shape});
  }
  return listing;
}

Safetensors read_safetensors(const std::string& path) {
  SafetensorsReader reader("read_safetensors", path);
  NamedArrays arrays =
      reader.read([](const std::string&) { return true; },
                  "; to read other tensors of the file, name them: read_safetensors(path, names)");
  return {std::move(arrays), reader.header().metadata};
}

Safetensors read_safetensors(const std::string& path, const std::vector<std::string>& names) {
  SafetensorsReader reader("read_safetensors", path);
  std::set<std::string_view> there;
  for (const auto& [name, tensor] : reader.header().tensors) there.insert(name);
  for (const std::string& name : names) {
    if (there.contains(name)) continue;
    fail<FileError>("{}: there must be a tensor {}, got none of that name; list_safetensors tells the names",
                    reader.subject(), in_quotes(name));
  }
  const std::set<std::string_view> asked(names.begin(), names.end());
  NamedArrays arrays = reader.read([&](const std::string& name) { return asked.contains(name); });
  return {std::move(arrays), reader.header().metadata};
}

void write_safetensors(const std::string& path, const NamedArrays& arrays, const Metadata& metadata,
                       StoredFloats floats) {
  write_safetensors("write_safetensors", path, arrays, metadata, floats);
}

}  // namespace xtape::io
