// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/report.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "files/atomic_file.hpp"
#include "metrics/estimate.hpp"
#include "training/axis.hpp"
#include "training/confusion_figure.hpp"
#include "training/line_chart.hpp"
#include "training/markup.hpp"
#include "training/outcome.hpp"
#include "training/reliability_diagram.hpp"
#include "training/report_style.hpp"
#include "training/thumbnail.hpp"
#include "xtape/core/version.hpp"
#include "xtape/metrics/calibration.hpp"
#include "xtape/metrics/classification.hpp"
#include "xtape/metrics/classification_report.hpp"

namespace xtape::training {
namespace {

constexpr std::size_t reliability_bins = 10;

void require_pictures(const Shape& logits, const metrics::Scores* features, const Shape& image) {
  const std::size_t rows = logits[0];
  if (features != nullptr && (features->shape().rank() == 0 || features->shape()[0] != rows)) {
    fail<ShapeError>("{}: features must have one row for each row of logits {}, got {}", report_function,
                     logits, features->shape());
  }
  if (image.rank() == 0) return;
  const bool is_grey = image.rank() == 2 || (image.rank() == 3 && image[0] == 1);
  const bool is_coloured = image.rank() == 3 && image[0] == 3;
  if ((!is_grey && !is_coloured) || image.elements() == 0) {
    fail<ShapeError>(
        "{}: options.image must be (height, width), (1, height, width) or (3, height, width) with at least "
        "one pixel, got {}",
        report_function, image);
  }
  if (features == nullptr) {
    fail<ArgumentError>("{}: options.image needs features to show, got none; give them before the options",
                        report_function);
  }
  if (features->shape().elements() != rows * image.elements()) {
    fail<ShapeError>("{}: features must have {} elements in each row for options.image {}, got {}",
                     report_function, image.elements(), image, features->shape());
  }
}

std::vector<std::string> names_of(std::size_t classes, const std::vector<std::string>& given) {
  if (!given.empty() && given.size() != classes) {
    fail<ArgumentError>("{}: options.class_names must be one for each of {} classes, or none, got {}",
                        report_function, classes, given.size());
  }
  if (!given.empty()) return given;
  std::vector<std::string> numbers(classes);
  for (std::size_t c = 0; c < classes; ++c) numbers[c] = std::to_string(c);
  return numbers;
}

// What the page shows.
struct Report {
  const History& history;
  const ReportOptions& options;
  const metrics::Scores* features;
  Outcome outcome;
  std::vector<std::string> class_names;
  Array<std::int64_t> confusion;
  metrics::ClassificationReport by_class;
  metrics::ReliabilityTable reliability;

  const std::string& name_of(std::int64_t class_index) const {
    return class_names[static_cast<std::size_t>(class_index)];
  }
};

struct Section {
  std::string markup;  // its content
  const char* id;
  bool is_wide = false;
  bool is_long = false;  // may go over several sheets of paper
};

std::string heading(const char* id, const char* text, const std::string& note = "") {
  std::string markup = fmt::format("<h2 id=\"{}-heading\">{}</h2>\n", id, text);
  if (!note.empty()) append(markup, "<p class=\"note\">{}</p>\n", note);
  return markup;
}

// So many decimals that a standard error shows two digits.
int decimals_of(double standard_error, int least) {
  if (!(standard_error > 0) || std::isinf(standard_error)) return least;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(standard_error))), least, 6);
}

void add_figure(std::string& markup, const char* name, const std::string& value, const std::string& detail) {
  append(markup, "<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n", name, value, detail);
}

void add_best_epoch(std::string& markup, const History& history) {
  const auto best =
      std::find_if(history.epochs.begin(), history.epochs.end(),
                   [&history](const Epoch& epoch) { return epoch.number == history.best_epoch; });
  if (history.best_epoch == 0 || best == history.epochs.end()) {
    add_figure(markup, "Best epoch", "–", fmt::format("of {}", history.epochs.size()));
  } else {
    add_figure(
        markup, "Best epoch", std::to_string(best->number),
        fmt::format("of {}, loss {}", history.epochs.back().number, significant(best->validation_loss)));
  }
}

