// SPDX-License-Identifier: BSD-3-Clause
// What a step costs at the least: products by the BLAS with biases and sums folded in, everything else in
// loops that are fused and compiled for this processor, all memory allocated once.
#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "training_steps.hpp"

namespace benchmarks::by_hand {
namespace {

int extent(std::size_t n) { return static_cast<int>(n); }

struct HandLayer {
  explicit HandLayer(const Layer& layer, std::size_t batch)
      : out(layer.weight.shape[0]),
        in(layer.weight.shape[1]),
        weight(layer.weight.values),
        bias(layer.bias.values),
        weight_gradient(weight.size()),
        bias_gradient(out),
        y(batch * out),
        dy(batch * out) {
    for (auto* moments : {&weight_moments, &bias_moments}) {
      const std::size_t count = moments == &weight_moments ? weight.size() : out;
      moments->first.resize(count);
      moments->second.resize(count);
    }
  }

  // y = x weight^T + bias
  void forward(const float* x, std::size_t batch, bool with_relu) {
    for (std::size_t r = 0; r < batch; ++r) std::copy(bias.begin(), bias.end(), &y[r * out]);
    if (batch == 1) {
      cblas_sgemv(CblasRowMajor, CblasNoTrans, extent(out), extent(in), 1, weight.data(), extent(in), x, 1, 1,
                  y.data(), 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, extent(batch), extent(out), extent(in), 1, x,
                  extent(in), weight.data(), extent(in), 1, y.data(), extent(out));
    }
    if (with_relu) {
      for (float& value : y) value = std::max(value, 0.0F);
    }
  }

  // From dy to the gradients, and to that of x, where the relu that made x let it through.
  void backward(const float* x, float* dx, std::size_t batch) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, extent(out), extent(in), extent(batch), 1, dy.data(),
                extent(out), x, extent(in), 0, weight_gradient.data(), extent(in));
    std::fill(bias_gradient.begin(), bias_gradient.end(), 0.0F);
    for (std::size_t r = 0; r < batch; ++r) {
      for (std::size_t j = 0; j < out; ++j) bias_gradient[j] += dy[r * out + j];
    }
    if (dx == nullptr) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, extent(batch), extent(in), extent(out), 1,
                dy.data(), extent(out), weight.data(), extent(in), 0, dx, extent(in));
    for (std::size_t i = 0; i < batch * in; ++i) dx[i] = x[i] > 0 ? dx[i] : 0.0F;
  }

  struct Moments {
    std::vector<float> first, second;
  };

  std::size_t out, in;
  std::vector<float> weight, bias, weight_gradient, bias_gradient, y, dy;
  Moments weight_moments, bias_moments;
};

// The mean loss; dy becomes its gradient.
float softmax_cross_entropy(const std::vector<std::int64_t>& classes, HandLayer& layer) {
  const std::size_t rows = classes.size(), count = layer.out;
  const float share = 1 / static_cast<float>(rows);
  float loss = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const float* x = &layer.y[r * count];
    float* dx = &layer.dy[r * count];
    const auto label = static_cast<std::size_t>(classes[r]);
    float max = x[0], sum = 0;
    for (std::size_t j = 1; j < count; ++j) max = std::max(max, x[j]);
    for (std::size_t j = 0; j < count; ++j) sum += dx[j] = std::exp(x[j] - max);
    loss += max - x[label] + std::log(sum);
    const float scale = share / sum;
    for (std::size_t j = 0; j < count; ++j) dx[j] *= scale;
    dx[label] -= share;
  }
  return loss * share;
}

void sgd(std::vector<float>& x, const std::vector<float>& g) {
  constexpr auto rate = static_cast<float>(learning_rate);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] -= rate * g[i];
}

void adam(std::vector<float>& x, const std::vector<float>& g, HandLayer::Moments& moments, float rate,
          float scale) {
  float* __restrict m = moments.first.data(), * __restrict v = moments.second.data();
  float* __restrict value = x.data();
  const float* __restrict slope = g.data();
  for (std::size_t i = 0; i < x.size(); ++i) {
    m[i] = 0.9F * m[i] + 0.1F * slope[i];
    v[i] = 0.999F * v[i] + 0.001F * slope[i] * slope[i];
    value[i] -= rate * m[i] / (std::sqrt(v[i]) * scale + 1e-8F);
  }
}

class HandStep final : public Step {
 public:
  HandStep(const Network& network, Optimizer optimizer, bool is_training)
      : optimizer_(optimizer),
        is_training_(is_training),
        batch_(network.x.shape[0]),
        x_(network.x.values),
        classes_(network.classes) {
    for (const Layer& layer : network.layers) layers_.emplace_back(layer, batch_);
  }

 private:
  void pass(Results* results) override {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      layers_[i].forward(input(i), batch_, i + 1 < layers_.size());
    if (!is_training_) {
      if (results != nullptr) results->push_back(layers_.back().y);
      return;
    }
    const float loss = softmax_cross_entropy(classes_, layers_.back());
    for (std::size_t i = layers_.size(); i-- > 0;)
      layers_[i].backward(input(i), i == 0 ? nullptr : layers_[i - 1].dy.data(), batch_);
    update();
    if (results == nullptr) return;
    results->push_back({loss});
    for (const HandLayer& layer : layers_) {
      results->push_back(layer.weight_gradient);
      results->push_back(layer.bias_gradient);
    }
  }

  const float* input(std::size_t layer) const { return layer == 0 ? x_.data() : layers_[layer - 1].y.data(); }

  void update() {
    ++steps_;
    const auto rate = static_cast<float>(learning_rate / (1 - std::pow(0.9, steps_)));
    const auto scale = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, steps_)));
    for (HandLayer& layer : layers_) {
      if (optimizer_ == Optimizer::sgd) {
        sgd(layer.weight, layer.weight_gradient);
        sgd(layer.bias, layer.bias_gradient);
      } else {
        adam(layer.weight, layer.weight_gradient, layer.weight_moments, rate, scale);
        adam(layer.bias, layer.bias_gradient, layer.bias_moments, rate, scale);
      }
    }
  }

  Optimizer optimizer_;
  bool is_training_;
  std::size_t batch_;
  std::vector<float> x_;
  std::vector<std::int64_t> classes_;
  std::vector<HandLayer> layers_;
  int steps_ = 0;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer) {
  return std::make_unique<HandStep>(network, optimizer, true);
}

std::unique_ptr<Step> inference(const Network& network) {
  return std::make_unique<HandStep>(network, Optimizer::sgd, false);
}

}  // namespace benchmarks::by_hand
