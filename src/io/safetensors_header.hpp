// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/byte_reader.hpp"
#include "io/json.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/io/safetensors.hpp"

namespace xtape::io {

/// Who writes which array, for messages.
struct Written {
  const char* function;
  const std::string& name;
};

/// An element type of files, how an array of it is read from where the file stands, and how an array is
/// written as such.
struct StoredType {
  std::string_view name;
  std::size_t bytes;
  ElementType element_type;
  AnyArray (*read)(ByteReader& file, const std::string& tensor, const Shape& shape);
  void (*write)(AtomicFile& file, const Written& what, const AnyArray& array);
};

const StoredType& stored_type_of(const AnyArray& array, StoredFloats floats);

/// What the header says of an array. Its data are the bytes [begin, end) behind the header, as many as its
/// type and shape need, where the type is known.
struct Tensor {
  std::string type_name;
  const StoredType* type;  // null for one that no array has
  Shape shape;
  std::uint64_t begin;
  std::uint64_t end;
};

struct SafetensorsHeader {
  std::vector<std::pair<std::string, Tensor>>
      tensors;  // in the order of their data, without overlaps or holes
  Metadata metadata;
};

inline constexpr std::uint64_t max_header_bytes = 100'000'000;

/// @param subject     how messages begin: "read_safetensors: weights.safetensors".
/// @param data_bytes  how many bytes the file has behind the header.
/// @throws FileError  for everything that the text should not be.
SafetensorsHeader parse_header(const std::string& subject, const std::string& text, std::uint64_t data_bytes);

/// @throws FileError  no array has the type of the tensor; `other_way` ends the message.
void require_readable(const std::string& subject, const std::string& name, const Tensor& tensor,
                      std::string_view other_way);

/// Arrays in the order of their data.
using OrderedArrays = std::vector<const std::pair<const std::string, AnyArray>*>;

/// The text of the header, padded so that the data behind it are aligned to 8 bytes.
/// @throws ArgumentError  see write_safetensors.
std::string format_header(const char* function, const OrderedArrays& arrays, const Metadata& metadata,
                          StoredFloats floats);

}  // namespace xtape::io
