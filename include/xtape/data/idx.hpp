// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/data/mapped_array.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Reads an array from a file of the IDX format, in which the MNIST digits and their relatives come; plain or
/// packed by gzip.
///
///     const auto images = data::read_idx<float>("train-images-idx3-ubyte.gz");         // (60000, 28, 28)
///     const auto digits = data::read_idx<std::int64_t>("train-labels-idx1-ubyte.gz");  // (60000)
///
/// @throws FileError  the file cannot be read, or is not what its header says, neither less nor more. The
///                    message names the byte; that of what gzip unpacks to, where it is packed.
///
/// Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits.
AnyArray read_idx(const std::string& path);

namespace detail {
AnyArray read_idx(const std::string& path, ElementType type);
}  // namespace detail

/// The same as elements of T, by xtape::convert.
/// @throws FileError  as above, or T cannot hold an element.
template <class T>
Array<T> read_idx(const std::string& path) {
  return detail::read_idx(path, element_type_of<T>()).template get<T>();
}

/// An array of bytes in a file of the IDX format, which stay there: see MappedArray.
///
///     const auto images = data::map_idx("train-images-idx3-ubyte").get<std::uint8_t>();
///
/// @throws FileError  as read_idx, or the file cannot be mapped: it is no regular one, packed by gzip, or of
///                    elements of more than one byte, since those have the order of few machines. The message
///                    says what to do.
MappedArray map_idx(const std::string& path);

}  // namespace xtape::data
#pragma GCC visibility pop
