// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "onnx/schema.hpp"
#include "xtape/inference/pipeline.hpp"

namespace xtape::onnx {

// Writes what has no operator. Throws ArgumentError for what JSON cannot hold.
template <class T>
void write_metadata(const char* function, onnx_schema::ModelProto& model,
                    const inference::Pipeline<T>& pipeline);

// Reads the same. The pipeline gets what has no operator; what is not there stays as it is. Says whether the
// file tells what the outputs are. Throws FileError that begins where the fault is.
template <class T>
bool read_metadata(const onnx_schema::ModelProto& model, inference::Pipeline<T>& pipeline);

}  // namespace xtape::onnx
