// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "bytes.hpp"

namespace xtape::fuzz {

/// What is left as it stands or, so that mutations of the header keep a file of the NPY format, a header and
/// elements with what belongs around them.
inline std::string npy_content(Bytes& bytes) {
  if (bytes.flag()) return std::string(bytes.rest());
  const std::string_view header = bytes.piece(), elements = bytes.rest();
  std::string content("\x93NUMPY\x01\x00", 8);
  content += {static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return content.append(header).append(elements);
}

}  // namespace xtape::fuzz
