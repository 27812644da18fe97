// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "temporary_directory.hpp"
#include "xtape/core/error.hpp"

namespace xtape::testing {

/// A path for a file, in a directory of its own; what is there afterwards is removed.
class TemporaryPath {
 public:
  TemporaryPath() = default;
  explicit TemporaryPath(std::string_view content) { write(content); }

  void write(std::string_view content) const { write_text(*this, content); }
  std::string content() const { return read_text(*this); }

  operator std::string() const { return directory_ / "file"; }
  std::string operator+(const std::string& text) const { return std::string(*this) + text; }

 private:
  TemporaryDirectory directory_;
};

/// What `read` of the path says where it throws FileError, behind "<function>: <path>".
template <class Read>
std::string file_error(const std::string& function, const std::string& path, Read read) {
  try {
    read(path);
  } catch (const FileError& error) {
    const std::string message = error.what(), prefix = function + ": " + path;
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }
  return "no FileError";
}

/// "00ff" are the bytes 0 and 255; spaces are passed over.
inline std::string from_hex(std::string_view digits) {
  std::string bytes;
  int half = -1;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    if (half >= 0) bytes += static_cast<char>(half * 16 + value);
    half = half >= 0 ? -1 : value;
  }
  return bytes;
}

/// A number of so many bytes, the most significant first.
inline std::string big_endian(std::uint64_t number, std::size_t bytes) {
  std::string result(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) result[i] = static_cast<char>(number >> (8 * (bytes - 1 - i)));
  return result;
}

/// A number of so many bytes, the least significant first.
inline std::string little_endian(std::uint64_t number, std::size_t bytes) {
  const std::string result = big_endian(number, bytes);
  return {result.rbegin(), result.rend()};
}

}  // namespace xtape::testing
