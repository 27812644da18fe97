// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// What protoc makes of onnx.proto, whose warnings are not ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "onnx.pb.h"
#pragma GCC diagnostic pop

namespace xtape::onnx {

// TensorProto::data_type and the elem_type of a value.
enum Element { element_float = 1, element_int32 = 6, element_int64 = 7, element_double = 11 };

// AttributeProto::type.
enum AttributeKind { kind_float = 1, kind_int = 2, kind_string = 3, kind_tensor = 4, kind_ints = 7 };

template <class T>
constexpr Element element_of = element_float;
template <>
inline constexpr Element element_of<double> = element_double;
template <>
inline constexpr Element element_of<std::int64_t> = element_int64;

// "FLOAT16", or "element type 99".
std::string element_name(int element);

// For messages: without what is no plain character, and no longer than a line.
std::string quoted(const std::string& text);

constexpr int ir_version = 8;
constexpr int operator_set = 17;

}  // namespace xtape::onnx
