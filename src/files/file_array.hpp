// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "files/byte_order.hpp"
#include "files/byte_reader.hpp"
#include "xtape/arrays/convert.hpp"

namespace xtape {

// What a header that ended at `offset` gives for the extents.
inline Shape shape_from_file(const ByteReader& file, std::uint64_t offset,
                             const std::vector<std::size_t>& extents) {
  try {
    return Shape(extents.begin(), extents.end());
  } catch (const ShapeError& error) {
    file.fail_at(offset, "the shape must be a possible one, got: {}", error.what());
  }
}

template <class T>
Array<T> read_numbers(ByteReader& file, const Shape& shape, std::endian order) {
  Array<T> elements = file.read_elements<T>(shape);
  convert_byte_order(elements, order);
  return elements;
}

// The result of convert(element) for each element.
template <class To, class From, class Convert>
Array<To> transformed(const Array<From>& elements, Convert convert) {
  Array<To> result(elements.shape());
  std::ranges::transform(elements, result.begin(), convert);
  return result;
}

// What `function` read from `path`, as elements of this type.
inline AnyArray convert_from_file(const char* function, const std::string& path, const AnyArray& array,
                                  ElementType type) {
  try {
    return with_element_type(type, [&]<class T>() { return AnyArray(convert<T>(array)); });
  } catch (const ValueError& error) {
    fail<FileError>("{}: {}: {}", function, path, error.what());
  }
}

}  // namespace xtape