std::string key_figures(const Report& report) {
  const Outcome& outcome = report.outcome;
  const auto accuracy = metrics::accuracy(outcome.predicted, outcome.labels);
  const auto log_loss = metrics::estimate_mean(outcome.losses);
  const int accuracy_decimals = std::min(decimals_of(100 * accuracy.standard_error, 1), 3);
  const int loss_decimals = decimals_of(log_loss.standard_error, 3);
  const bool has_rows = !outcome.rows.empty();

  std::string markup = "<dl class=\"figures\">\n";
  add_figure(markup, "Accuracy", percent(accuracy.value, accuracy_decimals),
             "± " + percent(accuracy.standard_error, accuracy_decimals));
  add_figure(markup, "Log loss", number(log_loss.value, loss_decimals),
             "± " + number(log_loss.standard_error, loss_decimals));
  add_figure(markup, "F1", has_rows ? number(report.by_class.macro.f1, 3) : "–", "mean of the classes");
  add_figure(markup, "Calibration error", percent(metrics::expected_calibration_error(report.reliability), 2),
             fmt::format("expected, {} bins", reliability_bins));
  add_best_epoch(markup, report.history);
  const std::vector<Epoch>& epochs = report.history.epochs;
  const double seconds = epochs.empty() ? NAN : epochs.back().seconds;
  const double each = seconds / static_cast<double>(epochs.size());
  add_figure(markup, "Training time", duration(seconds), epochs.empty() ? "" : duration(each) + " an epoch");
  return markup + "</dl>\n";
}

// Takes member(epoch) of each epoch, times `factor`.
std::vector<double> column(const History& history, double Epoch::*member, double factor = 1) {
  std::vector<double> values;
  for (const Epoch& epoch : history.epochs) values.push_back(factor * epoch.*member);
  return values;
}

LineChart chart_of(const History& history, const char* id, const char* title) {
  LineChart chart{.id = id, .title = title, .series = {}};
  for (const Epoch& epoch : history.epochs) chart.epochs.push_back(static_cast<double>(epoch.number));
  chart.best_epoch = static_cast<double>(history.best_epoch);
  return chart;
}

Section loss_section(const History& history) {
  LineChart chart = chart_of(history, "loss-curve", "Loss");
  chart.logarithmic_from = 20;
  chart.series = {{"training", "training", column(history, &Epoch::training_loss)},
                  {"validation", "validation", column(history, &Epoch::validation_loss)}};
  return {heading("loss", "Loss") + draw(chart), "loss"};
}

Section accuracy_section(const History& history) {
  LineChart chart = chart_of(history, "accuracy-curve", "Accuracy");
  chart.unit = "%";
  chart.series = {{"training", "training", column(history, &Epoch::training_accuracy, 100)},
                  {"validation", "validation", column(history, &Epoch::validation_accuracy, 100)}};
  return {heading("accuracy", "Accuracy") + draw(chart), "accuracy"};
}

Section learning_rate_section(const History& history) {
  LineChart chart = chart_of(history, "learning-rate-curve", "Learning rate");
  chart.logarithmic_from = 1000;
  chart.series = {{"learning rate", "rate", column(history, &Epoch::learning_rate)}};
  return {heading("learning-rate", "Learning rate", "As each epoch ended.") + draw(chart), "learning-rate"};
}

bool learning_rate_changes(const History& history) {
  return std::any_of(history.epochs.begin(), history.epochs.end(), [&history](const Epoch& epoch) {
    return epoch.learning_rate != history.epochs.front().learning_rate;
  });
}

Section confusion_section(const Report& report) {
  const std::size_t classes = report.class_names.size();
  const char* const id = "confusion-matrix";
  if (classes > most_classes_drawn) {
    return {heading(id, "Most confused classes") + confused_pairs(report.confusion, report.class_names), id};
  }
  return {
      heading(
          id, "Confusion matrix",
          "Rows in each cell; the deeper the colour, the larger the share of the true class. Right is blue, "
          "wrong orange.") +
          "<div class=\"heat\">" + draw_confusion(report.confusion, report.class_names) + "</div>\n",
      id, classes > most_classes_in_column};
}

void add_class(std::string& table, const std::string& name, const metrics::PrecisionRecall& figures,
               const std::string& rows) {
  append(table,
         "<tr><th scope=\"row\">{}</th><td class=\"figure\">{}</td><td class=\"figure\">{}</td><td "
         "class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>\n",
         escaped(name), number(figures.precision, 3), number(figures.recall, 3), number(figures.f1, 3), rows);
}

