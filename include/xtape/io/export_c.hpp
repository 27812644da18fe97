// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>

#include "xtape/arrays/array_input.hpp"
#include "xtape/inference/pipeline.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

/// What exported C computes with.
enum class CNumbers {
  float32,  ///< floats: what the model gives, within 1e-6 of the largest output at usual depths
  int8      ///< whole numbers of a byte where there is a scheme for it, floats in between
};

/// Options of export_c.
template <class T>
struct ExportCOptions {
  CNumbers numbers = CNumbers::float32;  ///< what the C computes with
  /// For int8: rows as they will come, (rows, ...), such as some hundreds of those that the model was trained
  /// on. From them are known the smallest and the largest number of each value in between.
  ArrayInput<T> calibration = {};
  /// Rows for the self-test, (rows, ...); none: three, the first for calibration or else drawn.
  ArrayInput<T> test_rows = {};
};

/// What exported C takes on a machine.
struct CFootprint {
  std::size_t parameter_bytes;  ///< constants in read-only memory: weights, and what stands beside them
  std::size_t workspace_bytes;  ///< static memory that is written: values in between
};

/// Writes a model as plain C: `name.c` and `name.h` in the directory, C99 that needs math.h alone, no heap
/// and no double, for a microcontroller as for any program.
///
///     io::export_c("firmware", "tumours", pipeline);
///
///     #include "tumours.h"
///     float out[TUMOURS_OUTPUT_SIZE];
///     if (tumours_predict(features, out) == 0) ...
///
/// `int name_predict(const float* in, float* out)` takes a row of raw features: the steps before the model
/// and after it are in it, up to probabilities, or numbers where outputs_are says so. It returns
///
///   0  `out` is written;
///   1  a feature that numbers a row of an Embedding is none of its indices: a whole number from 0;
///   2  in int8: a feature or value that is rounded to a whole number is NaN.
///
/// `in` and `out` must not overlap. The workspace is static: calls must not overlap either. With class names
/// there is `name_class_names[]`. Compiled with -DNAME_TEST it is a program: its main gives three rows to
/// the model, prints what is wrong and returns 0 or 1:
///
///     cc -std=c99 -DTUMOURS_TEST tumours.c -lm && ./a.out
///
/// It allows for 1e-5 of the largest output, and in int8 for what it makes where a float that becomes a whole
/// number lies near the middle between two.
///
/// Memory: constants that hold the same are written once, as those of a layer that the model uses several
/// times; those of a batch_norm behind a linear or conv2d are folded into it. The workspace is planned:
/// values whose lives do not overlap share memory, and functions of single elements work in place. Code is a
/// small loop for each kind of operation that there is, at most 4 KiB, and a call for each operation.
///
/// float32: every operation of nn::Graph. Products are summed in floats, in runs of at most 16, of conv2d of
/// a row of the kernel, and the runs with their rounding errors carried along (Kahan), which is as good as
/// sums in double and needs none. A pipeline of doubles is rounded to floats.
///
/// int8: linear, conv2d, add, and behind them relu, max_pool2d, avg_pool2d and flatten are computed in whole
/// numbers. An activation is scale (q - zero) with q from -128 to 127, one scale and zero for all of it,
/// from the smallest and largest number in the calibration rows; a weight is scale q with q from -127 to 127
/// and a scale for each output. Products are summed in int32, and the sum is multiplied by
/// scale(in) scale(weight) / scale(out), which is an int32 multiplier and a shift:
///
///   q(out) = zero(out) + round(multiplier / 2^31 / 2^shift (bias + sum of (q(in) - zero(in)) q(weight)))
///
/// rounded twice as gemmlowp and TensorFlow Lite do. All other operations are computed in floats in between,
/// and the output is floats.
///
/// Source of the scheme: Jacob et al., Quantization and Training of Neural Networks for Efficient
/// Integer-Arithmetic-Only Inference (2017), arXiv 1712.05877; TensorFlow Lite 8-bit quantization
/// specification.
///
/// @param directory  where the files go; it must be there. Each is written whole or not at all.
/// @param name       a C identifier that begins with a letter, in files and names; not of a header of C.
/// @return           what it takes of memory, beside code and libm
/// @throws ArgumentError, ShapeError  as Pipeline::graph() and Pipeline::require_true_graph(); the name is
///                                    none; a number of the model is not finite as a float; calibration is
///                                    missing, not of rows, or leads to a number that is not finite; a layer
///                                    is too large for sums in int32.
/// @throws FileError                  a file cannot be written.
template <class T>
CFootprint export_c(const std::string& directory, const std::string& name,
                    const inference::Pipeline<T>& pipeline, const ExportCOptions<T>& options = {});

}  // namespace xtape::io
#pragma GCC visibility pop
