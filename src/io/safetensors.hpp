// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/io/safetensors.hpp"

namespace xtape::io {

/// As those of the public header, for another function: it stands in the messages.
Safetensors read_safetensors(const char* function, const std::string& path);
void write_safetensors(const char* function, const std::string& path, const NamedArrays& arrays,
                       const Metadata& metadata);

}  // namespace xtape::io
