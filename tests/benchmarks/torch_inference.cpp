// SPDX-License-Identifier: BSD-3-Clause
#include <torch/torch.h>

#include <memory>
#include <utility>

#include "inference_networks.hpp"

extern "C" void openblas_set_num_threads(int threads);

namespace benchmarks::with_torch {
namespace {

torch::nn::Sequential digits_cnn() {
  using namespace torch::nn;
  return Sequential(Conv2d(Conv2dOptions(1, 16, 3).padding(1)), BatchNorm2d(16), ReLU(),
                    Conv2d(Conv2dOptions(16, 32, 3).padding(1)), BatchNorm2d(32), ReLU(), MaxPool2d(2),
                    Flatten(), Dropout(0.3), Linear(32 * 4 * 4, 10));
}

std::pair<torch::nn::Sequential, std::vector<std::int64_t>> network_and_row(InferenceNetwork network) {
  using namespace torch::nn;
  if (network == InferenceNetwork::dense_784_10) return {Sequential(Linear(784, 10)), {1, 784}};
  if (network == InferenceNetwork::dense_64_128_10)
    return {Sequential(Linear(64, 128), ReLU(), Linear(128, 10)), {1, 64}};
  return {digits_cnn(), {1, 1, 8, 8}};
}

}  // namespace

std::function<void()> inference(InferenceNetwork network) {
  at::set_num_threads(1);
  openblas_set_num_threads(1);
  auto [model, shape] = network_and_row(network);
  model->eval();
  const c10::InferenceMode mode;
  return [model = model, x = torch::rand(shape)]() mutable {
    const c10::InferenceMode in_call;
    const torch::Tensor y = model->forward(x);
    asm volatile("" ::"r"(y.data_ptr<float>()) : "memory");
  };
}

}  // namespace benchmarks::with_torch
