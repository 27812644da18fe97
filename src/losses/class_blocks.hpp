// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/softmax.hpp"
#include "kernels/sum.hpp"
#include "kernels/weighted.hpp"
#include "losses/class_terms.hpp"
#include "losses/linear_logits.hpp"
#include "losses/worked_labels.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::losses {

// Softmax cross-entropy of a linear layer by blocks of classes, for rows too long to be in memory whole. The
// logits are computed three times: for the largest of each row, for what the others add up to, and for the
// gradient. So every sum is that of a whole row, and as exact.
template <class T>
struct ClassBlocks {
  // What is known of the logits and labels of a row, those of masked classes left out.
  struct Row {
    T max = -std::numeric_limits<T>::infinity();
    T label_logit = 0;  // also of a masked class
    std::size_t largest = 0;
    double prior_mass = 1;
    double largest_label = 0;  // of the class that is the largest
    // Over all other classes:
    kernels::Sum<T> rest = {};       // e^((x - max) / temperature)
    kernels::Sum<T> half_gaps = {};  // t (max - x) / temperature / 2: the whole may be too large
    kernels::Sum<T> labels = {};     // t
  };

  LinearLogits<T> logits;
  WorkedLabels<T> labels;
  double z_loss;
  double temperature;
  Row* rows;

  // Returns the sum of the losses.
  double write(const LinearOperands<T>& from, const LinearGradients<T>& to) const {
    for_each_row(from, {}, [&](const auto&... of_row) { find_largest(of_row...); });
    for_each_row(from, {}, [&](const auto&... of_row) { add_others(of_row...); });
    const std::size_t count = logits.extents.rows;
    const double sum = logits.losses.write({.begin = 0, .end = count}, [&](const SampleBlock<T>& out) {
      for (std::size_t i = 0; i < out.count(); ++i) {
        const std::size_t sample = out.range.begin + i;
        out.losses[i] = logits.losses.leaves_out(sample) ? 0 : loss(sample);
      }
    });
    if (to.any()) write_gradients(from, to);
    return sum;
  }

  // After write().
  void write_gradients(const LinearOperands<T>& from, const LinearGradients<T>& to) const {
    for_each_row(from, to, [&](const LogitBlock<T>& block, std::size_t sample, T* x) {
      write_slopes(block, sample, x, logits.losses.scale(sample, to.factors));
    });
  }

 private:
  // Calls work(block, sample, x) for the part of each row that is in the block, and clears those of rows that
  // are left out.
  template <class Work>
  void for_each_row(const LinearOperands<T>& from, const LinearGradients<T>& to, const Work& work) const {
    logits.for_each_block(from, to, [&](const LogitBlock<T>& block) {
      const std::size_t length = std::max<std::size_t>(1, exponentials_per_block / block.classes);
      parallel_for_ranges(block.rows, length, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
          T* const x = block.logits + row * block.classes;
          if (logits.losses.leaves_out(block.row + row)) {
            std::fill_n(x, block.classes, T{0});
          } else {
            work(block, block.row + row, x);
          }
        }
      });
    });
  }

  void find_largest(const LogitBlock<T>& block, std::size_t sample, const T* x) const {
    Row& row = rows[sample];
    if (block.first_class == 0) {
      row = Row();
      row.prior_mass = labels.prior_mass_of(sample);
    }
    const std::size_t y = labels.class_of(sample);
    for (std::size_t i = 0; i < block.classes; ++i) {
      const std::size_t j = block.first_class + i;
      if (j == y) row.label_logit = x[i];
      if (x[i] > row.max && !labels.is_masked(sample, j)) {
        row.max = x[i];
        row.largest = j;
      }
    }
  }

  void add_others(const LogitBlock<T>& block, std::size_t sample, const T* x) const {
    Row row = rows[sample];
    for (std::size_t i = 0; i < block.classes; ++i) {
      const std::size_t j = block.first_class + i;
      if (labels.is_masked(sample, j)) continue;
      const double label = labels.label(sample, j, row.prior_mass);
      if (j == row.largest) {
        row.largest_label = label;
        continue;
      }
      row.rest.add(kernels::exp_difference(x[i], row.max, temperature));
      row.labels.add(label);
      if (label != 0)
        row.half_gaps.add(label * kernels::scaled_difference(0.5 * row.max, 0.5 * x[i], temperature));
    }
    rows[sample] = row;
  }

  kernels::Normaliser<T> normaliser(const Row& row) const {
    const bool all_are_impossible = std::isinf(row.max) && row.max < 0;
    return {row.max, row.largest, all_are_impossible ? kernels::Rounded{NAN} : row.rest.rounded(),
            temperature};
  }

  // The label of a class index that is masked is outside the row.
  double label_outside(std::size_t sample) const {
    const std::size_t y = labels.class_of(sample);
    return labels.is_masked(sample, y) ? labels.index_label(y) : 0;
  }

  double loss(std::size_t sample) const {
    const Row& row = rows[sample];
    const double log_rest = normaliser(row).log_rest(), log_sum = row.max / temperature + log_rest;
    const double mass = row.labels.value() + row.largest_label;
    double value = 2 * row.half_gaps.value() + mass * log_rest;
    value += kernels::weighted(label_outside(sample),
                               kernels::scaled_difference(row.max, row.label_logit, temperature) + log_rest);
    return z_loss > 0 ? value + z_loss * log_sum * log_sum : value;
  }

  // The pulls are the labels and what else pulls at all classes.
  void write_slopes(const LogitBlock<T>& block, std::size_t sample, T* x, double scale) const {
    const Row& row = rows[sample];
    const kernels::Normaliser<T> normal = normaliser(row);
    const double outside = label_outside(sample), log_sum = row.max / temperature + normal.log_rest();
    const double others = row.labels.value() + outside + (z_loss > 0 ? 2 * z_loss * log_sum : 0);
    const SumOfPulls sum{row.largest_label, others};
    const auto slope = [&](std::size_t j, T logit) {
      if (labels.is_masked(sample, j)) return j == labels.class_of(sample) ? -outside : 0;
      const double p = normal.probability(logit, j);
      if (j == row.largest) return sum.slope_of_largest(p, normal.top_complement());
      return sum.slope(p, labels.label(sample, j, row.prior_mass));
    };
    for (std::size_t i = 0; i < block.classes; ++i) {
      x[i] = static_cast<T>(scale * (slope(block.first_class + i, x[i]) / temperature));
    }
  }
};

}  // namespace xtape::losses
