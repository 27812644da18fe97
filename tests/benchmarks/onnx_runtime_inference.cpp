// SPDX-License-Identifier: BSD-3-Clause
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "inference_networks.hpp"

namespace benchmarks::with_onnx_runtime {
namespace {

Ort::SessionOptions one_thread() {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  options.SetGraphOptimizationLevel(GraphOptimizationLevel::ORT_ENABLE_ALL);
  return options;
}

// A model and the arrays of its calls, made once.
class Session {
 public:
  Session(const std::string& file, const std::vector<std::int64_t>& input_shape)
      : session_(environment_, file.c_str(), one_thread()),
        input_name_(session_.GetInputNameAllocated(0, allocator_)),
        output_name_(session_.GetOutputNameAllocated(0, allocator_)),
        input_(Ort::Value::CreateTensor<float>(allocator_, input_shape.data(), input_shape.size())),
        output_(Ort::Value::CreateTensor<float>(allocator_, output_shape_.data(), output_shape_.size())) {
    const std::size_t elements = input_.GetTensorTypeAndShapeInfo().GetElementCount();
    std::fill_n(input_.GetTensorMutableData<float>(), elements, 0.5F);
  }

  void run() {
    const char* const inputs[] = {input_name_.get()};
    const char* const outputs[] = {output_name_.get()};
    session_.Run(run_options_, inputs, &input_, 1, outputs, &output_, 1);
  }

 private:
  Ort::Env environment_;
  Ort::RunOptions run_options_;
  Ort::AllocatorWithDefaultOptions allocator_;
  Ort::Session session_;
  Ort::AllocatedStringPtr input_name_, output_name_;
  std::vector<std::int64_t> output_shape_{1, 10};
  Ort::Value input_, output_;
};

}  // namespace

std::function<void()> inference(const std::string& file, const std::vector<std::int64_t>& input_shape) {
  return [session = std::make_shared<Session>(file, input_shape)] { session->run(); };
}

}  // namespace benchmarks::with_onnx_runtime
