// SPDX-License-Identifier: BSD-3-Clause
#include <kann.h>

#include <algorithm>
#include <vector>

#include "rival_trainings.hpp"

namespace benchmarks::with_kann {
namespace {

struct Delete {
  void operator()(kann_t* network) const {
    kann_mt(network, 0, 0);
    kann_delete(network);
  }
};

int extent(std::size_t n) { return static_cast<int>(n); }

class Training final : public Step {
 public:
  Training(const Network& network, Optimizer optimizer, std::size_t own_threads)
      : optimizer_(optimizer), x_(network.x.values), one_hot_(one_hot(network)) {
    kad_node_t* node = kann_layer_input(extent(network.x.shape[1]));
    for (std::size_t i = 0; i + 1 < network.layers.size(); ++i)
      node = kad_relu(kann_layer_dense(node, width(network.layers[i])));
    kann_.reset(kann_new(kann_layer_cost(node, width(network.layers.back()), KANN_C_CEM), 0));
    squares_.resize(static_cast<std::size_t>(kann_size_var(kann_.get())));
    collect_parameters();
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      std::ranges::copy(network.layers[i].weight.values, weights_[i]->x);
      std::ranges::copy(network.layers[i].bias.values, biases_[i]->x);
    }

    const int batch = extent(network.x.shape[0]);
    float *x = x_.data(), *labels = one_hot_.data();
    kann_mt(kann_.get(), extent(own_threads), batch);
    kann_set_batch_size(kann_.get(), batch);
    kann_feed_bind(kann_.get(), KANN_F_IN, 0, &x);
    kann_feed_bind(kann_.get(), KANN_F_TRUTH, 0, &labels);
  }

 private:
  static int width(const Layer& layer) { return extent(layer.bias.values.size()); }

  static std::vector<float> one_hot(const Network& network) {
    const std::size_t classes = network.layers.back().bias.values.size();
    std::vector<float> labels(network.classes.size() * classes);
    for (std::size_t r = 0; r < network.classes.size(); ++r)
      labels[r * classes + static_cast<std::size_t>(network.classes[r])] = 1;
    return labels;
  }

  void collect_parameters() {
    for (int i = 0; i < kann_->n; ++i) {
      kad_node_t* const node = kann_->v[i];
      if (kad_is_var(node)) (node->n_d == 2 ? weights_ : biases_).push_back(node);
    }
  }

  void pass(Results* results) override {
    const float loss = kann_cost(kann_.get(), 0, 1);
    constexpr auto rate = static_cast<float>(learning_rate);
    const int count = extent(squares_.size());
    if (optimizer_ == Optimizer::sgd)
      kad_saxpy(count, -rate, kann_->g, kann_->x);
    else
      kann_RMSprop(count, rate, nullptr, 0.9F, kann_->g, kann_->x, squares_.data());
    if (results == nullptr) return;
    results->push_back({loss});
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      results->emplace_back(weights_[i]->g, weights_[i]->g + kad_len(weights_[i]));
      results->emplace_back(biases_[i]->g, biases_[i]->g + kad_len(biases_[i]));
    }
  }

  Optimizer optimizer_;
  std::vector<float> x_, one_hot_, squares_;
  std::unique_ptr<kann_t, Delete> kann_;
  std::vector<kad_node_t*> weights_, biases_;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t own_threads) {
  return std::make_unique<Training>(network, optimizer, own_threads);
}

}  // namespace benchmarks::with_kann
