// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/broadcast.hpp"
#include "kernels/gemm.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum_kernels.hpp"
#include "losses/loss_sum.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::losses {

struct LinearExtents {
  std::size_t rows, in, classes;
};

template <class T>
struct LinearOperands {
  const T* features;
  const T* weight;
  const T* bias;  // null if there is none
};

// Null where nobody needs one.
template <class T>
struct LinearGradients {
  T* features = nullptr;
  T* weight = nullptr;
  T* bias = nullptr;
  bool hold_others = false;    // to which these are added
  const T* factors = nullptr;  // what multiplies the gradient of each row besides; null: nothing does

  bool any() const { return features != nullptr || weight != nullptr || bias != nullptr; }
};

// Logits of some rows and classes, row by row.
template <class T>
struct LogitBlock {
  std::size_t row, rows;
  std::size_t first_class, classes;
  T* logits;
};

// The logits of a linear layer, block by block, and what becomes of their gradient. Its memory is on the
// tape.
template <class T>
struct LinearLogits {
  LinearExtents extents;
  std::size_t rows_together;     // in a block
  std::size_t classes_together;  // in a block
  LossSum<T> losses;
  T* logits;          // of a block, and then their gradient
  T* kept_features;   // those of a block, without those of rows that are left out
  double* bias_sums;  // of the classes of a block, and as many numbers that these lose

  // Calls work(LogitBlock) for every block but those of which all rows are left out: for all rows, before the
  // next classes. If gradients are needed, it replaces the logits by theirs, and 0 for rows that are left
  // out.
  template <class Work>
  void for_each_block(const LinearOperands<T>& from, const LinearGradients<T>& to, const Work& work) const {
    for (std::size_t first = 0; first < extents.classes; first += classes_together) {
      const std::size_t classes = std::min(classes_together, extents.classes - first);
      if (to.bias != nullptr) std::fill_n(bias_sums, 2 * classes, 0.0);
      bool weight_has_any = to.hold_others;
      for (std::size_t row = 0; row < extents.rows; row += rows_together) {
        const LogitBlock<T> block{row, std::min(rows_together, extents.rows - row), first, classes, logits};
        if (losses.leaves_out_all(row, row + block.rows)) {
          clear_features_gradient(block, to);
          continue;
        }
        const T* x = features_of(block, from.features);
        write_logits(block, x, from);
        work(block);
        add_gradients(block, x, from, to, weight_has_any);
        weight_has_any = true;
      }
      if (to.weight != nullptr && !weight_has_any) {
        std::fill_n(to.weight + first * extents.in, classes * extents.in, T{0});
      }
      if (to.bias != nullptr) add_bias_gradient(first, classes, to);
    }
  }

 private:
  // A slope of 0 times NaN would be NaN.
  const T* features_of(const LogitBlock<T>& block, const T* features) const {
    if (!losses.may_leave_out()) return features + block.row * extents.in;
    for (std::size_t row = 0; row < block.rows; ++row) {
      T* const kept = kept_features + row * extents.in;
      if (losses.leaves_out(block.row + row)) {
        std::fill_n(kept, extents.in, T{0});
      } else {
        std::copy_n(features + (block.row + row) * extents.in, extents.in, kept);
      }
    }
    return kept_features;
  }

  void write_logits(const LogitBlock<T>& block, const T* x, const LinearOperands<T>& from) const {
    using kernels::Transpose;
    const T* weight = from.weight + block.first_class * extents.in;
    const T* const bias = from.bias == nullptr ? nullptr : from.bias + block.first_class;
    kernels::gemm_plus_bias(Transpose::no, Transpose::yes, block.rows, block.classes, extents.in, x, weight,
                            bias, kernels::After::nothing, block.logits);
  }

  void add_gradients(const LogitBlock<T>& block, const T* x, const LinearOperands<T>& from,
                     const LinearGradients<T>& to, bool weight_has_any) const {
    using kernels::Transpose;
    const std::size_t first_weight = block.first_class * extents.in;
    const T* const slopes = block.logits;
    if (to.features != nullptr) {  // dfeatures = slopes weight
      kernels::gemm(Transpose::no, Transpose::no, block.rows, extents.in, block.classes, slopes,
                    from.weight + first_weight, features_have_any(block, to) ? T{1} : T{0},
                    to.features + block.row * extents.in);
    }
    if (to.weight != nullptr) {  // dweight = slopes^T features
      kernels::gemm(Transpose::yes, Transpose::no, block.classes, extents.in, block.rows, slopes, x,
                    weight_has_any ? T{1} : T{0}, to.weight + first_weight);
    }
    if (to.bias != nullptr) add_to_bias_sums(block);
  }

  static bool features_have_any(const LogitBlock<T>& block, const LinearGradients<T>& to) {
    return to.hold_others || block.first_class > 0;
  }

  void clear_features_gradient(const LogitBlock<T>& block, const LinearGradients<T>& to) const {
    if (to.features == nullptr || features_have_any(block, to)) return;
    std::fill_n(to.features + block.row * extents.in, block.rows * extents.in, T{0});
  }

  void add_to_bias_sums(const LogitBlock<T>& block) const {
    constexpr std::size_t fewest = 512;  // columns, to read memory in order
    const std::size_t length = std::max(fewest, products_per_block / block.rows);
    parallel_for_ranges(block.classes, length, [&](std::size_t begin, std::size_t end) {
      kernels::kernel<kernels::Sums, T>().add_rows(block.logits + begin, block.rows, block.classes,
                                                   end - begin, bias_sums + begin,
                                                   bias_sums + block.classes + begin);
    });
  }

  void add_bias_gradient(std::size_t first, std::size_t classes, const LinearGradients<T>& to) const {
    for (std::size_t j = 0; j < classes; ++j) {
      const double of_class = kernels::sum_with_error(bias_sums[j], bias_sums[classes + j]);
      T& gradient = to.bias[first + j];
      gradient = static_cast<T>(to.hold_others ? gradient + of_class : of_class);
    }
  }
};

}  // namespace xtape::losses
