// SPDX-License-Identifier: BSD-3-Clause
#include "training/reliability_diagram.hpp"

#include <algorithm>
#include <string>

#include "training/markup.hpp"
#include "training/plot.hpp"

namespace xtape::training {
namespace {

constexpr double diagram_height = 424, diagram_bottom = 288;
constexpr double histogram_top = 318, histogram_bottom = 380;

double x_at(double confidence) { return tenth(plot_left + (plot_right - plot_left) * confidence); }
double y_at(double accuracy) { return tenth(diagram_bottom - (diagram_bottom - plot_top) * accuracy); }

void add_axes(std::string& svg, const ReliabilityWords& words) {
  for (int i = 0; i <= 5; ++i) {
    const double value = i / 5.0;
    append(svg, "<path class=\"grid\" d=\"M{} {}H{}\"/>", plot_left, y_at(value), plot_right);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}%</text>", plot_left - 8,
           tenth(y_at(value) + 4), 20 * i);
    append(svg, "<path class=\"axis\" d=\"M{} {}v4\"/>", x_at(value), histogram_bottom);
    append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}%</text>\n", x_at(value),
           histogram_bottom + 19, 20 * i);
  }
  append(svg, "<path class=\"axis\" d=\"M{} {}H{}M{} {}H{}\"/>\n", plot_left, diagram_bottom, plot_right,
         plot_left, histogram_bottom, plot_right);
  append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (plot_left + plot_right) / 2,
         diagram_height - 6, words.confidence);
  append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">rows</text>\n", plot_left - 8,
         histogram_bottom - 2);
}

void add_legend(std::string& svg, const ReliabilityWords& words) {
  Legend legend;
  legend.add_box(svg, "right solid", words.accuracy);
  legend.add_line(svg, "validation", words.mean);
  legend.add_line(svg, "best", "the two equal");
}

// "12345", "1.23M"
std::string short_count(std::int64_t count) {
  if (count < 100'000) return fmt::format("{}", count);
  const auto value = static_cast<double>(count);
  if (count < 1'000'000) return fmt::format("{:.0f}k", value / 1e3);
  return count < 1'000'000'000 ? fmt::format("{:.3g}M", value / 1e6) : fmt::format("{:.3g}G", value / 1e9);
}

void add_bin(std::string& svg, const metrics::ReliabilityTable& table, const ReliabilityWords& words,
             std::size_t bin, double most) {
  const double from = x_at(table.edges[bin]), to = x_at(table.edges[bin + 1]);
  const std::int64_t count = table.counts[bin];
  const double accuracy = table.accuracy[bin], confidence = table.confidence[bin];
  append(svg, "<g><title>{} to {}: {} rows, {} {}, {} {}</title>", percent(table.edges[bin], 0),
         percent(table.edges[bin + 1], 0), count, words.accuracy, percent(accuracy), words.mean,
         percent(confidence));
  append(svg, "<rect class=\"right solid\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", tenth(from + 1),
         y_at(accuracy), tenth(to - from - 2), tenth(diagram_bottom - y_at(accuracy)));
  append(svg, "<path class=\"validation\" d=\"M{} {}H{}\"/>", tenth(from + 1), y_at(confidence),
         tenth(to - 1));
  const double y =
      tenth(histogram_bottom - (histogram_bottom - histogram_top) * static_cast<double>(count) / most);
  append(svg, "<rect class=\"histogram\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", tenth(from + 1), y,
         tenth(to - from - 2), tenth(histogram_bottom - y));
  append(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>\n", tenth((from + to) / 2),
         tenth(y - 4), short_count(count));
}

std::string draw_reliability(const metrics::ReliabilityTable& table, const ReliabilityWords& words) {
  const std::int64_t most = *std::max_element(table.counts.begin(), table.counts.end());
  const std::string description =
      fmt::format("A bar for the {} of the rows of each range. Expected calibration error {}, largest {}.",
                  words.accuracy, percent(metrics::expected_calibration_error(table)),
                  percent(metrics::maximum_calibration_error(table)));
  std::string svg = svg_head("reliability", plot_width, diagram_height, "Reliability diagram", description);
  add_axes(svg, words);
  add_legend(svg, words);
  for (std::size_t bin = 0; bin < table.counts.size(); ++bin) {
    if (table.counts[bin] > 0) add_bin(svg, table, words, bin, static_cast<double>(most));
  }
  append(svg, "<path class=\"best\" d=\"M{} {}L{} {}\"/>\n", plot_left, diagram_bottom, plot_right, plot_top);
  return svg + "</svg>\n";
}

}  // namespace

Section reliability_section(const metrics::ReliabilityTable& table, const ReliabilityWords& words) {
  const std::string note = fmt::format("{}; expected calibration error {}.", words.note,
                                       percent(metrics::expected_calibration_error(table), 2));
  return {heading("reliability-diagram", "Reliability", note) + draw_reliability(table, words),
          "reliability-diagram"};
}

}  // namespace xtape::training
