// SPDX-License-Identifier: BSD-3-Clause
#include "losses/loss_sum.hpp"

#include <algorithm>
#include <utility>

#include "kernels/kernel.hpp"
#include "kernels/sum.hpp"
#include "kernels/sum_kernels.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"

namespace xtape::losses {

template <class T>
double LossSum<T>::write(const PredictionBlock<T>& block, LossOfBlock<T> loss_of) const {
  const std::size_t count = block.end - block.begin, length = samples_together();
  parallel_for_ranges(count, length, [&](std::size_t begin, std::size_t end) {
    kernels::Sum<double> sum;
    const std::size_t step = samples_for(elements_at_a_time);
    for (std::size_t first = begin; first < end; first += step) {
      const SliceRange range{slices, block.begin + first, block.begin + std::min(end, first + step)};
      Workspace workspace;
      const double* losses = write_rows(range, block, loss_of, workspace);
      if (each == nullptr) {
        sum.add(kernels::kernel<kernels::Sums, T>().sum_of_doubles(losses, range.count()));
      } else {
        std::transform(losses, losses + range.count(), each + range.begin,
                       [](double loss) { return static_cast<T>(loss); });
      }
    }
    sums[begin / length] = sum.value();
  });
  const std::size_t ranges = (count + length - 1) / length;
  return ranges == 1 ? sums[0] : kernels::kernel<kernels::Sums, T>().sum_of_doubles(sums, ranges);
}

template <class T>
const double* LossSum<T>::write_rows(const SliceRange& range, const PredictionBlock<T>& block,
                                     LossOfBlock<T> loss_of, Workspace& workspace) const {
  double* losses = exact == nullptr ? workspace.take<double>(range.count()) : exact + range.begin;
  const SliceRange in_block{slices, range.begin - block.begin, range.end - block.begin};
  const auto rows_of = [&](T* array) {
    return array == nullptr ? nullptr : in_block.rows_of(array, workspace);
  };
  T* gradient = rows_of(block.gradient);
  T* label_gradient = rows_of(block.label_gradient);
  const T* x = nullptr;
  if (block.x != nullptr) {
    x = block.gradient == block.x ? in_block.copy(block.x, workspace) : in_block.gather(block.x, workspace);
  }
  loss_of(SampleBlock<T>{range, x, x, labels == nullptr ? nullptr : range.gather(labels, workspace),
                         weights.valid.empty() ? nullptr : &weights.valid[range.begin],
                         write_scales(range, block.factors, workspace), divides_by_0() ? 1 : 1 / divisor,
                         losses, gradient, label_gradient});
  const bool all_count_alike = weights.valid.empty() && !weights.has_factors();
  for (std::size_t row = 0; row < range.count() && !all_count_alike; ++row) {
    const bool is_valid = weights.is_valid(range.begin + row);
    losses[row] = is_valid ? weights.factor(range.begin + row) * losses[row] : 0;
  }
  for (const auto& [rows, array] :
       {std::pair(gradient, block.gradient), std::pair(label_gradient, block.label_gradient)}) {
    if (rows == nullptr) continue;
    if (divides_by_0())
      std::transform(rows, rows + range.elements(), rows, [](T slope) { return slope / T{0}; });
    clear_left_out(range, rows);
    in_block.scatter(rows, array);
  }
  return losses;
}

template <class T>
const double* LossSum<T>::write_scales(const SliceRange& range, const T* factors,
                                       Workspace& workspace) const {
  if (!weights.has_factors() && factors == nullptr) return nullptr;
  double* scales = workspace.take<double>(range.count());
  for (std::size_t row = 0; row < range.count(); ++row) {
    const std::size_t sample = range.begin + row;
    scales[row] = divides_by_0() ? weights.factor(sample) : scale(sample, factors);
  }
  return scales;
}

template <class T>
void LossSum<T>::clear_left_out(const SliceRange& range, T* rows) const {
  if (!may_leave_out()) return;
  for (std::size_t row = 0; row < range.count(); ++row) {
    if (leaves_out(range.begin + row)) std::fill_n(rows + row * slices.length, slices.length, T{0});
  }
}

template struct LossSum<float>;
template struct LossSum<double>;

}  // namespace xtape::losses
