// SPDX-License-Identifier: BSD-3-Clause
#include "io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "files/file_array.hpp"
#include "io/half_floats.hpp"

namespace xtape::io {
namespace {

static_assert(std::endian::native == std::endian::little, "the files hold little-endian numbers");
static_assert(sizeof(bool) == 1, "the files hold a byte for each truth value");

constexpr const char* metadata_name = "__metadata__";
constexpr std::array<std::string_view, 3> tensor_fields{"dtype", "shape", "data_offsets"};

template <class T>
AnyArray read_numbers(ByteReader& file, const std::string&, const Shape& shape) {
  return file.read_elements<T>(shape);
}

AnyArray read_booleans(ByteReader& file, const std::string& tensor, const Shape& shape) {
  const Array<std::uint8_t> bytes = file.read_elements<std::uint8_t>(shape);
  Array<bool> array(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (bytes[i] > 1) {
      fail<FileError>("{}: tensor {}: a BOOL must be 0 or 1, got {} at element {}", file.subject(),
                      in_quotes(tensor), bytes[i], i);
    }
    array[i] = bytes[i] == 1;
  }
  return array;
}

template <float (*to_float)(std::uint16_t)>
AnyArray read_halves(ByteReader& file, const std::string&, const Shape& shape) {
  return transformed<float>(file.read_elements<std::uint16_t>(shape), to_float);
}

void write_as_it_is(AtomicFile& file, const Written&, const AnyArray& array) {
  array.visit([&](const auto& typed) { file.write(typed.data(), typed.size() * sizeof(*typed.data())); });
}

// Floats or doubles, a block at a time.
template <std::uint16_t (*rounded)(double), float (*to_float)(std::uint16_t)>
void write_halves(AtomicFile& file, const Written& what, const AnyArray& array) {
  const auto write = [&](const auto& typed) {
    std::array<std::uint16_t, 4096> block;
    for (std::size_t begin = 0; begin < typed.size(); begin += block.size()) {
      const std::size_t count = std::min(block.size(), typed.size() - begin);
      for (std::size_t i = 0; i < count; ++i) {
        const double x = typed[begin + i];
        block[i] = rounded(x);
        if (!std::isinf(to_float(block[i])) || std::isinf(x)) continue;
        fail<ValueError>(
            "{}: {} of {} must not be beyond the largest number of the type to store, got {}; "
            "store bfloat16 or the numbers as they are",
            what.function, element_name("element", typed.shape(), begin + i), in_quotes(what.name), x);
      }
      file.write(block.data(), count * sizeof block[0]);
    }
  };
  if (array.holds<float>()) return write(array.get<float>());
  write(array.get<double>());
}

// Those of ElementType come first, in its order.
constexpr std::array<StoredType, 13> stored_types{{
    {"F32", 4, ElementType::float32, read_numbers<float>, write_as_it_is},
    {"F64", 8, ElementType::float64, read_numbers<double>, write_as_it_is},
    {"I8", 1, ElementType::int8, read_numbers<std::int8_t>, write_as_it_is},
    {"I16", 2, ElementType::int16, read_numbers<std::int16_t>, write_as_it_is},
    {"I32", 4, ElementType::int32, read_numbers<std::int32_t>, write_as_it_is},
    {"I64", 8, ElementType::int64, read_numbers<std::int64_t>, write_as_it_is},
    {"U8", 1, ElementType::uint8, read_numbers<std::uint8_t>, write_as_it_is},
    {"U16", 2, ElementType::uint16, read_numbers<std::uint16_t>, write_as_it_is},
    {"U32", 4, ElementType::uint32, read_numbers<std::uint32_t>, write_as_it_is},
    {"U64", 8, ElementType::uint64, read_numbers<std::uint64_t>, write_as_it_is},
    {"BOOL", 1, ElementType::boolean, read_booleans, write_as_it_is},
    {"F16", 2, ElementType::float32, read_halves<float_from_half>, write_halves<half_from, float_from_half>},
    {"BF16", 2, ElementType::float32, read_halves<float_from_bfloat16>,
     write_halves<bfloat16_from, float_from_bfloat16>},
}};

template <class... Arguments>
[[noreturn]] void refuse_header(const std::string& subject, fmt::format_string<Arguments...> text,
                                Arguments&&... arguments) {
  fail<FileError>("{}: header: {}", subject, fmt::format(text, std::forward<Arguments>(arguments)...));
}

// Takes the header as it is parsed, so that a wrong one is refused where it goes wrong: a document of JSON
// would drop names that stand twice, and could be many times as large as the file.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(const std::string& subject, std::string_view text) : subject_(subject), text_(text) {}

