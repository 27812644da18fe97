// SPDX-License-Identifier: BSD-3-Clause
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <sstream>

#include "files.hpp"
#include "matchers.hpp"
#include "memory_file.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::testing;

// Small files of every format, cut at each byte and with each byte as every other: they are refused, or what
// is read of them stands in them.
namespace damaged_files_test {
namespace {

using Path = const std::string&;

// Whether `read` of the path takes what is there; every other exception than FileError goes on.
template <class Read>
bool takes(Read read, Path path) {
  try {
    read(path);
    return true;
  } catch (const FileError&) {
    return false;
  }
}

// The lengths of those files that are taken of all that end early.
template <class Read>
std::vector<std::size_t> taken_lengths(const std::string& content, Read read) {
  const MemoryFile file;
  std::vector<std::size_t> taken;
  for (std::size_t size = 0; size < content.size(); ++size) {
    file.write(std::string_view(content).substr(0, size));
    if (takes(read, file.path())) taken.push_back(size);
  }
  return taken;
}

const std::vector<std::size_t> none;

// What a byte is changed by, as an exclusive or.
std::vector<int> every_change() {
  std::vector<int> changes(255);
  std::iota(changes.begin(), changes.end(), 1);
  return changes;
}
const std::vector<int> a_bit_or_all{1, 2, 4, 8, 16, 32, 64, 128, 255};

// How many files with one byte changed are taken. read(path, changed content) checks what it gets.
template <class Read>
std::size_t taken_changes(const std::string& content, Read read,
                          const std::vector<int>& changes = every_change()) {
  const MemoryFile file;
  std::size_t taken = 0;
  std::string changed = content;
  for (std::size_t place = 0; place < content.size(); ++place) {
    for (const int change : changes) {
      changed[place] = static_cast<char>(content[place] ^ change);
      file.write(changed);
      taken += takes([&](Path path) { read(path, changed); }, file.path());
    }
    changed[place] = content[place];
  }
  return taken;
}

// Fails once and not for each of many files.
void require(bool holds, std::string_view claim, std::string_view content) {
  if (!holds) FAIL(claim << " in a file of these bytes: " << std::string(content));
}

std::string bytes_of(const AnyArray& array) {
  return array.visit([]<class T>(const Array<T>& elements) {
    return std::string(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
  });
}

std::string bytes_of(const data::MappedArray& array) {
  return array.visit([]<class T>(const ArrayInput<T>& elements) {
    return std::string(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
  });
}

std::string reversed_elements(const AnyArray& array) {
  std::string bytes = bytes_of(array);
  const std::size_t size = array.shape().elements() == 0 ? 1 : bytes.size() / array.shape().elements();
  for (std::size_t i = 0; i < bytes.size(); i += size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
  }
  return bytes;
}

// What `write` of a path writes.
std::string written(const std::function<void(Path)>& write) {
  const TemporaryPath path;
  write(path);
  return path.content();
}

NamedArrays two_arrays() {
  NamedArrays arrays;
  arrays.add("floats", Array<float>(xt::xarray<float>{1.5, -2}));
  arrays.add("bytes", Array<std::uint8_t>(xt::xarray<std::uint8_t>{7, 8, 255}));
  return arrays;
}

std::string npy_file() {
  return written([](Path path) { data::write_npy(path, xt::xarray<float>{{1.5, -2, 3}, {4, 5, 6.25}}); });
}

const std::string idx_file = from_hex("00000802 00000002 00000003 00010203fdff");

std::string gzip(const std::string& content) {
  return written([&](Path path) {
    const gzFile file = gzopen(path.c_str(), "wb9");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
  });
}

std::string safetensors_file() {
  return written([](Path path) { io::write_safetensors(path, two_arrays(), {{"key", "text"}}); });
}

std::string checkpoint_file() {
  return written([](Path path) { io::save_checkpoint(path, two_arrays(), {{"key", "text"}}); });
}

std::string model_file() {
  return written([](Path path) {
    Random random(1);
    nn::Linear<float> model(2, 2, random);
    io::save_model(path, inference::Pipeline<float>{.model = model, .row = {2}});
  });
}

std::string npz_file(bool compress) {
  return written([&](Path path) { data::write_npz(path, two_arrays(), {.compress = compress}); });
}

const std::string csv_file = "a,\"b\"\"\"\n1.5,20\n-3,4e1\n";

}  // namespace

TEST_CASE("a file of arrays that ends early is refused, wherever it ends", "[data][io][damage]") {
  CHECK(taken_lengths(npy_file(), [](Path path) { data::read_npy(path); }) == none);
  CHECK(taken_lengths(idx_file, [](Path path) { data::read_idx(path); }) == none);
  CHECK(taken_lengths(gzip(idx_file), [](Path path) { data::read_idx(path); }) == none);
  CHECK(taken_lengths(safetensors_file(), [](Path path) { io::read_safetensors(path); }) == none);
  CHECK(taken_lengths(checkpoint_file(), [](Path path) { io::load_checkpoint(path); }) == none);
  CHECK(taken_lengths(model_file(), [](Path path) { io::load_model<float>(path); }) == none);
  for (const bool compress : {false, true}) {
    CHECK(taken_lengths(npz_file(compress), [](Path path) { data::read_npz(path); }) == none);
    CHECK(taken_lengths(npz_file(compress), [](Path path) { data::list_npz(path); }) == none);
  }
}

TEST_CASE("an NPY file with a byte changed is refused, or its elements are bytes of the file",
          "[data][npy][damage]") {
  const std::size_t elements_begin = npy_file().size() - 24;
  const auto taken = taken_changes(npy_file(), [&](Path path, const std::string& changed) {
    const AnyArray array = data::read_npy(path);
    require(array.shape() == Shape{2, 3}, "the shape is another", changed);
    const std::string elements = changed.substr(elements_begin);
    require(bytes_of(array) == elements || reversed_elements(array) == elements, "other elements", changed);
  });
  CHECK(taken >= 24 * 255);  // each of the elements
}

TEST_CASE("an IDX file with a byte changed is refused, or its elements are bytes of the file",
          "[data][idx][damage]") {
  const auto taken = taken_changes(idx_file, [](Path path, const std::string& changed) {
    const AnyArray array = data::read_idx(path);
    require(array.shape() == Shape{2, 3}, "the shape is another", changed);
    require(bytes_of(array) == changed.substr(12), "other elements", changed);
  });
  CHECK(taken == 6 * 255 + 1);  // of the elements, and of the type where it becomes the other one of a byte
}

TEST_CASE("a file of arrays that ends early is not mapped, wherever it ends", "[data][map][damage]") {
  CHECK(taken_lengths(npy_file(), [](Path path) { data::map_npy(path); }) == none);
  CHECK(taken_lengths(idx_file, [](Path path) { data::map_idx(path); }) == none);
}

TEST_CASE("an NPY file with a byte changed is not mapped, or its elements are bytes of the file",
          "[data][npy][map][damage]") {
  const std::size_t elements_begin = npy_file().size() - 24;
  const auto taken = taken_changes(npy_file(), [&](Path path, const std::string& changed) {
    const data::MappedArray array = data::map_npy(path);
    require(array.shape() == Shape{2, 3}, "the shape is another", changed);
    require(bytes_of(array) == changed.substr(elements_begin), "other elements", changed);
    require(bytes_of(array) == bytes_of(data::read_npy(path)), "others than are read", changed);
  });
  CHECK(taken >= 24 * 255);  // each of the elements
}

TEST_CASE("an IDX file with a byte changed is not mapped, or its elements are bytes of the file",
          "[data][idx][map][damage]") {
  const auto taken = taken_changes(idx_file, [](Path path, const std::string& changed) {
    const data::MappedArray array = data::map_idx(path);
    require(array.shape() == Shape{2, 3}, "the shape is another", changed);
    require(bytes_of(array) == changed.substr(12), "other elements", changed);
  });
  CHECK(taken == 6 * 255 + 1);  // as those that are read
}

TEST_CASE("a packed IDX file with a byte changed is refused, or read as it was", "[data][idx][damage]") {
  const auto taken = taken_changes(gzip(idx_file), [](Path path, const std::string& changed) {
    const AnyArray array = data::read_idx(path);
    require(array.shape() == Shape{2, 3}, "the shape is another", changed);
    require(bytes_of(array) == idx_file.substr(12), "other elements", changed);
  });
  CHECK(taken > 0);  // as where the time of the file is another
}

TEST_CASE("a safetensors file with a byte changed is refused, or its elements are bytes of the file",
          "[io][safetensors][damage]") {
  const std::size_t data = safetensors_file().size() - 11;
  const auto taken = taken_changes(
      safetensors_file(),
      [&](Path path, const std::string& changed) {
        const auto [arrays, metadata] = io::read_safetensors(path);
        require(arrays.size() == 2 && metadata.size() <= 1, "another number of arrays or texts", changed);
        for (const auto& named : arrays) {
          const std::string bytes = bytes_of(named.second);
          const bool is_first = bytes.size() == 8;
          require(bytes == changed.substr(is_first ? data : data + 8, is_first ? 8 : 3), "other elements",
                  changed);
        }
      },
      a_bit_or_all);
  CHECK(taken >= 11 * 9);
}

TEST_CASE("a checkpoint with a byte changed is refused, or loaded as it was saved",
          "[io][checkpoint][damage]") {
  const NamedArrays arrays = two_arrays();
  const io::Metadata metadata{{"key", "text"}};
  const auto taken = taken_changes(checkpoint_file(), [&](Path path, const std::string& changed) {
    const auto loaded = io::load_checkpoint(path);
    require(are_same_bits(loaded.state, arrays) && loaded.metadata == metadata, "other content", changed);
  });
  CHECK(taken <= 3 * 7);  // a tab or an end of a line where a space fills the header up to a multiple of 8
}

TEST_CASE("an archive with a byte changed is refused, or read with the arrays that were there",
          "[data][npz][damage]") {
  const bool compress = GENERATE(false, true);
  const NamedArrays arrays = two_arrays();
  std::size_t passed_over = 0;
  const auto taken = taken_changes(
      npz_file(compress),
      [&](Path path, const std::string& changed) {
        const NamedArrays read = data::read_npz(path);
        require(read.size() <= 2, "more arrays", changed);
        passed_over += 2 - read.size();
        for (const auto& [name, array] : read) {
          const bool was_there =
              are_same_bits(array, arrays["floats"]) || are_same_bits(array, arrays["bytes"]);
          require(was_there, "other elements", changed);
        }
        require(data::list_npz(path).size() == read.size(), "another listing", changed);
      },
      a_bit_or_all);
  CHECK(taken > passed_over);  // as where the time of an entry is another
  // Where the name of one of the two entries ends in .npy no longer. Two of the nine changes make it no
  // UTF-8, which newer versions of libzip refuse.
  CHECK((passed_over == 2 * 4 * 9 || passed_over == 2 * 4 * 7));
}

namespace {

std::vector<std::string> split(const std::string& text, char delimiter) {
  std::vector<std::string> parts;
  std::istringstream stream(text + delimiter);
  for (std::string part; std::getline(stream, part, delimiter);) parts.push_back(part);
  return parts;
}

// The numbers of a column behind the header, where nothing is in quotes.
std::vector<double> numbers_of_column(const std::string& rows, std::size_t column) {
  std::vector<double> numbers;
  std::string lines = rows;
  std::replace(lines.begin(), lines.end(), '\r', '\n');
  for (const std::string& line : split(lines, '\n')) {
    const bool is_empty = line.find_first_not_of(" \t") == std::string::npos;
    if (!is_empty) numbers.push_back(std::strtod(split(line, ',').at(column).c_str(), nullptr));
  }
  return numbers;
}

}  // namespace

TEST_CASE("a table with a byte changed is refused, or its numbers stand in the file", "[data][csv][damage]") {
  const std::size_t header = csv_file.find('\n') + 1;
  const auto taken = taken_changes(csv_file, [&](Path path, const std::string& changed) {
    const auto table = data::read_csv(path);
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      const std::string& name = table.columns()[i];
      table.take_columns<float>(table.one_hot_columns(name));
      if (changed.substr(0, header) != csv_file.substr(0, header) || table.is_text(name)) continue;
      if (changed.find('"', header) != std::string::npos) continue;
      const auto numbers = table.take_columns<double>({{name, {}}});
      require(values(numbers) == numbers_of_column(changed.substr(header), i), "other numbers", changed);
    }
  });
  CHECK(taken >= 9 * 9);  // other digits for the digits of the numbers
}

TEST_CASE("a table with a byte changed or missing is refused, or sniffed and read", "[data][csv][damage]") {
  const std::string text = "# by hand\nNorth\ntime;depth;\"a \"\"kind\"\"\"\n1;1.002,5;\"x\n;\"\r\n2;3,5;\n";
  const auto read = [](Path path) { data::read_csv(path, data::sniff_csv(path).options); };
  CHECK(taken_lengths(text, read).size() < text.size());
  CHECK(taken_changes(text, [&](Path path, const std::string&) { read(path); }) > 0);
}

}  // namespace damaged_files_test
