// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "steps.hpp"
#include "torch_tensors.hpp"

extern "C" void openblas_set_num_threads(int threads);

namespace benchmarks::with_torch {
at::Tensor tensor(const Numbers& numbers) {
  const std::vector<std::int64_t> shape(numbers.shape.begin(), numbers.shape.end());
  at::Tensor result = at::empty(shape);
  std::copy(numbers.values.begin(), numbers.values.end(), result.data_ptr<float>());
  return result;
}

at::Tensor tensor(const std::vector<std::int64_t>& indices) {
  at::Tensor result = at::empty(static_cast<std::int64_t>(indices.size()), at::kLong);
  std::copy(indices.begin(), indices.end(), result.data_ptr<std::int64_t>());
  return result;
}

void append(const at::Tensor& values, Step::Results& results) {
  const at::Tensor dense = values.contiguous();
  results.emplace_back(dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel());
}

namespace {

// The functions of ATen are those under torch::nn::functional. Gradients are undefined before each pass, so
// that it writes them instead of adding.
class TorchStep final : public Step {
 public:
  using Operation = std::function<at::Tensor()>;

  at::Tensor input(const Numbers& values) {
    inputs_.push_back(tensor(values).requires_grad_());
    return inputs_.back();
  }

  void operation(Operation operation, const Numbers& output_gradient = {{}, {1}}) {
    operations_.emplace_back(std::move(operation), tensor(output_gradient));
  }

 private:
  void pass(Results* results) override {
    for (const auto& [operation, output_gradient] : operations_) {
      for (const at::Tensor& x : inputs_) x.mutable_grad().reset();
      const at::Tensor output = operation();
      output.backward(output_gradient);
      if (results == nullptr) continue;
      append(output, *results);
      for (const at::Tensor& x : inputs_) append(x.grad(), *results);
    }
  }

  std::vector<at::Tensor> inputs_;
  std::vector<std::pair<Operation, at::Tensor>> operations_;
};

}  // namespace

void set_threads(int own, int of_openblas) {
  at::set_num_threads(own);
  openblas_set_num_threads(of_openblas);
}

std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const std::vector<std::int64_t>& classes) {
  auto step = std::make_unique<TorchStep>();
  step->operation(
      [x = step->input(logits), labels = tensor(classes)] { return at::cross_entropy_loss(x, labels); });
  return step;
}

std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const Numbers& soft_labels,
                                            const Numbers& class_weights, double label_smoothing) {
  auto step = std::make_unique<TorchStep>();
  step->operation([x = step->input(logits), labels = tensor(soft_labels), weights = tensor(class_weights),
                   label_smoothing] {
    return at::cross_entropy_loss(x, labels, weights, at::Reduction::Mean, -100, label_smoothing);
  });
  return step;
}

std::unique_ptr<Step> sigmoid_cross_entropy(const Numbers& logits, const Numbers& labels) {
  auto step = std::make_unique<TorchStep>();
  step->operation(
      [x = step->input(logits), z = tensor(labels)] { return at::binary_cross_entropy_with_logits(x, z); });
  return step;
}

std::unique_ptr<Step> linear_softmax_cross_entropy(const Numbers& features, const Numbers& weight,
                                                   const Numbers& bias,
                                                   const std::vector<std::int64_t>& classes) {
  auto step = std::make_unique<TorchStep>();
  step->operation([x = step->input(features), w = step->input(weight), b = step->input(bias),
                   labels = tensor(classes)] { return at::cross_entropy_loss(at::linear(x, w, b), labels); });
  return step;
}

std::unique_ptr<Step> softmax_and_log_softmax(const Numbers& x, const Numbers& output_gradient) {
  auto step = std::make_unique<TorchStep>();
  const at::Tensor input = step->input(x);
  step->operation([input] { return at::softmax(input, -1); }, output_gradient);
  step->operation([input] { return at::log_softmax(input, -1); }, output_gradient);
  return step;
}

std::unique_ptr<Step> add(const Numbers& x, const Numbers& row, const Numbers& output_gradient) {
  auto step = std::make_unique<TorchStep>();
  step->operation([a = step->input(x), b = step->input(row)] { return a + b; }, output_gradient);
  return step;
}

}  // namespace benchmarks::with_torch
