// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/schema.hpp"

#include <array>
#include <string>

#include "arrays/format.hpp"

namespace xtape::onnx {

std::string element_name(int element) {
  constexpr std::array names{"no type", "FLOAT",  "UINT8",     "INT8",       "UINT16",  "INT16",
                             "INT32",   "INT64",  "STRING",    "BOOL",       "FLOAT16", "DOUBLE",
                             "UINT32",  "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
  const auto index = static_cast<std::size_t>(element);
  return element >= 0 && index < names.size() ? names[index] : fmt::format("element type {}", element);
}

std::string quoted(const std::string& text) {
  constexpr std::size_t longest = 60;
  std::string plain = text.size() > longest ? text.substr(0, longest - 3) + "..." : text;
  for (char& c : plain) {
    if (c < ' ' || c > '~') c = '?';
  }
  return "'" + plain + "'";
}

}  // namespace xtape::onnx
