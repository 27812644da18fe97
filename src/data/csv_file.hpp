// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/csv_scanner.hpp"
#include "files/byte_reader.hpp"

namespace xtape::data {

// The text of a file, of which a piece is in memory. FileError where it is none, or the file is written to.
class CsvFile : public CsvSource {
 public:
  static constexpr std::size_t usual_piece = std::size_t{1} << 18;

  // Reads so many bytes at a time, or more where a row is longer.
  CsvFile(const char* function, const std::string& path, std::size_t piece = usual_piece);

  std::string_view more(const char* begin, std::size_t line) override;
  bool is_at_end() const override { return is_at_end_; }

  // Where a place of the last piece is in the file.
  std::uint64_t offset(const char* at) const {
    return offset_ + static_cast<std::uint64_t>(at - text_.data());
  }
  // The next piece begins there, at the beginning of a line.
  void go_to(std::uint64_t offset);

  // The lines with which the file begins, for who looks at some. Where reading goes on must be said
  // afterwards.
  std::string beginning();

 private:
  void drop(std::size_t count);
  // How many bytes to ask for where `count` would be read from there: no more than the file has, and one by
  // which its end shows. Files of the system have more than they say.
  std::size_t memory_for(std::size_t count, std::uint64_t offset) const;

  const char* const function_;
  const std::string path_;
  const std::size_t piece_;
  InputFile file_;
  std::string text_;
  std::uint64_t offset_ = 0;  // of the text in the file
  std::size_t checked_ = 0;   // how much of the text is known to be UTF-8
  bool is_at_end_ = false;
};

}  // namespace xtape::data
