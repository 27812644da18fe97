// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xtape::fuzz {

/// An input, taken from the front: bytes that decide something, and behind them what a file is to hold.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  /// 0 where none is left, so that every input is a whole one.
  std::uint8_t next() {
    if (left_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }

  /// One of 0 .. bound - 1; bound is at most 256.
  std::size_t below(std::size_t bound) { return next() % bound; }
  bool flag() { return below(2) == 1; }

  /// As many bytes as two bytes in front say, or all that are left.
  std::string_view piece() {
    const std::size_t low = next(), high = next();
    const std::string_view result = left_.substr(0, low + 256 * high);
    left_.remove_prefix(result.size());
    return result;
  }

  bool empty() const { return left_.empty(); }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

}  // namespace xtape::fuzz
