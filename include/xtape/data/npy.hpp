// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/data/mapped_array.hpp"
#include "xtape/files/stored_array.hpp"

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

namespace detail {
AnyArray read_npy(const std::string& path, ElementType type);
void write_npy(const std::string& path, ElementType type, const Shape& shape,
               std::span<const std::byte> elements);
}  // namespace detail

/// The same as elements of T, by xtape::convert.
/// @throws FileError  as above, or T cannot hold an element.
template <class T>
Array<T> read_npy(const std::string& path) {
  return detail::read_npy(path, element_type_of<T>()).template get<T>();
}

/// An array that NumPy saved, or write_npy, whose elements stay in the file: see MappedArray. They are of the
/// byte order of this machine, in row-major order and no halves, as NumPy saves them unless told otherwise.
/// Bools are all looked at, since other bytes than 0 and 1 are none; of other elements nothing is read.
/// @throws FileError  as read_npy, or the file cannot be mapped: it is no regular one, or its elements are
/// none
///                    of these. The message names the byte and what to do.
MappedArray map_npy(const std::string& path);

/// Writes an array as NumPy's save does, for its load. The file is put in its place when it is whole.
/// @throws FileError  it cannot be written; what was there before stays.
template <class T>
void write_npy(const std::string& path, ArrayView<const T> array) {
  detail::write_npy(path, element_type_of<T>(), array.shape(), std::as_bytes(std::span(array)));
}
/// The same for elements of any type.
void write_npy(const std::string& path, const AnyArray& array);

/// The same for xtensor containers, std::vector and whatever else an ArrayView can be made of.
/// @throws ShapeError  the container is not in row-major order without gaps.
template <class Container>
requires(!std::same_as<Container, AnyArray> &&
         std::constructible_from<ArrayView<const xtape::detail::Element<Container>>,
                                 const Container&>) void write_npy(const std::string& path,
                                                                   const Container& array) {
  write_npy<xtape::detail::Element<Container>>(path,
                                               ArrayView<const xtape::detail::Element<Container>>(array));
}

/// What arrays there are in a file that NumPy's savez or savez_compressed wrote, by their names: of any type,
/// also one that cannot be read. Only the headers are looked at, no elements.
///
///     for (const auto& [name, array] : data::list_npz("data.npz")) {
///       fmt::print("{}: {} {}\n", name, array.type, to_string(array.shape));
///     }
///
/// The arrays are the entries of the archive whose names end in .npy. All others are passed over, and so is
/// the folder __MACOSX.
/// @throws FileError  the file cannot be read; it is no zip archive, or a damaged one; an entry has no header
///                    of the NPY format, or more axes than Shape::max_rank; or two have one name.
std::map<std::string, StoredArray> list_npz(const std::string& path);

/// Reads all the arrays that list_npz lists, by their names.
/// @throws FileError  as list_npz, or an array is none as read_npy takes it. The message names the array.
NamedArrays read_npz(const std::string& path);

/// Reads these arrays only, and looks at no other: read_npz("data.npz", {"x", "y"}).
/// @throws FileError  as above, or there is no array of a name.
NamedArrays read_npz(const std::string& path, const std::vector<std::string>& names);

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
