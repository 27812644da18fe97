// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_encoding.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "arrays/format.hpp"
#include "core/utf8.hpp"

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

[[noreturn]] void fail_at_byte(const char* function, const std::string& path, std::string_view text,
                               std::size_t at, std::size_t line) {
  const std::string_view before = text.substr(0, at);
  std::size_t line_begin = 0;
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

// Where the last character begins if bytes may be missing at its end, and else the end of the text.
std::size_t end_of_whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) break;
    const bool continues = byte < 0xC0;
    if (continues) continue;
    const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return length > back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace

void require_signature_of_text(const char* function, const std::string& path, std::string_view text) {
  for (const auto& [signature, name] : signatures) {
    if (text.starts_with(signature)) {
      fail<FileError>("{}: {}: the file must be text in UTF-8, got {}, by its first {} bytes", function, path,
                      name, signature.size());
    }
  }
}

std::size_t checked_utf8(const char* function, const std::string& path, std::string_view text,
                         std::size_t begin, std::size_t line, bool goes_on) {
  const std::size_t end = goes_on ? end_of_whole_characters(text) : text.size();
  for (std::size_t at = begin; at < end;) {
    if (end - at >= 8 && is_ascii_without_nul(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t size = text[at] == '\0' ? 0 : utf8_length(text.substr(at));
    if (size == 0) fail_at_byte(function, path, text, at, line);
    at += size;
  }
  return end;
}

void require_utf8(const char* function, const std::string& path, std::string_view text) {
  require_signature_of_text(function, path, text);
  checked_utf8(function, path, text, 0, 1, false);
}

}  // namespace xtape::data
