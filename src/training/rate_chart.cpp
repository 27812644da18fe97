// SPDX-License-Identifier: BSD-3-Clause
#include "training/rate_chart.hpp"

#include <algorithm>

#include "training/plot.hpp"

namespace xtape::training {
namespace {

// A curve of fractions against fractions, and the straight line that it is measured by.
struct RateChart {
  const char* id;
  const char* title;
  std::string description;
  const char* x_name;
  const char* y_name;
  std::vector<double> x, y;  // in per cent
  std::string line_name;
  double line_from, line_to;  // y at the left and at the right end
};

std::string draw_rates(const RateChart& chart) {
  std::string svg = svg_head(chart.id, plot_width, plot_height, chart.title, chart.description);
  if (std::none_of(chart.x.begin(), chart.x.end(), is_drawn) ||
      std::none_of(chart.y.begin(), chart.y.end(), is_drawn)) {
    return svg + nothing_to_draw();
  }
  const Plot plot(Axis::linear(0, 100), Axis::linear(0, 100));
  plot.add_axes(svg, {.x = chart.x_name, .x_unit = "%", .y_unit = "%"});
  Legend legend;
  legend.add_line(svg, "rate", chart.y_name);
  legend.add_line(svg, "best", chart.line_name);
  append(svg, "<path class=\"best\" d=\"M{} {}L{} {}\"/>\n", plot.x_at(0), plot.y_at(chart.line_from),
         plot.x_at(100), plot.y_at(chart.line_to));
  plot.add_curve(svg, "rate", chart.x, chart.y);
  return svg + "</svg>\n";
}

}  // namespace

std::string draw_roc(const metrics::RocCurve& curve, double area) {
  RateChart chart{.id = "roc",
                  .title = "ROC curve",
                  .description = fmt::format("The true positive rate against the false positive rate of "
                                             "every threshold. The area under it is {}.",
                                             number(area, 3)),
                  .x_name = "False positive rate",
                  .y_name = "true positive rate",
                  .x = {},
                  .y = {},
                  .line_name = "by chance",
                  .line_from = 0,
                  .line_to = 100};
  for (const double rate : curve.false_positive_rates) chart.x.push_back(100 * rate);
  for (const double rate : curve.true_positive_rates) chart.y.push_back(100 * rate);
  return draw_rates(chart);
}

std::string draw_precision_recall(const metrics::PrecisionRecallCurve& curve, double average, double share) {
  RateChart chart{.id = "precision-recall",
                  .title = "Precision-recall curve",
                  .description = fmt::format("The precision against the recall of every threshold. The "
                                             "average precision, the area under it, is {}.",
                                             number(average, 3)),
                  .x_name = "Recall",
                  .y_name = "precision",
                  .x = {},
                  .y = {},
                  .line_name = fmt::format("by chance: {}", percent(share)),
                  .line_from = 100 * share,
                  .line_to = 100 * share};
  for (std::size_t i = 1; i < curve.recall.size(); ++i) {
    for (const double recall : {curve.recall[i - 1], curve.recall[i]}) {
      chart.x.push_back(100 * recall);
      chart.y.push_back(100 * curve.precision[i]);
    }
  }
  return draw_rates(chart);
}

}  // namespace xtape::training
