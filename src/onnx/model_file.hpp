// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "onnx/schema.hpp"

namespace xtape::onnx {

// A file in the ONNX format that was read and parsed, of a version that is known. Throws FileError that
// begins with the function and the path.
struct ModelFile {
  ModelFile(const char* function, const std::string& path);

  std::string subject;  // "import_onnx: m.onnx"
  std::uint64_t bytes;
  onnx_schema::ModelProto model;
  std::int64_t operator_set;
};

}  // namespace xtape::onnx
