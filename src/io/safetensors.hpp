// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "files/byte_reader.hpp"
#include "io/safetensors_header.hpp"
#include "xtape/io/safetensors.hpp"

namespace xtape::io {

/// A file whose header has been read and found sound.
class SafetensorsReader {
 public:
  /// @param function   who reads, for messages
  /// @throws FileError  as read_safetensors, but for types that no array has.
  SafetensorsReader(const char* function, const std::string& path);

  /// How messages begin: "read_safetensors: weights.safetensors".
  const std::string& subject() const noexcept { return file_.subject(); }
  const SafetensorsHeader& header() const noexcept { return header_; }

  /// The tensors for which wanted(name) holds. To be called once.
  /// @param other_way  ends the message about a type that no array has
  /// @throws FileError  one has such a type; or its data cannot be read, or cannot be of its type.
  NamedArrays read(const std::function<bool(const std::string& name)>& wanted,
                   std::string_view other_way = {});

 private:
  PlainReader file_;
  SafetensorsHeader header_;
};

/// As those of the public header, for another function: it stands in the messages.
Safetensors read_safetensors(const char* function, const std::string& path);
void write_safetensors(const char* function, const std::string& path, const NamedArrays& arrays,
                       const Metadata& metadata, StoredFloats floats = StoredFloats::as_they_are);

}  // namespace xtape::io
