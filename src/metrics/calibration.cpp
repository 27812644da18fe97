// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "arrays/format.hpp"
#include "metrics/labelled_scores.hpp"

namespace xtape::metrics {
namespace {

struct Forecast {
  double confidence;
  bool is_right;
};

std::vector<Forecast> forecasts(const ScoreRows& rows) {
  std::vector<Forecast> result;
  result.reserve(rows.count());
  rows.for_each([&](std::size_t row, const double* p) {
    if (rows.is_single()) {
      result.push_back({*p, rows.label(row) == 1});
    } else {
      const double* top = std::max_element(p, p + rows.classes());
      result.push_back({*top, top == p + rows.label(row)});
    }
  });
  return result;
}

std::vector<double> equal_width_edges(std::size_t bins) {
  std::vector<double> edges(bins + 1);
  for (std::size_t i = 0; i <= bins; ++i) edges[i] = static_cast<double>(i) / static_cast<double>(bins);
  return edges;
}

// The quantiles of the confidences, each once.
std::vector<double> equal_mass_edges(std::size_t bins, const std::vector<Forecast>& forecasts) {
  std::vector<double> confidences(forecasts.size());
  std::transform(forecasts.begin(), forecasts.end(), confidences.begin(),
                 [](const Forecast& forecast) { return forecast.confidence; });
  std::sort(confidences.begin(), confidences.end());

  const std::size_t count = confidences.size(), filled = std::min(bins, count);
  std::vector<double> edges{0};
  for (std::size_t i = 1; i < filled; ++i) {
    // Bins of count / filled samples, the first ones of one more.
    const double edge = confidences[i * (count / filled) + std::min(i, count % filled) - 1];
    // Nothing lies above the largest: an edge there would leave the last bin empty. One at 0 is an edge too.
    const bool is_new = edges.size() == 1 || edge > edges.back();
    if (is_new && edge < confidences.back()) edges.push_back(edge);
  }
  edges.push_back(1);
  return edges;
}

double gap(const ReliabilityTable& table, std::size_t bin) {
  return std::abs(table.accuracy[bin] - table.confidence[bin]);
}

}  // namespace

ReliabilityTable reliability_table(Scores probabilities, Indices class_indices,
                                   const ReliabilityOptions& options) {
  const char* const function = "reliability_table";
  if (options.bins == 0) fail<ArgumentError>("{}: bins must be at least 1, got 0", function);
  const std::size_t most = std::vector<double>().max_size() - 1;
  if (options.bins > most)
    fail<ArgumentError>("{}: bins must be at most {}, got {}", function, most, options.bins);
  const ScoreRows rows(function, "probabilities", probabilities, Layout::numbers_or_classes, class_indices,
                       {.ignore_index = options.ignore_index});
  rows.require_probabilities();
  const auto samples = forecasts(rows);
  const std::vector<double> edges = options.binning == Binning::equal_width
                                        ? equal_width_edges(options.bins)
                                        : equal_mass_edges(options.bins, samples);

  const Shape bins{edges.size() - 1};
  ReliabilityTable table{Array<double>(ArrayView<const double>(edges)), Array<std::int64_t>(bins),
                         Array<double>(bins), Array<double>(bins)};
  for (const Forecast& forecast : samples) {
    // The edge before the first that is not below the confidence; 0 belongs to the first bin.
    const auto above = std::lower_bound(edges.begin() + 1, edges.end(), forecast.confidence);
    const auto bin = static_cast<std::size_t>(above - edges.begin()) - 1;
    ++table.counts[bin];
    table.confidence[bin] += forecast.confidence;
    table.accuracy[bin] += forecast.is_right;
  }
  for (std::size_t bin = 0; bin < bins[0]; ++bin) {
    table.confidence[bin] /= static_cast<double>(table.counts[bin]);
    table.accuracy[bin] /= static_cast<double>(table.counts[bin]);
  }
  return table;
}

double expected_calibration_error(const ReliabilityTable& table) {
  double sum = 0, samples = 0;
  for (std::size_t bin = 0; bin < table.counts.size(); ++bin) {
    if (table.counts[bin] == 0) continue;
    const auto count = static_cast<double>(table.counts[bin]);
    sum += count * gap(table, bin);
    samples += count;
  }
  return sum / samples;
}

double maximum_calibration_error(const ReliabilityTable& table) {
  double largest = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t bin = 0; bin < table.counts.size(); ++bin) {
    if (table.counts[bin] > 0) largest = std::fmax(largest, gap(table, bin));
  }
  return largest;
}

}  // namespace xtape::metrics
