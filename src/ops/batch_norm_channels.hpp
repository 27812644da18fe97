// SPDX-License-Identifier: BSD-3-Clause
// How the numbers of batch_norm's channels lie in memory, and what is computed of some neighbouring channels.
// Two classes do so alike: one where a channel is long pieces of memory, and one where it is columns.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/broadcast.hpp"
#include "kernels/kernel.hpp"
#include "kernels/standardise_columns_kernels.hpp"
#include "kernels/standardise_kernels.hpp"
#include "kernels/sum.hpp"
#include "kernels/sum_kernels.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"

namespace xtape {

using kernels::Moments;
using kernels::Standard;
using kernels::StandardSums;

// Those of (batch, channels, pixels).
struct Channels {
  std::size_t batch, count, pixels;

  std::size_t values() const { return batch * pixels; }  // of each channel
  // A piece of one sample is too short for a call of its own.
  bool are_columns() const { return pixels < 32 && batch > 1; }
};

// Channels [begin, end); what is given for each channel begins with that for channel 0.
template <class T>
class ChannelPieces {
 public:
  ChannelPieces(const Channels& all, std::size_t begin, std::size_t end, Workspace& workspace)
      : all_(all), begin_(begin), end_(end), workspace_(workspace) {}

  Workspace& workspace() const { return workspace_; }

  void moments(const T* x, Moments* result) const {
    for_each([&](std::size_t c, std::size_t at) { result[c] = functions().moments(x + at, pieces()); });
  }

  // y = z factor(c) + shift(c) with z = x standardised.
  template <class Factor, class Shift>
  void value(const T* x, const Standard* standards, Factor factor, Shift shift, T* y) const {
    for_each([&](std::size_t c, std::size_t at) {
      functions().value(x + at, pieces(), standards[c], factor(c), shift(c), y + at);
    });
  }

  // Calls take(c, sums of dy and dy z).
  template <class Take>
  void sums(const T* x, const T* dy, const Standard* standards, Take take) const {
    for_each([&](std::size_t c, std::size_t at) {
      take(c, functions().sums(x + at, dy + at, pieces(), standards[c]));
    });
  }

  // dx (+)= (dy - mean of dy - z mean of dy z) scale(c); means(c) are those two.
  template <class Means, class Scale>
  void gradient(const T* x, const T* dy, const Standard* standards, Means means, Scale scale, T* dx,
                bool first) const {
    for_each([&](std::size_t c, std::size_t at) {
      functions().gradient(x + at, dy + at, pieces(), standards[c], means(c), scale(c), dx + at, first);
    });
  }

  // dx (+)= dy scale(c)
  template <class Scale>
  void scale(const T* dy, Scale scale, T* dx, bool first) const {
    for_each([&](std::size_t c, std::size_t at) {
      const double factor = scale(c);
      for (std::size_t piece = 0; piece < all_.batch; ++piece) {
        const std::size_t start = at + piece * pieces().step;
        for (std::size_t i = start; i < start + all_.pixels; ++i) {
          const double slope = dy[i] * factor;
          dx[i] = static_cast<T>(first ? slope : dx[i] + slope);
        }
      }
    });
  }

 private:
  static const auto& functions() { return kernels::kernel<kernels::Standardise, T>(); }
  kernels::Pieces pieces() const { return {all_.batch, all_.pixels, all_.count * all_.pixels}; }

  template <class F>
  void for_each(F f) const {
    for (std::size_t c = begin_; c < end_; ++c) f(c, c * all_.pixels);
  }

  const Channels& all_;
  std::size_t begin_, end_;
  Workspace& workspace_;
};

// The same where each pixel of a channel is a column: the numbers of channels lie side by side.
template <class T>
class ChannelColumns {
 public:
  ChannelColumns(const Channels& all, std::size_t begin, std::size_t end, Workspace& workspace)
      : all_(all), begin_(begin), end_(end), workspace_(workspace) {}

  Workspace& workspace() const { return workspace_; }

  // See kernels/simd/distances.hpp.
  void moments(const T* x, Moments* result) const {
    constexpr bool center_is_mean = sizeof(T) == 8;
    const auto mean_of = [&](std::size_t c) { return result[c - begin_].mean + result[c - begin_].rest; };
    result += begin_;
    moments_about(center_is_mean ? means(x) : firsts(x), x, result);
    if (center_is_mean) return;
    const bool is_off = std::any_of(result, result + (end_ - begin_),
                                    [](const Moments& m) { return m.rest * m.rest > 0x1p20 * m.variance; });
    if (is_off) moments_about(for_columns(mean_of), x, result);
    for (std::size_t c = begin_; c < end_; ++c) {
      const double rest = result[c - begin_].rest;
      result[c - begin_] = {mean_of(c) + (rest - rest), 0, result[c - begin_].variance};
    }
  }

  template <class Factor, class Shift>
  void value(const T* x, const Standard* standards, Factor factor, Shift shift, T* y) const {
    functions().value(x + start(), columns(), of_columns(standards), for_columns(factor), for_columns(shift),
                      y + start());
  }

