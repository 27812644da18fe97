// SPDX-License-Identifier: BSD-3-Clause
#include <torch/torch.h>

#include <algorithm>

#include "torch_tensors.hpp"
#include "training_steps.hpp"

namespace benchmarks::with_torch {
namespace {

class Perceptron {
 public:
  explicit Perceptron(const Network& network) {
    const torch::NoGradGuard no_grad;
    for (const Layer& layer : network.layers) {
      if (model_->size() > 0) model_->push_back(torch::nn::ReLU());
      const auto out = static_cast<std::int64_t>(layer.weight.shape[0]);
      const auto in = static_cast<std::int64_t>(layer.weight.shape[1]);
      torch::nn::Linear linear(in, out);
      linear->weight.copy_(tensor(layer.weight));
      linear->bias.copy_(tensor(layer.bias));
      model_->push_back(linear);
    }
  }

  torch::Tensor operator()(const torch::Tensor& x) { return model_->forward(x); }
  std::vector<torch::Tensor> parameters() { return model_->parameters(); }

 private:
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
  Perceptron model_;
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
  Perceptron model_;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer) {
  return std::make_unique<Training>(network, optimizer);
}

std::unique_ptr<Step> inference(const Network& network) { return std::make_unique<Inference>(network); }

}  // namespace benchmarks::with_torch