Section class_section(const Report& report) {
  const metrics::ClassificationReport& by_class = report.by_class;
  std::string table =
      heading("classes", "Classes") +
      "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Class</th><th "
      "scope=\"col\" class=\"figure\">Precision</th><th scope=\"col\" class=\"figure\">Recall</th><th "
      "scope=\"col\" class=\"figure\">F1</th><th scope=\"col\" class=\"figure\">Rows</th></tr></thead>"
      "<tbody>\n";
  for (std::size_t c = 0; c < report.class_names.size(); ++c) {
    add_class(table, report.class_names[c], {by_class.precision[c], by_class.recall[c], by_class.f1[c]},
              grouped(by_class.support[c]));
  }
  const std::string rows = grouped(static_cast<std::int64_t>(report.outcome.rows.size()));
  table += "</tbody><tfoot>\n";
  add_class(table, "Mean", by_class.macro, rows);
  add_class(table, "Mean by rows", by_class.weighted, rows);
  return {table + "</tfoot></table></div>\n", "classes", false, true};
}

Section reliability_section(const Report& report) {
  const std::string note =
      fmt::format("How often rows of some confidence are right; expected calibration error {}.",
                  percent(metrics::expected_calibration_error(report.reliability), 2));
  return {heading("reliability-diagram", "Reliability", note) + draw_reliability(report.reliability),
          "reliability-diagram"};
}

std::string gallery(const Report& report, const std::vector<std::size_t>& worst) {
  const Thumbnails thumbnails(*report.features, report.options.image);
  const Outcome& outcome = report.outcome;
  std::string markup = "<div class=\"gallery\">\n";
  for (const std::size_t place : worst) {
    const std::string label = escaped(report.name_of(outcome.labels[place]));
    const std::string guess = escaped(report.name_of(outcome.predicted[place]));
    const bool is_right = outcome.labels[place] == outcome.predicted[place];
    append(markup, "<figure>{}",
           thumbnails.draw(outcome.rows[place],
                           fmt::format("row {}: {} taken for {}", outcome.rows[place], label, guess)));
    append(markup,
           "<figcaption><b>{} → <span class=\"{}\">{}</span></b>at {}<br/>loss {}<br/>row "
           "{}</figcaption></figure>\n",
           label, is_right ? "hit" : "mistake", guess, percent(outcome.confidences[place]),
           number(outcome.losses[place], 3), outcome.rows[place]);
  }
  return markup + "</div>\n";
}

std::string worst_table(const Report& report, const std::vector<std::size_t>& worst) {
  const Outcome& outcome = report.outcome;
  std::string table =
      "<table><thead><tr><th scope=\"col\">Row</th><th scope=\"col\">True class</th><th "
      "scope=\"col\">Predicted</th><th scope=\"col\" class=\"figure\">Probability</th><th scope=\"col\" "
      "class=\"figure\">Loss</th></tr></thead><tbody>\n";
  for (const std::size_t place : worst) {
    const bool is_right = outcome.labels[place] == outcome.predicted[place];
    append(table,
           "<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td class=\"figure\">{}</td><td "
           "class=\"figure\">{}</td></tr>\n",
           outcome.rows[place], escaped(report.name_of(outcome.labels[place])), is_right ? "hit" : "mistake",
           escaped(report.name_of(outcome.predicted[place])), percent(outcome.confidences[place]),
           number(outcome.losses[place], 3));
  }
  return table + "</tbody></table>\n";
}

Section worst_section(const Report& report) {
  const auto worst = highest_losses(report.outcome, report.options.worst_examples);
  const bool has_pictures = report.options.image.rank() > 0;
  const char* const note = has_pictures ? "The true class → the predicted one, and its probability."
                                        : "The probability is that of the predicted class.";
  std::string content = "<p>No rows.</p>\n";
  if (!worst.empty()) content = has_pictures ? gallery(report, worst) : worst_table(report, worst);
  return {heading("worst", "Rows of the highest loss", note) + content, "worst", true, true};
}

Section settings_section(const ReportOptions& options) {
  std::string table = heading("settings", "Settings") + "<table class=\"settings\"><tbody>\n";
  for (const auto& [name, value] : options.settings) {
    append(table, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value));
  }
  return {table + "</tbody></table>\n", "settings"};
}

Section model_section(const ReportOptions& options) {
  return {heading("model", "Model") + "<pre tabindex=\"0\">" + escaped(options.model_summary) + "</pre>\n",
          "model"};
}

