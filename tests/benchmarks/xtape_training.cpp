// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "training_steps.hpp"
#include "xtape/xtape.hpp"

namespace benchmarks::with_xtape {
namespace {

using namespace xtape;

ArrayView<const float> view(const Numbers& numbers) {
  return {numbers.values.data(), Shape(numbers.shape.begin(), numbers.shape.end())};
}

class Model {
 public:
  explicit Model(const Network& network) {
    for (std::size_t i = 0; i + 1 < network.layers.size(); ++i) {
      add(network.layers[i]);
      model_.add<nn::Relu>();
      if (!network.layers[i].is_convolution()) continue;
      model_.add<nn::MaxPool2d>(2);
      if (!network.layers[i + 1].is_convolution()) model_.add<nn::Flatten>();
    }
    add(network.layers.back());
  }

  Variable<float> operator()(Variable<float> x) { return model_(x); }
  std::vector<Parameter<float>*> parameters() { return model_.parameters(); }

 private:
  void add(const Layer& layer) {
    Random random(1);
    const auto& shape = layer.weight.shape;
    if (layer.is_convolution())
      model_.add<nn::Conv2d>(shape[1], shape[0], Size2d(shape[2], shape[3]), random);
    else
      model_.add<nn::Linear>(shape[1], shape[0], random);
    const auto parameters = model_.parameters();
    std::ranges::copy(layer.weight.values, parameters[parameters.size() - 2]->values().begin());
    std::ranges::copy(layer.bias.values, parameters.back()->values().begin());
  }

  nn::Sequential<float> model_;
};

std::unique_ptr<optim::Optimizer<float>> make(Optimizer optimizer,
                                              std::vector<Parameter<float>*> parameters) {
  if (optimizer == Optimizer::sgd)
    return std::make_unique<optim::SGD<float>>(parameters, optim::SGDOptions{.learning_rate = learning_rate});
  return std::make_unique<optim::Adam<float>>(parameters, optim::AdamOptions{.learning_rate = learning_rate});
}

class Training final : public Step {
 public:
  Training(const Network& network, Optimizer optimizer)
      : network_(network), model_(network), optimizer_(make(optimizer, model_.parameters())) {}

 private:
  void pass(Results* results) override {
    const auto frame = tape_.frame();
    const auto loss = losses::softmax_cross_entropy(model_(tape_.borrow(view(network_.x))), network_.classes);
    loss.backward();
    optimizer_->step();
    if (results != nullptr) append(loss, *results);
    optimizer_->zero_grad();
  }

  void append(const Variable<float>& loss, Results& results) {
    results.push_back({loss.item()});
    for (Parameter<float>* parameter : model_.parameters()) {
      const ArrayView<float> gradients = parameter->gradients();
      results.emplace_back(gradients.begin(), gradients.end());
    }
  }

  Network network_;
  Model model_;
  std::unique_ptr<optim::Optimizer<float>> optimizer_;
  Tape<float> tape_;
};

class Inference final : public Step {
 public:
  explicit Inference(const Network& network) : network_(network), model_(network) {}

 private:
  void pass(Results* results) override {
    const auto frame = tape_.frame();
    const auto no_grad = tape_.no_grad();
    const auto logits = model_(tape_.borrow(view(network_.x)));
    if (results != nullptr) results->emplace_back(logits.values().begin(), logits.values().end());
  }

  Network network_;
  Model model_;
  Tape<float> tape_;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer) {
  return std::make_unique<Training>(network, optimizer);
}

std::unique_ptr<Step> inference(const Network& network) { return std::make_unique<Inference>(network); }

}  // namespace benchmarks::with_xtape
