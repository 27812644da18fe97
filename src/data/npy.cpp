// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/npy.hpp"

#include "data/npy_format.hpp"
#include "files/atomic_file.hpp"
#include "files/file_array.hpp"

namespace xtape::data {

AnyArray read_npy(const std::string& path) {
  PlainReader file(InputFile("read_npy", path));
  return read_npy_array(file);
}

MappedArray map_npy(const std::string& path) {
  PlainReader file(InputFile("map_npy", path, InputFile::Kind::regular, "; read_npy reads it"));
  return map_npy_array(file);
}

AnyArray detail::read_npy(const std::string& path, ElementType type) {
  return convert_from_file("read_npy", path, data::read_npy(path), type);
}

void detail::write_npy(const std::string& path, ElementType type, const Shape& shape,
                       std::span<const std::byte> elements) {
  const std::string header = npy_header(type, shape);
  AtomicFile file("write_npy", path);
  file.write(header.data(), header.size());
  file.write(elements.data(), elements.size());
  file.commit();
}

void write_npy(const std::string& path, const AnyArray& array) {
  array.visit([&]<class T>(const Array<T>& typed) { write_npy(path, ArrayView<const T>(typed)); });
}

}  // namespace xtape::data