std::vector<Section> sections_of(const Report& report) {
  const ReportOptions& options = report.options;
  std::vector<Section> sections;
  sections.push_back(loss_section(report.history));
  sections.push_back(accuracy_section(report.history));
  sections.push_back(confusion_section(report));
  sections.push_back(class_section(report));
  sections.push_back(reliability_section(report));
  if (learning_rate_changes(report.history)) sections.push_back(learning_rate_section(report.history));
  if (!options.settings.empty()) sections.push_back(settings_section(options));
  if (!options.model_summary.empty()) sections.push_back(model_section(options));
  // One that has no neighbour takes both columns.
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (sections[i].is_wide) continue;
    const bool has_neighbour = i + 1 < sections.size() && !sections[i + 1].is_wide;
    if (has_neighbour) {
      ++i;
    } else {
      sections[i].is_wide = true;
    }
  }
  if (options.worst_examples > 0) sections.push_back(worst_section(report));
  return sections;
}

std::string subtitle(const Report& report) {
  const auto rows = static_cast<std::int64_t>(report.outcome.rows.size());
  const std::size_t classes = report.outcome.classes, epochs = report.history.epochs.size();
  return fmt::format("Tested on {} {} of {} {} after {} {}{}. ± is one standard error.", grouped(rows),
                     rows == 1 ? "row" : "rows", classes, classes == 1 ? "class" : "classes", epochs,
                     epochs == 1 ? "epoch" : "epochs", report.history.stopped_early ? ", stopped early" : "");
}

std::string page(const Report& report) {
  const std::string title = escaped(report.options.title);
  std::string html;
  append(
      html,
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta "
      "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n<p "
      "class=\"subtitle\">{}</p>\n",
      title, report_style, title, subtitle(report));
  const Outcome& outcome = report.outcome;
  const std::string rows =
      grouped(static_cast<std::int64_t>(outcome.ignored + outcome.left_out + outcome.rows.size()));
  if (outcome.ignored > 0) {
    append(html,
           "<p class=\"note\">Left out of all that follows: {} of {} rows, whose label {} is ignored.</p>\n",
           grouped(static_cast<std::int64_t>(outcome.ignored)), rows, *report.options.ignore_index);
  }
  if (outcome.left_out > 0) {
    append(html,
           "<p class=\"warning\">Left out of all that follows: {} of {} rows, whose logits have no softmax, "
           "because they hold NaN, +inf twice or only -inf.</p>\n",
           grouped(static_cast<std::int64_t>(outcome.left_out)), rows);
  }
  html += key_figures(report) + "</header>\n<main>\n";
  for (const Section& section : sections_of(report)) {
    append(html, "<section id=\"{}\" class=\"{}{}\" aria-labelledby=\"{}-heading\">\n{}</section>\n",
           section.id, section.is_wide ? "wide" : "half", section.is_long ? " long" : "", section.id,
           section.markup);
  }
  append(html, "</main>\n<footer>Written by xtape {}.{}.{}</footer>\n</body>\n</html>\n", version().major,
         version().minor, version().patch);
  return html;
}

void write(const std::string& path, const History& history, const metrics::Scores& logits,
           const Indices& class_indices, const metrics::Scores* features, const ReportOptions& options) {
  Outcome outcome = outcome_of(logits, class_indices, {.ignore_index = options.ignore_index});
  require_pictures(logits.shape(), features, options.image);
  auto names = names_of(outcome.classes, options.class_names);
  auto confusion = metrics::confusion_matrix(outcome.predicted, outcome.labels, outcome.classes);
  auto by_class = metrics::classification_report(confusion);
  std::vector<std::int64_t> is_right(outcome.rows.size());
  for (std::size_t i = 0; i < is_right.size(); ++i) is_right[i] = outcome.predicted[i] == outcome.labels[i];
  auto reliability = metrics::reliability_table(outcome.confidences, is_right, {.bins = reliability_bins});
  const Report report{.history = history,
                      .options = options,
                      .features = features,
                      .outcome = std::move(outcome),
                      .class_names = std::move(names),
                      .confusion = std::move(confusion),
                      .by_class = std::move(by_class),
                      .reliability = std::move(reliability)};
  AtomicFile file(report_function, path);
  const std::string text = page(report);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace

void write_report(const std::string& path, const History& history, metrics::Scores logits,
                  Indices class_indices, metrics::Scores features, const ReportOptions& options) {
  write(path, history, logits, class_indices, &features, options);
}

void write_report(const std::string& path, const History& history, metrics::Scores logits,
                  Indices class_indices, const ReportOptions& options) {
  write(path, history, logits, class_indices, nullptr, options);
}

}  // namespace xtape::training