  template <class Take>
  void sums(const T* x, const T* dy, const Standard* standards, Take take) const {
    const kernels::ColumnSums g = zeros(), gz = zeros();
    functions().add_slopes(x + start(), dy + start(), columns(), of_columns(standards), g, gz);
    for (std::size_t c = begin_; c < end_; ++c) take(c, StandardSums{total(g, c), total(gz, c)});
  }

  template <class Means, class Scale>
  void gradient(const T* x, const T* dy, const Standard* standards, Means means, Scale scale, T* dx,
                bool first) const {
    functions().gradient(x + start(), dy + start(), columns(), of_columns(standards),
                         for_columns([&](std::size_t c) { return means(c).g; }),
                         for_columns([&](std::size_t c) { return means(c).gz; }), for_columns(scale),
                         dx + start(), first);
  }

  template <class Scale>
  void scale(const T* dy, Scale scale, T* dx, bool first) const {
    const double* const factors = for_columns(scale);
    for (std::size_t sample = 0; sample < all_.batch; ++sample) {
      const std::size_t at = start() + sample * columns().step;
      for (std::size_t i = 0; i < count(); ++i) {
        const double slope = dy[at + i] * factors[i];
        dx[at + i] = static_cast<T>(first ? slope : dx[at + i] + slope);
      }
    }
  }

 private:
  static const auto& functions() { return kernels::kernel<kernels::StandardiseColumns, T>(); }

  // By the distances from the centers, of each column; of channels from begin_ on.
  void moments_about(const double* centers, const T* x, Moments* result) const {
    const kernels::ColumnSums distances = zeros(), squares = zeros();
    functions().add_distances(x + start(), columns(), centers, distances, squares);
    const auto n = static_cast<double>(all_.values());
    for (std::size_t c = begin_; c < end_; ++c) {
      const double distance = total(distances, c), rest = distance / n;
      const double variance = (total(squares, c) - distance * rest) / n;
      result[c - begin_] = {centers[(c - begin_) * all_.pixels], rest, variance < 0 ? 0 : variance};
    }
  }
  const double* means(const T* x) const {
    const kernels::ColumnSums sums = zeros();
    const auto [rows, step, count] = columns();
    kernels::kernel<kernels::Sums, T>().add_rows(x + start(), rows, step, count, sums.sums, sums.errors);
    const auto n = static_cast<double>(all_.values());
    return for_columns([&](std::size_t c) { return total(sums, c) / n; });
  }
  const double* firsts(const T* x) const {
    return for_columns([&](std::size_t c) { return static_cast<double>(x[c * all_.pixels]); });
  }

  std::size_t start() const { return begin_ * all_.pixels; }
  std::size_t count() const { return (end_ - begin_) * all_.pixels; }
  kernels::Columns columns() const { return {all_.batch, all_.count * all_.pixels, count()}; }

  // value(c) for each column of channel c.
  template <class Value>
  const double* for_columns(Value value) const {
    double* const result = workspace_.take<double>(count());
    for (std::size_t c = begin_; c < end_; ++c) {
      const double of_channel = value(c);
      std::fill_n(result + (c - begin_) * all_.pixels, all_.pixels, of_channel);
    }
    return result;
  }
  kernels::ColumnStandards of_columns(const Standard* standards) const {
    return {for_columns([&](std::size_t c) { return standards[c].mean; }),
            for_columns([&](std::size_t c) { return standards[c].rest; }),
            for_columns([&](std::size_t c) { return standards[c].scale; })};
  }

  kernels::ColumnSums zeros() const {
    double* const memory = workspace_.take<double>(2 * count());
    std::fill_n(memory, 2 * count(), 0.0);
    return {memory, memory + count()};
  }
  // Of all columns of the channel.
  double total(const kernels::ColumnSums& sums, std::size_t c) const {
    kernels::Sum<double> result;
    for (std::size_t i = (c - begin_) * all_.pixels; i < (c - begin_ + 1) * all_.pixels; ++i)
      result.add(kernels::sum_with_error(sums.sums[i], sums.errors[i]));
    return result.value();
  }

  const Channels& all_;
  std::size_t begin_, end_;
  Workspace& workspace_;
};

// Calls work(channels, begin, end) for all channels in ranges, on several threads if there is much to do; the
// first is a ChannelPieces or ChannelColumns.
template <class T, class Work>
void for_channel_ranges(const Channels& all, Work work) {
  const std::size_t length = exponentials_per_block / std::max<std::size_t>(1, all.values());
  if (!all.are_columns()) {
    parallel_for_ranges(all.count, std::max<std::size_t>(1, length), [&](std::size_t begin, std::size_t end) {
      Workspace workspace;
      work(ChannelPieces<T>(all, begin, end, workspace), begin, end);
    });
    return;
  }
  // Of so many columns memory is read in order, and more do not fit into the cache with what is known of
  // them.
  constexpr std::size_t fewest = 64, most = 1024;
  const std::size_t pixels = std::max<std::size_t>(1, all.pixels);
  parallel_for_ranges(all.count, std::clamp(length, (fewest + pixels - 1) / pixels, most / pixels),
                      [&](std::size_t begin, std::size_t end) {
                        Workspace workspace;
                        work(ChannelColumns<T>(all, begin, end, workspace), begin, end);
                      });
}

}  // namespace xtape
