// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_file.hpp"

#include <algorithm>

#include "data/csv_encoding.hpp"

namespace xtape::data {
namespace {

// What tells encodings apart.
constexpr std::size_t signature_size = 4;

// Room for lines of which many have some kilobytes.
constexpr std::size_t beginning_size = std::size_t{1} << 20;

}  // namespace

CsvFile::CsvFile(const char* function, const std::string& path, std::size_t piece)
    : function_(function),
      path_(path),
      piece_(std::max(piece, signature_size)),
      file_(function, path, InputFile::Kind::regular, "; read_csv reads it at once") {}

std::string_view CsvFile::more(const char* begin, std::size_t line) {
  if (begin != nullptr) drop(static_cast<std::size_t>(begin - text_.data()));
  file_.require_unchanged();
  const std::size_t had = text_.size(), wanted = memory_for(std::max(piece_, had), offset_ + had);
  text_.resize(had + wanted);
  const std::size_t got = file_.read(text_.data() + had, wanted);
  text_.resize(had + got);
  is_at_end_ = got < wanted;
  if (offset_ == 0) require_signature_of_text(function_, path_, text_);
  checked_ = checked_utf8(function_, path_, text_, checked_, line, !is_at_end_);
  if (offset_ == 0) drop(text_.size() - without_byte_order_mark(text_).size());
  return text_;
}

void CsvFile::drop(std::size_t count) {
  text_.erase(0, count);
  offset_ += count;
  checked_ -= count;
}

void CsvFile::go_to(std::uint64_t offset) {
  file_.go_to(offset);
  text_.clear();
  offset_ = offset;
  checked_ = 0;
  is_at_end_ = false;
}

std::size_t CsvFile::memory_for(std::size_t count, std::uint64_t offset) const {
  if (file_.size() <= offset) return count;
  return static_cast<std::size_t>(std::min<std::uint64_t>(count, file_.size() - offset + 1));
}

std::string CsvFile::beginning() {
  file_.go_to(0);
  std::string text(memory_for(beginning_size, 0), '\0');
  text.resize(file_.read(text.data(), text.size()));
  const auto last_end = text.find_last_of("\r\n");
  if (text.size() == beginning_size && last_end != std::string::npos) text.resize(last_end);
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

}  // namespace xtape::data
