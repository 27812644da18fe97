// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/core/array_source.hpp"
#include "xtape/core/named_arrays.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Reads an array that NumPy saved: a file of the NPY format, versions 1 to 3, of bools, integers of 8 to 64
/// bits or floats of 16 to 64, in either byte order; the halves become float32. An array in Fortran order is
/// brought in row-major order. Objects, text, complex numbers and structures are refused: nothing is
/// unpickled.
/// @throws FileError  the file cannot be read, or is not what its header says, neither less nor more. The
///                    message names the byte.
///
/// Source: NumPy, NEP 1 and numpy.lib.format.
AnyArray read_npy(const std::string& path);

/// The same as elements of T, by xtape::convert.
/// @throws FileError  as above, or T cannot hold an element.
template <class T>
Array<T> read_npy(const std::string& path);

/// Writes an array as NumPy's save does, for its load. The file is put in its place when it is whole.
/// @throws FileError  it cannot be written; what was there before stays.
template <class T>
void write_npy(const std::string& path, ArrayView<const T> array);
/// The same for elements of any type.
void write_npy(const std::string& path, const AnyArray& array);

/// The same for xtensor containers, std::vector and whatever else an ArrayView can be made of.
/// @throws ShapeError  the container is not in row-major order without gaps.
template <class Container>
requires(!std::same_as<Container, AnyArray> &&
         std::constructible_from<ArrayView<const detail::Element<Container>>,
                                 const Container&>) void write_npy(const std::string& path,
                                                                   const Container& array) {
  write_npy<detail::Element<Container>>(path, ArrayView<const detail::Element<Container>>(array));
}

/// Reads the arrays that NumPy's savez or savez_compressed wrote, by their names.
/// @throws FileError  the file cannot be read; it is no zip archive, or a damaged one; something in it is not
///                    an array as read_npy takes it; or two have one name. The message names the array.
NamedArrays read_npz(const std::string& path);

/// Options of write_npz.
struct NpzOptions {
  bool compress = false;  ///< Smaller and slower, as savez_compressed.
};

/// Writes arrays for NumPy's load, and read_npz: equal arrays give equal files. It is made in memory, as much
/// as the file takes, and put in its place when it is whole.
/// @throws ArgumentError  a name cannot stand in an archive: it has a byte 0 or is no UTF-8.
/// @throws FileError      it cannot be written; what was there before stays.
void write_npz(const std::string& path, const NamedArrays& arrays, const NpzOptions& options = {});

}  // namespace xtape::data
#pragma GCC visibility pop
