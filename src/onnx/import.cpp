// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/format.hpp"
#include "onnx/chain.hpp"
#include "onnx/metadata.hpp"
#include "onnx/steps.hpp"
#include "xtape/onnx/model.hpp"

#pragma GCC visibility push(default)
namespace xtape::onnx {
namespace {

using inference::OutputKind;

// What a file says of itself must be true of it.
template <class T>
void require_outputs(const NodeGraph& nodes, const inference::Pipeline<T>& pipeline, bool has_last_steps) {
  if (has_last_steps || pipeline.outputs_are == OutputKind::numbers) return;
  nodes.refuse_file("its outputs must be probabilities of {}, as its metadata say, got no {} at its end",
                    to_string(pipeline.outputs_are),
                    pipeline.outputs_are == OutputKind::classes ? "Softmax" : "Sigmoid");
}

template <class T>
inference::Pipeline<T> to_pipeline(const ModelFile& file) {
  const NodeGraph nodes(file);
  if (nodes.input_element() == element_double && std::is_same_v<T, float>)
    nodes.refuse_file("a model of DOUBLE must be loaded by import_onnx<double>, got import_onnx<float>");
  inference::Pipeline<T> pipeline{.model = {}, .row = nodes.row()};
  Chain<T> chain(nodes, file.bytes);
  try {
    const bool knows_outputs = read_metadata(file.model, pipeline);
    if (!knows_outputs) pipeline.outputs_are = OutputKind::numbers;
    read_first_steps(chain, pipeline, knows_outputs);
    bool has_last_steps = false;
    while (chain.value() != nodes.output() && !has_last_steps) {
      has_last_steps = read_last_steps(chain, pipeline, knows_outputs);
      if (!has_last_steps) read_layer(chain);
    }
    require_outputs(nodes, pipeline, has_last_steps);
    chain.require_complete();
    pipeline.model = chain.take_model();
    pipeline.model->eval();
    pipeline.require_valid("import_onnx");
    static_cast<void>(pipeline.graph());  // Whether all of it fits together.
    return pipeline;
  } catch (const Error& error) {
    const std::string_view reason = error.what();
    if (reason.starts_with(file.subject)) throw;
    nodes.refuse_file("{}", reason);
  }
}

}  // namespace
}  // namespace xtape::onnx

namespace xtape::io {

template <class T>
inference::Pipeline<T> import_onnx(const std::string& path) {
  return onnx::to_pipeline<T>(onnx::ModelFile("import_onnx", path));
}

template inference::Pipeline<float> import_onnx(const std::string&);
template inference::Pipeline<double> import_onnx(const std::string&);

}  // namespace xtape::io
#pragma GCC visibility pop
