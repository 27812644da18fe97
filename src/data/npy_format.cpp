// SPDX-License-Identifier: BSD-3-Clause
#include "data/npy_format.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "data/map_elements.hpp"
#include "files/file_array.hpp"

namespace xtape::data {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

struct Header;

// An element type of files, and how an array of it is read from where the file stands.
struct StoredType {
  std::string_view code;  // as it is written behind the byte order
  ElementType element_type;
  AnyArray (*read)(ByteReader& file, const Header& header);
};

struct Header {
  std::string type;                    // as it is written: "<f4"
  std::uint64_t begin = 0;             // where the text of the header is in the file
  const StoredType* stored = nullptr;  // null for what cannot be read
  std::endian order = std::endian::native;
  bool fortran_order = false;
  Shape shape;
};

// From the order in which the first axis runs fastest.
template <class T>
Array<T> row_major(const Array<T>& fortran, const Shape& shape) {
  std::array<std::size_t, Shape::max_rank> strides{}, index{};
  std::size_t stride = 1;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  Array<T> result(shape);
  std::size_t from = 0;
  for (T& element : result) {
    element = fortran[from];
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

template <class T>
Array<T> read_elements(ByteReader& file, const Header& header) {
  Array<T> elements = read_numbers<T>(file, header.shape, header.order);
  return header.fortran_order ? row_major(elements, header.shape) : std::move(elements);
}

template <class T>
AnyArray read_plain(ByteReader& file, const Header& header) {
  return read_elements<T>(file, header);
}

AnyArray read_booleans(ByteReader& file, const Header& header) {
  return transformed<bool>(read_elements<std::uint8_t>(file, header),
                           [](std::uint8_t byte) { return byte != 0; });
}

float from_half(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                  : std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  if (exponent == 0x1f) {
    magnitude =
        fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  return (half >> 15) != 0 ? -magnitude : magnitude;
}

AnyArray read_halves(ByteReader& file, const Header& header) {
  return transformed<float>(read_elements<std::uint16_t>(file, header), from_half);
}

// Those of ElementType come first, in its order.
constexpr std::array<StoredType, 12> stored_types{{{"f4", ElementType::float32, read_plain<float>},
                                                   {"f8", ElementType::float64, read_plain<double>},
                                                   {"i1", ElementType::int8, read_plain<std::int8_t>},
                                                   {"i2", ElementType::int16, read_plain<std::int16_t>},
                                                   {"i4", ElementType::int32, read_plain<std::int32_t>},
                                                   {"i8", ElementType::int64, read_plain<std::int64_t>},
                                                   {"u1", ElementType::uint8, read_plain<std::uint8_t>},
                                                   {"u2", ElementType::uint16, read_plain<std::uint16_t>},
                                                   {"u4", ElementType::uint32, read_plain<std::uint32_t>},
                                                   {"u8", ElementType::uint64, read_plain<std::uint64_t>},
                                                   {"b1", ElementType::boolean, read_booleans},
                                                   {"f2", ElementType::float32, read_halves}}};

// The header is a dictionary as Python writes it, with exactly three keys in any order:
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(const ByteReader& file, std::string_view text)
      : file_(file), text_(text), offset_(file.offset() - text.size()) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      parse_entry();
      if (accept('}')) break;
      expect(',');
    }
    skip_spaces();
    if (at_ != text_.size()) fail_here("the end of the header");
    if (!descr_) fail_missing("descr");
    if (!fortran_order_) fail_missing("fortran_order");
    if (!extents_) fail_missing("shape");
    Header header = element_type(*descr_);
    header.begin = offset_;
    header.fortran_order = *fortran_order_;
    header.shape = shape_from_file(file_, offset_, *extents_);
    return header;
  }

 private:
  void parse_entry() {
    const std::string_view key = quoted();
    expect(':');
    if (key == "descr" && !descr_) {
      descr_ = accept('[') ? structure() : quoted();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = boolean();
    } else if (key == "shape" && !extents_) {
      extents_ = extents();
    } else {
      file_.fail_at(offset_, "the keys of the header must be descr, fortran_order and shape, got '{}'{}", key,
                    key == "descr" || key == "fortran_order" || key == "shape" ? " twice" : "");
    }
  }

  std::string_view quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'' && !accept('\'')) fail_here("a name in quotes");
    const auto length = text_.substr(at_).find_first_of(quote == '"' ? "\"\\\n" : "'\\\n");
    if (length == std::string_view::npos || text_[at_ + length] != quote) fail_here("a closing quote");
    const std::string_view result = text_.substr(at_, length);
    at_ += length + 1;
    return result;
  }

  // The list behind an opening bracket, with both brackets.
  std::string_view structure() {
    const std::size_t begin = at_ - 1;
    for (std::size_t depth = 1; depth > 0;) {
      skip_spaces();
      if (at_ == text_.size()) fail_here("a closing bracket");
      if (text_[at_] == '\'' || text_[at_] == '"') {
        quoted();
        continue;
      }
      depth += text_[at_] == '[';
      depth -= text_[at_] == ']';
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  bool boolean() {
    skip_spaces();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail_here("True or False");
  }

  std::vector<std::size_t> extents() {
    std::vector<std::size_t> result;
    expect('(');
    bool comma = true;
    while (!accept(')')) {
      if (!comma) fail_here("a comma");
      skip_spaces();
      std::size_t extent = 0;
      const char* const begin = text_.data() + at_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), extent);
      if (error != std::errc()) fail_here("an extent from 0 to 2^64 - 1");
      at_ += static_cast<std::size_t>(end - begin);
      accept('L');  // of Python 2
      comma = accept(',');
      result.push_back(extent);
    }
    if (result.size() == 1 && !comma) fail_here("a comma after the only extent");
    return result;
  }

  static Header element_type(std::string_view descr) {
    Header header;
    header.type = descr;
    if (descr.empty() || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) return header;
    const std::string_view code = descr.substr(1);
    const auto known = std::ranges::find(stored_types, code, &StoredType::code);
    if (known == stored_types.end() || (descr[0] == '|' && !code.ends_with('1'))) return header;
    header.stored = &*known;
    if (descr[0] == '<') header.order = std::endian::little;
    if (descr[0] == '>') header.order = std::endian::big;
    return header;
  }

  void skip_spaces() { at_ = std::min(text_.size(), text_.find_first_not_of(" \t\r\n", at_)); }

  bool accept(char character) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != character) return false;
    ++at_;
    return true;
  }

  void expect(char character) {
    if (!accept(character)) fail_here(std::string("'") + character + "'");
  }

  [[noreturn]] void fail_here(std::string_view expected) const {
    const std::string_view rest = text_.substr(at_, 16);
    file_.fail_at(offset_ + at_, "the header must have {} here, got {}", expected,
                  rest.empty() ? "its end" : fmt::format("'{}'", rest));
  }
  [[noreturn]] void fail_missing(const char* key) const {
    file_.fail_at(offset_, "the header must have the key {}, got none", key);
  }

  const ByteReader& file_;
  std::string_view text_;
  std::uint64_t offset_;  // where the text begins in the file
  std::size_t at_ = 0;
  std::optional<std::string_view> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::size_t>> extents_;
};

