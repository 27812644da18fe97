// SPDX-License-Identifier: BSD-3-Clause
// Fewer tumours are malignant than benign, and missing one costs more than a false alarm. Four losses for
// that are compared, each by five-fold cross-validation of a logistic regression on 30 measurements of cell
// nuclei. Look at the columns: weights raise the recall of malignant tumours and lower the precision, while
// the area under the ROC curve, which no threshold enters, hardly moves. Then look at what a recall costs in
// false alarms.
#include <fmt/core.h>

#include <functional>

#include "xtape/xtape.hpp"

using namespace xtape;

using Loss = std::function<Variable<float>(Variable<float> logits, ArrayView<const std::int64_t> malignant)>;

// Log-odds of a malignant tumour, for rows that the model has not seen.
void fit_and_predict(const data::Split& fold, Array<float> features, const Array<std::int64_t>& malignant,
                     const Loss& loss, Random& random, Array<float>& log_odds) {
  data::Standardizer<float> standardizer;
  standardizer.fit(features, fold.train);
  standardizer.apply(features);

  nn::Linear<float> model(features.shape()[1], 1, random);
  optim::AdamW<float> optimizer(model.parameters(), {.learning_rate = 0.02, .weight_decay = 0.1});
  Tape<float> tape;
  const auto logits = [&](const std::vector<std::size_t>& rows) {
    return reshape(model(data::take_rows(tape, features, rows)), {rows.size()});
  };
  for (int step = 0; step < 300; ++step) {
    auto frame = tape.frame();
    loss(logits(fold.train), data::take_rows(tape, malignant, fold.train)).backward();
    optimizer.step();
    optimizer.zero_grad();
  }
  const auto tested = logits(fold.test);
  for (std::size_t i = 0; i < fold.test.size(); ++i) log_odds[fold.test[i]] = tested.values()[i];
}

Array<float> cross_validate(const data::CsvTable& table, const Array<std::int64_t>& malignant,
                            const Loss& loss) {
  Random random(1);
  Array<float> log_odds(malignant.shape());
  for (const data::Split& fold : data::stratified_k_fold(malignant, 5, random)) {
    fit_and_predict(fold, table.features<float>("benign"), malignant, loss, random, log_odds);
  }
  return log_odds;
}

void print_row(const char* name, const Array<float>& log_odds, const Array<std::int64_t>& malignant) {
  std::vector<int> called_malignant;
  for (const float x : log_odds) called_malignant.push_back(x > 0);
  const auto counts = metrics::confusion_matrix(called_malignant, malignant, 2);
  const auto report = metrics::classification_report(counts);
  const auto area = metrics::roc_auc(log_odds, malignant);
  fmt::print("{:30} {:.4f} +- {:.4f} {:8.3f} {:10.3f} {:8} {:13}\n", name, area.value, area.standard_error,
             report.recall[1], report.precision[1], counts[2], counts[1]);
}

void print_roc(const Array<float>& log_odds, const Array<std::int64_t>& malignant) {
  const metrics::RocCurve curve = metrics::roc_curve(log_odds, malignant);
  fmt::print("\nWith the threshold where the plain loss finds so many of the malignant tumours:\n");
  for (const double recall : {0.9, 0.95, 0.98, 0.99, 1.0}) {
    std::size_t i = 0;
    while (curve.true_positive_rates[i] < recall) ++i;
    fmt::print("  {:4.0f} %: {:5.1f} % of the benign ones are false alarms\n", 100 * recall,
               100 * curve.false_positive_rates[i]);
  }
}

int main() {
  const auto table = data::read_csv(XTAPE_SAMPLE_DATA "/breast_cancer.csv");
  Array<std::int64_t> malignant = table.labels("benign");
  for (std::int64_t& label : malignant) label = 1 - label;
  const auto counts = losses::class_counts(malignant, 2);
  fmt::print("{} benign and {} malignant tumours\n\n", counts[0], counts[1]);

  const double benign_per_malignant = static_cast<double>(counts[0]) / static_cast<double>(counts[1]);
  const auto balanced = losses::balanced_class_weights(counts);
  const std::vector<std::pair<const char*, Loss>> losses_compared{
      {"plain", [](auto x, auto y) { return losses::sigmoid_cross_entropy(x, y); }},
      {"pos_weight: benign / malignant",
       [&](auto x, auto y) {
         return losses::sigmoid_cross_entropy(x, y, {.pos_weight = benign_per_malignant});
       }},
      {"class weights, ten times",
       [&](auto x, auto y) {  // two classes: the logits of benign, which are 0, and of malignant
         const auto both = concatenate({reshape(x - x, {x.shape()[0], 1}), reshape(x, {x.shape()[0], 1})}, 1);
         const std::vector<double> weights{balanced[0], 10 * balanced[1]};
         return losses::softmax_cross_entropy(both, y, {.class_weights = weights});
       }},
      {"focal, gamma 2", [](auto x, auto y) { return losses::sigmoid_focal(x, y, {.gamma = 2}); }}};

  fmt::print("{:30} {:^16} {:>8} {:>10} {:>8} {:>13}\n", "loss", "area under ROC", "recall", "precision",
             "missed", "false alarms");
  for (const auto& [name, loss] : losses_compared) {
    print_row(name, cross_validate(table, malignant, loss), malignant);
  }
  print_roc(cross_validate(table, malignant, losses_compared.front().second), malignant);
}
