// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/inference/pipeline.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

/// Writes a model with the steps before and after it in the ONNX format, which runtimes of other makers
/// execute. It is in a library of its own, to be linked as xtape::onnx; programs that use it include no
/// header of Protocol Buffers.
///
///     io::export_onnx("tumours.onnx", pipeline);
///
/// and in Python
///
///     session = onnxruntime.InferenceSession("tumours.onnx")
///     (p,) = session.run(None, {"features": rows})  # float32, (batch, 30)
///
/// The file is of IR version 8 and operator set 17. Its input is "features", (batch, ...) of the pipeline's
/// row and element type. Its output is "probabilities", those of classes, labels or yes, of the same type; or
/// "outputs" where outputs_are says numbers. The batch may be of any size. What stands where:
///
/// | here | there |
/// | --- | --- |
/// | imputer | IsNaN, Where |
/// | standardizer | Sub, Div |
/// | factor, shift | Mul, Add |
/// | temperature | Div |
/// | classes | Softmax |
/// | multilabel, binary | Sigmoid |
/// | Linear | Gemm; of rows with several axes MatMul, Add |
/// | Conv2d | Conv |
/// | MaxPool2d, AvgPool2d | MaxPool, AveragePool |
/// | BatchNorm1d, BatchNorm2d | BatchNormalization, with the running statistics |
/// | LayerNorm | LayerNormalization |
/// | Embedding | Cast to int64, Gather |
/// | Flatten | Flatten |
/// | Dropout | nothing |
/// | Relu, Tanh, Sigmoid, Softplus, HardSwish, LeakyRelu, Elu | the operator of that name |
/// | Gelu | Div, Erf, Add, Mul, Mul |
/// | Silu | Sigmoid, Mul |
/// | Ordinal | Sub, Softplus, twice, and Sub, Sub: no difference of probabilities is taken |
/// | a sum, a product of two values | Add, Mul |
///
/// An array that several layers share is written once. Steps before the model and the temperature are
/// computed in double there, too: of a model of floats between two Cast. Numbers that are attributes there
/// (epsilon, slope, alpha) are float32 in the format. ONNX Runtime 1.21 has no Conv, AveragePool, Erf, Elu,
/// HardSwish and Softplus of doubles, nor Silu in the form that it gives it: it does not load a model of
/// doubles with one of these, nor with Gelu or Ordinal.
///
/// By its schema LayerNormalization computes mean and variance in float32, of doubles too. An index that an
/// Embedding does not have is not found out there: by Gather -1 is the last row.
///
/// What has no operator is in the metadata of the file, each as JSON: "xtape.version", "xtape.outputs" (what
/// outputs_are says), "xtape.class_names", "xtape.thresholds", "xtape.columns", "xtape.csv" and "xtape.card".
/// The file is replaced as a whole, as by io::write_safetensors.
///
/// @throws ArgumentError, ShapeError  the pipeline is not valid, a module has no add_to(), or one of which
///                                    Pipeline::require_true_graph() throws, a text is not UTF-8, or the file
///                                    would have 2 GiB or more, which the format forbids.
/// @throws FileError                  as io::write_safetensors.
/// Source: ONNX, Open Neural Network Exchange Intermediate Representation, version 8 (2021), and Operator
/// Schemas, version 17.
template <class T>
void export_onnx(const std::string& path, const inference::Pipeline<T>& pipeline);

/// Reads a model in the ONNX format into layers with its weights. The pipeline owns all of it: an
/// nn::Sequential in evaluation mode, and the steps before and after it.
///
/// What export_onnx wrote of a chain of the layers above comes back as it was, but for Dropout, which is
/// gone, and gives the same outputs, bit for bit. What modules of a program's own add and multiply does not
/// come back. Of others, such as PyTorch's exporter, it takes models that are a chain of the operators above,
/// of operator sets 9 to 21, and besides
///
/// | there | here |
/// | --- | --- |
/// | Gemm with or without transB, MatMul | Linear |
/// | Reshape to (batch, all others) | Flatten |
/// | GlobalAveragePool | AvgPool2d |
/// | Pad with zeros, AveragePool | AvgPool2d |
/// | Dropout | Dropout |
/// | Gather of numbers that come in | Embedding |
/// | ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add | LayerNorm |
/// | HardSigmoid, Mul | HardSwish |
/// | Gelu, without approximation | Gelu |
/// | Identity, Constant | nothing |
/// | Sub, Div by constants as the first operators | standardizer |
/// | Softmax, Sigmoid as the last operator | outputs_are: classes; binary or multilabel |
///
/// Where the file does not say what its outputs are and they are not the result of Softmax or Sigmoid,
/// outputs_are is numbers: set it to what they mean. The row is the shape of the input without its first
/// axis. import_onnx<double> takes a model of floats too, and gives what it gives up to rounding.
///
/// Nothing in a file is believed: what it says of sizes is compared with what it holds before memory is taken
/// for it. It may have up to 262,144 nodes, attributes, arrays and names. Layers that share an array get one
/// each; all of them may have as many numbers as the file has bytes, or 262,144.
///
/// @throws FileError  the file is not readable, is no ONNX, is damaged, keeps weights in other files, or
///                    holds what no layer here computes. The message names the node, its operator and the
///                    reason: "import_onnx: m.onnx: node 'lstm_3' (LSTM): ...".
/// Source: as of export_onnx.
template <class T>
inference::Pipeline<T> import_onnx(const std::string& path);

extern template void export_onnx(const std::string&, const inference::Pipeline<float>&);
extern template void export_onnx(const std::string&, const inference::Pipeline<double>&);
extern template inference::Pipeline<float> import_onnx(const std::string&);
extern template inference::Pipeline<double> import_onnx(const std::string&);

}  // namespace xtape::io
#pragma GCC visibility pop
