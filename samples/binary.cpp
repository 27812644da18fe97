// SPDX-License-Identifier: BSD-3-Clause
// A yes or no with a price: a tumour that is missed costs as much as twenty false alarms. A logistic
// regression on 30 measurements of cell nuclei learns to tell malignant tumours; then a threshold is chosen
// for that cost on rows that it has not learned from, and tried on others. Look at how far it is from 0, and
// at what the mean patient costs with it, without it, and at the threshold that would be right if the
// probabilities were.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "xtape/xtape.hpp"

using namespace xtape;

constexpr metrics::MistakeCosts costs{.false_positive = 1, .false_negative = 20};

struct Scored {
  std::vector<float> scores;
  std::vector<int> malignant;
};

// Of calling malignant what scores at least the threshold, a patient.
double cost_of(const Scored& rows, double threshold) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.scores.size(); ++i) {
    const bool is_called = static_cast<double>(rows.scores[i]) >= threshold;
    if (is_called == (rows.malignant[i] == 1)) continue;
    sum += is_called ? costs.false_positive : costs.false_negative;
  }
  return sum / static_cast<double>(rows.scores.size());
}

int main() {
  const auto table = data::read_csv(XTAPE_SAMPLE_DATA "/breast_cancer.csv");
  const Array<float> features = table.features<float>("benign");
  Array<std::int64_t> malignant = table.labels("benign");
  for (std::int64_t& label : malignant) label = 1 - label;

  Random random(1);
  const double by_theory = std::log(costs.false_positive / costs.false_negative);
  double cost_at_0 = 0, cost_as_chosen = 0, cost_by_theory = 0;
  Array<float> all_scores(malignant.shape());
  const auto folds = data::stratified_k_fold(malignant, 5, random);
  for (std::size_t k = 0; k < folds.size(); ++k) {
    // A fold to test on, the one before to choose the threshold on, the other three to learn from.
    const std::vector<std::size_t>&tested = folds[k].test, &chosen_on = folds[(k + 4) % 5].test;
    std::vector<std::size_t> train;
    for (const std::size_t row : folds[k].train) {
      if (std::find(chosen_on.begin(), chosen_on.end(), row) == chosen_on.end()) train.push_back(row);
    }
    data::Standardizer<float> standardizer;
    standardizer.fit(features, train);
    Array<float> scaled = table.features<float>("benign");
    standardizer.apply(scaled);

    nn::Linear<float> model(features.shape()[1], 1, random);
    optim::AdamW<float> optimizer(model.parameters(), {.learning_rate = 0.02, .weight_decay = 0.1});
    training::train(model, {.features = scaled, .targets = training::binary(malignant), .train = train},
                    {.optimizer = optimizer, .random = random, .epochs = 60});

    const Array<float> scores = training::predict(model, scaled);
    const auto taken = [&](const std::vector<std::size_t>& rows) {
      Scored result;
      for (const std::size_t row : rows) {
        result.scores.push_back(scores[row]);
        result.malignant.push_back(static_cast<int>(malignant[row]));
      }
      return result;
    };
    const Scored to_choose = taken(chosen_on), to_test = taken(tested);
    const auto cheapest = metrics::cheapest_threshold(to_choose.scores, to_choose.malignant, costs);
    cost_at_0 += cost_of(to_test, 0) / 5;
    cost_as_chosen += cost_of(to_test, cheapest.threshold) / 5;
    cost_by_theory += cost_of(to_test, by_theory) / 5;
    for (const std::size_t row : tested) all_scores[row] = scores[row];
    fmt::print("fold {}: threshold {:6.2f}, which is a probability of {:.3f}\n", k + 1, cheapest.threshold,
               1 / (1 + std::exp(-cheapest.threshold)));
  }

  const auto area = metrics::roc_auc(all_scores, malignant);
  fmt::print("\narea under ROC {:.4f} +- {:.4f}\n\n", area.value, area.standard_error);
  fmt::print("threshold   precision  recall  false alarms  missed\n");
  const auto by_threshold =
      metrics::threshold_table(all_scores, malignant, std::vector<double>{-4, -3, -2, -1, 0, 1});
  for (std::size_t i = 0; i < by_threshold.thresholds.size(); ++i) {
    fmt::print("{:9.0f} {:11.3f} {:7.3f} {:13} {:7}\n", by_threshold.thresholds[i], by_threshold.precision[i],
               by_threshold.recall[i], by_threshold.false_positives[i], by_threshold.false_negatives[i]);
  }
  fmt::print("\ncost a patient: {:.3f} at 0, {:.3f} as chosen, {:.3f} at {:.2f}\n", cost_at_0, cost_as_chosen,
             cost_by_theory, by_theory);
}
