// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "arrays/format.hpp"
#include "xtape/arrays/array.hpp"

namespace xtape {

// A file that is read. What goes wrong throws FileError with the system's reason.
class InputFile {
 public:
  // Whether a pipe or a device will do, which has no size and is there only once.
  enum class Kind { any, regular };

  // `function` is who reads, for messages. `other_way` ends the message about what is no regular file.
  InputFile(const char* function, const std::string& path, Kind kind = Kind::any,
            std::string_view other_way = {});

  // How messages begin: "read_npy: weights.npy".
  const std::string& subject() const noexcept { return subject_; }

  static constexpr std::uint64_t unknown_size = ~std::uint64_t{0};
  // In bytes; unknown of what is no regular file.
  std::uint64_t size() const noexcept { return size_; }

  // Fewer bytes than `count` only at the end.
  std::size_t read(void* to, std::size_t count);

  // Passes over bytes of a regular file.
  void skip(std::uint64_t count);
  // Goes to a place of a regular file.
  void go_to(std::uint64_t offset);

  // Throws FileError if a regular file was written to since it was opened, by its size and the time.
  void require_unchanged() const;

  // The next byte, which stays to be read, or EOF.
  int peek();

  // For what streams do not have; it belongs to this.
  int descriptor() const noexcept { return ::fileno(file_.get()); }

  // Throws UnreadableFileError with the system's reason, and behind it `other_way`.
  [[noreturn]] void fail_unreadable(int error, std::string_view other_way = {}) const;

 private:
  // Whether a read that came short is to go on, since only a signal ended it, and not the file. Throws for
  // every other error.
  bool was_interrupted();

  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  std::string subject_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = unknown_size;
  timespec written_{};  // when, the last time before it was opened
};

// A whole file.
std::string read_file(const char* function, const std::string& path);

// Bytes of a file or unpacked from one, read once from front to end by a reader that trusts none of them:
// what a header promises is compared with what there can be before memory is taken for it.
class ByteReader {
 public:
  explicit ByteReader(std::string subject) : subject_(std::move(subject)) {}
  virtual ~ByteReader() = default;
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  const std::string& subject() const noexcept { return subject_; }
  // How many bytes have been read.
  std::uint64_t offset() const noexcept { return offset_; }

  // Exactly `count` bytes; `what` names them in the message of the FileError if they are not there.
  void read(void* to, std::size_t count, std::string_view what);
  std::string read_bytes(std::size_t count, std::string_view what);

  // Throws if it is known that there are fewer bytes than these elements take; gives how many they take.
  template <class T>
  std::size_t require_elements(const Shape& shape) const {
    const std::size_t bytes = shape.elements() * sizeof(T);  // Shape keeps it from overflowing.
    require_possible(bytes, elements_name(shape));
    return bytes;
  }

  // Elements as they stand in memory. Any bytes must make a T.
  template <class T>
  Array<T> read_elements(const Shape& shape) {
    const std::size_t bytes = require_elements<T>(shape);
    if (is_plain()) {
      Array<T> elements(shape);
      read(elements.data(), bytes, elements_name(shape));
      return elements;
    }
    const std::string arrived = read_bytes(bytes, elements_name(shape));
    Array<T> elements(shape);
    std::memcpy(elements.data(), arrived.data(), bytes);
    return elements;
  }

  void require_end();

  // "read_npy: weights.npy: byte 8: ..."
  template <class... Arguments>
  [[noreturn]] void fail_at(std::uint64_t offset, fmt::format_string<Arguments...> text,
                            Arguments&&... arguments) const {
    fail<FileError>("{}: byte {}: {}", subject_, offset,
                    fmt::format(text, std::forward<Arguments>(arguments)...));
  }

 protected:
  // Bytes that were passed over.
  void advance(std::uint64_t count) noexcept { offset_ += count; }

  // Fewer bytes than `count` only at the end.
  virtual std::size_t read_some(char* to, std::size_t count) = 0;
  // No more bytes than this can be in the whole.
  virtual std::uint64_t size_limit() const = 0;
  // Whether as many bytes as size_limit() are really there, so that memory may be taken for them at once.
  virtual bool is_plain() const = 0;

 private:
  static std::string elements_name(const Shape& shape) { return fmt::format("elements for shape {}", shape); }
  void require_possible(std::size_t count, std::string_view what) const;
  [[noreturn]] void fail_cut(std::uint64_t begin, std::size_t count, std::string_view what) const;

  std::string subject_;
  std::uint64_t offset_ = 0;
};

// A file as it is.
class PlainReader : public ByteReader {
 public:
  explicit PlainReader(InputFile file) : ByteReader(file.subject()), file_(std::move(file)) {}

  const InputFile& file() const noexcept { return file_; }
  std::uint64_t size() const noexcept { return file_.size(); }

  // As InputFile::skip.
  void skip(std::uint64_t count) {
    file_.skip(count);
    advance(count);
  }

 private:
  std::size_t read_some(char* to, std::size_t count) override { return file_.read(to, count); }
  std::uint64_t size_limit() const override { return file_.size(); }
  bool is_plain() const override { return file_.size() != InputFile::unknown_size; }

  InputFile file_;
};

}  // namespace xtape