  std::map<std::string, Tensor> tensors;
  Metadata metadata;

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::header;
    } else if (place_ == Place::header) {
      place_ = name_ == metadata_name ? Place::metadata : Place::tensor;
      draft_ = {};
    } else {
      wrong("an object");
    }
    return true;
  }

  bool key(std::string& key) override {
    if (place_ == Place::header) {
      const bool is_new = key == metadata_name ? !std::exchange(has_metadata_, true) : !tensors.contains(key);
      if (!is_new) refuse("names must be distinct, got {} twice", in_quotes(key));
      name_ = std::move(key);
    } else if (place_ == Place::metadata) {
      if (metadata.contains(key)) wrong_twice(key);
      field_ = std::move(key);
    } else {
      const auto field = std::ranges::find(tensor_fields, key);
      if (field == tensor_fields.end()) {
        refuse("{} must have dtype, shape and data_offsets only, got {}", where(), in_quotes(key));
      }
      if (std::exchange(draft_.has[static_cast<std::size_t>(field - tensor_fields.begin())], true)) {
        wrong_twice(key);
      }
      field_ = std::move(key);
    }
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) {
      metadata.emplace(std::move(field_), std::move(text));
      return true;
    }
    if (place_ != Place::tensor || field_ != "dtype") wrong(in_quotes(text));
    draft_.type_name = std::move(text);
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor || field_ == "dtype") wrong("a list");
    place_ = Place::numbers;
    numbers_.clear();
    return true;
  }

  bool number_unsigned(std::uint64_t number) override {
    if (place_ != Place::numbers) wrong(std::to_string(number));
    if (field_ == "shape" && numbers_.size() == Shape::max_rank) {
      refuse("{}: shape must have at most {} axes, got more", where(), Shape::max_rank);
    }
    if (field_ == "data_offsets" && numbers_.size() == 2) wrong_offsets("more");
    numbers_.push_back(number);
    return true;
  }

  bool end_array() override {
    place_ = Place::tensor;
    if (field_ == "shape") {
      try {
        draft_.shape = Shape(numbers_.begin(), numbers_.end());
      } catch (const ShapeError& error) {
        refuse("{}: shape must be one that memory can hold, got [{}] ({})", where(),
               fmt::join(numbers_, ", "), error.what());
      }
    } else {
      if (numbers_.size() != 2) wrong_offsets(fmt::format("[{}]", fmt::join(numbers_, ", ")));
      draft_.begin = numbers_[0];
      draft_.end = numbers_[1];
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) finish_tensor();
    place_ = place_ == Place::header ? Place::outside : Place::header;
    return true;
  }

  bool null() override { wrong("null"); }
  bool boolean(bool value) override { wrong(value ? "true" : "false"); }
  bool number_integer(std::int64_t number) override { wrong(std::to_string(number)); }
  bool number_float(double, const std::string& text) override { wrong(text.substr(0, 40)); }
  bool binary(binary_t&) override { wrong("bytes"); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    const std::size_t end = std::min(position, text_.size()), begin = end - std::min<std::size_t>(end, 20);
    refuse("it must be JSON in UTF-8, got an error at its byte {}, the last of {}", position,
           in_quotes(text_.substr(begin, end - begin)));
  }

 private:
  enum class Place { outside, header, metadata, tensor, numbers };

  struct Draft {
    std::array<bool, tensor_fields.size()> has{};
    std::string type_name;
    Shape shape;
    std::uint64_t begin = 0, end = 0;
  };

  void finish_tensor() {
    for (std::size_t i = 0; i < tensor_fields.size(); ++i) {
      if (draft_.has[i]) continue;
      refuse("{} must have dtype, shape and data_offsets, got no {}", where(), tensor_fields[i]);
    }
    const auto known = std::ranges::find(stored_types, draft_.type_name, &StoredType::name);
    const StoredType* const type = known == stored_types.end() ? nullptr : &*known;
    if (type != nullptr) {
      require_size(*type);
    } else if (draft_.begin > draft_.end) {
      refuse("{}: data_offsets must be begin and end, got [{}, {}]", where(), draft_.begin, draft_.end);
    }
    tensors.emplace(std::move(name_),
                    Tensor{std::move(draft_.type_name), type, draft_.shape, draft_.begin, draft_.end});
  }

  void require_size(const StoredType& type) const {
    // Shape keeps the product from overflowing.
    const std::uint64_t bytes = draft_.shape.elements() * type.bytes;
    if (draft_.begin <= draft_.end && draft_.end - draft_.begin == bytes) return;
    refuse("{}: data_offsets must be {} bytes apart, for {} of shape {}, got [{}, {}]", where(), bytes,
           type.name, draft_.shape, draft_.begin, draft_.end);
  }

  std::string where() const {
    return name_ == metadata_name ? std::string(metadata_name) : "tensor " + in_quotes(name_);
  }

  template <class... Arguments>
  [[noreturn]] void refuse(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    refuse_header(subject_, text, std::forward<Arguments>(arguments)...);
  }

  [[noreturn]] void wrong_twice(const std::string& key) const {
    refuse("{} must have each name once, got {} twice", where(), in_quotes(key));
  }

  [[noreturn]] void wrong_offsets(const std::string& got) const {
    refuse("{}: data_offsets must be two numbers, begin and end, got {}", where(), got);
  }

  [[noreturn]] void wrong(const std::string& got) const {
    std::string rule;
    if (place_ == Place::outside) {
      rule = "it must be a JSON object";
    } else if (place_ == Place::header) {
      rule = where() + " must be an object";
    } else if (place_ == Place::metadata) {
      rule = fmt::format("{}: {} must be a text", where(), in_quotes(field_));
    } else if (field_ == "dtype") {
      rule = where() + ": dtype must be a text";
    } else {
      rule = fmt::format("{}: {} must be a list of whole numbers from 0 to 2^64 - 1", where(), field_);
    }
    refuse("{}, got {}", rule, got);
  }

  const std::string& subject_;
  const std::string_view text_;
  Place place_ = Place::outside;
  std::string name_;   // of the tensor, or "__metadata__"
  std::string field_;  // of the tensor or the metadata
  Draft draft_;
  std::vector<std::uint64_t> numbers_;
  bool has_metadata_ = false;
};

