// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string>
#include <vector>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/files/stored_array.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

/// Texts by their names: what a file says about its arrays.
using Metadata = std::map<std::string, std::string>;

/// What a file in the safetensors format holds.
struct Safetensors {
  NamedArrays arrays;  ///< the tensors, by name
  Metadata metadata;   ///< the texts beside them
};

/// What a file in the safetensors format says that it holds.
struct SafetensorsListing {
  std::map<std::string, StoredArray> arrays;  ///< the tensors, by name, also those that cannot be read
  Metadata metadata;                          ///< the texts beside them
};

/// What there is in a file in the safetensors format. Only its header is read, which is checked as
/// read_safetensors does, but for types that no array has.
///
///     for (const auto& [name, array] : io::list_safetensors("weights.safetensors").arrays) {
///       fmt::print("{}: {} {}\n", name, array.type, to_string(array.shape));
///     }
///
/// @throws FileError  as read_safetensors.
SafetensorsListing list_safetensors(const std::string& path);

/// Reads a file in the safetensors format, as PyTorch, TensorFlow and JAX programs write it. Every element
/// type of AnyArray is read as it is; F16 and BF16 become float32, exactly. Nothing in a file is believed:
/// what it says of sizes is checked against its own size before any array is made, so that memory stays in
/// proportion to the file.
///
/// @throws FileError  the file cannot be read, or breaks the format: a header above 100 MB or beyond the end
///                    of the file, JSON or UTF-8 with errors, a name twice, a type that no array has, more
///                    axes than Shape::max_rank, data that overlaps, leaves a hole or does not end with the
///                    file. The message names the file and the tensor.
///
/// Source: https://github.com/huggingface/safetensors, section Format.
Safetensors read_safetensors(const std::string& path);

/// Reads these tensors only, and all metadata: read_safetensors(path, {"0.weight", "0.bias"}). The types of
/// the others may be any, such as F8_E4M3.
/// @throws FileError  as above, or there is no tensor of a name.
Safetensors read_safetensors(const std::string& path, const std::vector<std::string>& names);

/// As what arrays of float32 and float64 are written.
enum class StoredFloats {
  as_they_are,  ///< float32 as F32, float64 as F64
  float16,      ///< F16: 11 significant bits, up to 65504
  bfloat16      ///< BF16: 8 significant bits, the range of float32
};

/// Writes arrays so that every reader of the format takes them: the data of wide elements first, each array
/// aligned to its elements. The file is replaced as a whole, at once: whatever happens, there is the old file
/// or the new one, on the disk.
///
/// @param floats  float16 and bfloat16 take half of the space; numbers are rounded to the nearest, of two to
///                the even one. Arrays of integers stay as they are.
/// @throws ValueError     a finite number is beyond the largest of float16 or bfloat16.
/// @throws ArgumentError  an array is named "__metadata__", which the format reserves, a text is not UTF-8,
///                        or the names, shapes and metadata together exceed 100 MB.
/// @throws FileError      the file cannot be written; the message says why. The file before it is as it was,
///                        unless the message says that the new one is in its place.
void write_safetensors(const std::string& path, const NamedArrays& arrays, const Metadata& metadata = {},
                       StoredFloats floats = StoredFloats::as_they_are);

}  // namespace xtape::io
#pragma GCC visibility pop