Header read_header(ByteReader& file) {
  std::array<char, 6> begin{};
  file.read(begin.data(), begin.size(), "magic string");
  if (std::string_view(begin.data(), begin.size()) != magic) {
    file.fail_at(0, "a file of the NPY format must begin with \\x93NUMPY, got something else");
  }
  std::array<unsigned char, 2> version{};
  file.read(version.data(), version.size(), "version");
  if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
    file.fail_at(6, "the version must be 1.0, 2.0 or 3.0, got {}.{}", version[0], version[1]);
  }
  std::array<unsigned char, 4> length{};  // little endian
  file.read(length.data(), version[0] == 1 ? 2 : 4, "length of the header");
  std::size_t bytes = 0;
  for (std::size_t i = length.size(); i-- > 0;) bytes = bytes << 8 | length[i];
  const std::string text = file.read_bytes(bytes, "header");
  return HeaderParser(file, text).parse();
}

void require_readable(const ByteReader& file, const Header& header, std::string_view other_way) {
  if (header.stored != nullptr) return;
  if (header.type.starts_with('[')) {
    file.fail_at(header.begin, "the elements must be numbers, got a structured type{}", other_way);
  }
  file.fail_at(header.begin,
               "the elements must be bools, integers of 8 to 64 bits or floats of 16 to 64, as in '<f4', got "
               "'{}'{}{}",
               header.type, header.type.ends_with('O') ? " (Python objects are never unpickled)" : "",
               other_way);
}

// Whether row-major and Fortran order are the same.
bool is_one_run(const Shape& shape) {
  return shape.elements() == 0 ||
         std::ranges::count_if(shape, [](std::size_t extent) { return extent != 1; }) <= 1;
}

}  // namespace

StoredArray read_npy_description(ByteReader& file) {
  Header header = read_header(file);
  const auto type = header.stored != nullptr ? std::optional(header.stored->element_type) : std::nullopt;
  return {std::move(header.type), type, header.shape};
}

AnyArray read_npy_array(ByteReader& file, std::string_view other_way) {
  const Header header = read_header(file);
  require_readable(file, header, other_way);
  AnyArray array = header.stored->read(file, header);
  file.require_end();
  return array;
}

MappedArray map_npy_array(PlainReader& file) {
  const Header header = read_header(file);
  require_readable(file, header, {});
  if (header.stored->read == read_halves) {
    file.fail_at(header.begin,
                 "the elements must be of a type of C++ to be mapped, got the halves '{}'; read_npy "
                 "makes them float32",
                 header.type);
  }
  if (header.fortran_order && !is_one_run(header.shape)) {
    file.fail_at(header.begin,
                 "the elements must be in row-major order to be mapped, got Fortran order; read_npy "
                 "brings them in it, and numpy.ascontiguousarray before they are saved");
  }
  return map_elements(file, header.stored->element_type, header.shape, header.order, "read_npy");
}

std::string npy_header(ElementType type, const Shape& shape) {
  constexpr char order = std::endian::native == std::endian::little ? '<' : '>';
  const std::string_view code = stored_types[static_cast<std::size_t>(type)].code;
  const std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                       code.ends_with('1') ? '|' : order, code, fmt::join(shape, ", "),
                                       shape.rank() == 1 ? "," : "");
  // Spaces, so that the elements begin at a multiple of 64 bytes. The header of any Shape is shorter than
  // 2^16.
  const std::size_t before = magic.size() + 4, unpadded = before + text.size() + 1;
  const std::size_t length = (unpadded + 63) / 64 * 64 - before;
  std::string header(magic);
  header += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  header += text;
  header.append(length - text.size() - 1, ' ');
  header += '\n';
  return header;
}

}  // namespace xtape::data
