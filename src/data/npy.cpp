// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/npy.hpp"

#include "data/file_array.hpp"
#include "data/npy_format.hpp"
#include "files/atomic_file.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

AnyArray read_npy(const std::string& path) {
  PlainReader file(InputFile("read_npy", path));
  return read_npy_array(file);
}

template <class T>
Array<T> read_npy(const std::string& path) {
  return convert_from_file<T>("read_npy", path, read_npy(path));
}

template <class T>
void write_npy(const std::string& path, ArrayView<const T> array) {
  const std::string header = npy_header<T>(array.shape());
  AtomicFile file("write_npy", path);
  file.write(header.data(), header.size());
  file.write(array.data(), array.size() * sizeof(T));
  file.commit();
}

void write_npy(const std::string& path, const AnyArray& array) {
  array.visit([&]<class T>(const Array<T>& typed) { write_npy(path, ArrayView<const T>(typed)); });
}

template Array<float> read_npy(const std::string&);
template Array<double> read_npy(const std::string&);
template Array<std::int8_t> read_npy(const std::string&);
template Array<std::int16_t> read_npy(const std::string&);
template Array<std::int32_t> read_npy(const std::string&);
template Array<std::int64_t> read_npy(const std::string&);
template Array<std::uint8_t> read_npy(const std::string&);
template Array<std::uint16_t> read_npy(const std::string&);
template Array<std::uint32_t> read_npy(const std::string&);
template Array<std::uint64_t> read_npy(const std::string&);
template Array<bool> read_npy(const std::string&);

template void write_npy(const std::string&, ArrayView<const float>);
template void write_npy(const std::string&, ArrayView<const double>);
template void write_npy(const std::string&, ArrayView<const std::int8_t>);
template void write_npy(const std::string&, ArrayView<const std::int16_t>);
template void write_npy(const std::string&, ArrayView<const std::int32_t>);
template void write_npy(const std::string&, ArrayView<const std::int64_t>);
template void write_npy(const std::string&, ArrayView<const std::uint8_t>);
template void write_npy(const std::string&, ArrayView<const std::uint16_t>);
template void write_npy(const std::string&, ArrayView<const std::uint32_t>);
template void write_npy(const std::string&, ArrayView<const std::uint64_t>);
template void write_npy(const std::string&, ArrayView<const bool>);

}  // namespace xtape::data
#pragma GCC visibility pop
