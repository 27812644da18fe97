// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "bytes.hpp"

namespace xtape::fuzz {

/// What is left as it stands or, so that mutations of the header keep a file of the format, a header and data
/// with the length in front.
inline std::string safetensors_content(Bytes& bytes) {
  if (bytes.flag()) return std::string(bytes.rest());
  const std::string_view header = bytes.piece(), data = bytes.rest();
  std::string content{static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return content.append(6, '\0').append(header).append(data);
}

}  // namespace xtape::fuzz
