// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/nn/graph.hpp"

namespace xtape::io::plain_c {

using Graph = nn::Graph<float>;
using Operation = nn::Operation<float>;

// How whole numbers stand for real ones: scale (whole - zero), whole from -128 to 127.
struct Quantization {
  float scale;
  int zero;
};

// A factor in [0, 1): multiplier 2^(-31 - shift).
struct FixedPoint {
  int multiplier, shift;
};

// A value that steps hand on.
struct Value {
  Shape shape;
  std::size_t memory;                // whose memory it is in: its own place, or that of what it reshapes
  std::optional<Quantization> int8;  // else floats
};

enum class Conversion { none, quantize, dequantize, copy };

// What is computed one after the other.
struct Step {
  Conversion conversion;
  const Operation* operation;  // of no conversion
  std::vector<std::size_t> inputs;
  std::size_t output;

  bool is_rough = false;  // of quantize: its floats may be a little different in C

  // Of linear, conv2d and add in int8: whether a relu follows at once; the weight as whole numbers, the bias
  // in units of the sums, and what leads from the sums to the output, for each output; of add, what leads
  // from each input to the sum and from that to the output.
  bool relu = false;
  std::vector<int> weight = {}, bias = {};
  std::vector<FixedPoint> factors = {};
};

// The smallest and the largest number of a value, of which one may be 0.
struct Range {
  float least = 0, most = 0;
};

// The steps that compute a graph, without those that move nothing. Value 0 is the input; the output is floats
// that a step gives.
struct Program {
  std::vector<Value> values;
  std::vector<Step> steps;
  std::size_t output = 0;
};

// Of floats alone.
Program float_program(const Graph& graph);
// With int8 where there is a scheme; `ranges` are those of the graph's values. Throws ArgumentError.
Program int8_program(const char* function, const Graph& graph, const std::vector<Range>& ranges);

// The smallest and largest numbers of each value of the graph for these rows. Throws ArgumentError unless
// they are finite.
std::vector<Range> ranges_of(const char* function, const Graph& graph, ArrayView<const float> rows);

// What the program gives for one row. Status 1 or 2 throws ArgumentError. Rough floats that become whole
// numbers have `nudge`, a part of the distance between two of them, added before.
Array<float> run(const char* function, const Program& program, ArrayView<const float> row, float nudge = 0);

// Rows (rows, ...) behind one operation.
Array<float> computed(const Operation& operation, const std::vector<ArrayView<const float>>& inputs);

// "conv2d"
const char* name_of(const Operation& operation);

// The windows of conv2d and pooling.
struct Windows {
  int channels, rows, columns, groups;
  int kernel_rows, kernel_columns, stride_rows, stride_columns, padding_rows, padding_columns;
  int dilation_rows, dilation_columns;
  int out_channels, out_rows, out_columns;
};
Windows windows_of(const nn::operations::Conv2d<float>& conv, const Shape& in, const Shape& out);
Windows windows_of(const nn::operations::MaxPool2d& pool, const Shape& in, const Shape& out);
Windows windows_of(const nn::operations::AvgPool2d& pool, const Shape& in, const Shape& out);

}  // namespace xtape::io::plain_c