void require_contiguous(const std::string& subject, const SafetensorsHeader& header,
                        std::uint64_t data_bytes) {
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : header.tensors) {
    if (tensor.begin != end) {
      refuse_header(subject,
                    "tensor {}: data_offsets must begin at {}, where the data before it end, got [{}, {}]",
                    in_quotes(name), end, tensor.begin, tensor.end);
    }
    end = tensor.end;
  }
  if (end != data_bytes) {
    fail<FileError>("{}: it must have {} bytes of data behind its header, as the header says, got {}",
                    subject, end, data_bytes);
  }
}

void require_fitting_header(const char* function, std::uint64_t bytes) {
  if (bytes > max_header_bytes) {
    fail<ArgumentError>("{}: names, shapes and metadata must take at most {} bytes, got at least {}",
                        function, max_header_bytes, bytes);
  }
}

}  // namespace

const StoredType& stored_type_of(const AnyArray& array, StoredFloats floats) {
  const bool is_real = array.holds<float>() || array.holds<double>();
  if (!is_real || floats == StoredFloats::as_they_are)
    return stored_types[static_cast<std::size_t>(array.element_type())];
  const std::string_view name = floats == StoredFloats::float16 ? "F16" : "BF16";
  return *std::ranges::find(stored_types, name, &StoredType::name);
}

void require_readable(const std::string& subject, const std::string& name, const Tensor& tensor,
                      std::string_view other_way) {
  if (tensor.type != nullptr) return;
  std::vector<std::string_view> names;
  for (const StoredType& type : stored_types) names.push_back(type.name);
  refuse_header(subject, "tensor {}: dtype must be one of {}, got {}{}", in_quotes(name),
                fmt::join(names, ", "), in_quotes(tensor.type_name), other_way);
}

SafetensorsHeader parse_header(const std::string& subject, const std::string& text,
                               std::uint64_t data_bytes) {
  if (!text.starts_with('{')) {
    refuse_header(subject, "it must begin with {{, got {}", in_quotes(std::string_view(text).substr(0, 1)));
  }
  // The parser would take a NUL for the end of the text.
  if (const auto nul = text.find('\0'); nul != std::string::npos) {
    refuse_header(subject, "it must be JSON in UTF-8, got a NUL at its byte {}", nul + 1);
  }
  HeaderReader reader(subject, text);
  nlohmann::json::sax_parse(text, &reader);
  SafetensorsHeader header{{}, std::move(reader.metadata)};
  header.tensors.reserve(reader.tensors.size());
  while (!reader.tensors.empty()) {
    auto node = reader.tensors.extract(reader.tensors.begin());
    header.tensors.emplace_back(std::move(node.key()), std::move(node.mapped()));
  }
  std::ranges::stable_sort(header.tensors, {}, [](const auto& named) {
    return std::pair(named.second.begin,
                     named.second.end);  // Of those that begin at one place, all but one are empty.
  });
  require_contiguous(subject, header, data_bytes);
  return header;
}

std::string format_header(const char* function, const OrderedArrays& arrays, const Metadata& metadata,
                          StoredFloats floats) {
  std::uint64_t unescaped = 0;
  for (const auto& [key, text] : metadata) unescaped += key.size() + text.size();
  for (const auto* named : arrays) unescaped += named->first.size();
  require_fitting_header(function, unescaped);  // Before copies are made of what is far too large.

  std::vector<std::string> entries;
  if (!metadata.empty()) {
    std::vector<std::string> texts;
    for (const auto& [key, text] : metadata) {
      texts.push_back(json_text(function, key) + ":" + json_text(function, text));
    }
    entries.push_back(fmt::format("\"{}\":{{{}}}", metadata_name, fmt::join(texts, ",")));
  }
  std::uint64_t begin = 0;
  for (const auto* named : arrays) {
    const auto& [name, array] = *named;
    if (name == metadata_name) {
      fail<ArgumentError>(
          "{}: no array must have the name {}, which the format reserves; give metadata as such", function,
          metadata_name);
    }
    const StoredType& type = stored_type_of(array, floats);
    const std::uint64_t end = begin + array.shape().elements() * type.bytes;
    entries.push_back(fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                                  json_text(function, name), type.name, fmt::join(array.shape(), ","), begin,
                                  end));
    begin = end;
  }
  std::string header = fmt::format("{{{}}}", fmt::join(entries, ","));
  header.resize((header.size() + 7) / 8 * 8, ' ');
  require_fitting_header(function, header.size());
  return header;
}

}  // namespace xtape::io
