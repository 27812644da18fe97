// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "files/byte_reader.hpp"

namespace xtape::data {

// Deflate makes of each byte at most this many: a code of 2 bits for the longest match, 258 bytes.
constexpr std::uint64_t most_from_a_deflated_byte = 1032;

constexpr int first_of_gzip = 0x1f;

// A file as it is or, where it is one of gzip, what that unpacks to.
std::unique_ptr<ByteReader> open_maybe_gzip(const char* function, const std::string& path);

}  // namespace xtape::data
