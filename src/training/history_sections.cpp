// SPDX-License-Identifier: BSD-3-Clause
#include "training/history_sections.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "training/line_chart.hpp"
#include "training/markup.hpp"

namespace xtape::training {
namespace {

// Takes value(epoch) of each epoch.
template <class Value>
std::vector<double> over_epochs(const History& history, Value value) {
  std::vector<double> values;
  for (const Epoch& epoch : history.epochs) values.push_back(value(epoch));
  return values;
}

LineChart chart_of(const History& history, const std::string& id, const std::string& title) {
  LineChart chart{.id = id, .title = title, .series = {}};
  for (const Epoch& epoch : history.epochs) chart.epochs.push_back(static_cast<double>(epoch.number));
  chart.best_epoch = static_cast<double>(history.best_epoch);
  return chart;
}

Section loss_section(const History& history) {
  LineChart chart = chart_of(history, "loss-curve", "Loss");
  chart.logarithmic_from = 20;
  chart.series = {
      {"training", "training", over_epochs(history, [](const Epoch& epoch) { return epoch.training_loss; })},
      {"validation", "validation",
       over_epochs(history, [](const Epoch& epoch) { return epoch.validation_loss; })}};
  return {heading("loss", "Loss") + draw(chart), "loss"};
}

Section accuracy_section(const History& history, TargetKind kind) {
  LineChart chart = chart_of(history, "accuracy-curve", "Accuracy");
  chart.unit = "%";
  chart.series = {{"training", "training",
                   over_epochs(history, [](const Epoch& epoch) { return 100 * epoch.training_accuracy; })},
                  {"validation", "validation",
                   over_epochs(history, [](const Epoch& epoch) { return 100 * epoch.validation_accuracy; })}};
  const char* const note = kind == TargetKind::multilabel ? "Rows of which all labels are right." : "";
  return {heading("accuracy", "Accuracy", note) + draw(chart), "accuracy"};
}

struct MetricInWords {
  const char* name;  // as in History::metric_names
  const char* title;
  const char* series;
};

// Those of one title are drawn together.
constexpr std::array metrics_in_words{
    MetricInWords{"roc_auc", "Area under the ROC curve", "validation"},
    MetricInWords{"macro_roc_auc", "Area under the ROC curve", "mean of the labels"},
    MetricInWords{"micro_roc_auc", "Area under the ROC curve", "all labels together"},
    MetricInWords{"average_precision", "Average precision", "validation"},
    MetricInWords{"macro_average_precision", "Average precision", "mean of the labels"},
    MetricInWords{"micro_average_precision", "Average precision", "all labels together"},
    MetricInWords{"hamming_loss", "Hamming loss", "validation"},
    MetricInWords{"r_squared", "R²", "validation"},
    MetricInWords{"mean_absolute_error", "Errors", "mean absolute"},
    MetricInWords{"root_mean_squared_error", "Errors", "root mean squared"}};

// One without words of its own has its name.
MetricInWords words_of_metric(const std::string& name) {
  const auto known = std::find_if(metrics_in_words.begin(), metrics_in_words.end(),
                                  [&name](const MetricInWords& metric) { return metric.name == name; });
  return known == metrics_in_words.end() ? MetricInWords{name.c_str(), name.c_str(), "validation"} : *known;
}

std::vector<LineChart> metric_charts(const History& history) {
  std::vector<LineChart> charts;
  for (std::size_t i = 0; i < history.metric_names.size(); ++i) {
    const MetricInWords metric = words_of_metric(history.metric_names[i]);
    auto chart = std::find_if(charts.begin(), charts.end(),
                              [&metric](const LineChart& other) { return other.title == metric.title; });
    if (chart == charts.end()) {
      const std::string id = fmt::format("metric-{}-curve", charts.size() + 1);
      chart = charts.insert(charts.end(), chart_of(history, id, metric.title));
    }
    const auto value = [i](const Epoch& epoch) {
      return i < epoch.validation_metrics.size() ? epoch.validation_metrics[i] : NAN;
    };
    chart->series.push_back(
        {metric.series, chart->series.empty() ? "validation" : "second", over_epochs(history, value)});
  }
  return charts;
}

std::vector<Section> metric_sections(const History& history) {
  std::vector<Section> sections;
  for (const LineChart& chart : metric_charts(history)) {
    const std::string id = fmt::format("metric-{}", sections.size() + 1);
    sections.push_back({heading(id, escaped(chart.title), "Of the validation rows.") + draw(chart), id});
  }
  return sections;
}

void add_best_epoch(KeyFigures& figures, const History& history) {
  const auto best =
      std::find_if(history.epochs.begin(), history.epochs.end(),
                   [&history](const Epoch& epoch) { return epoch.number == history.best_epoch; });
  if (history.best_epoch == 0 || best == history.epochs.end()) {
    figures.add("Best epoch", "–", fmt::format("of {}", history.epochs.size()));
  } else {
    figures.add(
        "Best epoch", std::to_string(best->number),
        fmt::format("of {}, loss {}", history.epochs.back().number, significant(best->validation_loss)));
  }
}

}  // namespace

std::vector<Section> curve_sections(const History& history, TargetKind kind) {
  std::vector<Section> sections{loss_section(history)};
  const bool is_of_numbers = kind == TargetKind::numbers || history.targets == TargetKind::numbers;
  if (!is_of_numbers) sections.push_back(accuracy_section(history, kind));
  for (Section& section : metric_sections(history)) sections.push_back(std::move(section));
  return sections;
}

std::vector<Section> learning_rate_sections(const History& history) {
  const bool is_constant = std::all_of(
      history.epochs.begin(), history.epochs.end(),
      [&history](const Epoch& epoch) { return epoch.learning_rate == history.epochs.front().learning_rate; });
  if (is_constant) return {};
  LineChart chart = chart_of(history, "learning-rate-curve", "Learning rate");
  chart.logarithmic_from = 1000;
  chart.series = {{"learning rate", "rate",
                   over_epochs(history, [](const Epoch& epoch) { return epoch.learning_rate; })}};
  return {{heading("learning-rate", "Learning rate", "As each epoch ended.") + draw(chart), "learning-rate"}};
}

void add_course(KeyFigures& figures, const History& history) {
  add_best_epoch(figures, history);
  const std::vector<Epoch>& epochs = history.epochs;
  const double seconds = epochs.empty() ? NAN : epochs.back().seconds;
  const double each = seconds / static_cast<double>(epochs.size());
  figures.add("Training time", duration(seconds), epochs.empty() ? "" : duration(each) + " an epoch");
}

}  // namespace xtape::training
