// SPDX-License-Identifier: BSD-3-Clause
#include <omp.h>

#include <mlpack/core.hpp>
#include <mlpack/methods/ann/ann.hpp>
#include <utility>

#include "rival_trainings.hpp"
#include "transposed_layer.hpp"

namespace benchmarks::with_mlpack {
namespace {

using Matrix = arma::fmat;
using namespace mlpack;

// What Train() repeats, less its messages.
template <class Update>
class Training final : public Step {
 public:
  Training(const Network& network, std::size_t own_threads)
      : layers_(network.layers), batch_(network.classes.size()), own_threads_(static_cast<int>(own_threads)) {
    for (const Layer& layer : layers_) {
      if (&layer != &layers_.front()) net_.template Add<ReLUType<Matrix>>();
      net_.template Add<LinearType<Matrix>>(layer.bias.values.size());
    }
    net_.template Add<LogSoftMaxType<Matrix>>();

    // Armadillo's matrices are in column-major order: a column for each row of ours.
    Matrix labels(1, batch_);
    std::copy(network.classes.begin(), network.classes.end(), labels.begin());
    net_.ResetData(Matrix(network.x.values.data(), network.x.shape[1], batch_), std::move(labels));
    net_.EvaluateWithGradient(net_.Parameters(), 0, gradient_, batch_);  // makes the parameters
    float* to = net_.Parameters().memptr();
    for (const Layer& layer : layers_) {
      write_transposed(layer, to);
      to += layer.weight.values.size() + layer.bias.values.size();
    }
    policy_.emplace(update_, gradient_.n_rows, gradient_.n_cols);
  }

 private:
  void pass(Results* results) override {
    omp_set_num_threads(own_threads_);
    const float loss = net_.EvaluateWithGradient(net_.Parameters(), 0, gradient_, batch_);
    policy_->Update(net_.Parameters(), learning_rate, gradient_);
    if (results == nullptr) return;
    results->push_back({loss});
    const float* gradients = gradient_.memptr();
    for (const Layer& layer : layers_) {
      append_transposed(gradients, layer.weight.shape[1], layer.weight.shape[0], *results);
      gradients += layer.weight.values.size() + layer.bias.values.size();
    }
  }

  std::vector<Layer> layers_;
  std::size_t batch_;
  int own_threads_;
  FFN<NegativeLogLikelihoodType<Matrix>, RandomInitialization, Matrix> net_{
      NegativeLogLikelihoodType<Matrix>(false)};  // a mean
  Matrix gradient_;
  Update update_;
  std::optional<typename Update::template Policy<Matrix, Matrix>> policy_;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t own_threads) {
  if (optimizer == Optimizer::sgd)
    return std::make_unique<Training<ens::VanillaUpdate>>(network, own_threads);
  return std::make_unique<Training<ens::AdamUpdate>>(network, own_threads);
}

}  // namespace benchmarks::with_mlpack
