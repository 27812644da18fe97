// SPDX-License-Identifier: BSD-3-Clause
#include "training/judged_rows.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "training/loaded_rows.hpp"

namespace xtape::training {

JudgedRows judged_rows(const ReportInput& input, const Array<double>& targets) {
  const Shape &shape = targets.shape(), &given = input.outputs.shape();
  const bool is_column = shape.rank() == 1 && given == Shape{shape[0], 1};
  if (given != shape && !is_column) {
    fail<ShapeError>("{}: outputs must be of the shape of the targets {}, got {}", report_function, shape,
                     given);
  }
  JudgedRows judged;
  judged.width = shape.rank() == 1 ? 1 : shape[1];
  std::vector<double> kept;
  std::visit(
      [&](const auto& outputs) {
        for (std::size_t row = 0; row < shape[0]; ++row) {
          const std::size_t begin = row * judged.width, end = begin + judged.width;
          bool has_nan = false;
          for (std::size_t i = begin; i < end; ++i) {
            has_nan |= std::isnan(static_cast<double>(outputs[i]) - targets[i]);
          }
          if (has_nan) continue;
          judged.rows.push_back(row);
          for (std::size_t i = begin; i < end; ++i) kept.push_back(static_cast<double>(outputs[i]));
        }
      },
      input.outputs.values());
  const Shape of_kept = with_rows(shape, judged.count());
  judged.outputs = Array<double>(of_kept);
  judged.targets = Array<double>(of_kept);
  std::copy(kept.begin(), kept.end(), judged.outputs.begin());
  for (std::size_t place = 0; place < judged.count(); ++place) {
    std::copy_n(targets.data() + judged.rows[place] * judged.width, judged.width,
                judged.targets.data() + place * judged.width);
  }
  return judged;
}

void require_0_or_1(const Array<double>& targets, const char* kind) {
  const auto at = std::find_if_not(targets.begin(), targets.end(), [](double x) { return x == 0 || x == 1; });
  if (at == targets.end()) return;
  fail<LabelError>("{}: {} targets must be 0 or 1, got {} at {}", report_function, kind, *at,
                   element_name("targets", targets.shape(), static_cast<std::size_t>(at - targets.begin())));
}

double nats_of_label(double logit, bool label) {
  const double against = label ? -logit : logit;
  return std::max(against, 0.0) + std::log1p(std::exp(-std::abs(logit)));
}

}  // namespace xtape::training
