// SPDX-License-Identifier: BSD-3-Clause
#include <torch/torch.h>

#include <algorithm>

#include "torch_tensors.hpp"
#include "training_steps.hpp"

namespace benchmarks::with_torch {
namespace {

class Model {
 public:
  explicit Model(const Network& network) {
    for (std::size_t i = 0; i + 1 < network.layers.size(); ++i) {
      add(network.layers[i]);
      model_->push_back(torch::nn::ReLU());
      if (!network.layers[i].is_convolution()) continue;
      model_->push_back(torch::nn::MaxPool2d(2));
      if (!network.layers[i + 1].is_convolution()) model_->push_back(torch::nn::Flatten());
    }
    add(network.layers.back());
  }

  torch::Tensor operator()(const torch::Tensor& x) { return model_->forward(x); }
  std::vector<torch::Tensor> parameters() { return model_->parameters(); }

 private:
  void add(const Layer& layer) {
    const std::vector<std::int64_t> shape(layer.weight.shape.begin(), layer.weight.shape.end());
    if (layer.is_convolution())
      add(torch::nn::Conv2d(torch::nn::Conv2dOptions(shape[1], shape[0], {shape[2], shape[3]})), layer);
    else
      add(torch::nn::Linear(shape[1], shape[0]), layer);
  }

  template <class Module>
  void add(const Module& module, const Layer& layer) {
    const torch::NoGradGuard no_grad;
    module->weight.copy_(tensor(layer.weight));
    module->bias.copy_(tensor(layer.bias));
    model_->push_back(module);
  }

  torch::nn::Sequential model_;
};

std::unique_ptr<torch::optim::Optimizer> make(Optimizer optimizer, std::vector<torch::Tensor> parameters) {
  if (optimizer == Optimizer::sgd)
    return std::make_unique<torch::optim::SGD>(std::move(parameters),
                                               torch::optim::SGDOptions(learning_rate));
  return std::make_unique<torch::optim::Adam>(std::move(parameters),
                                              torch::optim::AdamOptions(learning_rate));
}

class Training final : public Step {
 public:
  Training(const Network& network, Optimizer optimizer)
      : x_(tensor(network.x)),
        classes_(tensor(network.classes)),
        model_(network),
        parameters_(model_.parameters()),
        optimizer_(make(optimizer, parameters_)) {}

 private:
  void pass(Results* results) override {
    for (torch::Tensor& parameter : parameters_)
      parameter.mutable_grad().reset();  // cheaper than zero_grad()
    const torch::Tensor loss = torch::nn::functional::cross_entropy(model_(x_), classes_);
    loss.backward();
    optimizer_->step();
    if (results == nullptr) return;
    append(loss, *results);
    for (const torch::Tensor& parameter : parameters_) append(parameter.grad(), *results);
  }

  torch::Tensor x_, classes_;
  Model model_;
  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

class Inference final : public Step {
 public:
  explicit Inference(const Network& network) : x_(tensor(network.x)), model_(network) {}

 private:
  void pass(Results* results) override {
    const torch::InferenceMode inference;
    const torch::Tensor logits = model_(x_);
    if (results != nullptr) append(logits, *results);
  }

  torch::Tensor x_;
  Model model_;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer) {
  return std::make_unique<Training>(network, optimizer);
}

std::unique_ptr<Step> inference(const Network& network) { return std::make_unique<Inference>(network); }

}  // namespace benchmarks::with_torch
