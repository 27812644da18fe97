// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_encoding.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "arrays/format.hpp"

namespace xtape::data {
namespace {

using namespace std::string_view_literals;

// The longer ones first: that of UTF-16 begins that of UTF-32.
constexpr std::pair<std::string_view, const char*> signatures[] = {
    {"\xFF\xFE\0\0"sv, "UTF-32"}, {"\0\0\xFE\xFF"sv, "UTF-32"},
    {"\xFF\xFE"sv, "UTF-16"},     {"\xFE\xFF"sv, "UTF-16"},
    {"\x1F\x8B"sv, "gzip"},       {"PK\x03\x04"sv, "a ZIP archive, as .xlsx is"},
};

bool is_ascii_without_nul(const char* eight_bytes) {
  std::uint64_t bytes;
  std::memcpy(&bytes, eight_bytes, sizeof bytes);
  constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  // Of bytes below 0x80 only a zero borrows into its top bit.
  return ((bytes | (bytes - ones)) & tops) == 0;
}

// How many bytes the character has that begins here, or 0 if none does; table 3-7 of the Unicode standard.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto in = [&](std::size_t i, int low, int high) { return byte(i) >= low && byte(i) <= high; };
  const auto continues = [&](std::size_t i) { return in(i, 0x80, 0xBF); };
  if (in(0, 0x01, 0x7F)) return 1;
  if (in(0, 0xC2, 0xDF)) return continues(1) ? 2 : 0;
  if (in(0, 0xE0, 0xEF)) {
    const bool second = in(1, byte(0) == 0xE0 ? 0xA0 : 0x80, byte(0) == 0xED ? 0x9F : 0xBF);
    return second && continues(2) ? 3 : 0;
  }
  if (in(0, 0xF0, 0xF4)) {
    const bool second = in(1, byte(0) == 0xF0 ? 0x90 : 0x80, byte(0) == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

[[noreturn]] void fail_at_byte(const char* function, const std::string& path, std::string_view text,
                               std::size_t at) {
  const std::string_view before = text.substr(0, at);
  std::size_t line = 1, line_begin = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool ends = before[i] == '\n' || (before[i] == '\r' && text[i + 1] != '\n');
    if (!ends) continue;
    ++line;
    line_begin = i + 1;
  }
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte == 0) {
    fail<FileError>("{}: {}:{}:{}: the file must be text in UTF-8, got a NUL byte", function, path, line,
                    at - line_begin + 1);
  }
  fail<FileError>(
      "{}: {}:{}:{}: the file must be in UTF-8, got the byte 0x{:02x}, which is none of UTF-8 here but may "
      "be Latin-1; iconv -f LATIN1 -t UTF-8 converts it",
      function, path, line, at - line_begin + 1, byte);
}

}  // namespace

void require_utf8(const char* function, const std::string& path, std::string_view text) {
  for (const auto& [signature, name] : signatures) {
    if (text.starts_with(signature)) {
      fail<FileError>("{}: {}: the file must be text in UTF-8, got {}, by its first {} bytes", function, path,
                      name, signature.size());
    }
  }
  for (std::size_t at = 0; at < text.size();) {
    if (text.size() - at >= 8 && is_ascii_without_nul(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t size = character_size(text.substr(at));
    if (size == 0) fail_at_byte(function, path, text, at);
    at += size;
  }
}

}  // namespace xtape::data
