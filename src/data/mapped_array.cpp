// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/mapped_array.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arrays/format.hpp"
#include "data/map_elements.hpp"
#include "files/mapped_file.hpp"

namespace xtape::data {
namespace {

constexpr const char* native_order_name =
    std::endian::native == std::endian::little ? "little-endian" : "big-endian";
constexpr const char* other_order_name =
    std::endian::native == std::endian::little ? "big-endian" : "little-endian";

template <class T>
void require_native(const PlainReader& file, std::endian order, std::string_view reader) {
  if (order != std::endian::native && sizeof(T) > 1) {
    file.fail_at(file.offset(),
                 "the elements must be {}, as this machine is, to be mapped, got {} {}; {} turns them",
                 native_order_name, other_order_name, to_string(element_type_of<T>()), reader);
  }
  if (file.offset() % alignof(T) != 0) {
    file.fail_at(
        file.offset(),
        "elements of {} must begin at a multiple of {} bytes to be mapped, got another place; {} reads "
        "them, and write_npy writes them so",
        to_string(element_type_of<T>()), alignof(T), reader);
  }
}

// Any other byte is no bool, and to look at it as one could do anything.
void require_bools(const PlainReader& file, std::span<const std::byte> elements, std::string_view reader) {
  const auto other =
      std::ranges::find_if(elements, [](std::byte byte) { return std::to_integer<int>(byte) > 1; });
  if (other == elements.end()) return;
  file.fail_at(file.offset() + static_cast<std::uint64_t>(other - elements.begin()),
               "bools must be 0 or 1 to be mapped, got {}; {} reads it as true", std::to_integer<int>(*other),
               reader);
}

}  // namespace

void MappedArray::throw_holds_other(ElementType wanted) const {
  fail<ArgumentError>("MappedArray::get: the elements must be {} to be read as such, got {}",
                      to_string(wanted), to_string(type_));
}

void MappedArray::throw_no_integers() const {
  fail<ArgumentError>("MappedArray::read_rows: the elements must be integers to be read as such, got {}",
                      to_string(type_));
}

MappedArray map_elements(const PlainReader& file, ElementType type, const Shape& shape, std::endian order,
                         std::string_view reader) {
  const std::size_t bytes =
      with_element_type(type, [&]<class T>() { return file.template require_elements<T>(shape); });
  if (file.size() - file.offset() > bytes) {
    file.fail_at(file.offset() + bytes, "the file must end here, got more bytes");
  }
  if (bytes == 0) return {type, shape, nullptr, nullptr};
  with_element_type(type, [&]<class T>() { require_native<T>(file, order, reader); });
  const auto mapped = std::make_shared<const MappedFile>(
      file.file(), fmt::format(" where it is mapped; {} reads it", reader));
  const std::byte* const elements = mapped->data() + file.offset();
  if (type == ElementType::boolean) require_bools(file, {elements, bytes}, reader);
  return {type, shape, elements, mapped};
}

}  // namespace xtape::data
