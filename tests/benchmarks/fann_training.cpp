// SPDX-License-Identifier: BSD-3-Clause
#include <floatfann.h>

#include <algorithm>
#include <vector>

#include "rival_trainings.hpp"

namespace benchmarks::with_fann {
namespace {

struct Destroy {
  void operator()(fann* network) const { fann_destroy(network); }
  void operator()(fann_train_data* data) const { fann_destroy_train(data); }
};

class Training final : public Step {
 public:
  explicit Training(const Network& network) {
    std::vector<unsigned> widths{static_cast<unsigned>(network.x.shape[1])};
    for (const Layer& layer : network.layers)
      widths.push_back(static_cast<unsigned>(layer.bias.values.size()));
    fann_.reset(fann_create_standard_array(static_cast<unsigned>(widths.size()), widths.data()));
    fann_set_activation_function_hidden(fann_.get(), FANN_LINEAR_PIECE);
    fann_set_training_algorithm(fann_.get(), FANN_TRAIN_BATCH);
    fann_set_learning_rate(fann_.get(), static_cast<float>(learning_rate));

    batch_.reset(
        fann_create_train(static_cast<unsigned>(network.classes.size()), widths.front(), widths.back()));
    for (std::size_t r = 0; r < network.classes.size(); ++r) {
      std::copy_n(&network.x.values[r * widths.front()], widths.front(), batch_->input[r]);
      std::fill_n(batch_->output[r], widths.back(), 0.0F);
      batch_->output[r][network.classes[r]] = 1;
    }
  }

 private:
  // An epoch of its batch training is one step over all rows.
  void pass(Results*) override { fann_train_epoch(fann_.get(), batch_.get()); }

  std::unique_ptr<fann, Destroy> fann_;
  std::unique_ptr<fann_train_data, Destroy> batch_;
};

}  // namespace

std::unique_ptr<Step> training(const Network& network, Optimizer, std::size_t) {
  return std::make_unique<Training>(network);
}

}  // namespace benchmarks::with_fann
