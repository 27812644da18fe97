// SPDX-License-Identifier: BSD-3-Clause
#include <dlib/dnn.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "rival_trainings.hpp"
#include "transposed_layer.hpp"

namespace benchmarks::with_dlib {
namespace {

using namespace dlib;

// The widths are set when one is made.
template <class Below>
using HiddenLayer = relu<fc<1, Below>>;
using OneHiddenLayer = loss_multiclass_log<fc<1, HiddenLayer<input<matrix<float>>>>>;
using TwoHiddenLayers = loss_multiclass_log<fc<1, HiddenLayer<HiddenLayer<input<matrix<float>>>>>>;

// Steps by hand: dlib's trainer would pass each batch to a thread of its own, and wait for it.
template <class Net, class Solver, std::size_t linear_layers>
class Training final : public Step {
 public:
  Training(const Network& network, const Solver& solver)
      : classes_(network.classes.begin(), network.classes.end()),
        solvers_(Net::num_computational_layers, solver) {
    const std::size_t features = network.x.shape[1];
    std::vector<matrix<float>> rows;
    for (std::size_t r = 0; r < network.classes.size(); ++r)
      rows.push_back(mat(network.x.values.data() + r * features, static_cast<long>(features)));
    net_.to_tensor(rows.begin(), rows.end(), x_);
    each_linear_layer([&](auto& layer, std::size_t i) {
      layer.layer_details().set_num_outputs(static_cast<long>(network.layers[i].bias.values.size()));
    });
    net_.compute_parameter_gradients(x_, classes_.begin());  // makes the parameters
    each_linear_layer([&](auto& layer, std::size_t i) {
      write_transposed(network.layers[i], layer.layer_details().get_layer_params().host());
    });
  }

 private:
  void pass(Results* results) override {
    const double loss = net_.compute_parameter_gradients(x_, classes_.begin());
    net_.update_parameters(solvers_, learning_rate);
    if (results == nullptr) return;
    results->push_back({static_cast<float>(loss)});
    each_linear_layer([&](auto& layer, std::size_t) {
      const tensor& gradients = layer.get_parameter_gradient();
      const std::size_t out = layer.layer_details().get_num_outputs();
      append_transposed(gradients.host(), gradients.size() / out - 1, out, *results);
    });
  }

  template <class Function>
  void each_linear_layer(const Function& function) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (function(layer<1 + 2 * (linear_layers - 1 - i)>(net_), i), ...);
    }
    (std::make_index_sequence<linear_layers>());
  }

  Net net_;
  resizable_tensor x_;
  std::vector<unsigned long> classes_;
  std::vector<Solver> solvers_;
};

template <class Solver>
std::unique_ptr<Step> training_by(const Solver& solver, const Network& network) {
  switch (network.layers.size()) {
    case 2:
      return std::make_unique<Training<OneHiddenLayer, Solver, 2>>(network, solver);
    case 3:
      return std::make_unique<Training<TwoHiddenLayers, Solver, 3>>(network, solver);
    default:
      throw std::invalid_argument("with_dlib::training: the network must have one or two hidden layers");
  }
}

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t) {
  return optimizer == Optimizer::sgd ? training_by(sgd(0, 0), network)
                                     : training_by(adam(0, 0.9F, 0.999F), network);
}

}  // namespace benchmarks::with_dlib
