// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <span>

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/standardise_kernels.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/normalization.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using kernels::kernel;
using kernels::Moments;
using kernels::Pieces;
using kernels::Standard;
using kernels::Standardise;
using kernels::StandardSums;

struct Channels {
  std::size_t batch, count, pixels;

  std::size_t values() const { return batch * pixels; }  // of each channel
};

// Channels [begin, end), whose values lie in a piece of memory for each sample. Short pieces are copied
// together, so that each channel is one.
struct ChannelRange {
  const Channels& all;
  std::size_t begin, end;

  static bool are_copied(const Channels& all) { return all.pixels < 32 && all.batch > 1; }

  Pieces pieces() const {
    if (are_copied(all)) return {1, all.values(), all.values()};
    return {all.batch, all.pixels, all.count * all.pixels};
  }
  std::size_t step() const { return are_copied(all) ? all.values() : all.pixels; }  // to the next channel

  template <class T>
  const T* gather(const T* array, Workspace& workspace) const {
    return are_copied(all) ? copy(array, workspace) : array + begin * all.pixels;
  }
  // Where to write values that scatter() takes.
  template <class T>
  T* result(T* array, Workspace& workspace) const {
    return are_copied(all) ? workspace.take<T>((end - begin) * all.values()) : array + begin * all.pixels;
  }
  // The same for values to which something is added, unless it is the first contribution.
  template <class T>
  T* to_be_added(T* array, bool first, Workspace& workspace) const {
    return are_copied(all) && !first ? copy(array, workspace) : result(array, workspace);
  }
  template <class T>
  void scatter(const T* rows, T* array) const {
    if (!are_copied(all)) return;
    for_each_value([&](std::size_t row, std::size_t at) { array[at] = rows[row]; });
  }

 private:
  template <class T>
  T* copy(const T* array, Workspace& workspace) const {
    T* const rows = workspace.take<T>((end - begin) * all.values());
    for_each_value([&](std::size_t row, std::size_t at) { rows[row] = array[at]; });
    return rows;
  }

  template <class F>
  void for_each_value(F f) const {
    for (std::size_t sample = 0; sample < all.batch; ++sample) {
      for (std::size_t channel = begin; channel < end; ++channel) {
        const std::size_t row = (channel - begin) * all.values() + sample * all.pixels,
                          at = (sample * all.count + channel) * all.pixels;
        for (std::size_t i = 0; i < all.pixels; ++i) f(row + i, at + i);
      }
    }
  }
};

template <class Work>
void for_channel_ranges(const Channels& channels, Work work) {
  const std::size_t fewest = ChannelRange::are_copied(channels) ? 16 : 1;  // to read memory in order
  const std::size_t length =
      std::max(fewest, exponentials_per_block / std::max<std::size_t>(1, channels.values()));
  parallel_for_ranges(channels.count, length, [&](std::size_t begin, std::size_t end) {
    work(ChannelRange{channels, begin, end});
  });
}

template <class T>
Channels check(const Shape& x, const Variable<T>* weight, const Variable<T>* bias,
               const RunningStatistics<T>& running, const BatchNormOptions& options) {
  if (x.rank() < 2) fail<ShapeError>("batch_norm: x must be (batch, channels, ...), got {}", x);
  const Channels channels{x[0], x[1], Shape(x.begin() + 2, x.end()).elements()};
  const auto require_one_each = [&](const char* argument, const Shape& shape) {
    if (shape == Shape{channels.count}) return;
    fail<ShapeError>("batch_norm: {} must have a number for each of the {} channels of x {}, got {}",
                     argument, channels.count, x, shape);
  };
  if (weight != nullptr) require_one_each("weight", weight->shape());
  if (bias != nullptr) require_one_each("bias", bias->shape());
  require_one_each("the running mean", running.mean.shape());
  require_one_each("the running variance", running.variance.shape());
  if (options.training && channels.values() < 2) {
    fail<ShapeError>(
        "batch_norm: x must have at least 2 values for each channel when training, got {}; to use the "
        "running "
        "statistics call eval()",
        x);
  }
  if (!(options.epsilon >= 0) || std::isinf(options.epsilon))
    fail<ArgumentError>("batch_norm: epsilon must be a finite number from 0, got {}", options.epsilon);
  if (!(options.momentum >= 0 && options.momentum <= 1))
    fail<ArgumentError>("batch_norm: momentum must be in [0, 1], got {}", options.momentum);
  return channels;
}

template <class T>
void update(const RunningStatistics<T>& running, const ArrayView<Moments>& of_batch, double momentum,
            std::size_t values) {
  const auto n = static_cast<double>(values);
  const auto blend = [momentum](T& old, double added) {
    old = static_cast<T>((1 - momentum) * old + momentum * added);
  };
  for (std::size_t c = 0; c < of_batch.size(); ++c) {
    blend(running.mean[c], of_batch[c].mean + of_batch[c].rest);
    blend(running.variance[c], of_batch[c].variance * (n / (n - 1)));
  }
}

// What is known of each channel when its gradients are computed.
template <class T>
struct Rule {
  Channels channels;
  ArrayView<Standard> standards;
  bool has_weight, training;

  void operator()(Backward<T>& b) const {
    const auto part_of = [&](std::size_t i) {
      const bool is_needed = (i == 0 || has_weight) && b.needs_grad(i);
      return is_needed ? b.contribution(i) : Contribution<T>{{}, false};
    };
    const Contribution<T> dx = part_of(0), dweight = part_of(1), dbias = part_of(2);
    const T* const weight = has_weight ? b.input(1).data() : nullptr;
    const auto add = [](const Contribution<T>& to, std::size_t c, double x) {
      if (!to.grad.empty()) to.grad[c] = static_cast<T>(to.first ? x : to.grad[c] + x);
    };
    for_channel_ranges(channels, [&](const ChannelRange& range) {
      Workspace workspace;
      const T* const x = range.gather(b.input(0).data(), workspace);
      const T* const dy = range.gather(b.output_grad().data(), workspace);
      T* const slopes = dx.grad.empty() ? nullptr : range.to_be_added(dx.grad.data(), dx.first, workspace);
      for (std::size_t c = range.begin; c < range.end; ++c) {
        const std::size_t at = (c - range.begin) * range.step();
        const StandardSums sums =
            kernel<Standardise, T>().sums(x + at, dy + at, range.pieces(), standards[c]);
        add(dweight, c, sums.gz);
        add(dbias, c, sums.g);
        if (slopes == nullptr) continue;
        const double scale = standards[c].scale * (has_weight ? weight[c] : 1.0);
        input_gradient(x + at, dy + at, range.pieces(), standards[c], sums, scale, slopes + at, dx.first);
      }
      if (slopes != nullptr) range.scatter(slopes, dx.grad.data());
    });
  }

 private:
  // When training dx = (dy - mean of dy - z mean of dy z) weight / deviation, else dx = dy weight /
  // deviation.
  void input_gradient(const T* x, const T* dy, Pieces pieces, const Standard& standard, StandardSums sums,
                      double scale, T* dx, bool first) const {
    if (training) {
      const auto n = static_cast<double>(channels.values());
      kernel<Standardise, T>().gradient(x, dy, pieces, standard, {sums.g / n, sums.gz / n}, scale, dx, first);
      return;
    }
    for (std::size_t piece = 0; piece < pieces.count; ++piece) {
      for (std::size_t i = piece * pieces.step; i < piece * pieces.step + pieces.length; ++i) {
        const double slope = dy[i] * scale;
        dx[i] = static_cast<T>(first ? slope : dx[i] + slope);
      }
    }
  }
};

template <class T>
Variable<T> record(Variable<T> x, const Variable<T>* weight, const Variable<T>* bias,
                   const RunningStatistics<T>& running, const BatchNormOptions& options) {
  const Channels channels = check(x.shape(), weight, bias, running, options);
  const Variable<T> inputs[] = {x, weight == nullptr ? x : *weight, bias == nullptr ? x : *bias};
  Recording<T> op("batch_norm", std::span(inputs, weight == nullptr ? 1 : 3));
  const ArrayView<T> y = op.output(x.shape());
  const ArrayView<Standard> standards = op.template save<Standard>(Shape{channels.count});
  const ArrayView<Moments> moments = op.template save<Moments>(Shape{channels.count});
  for_channel_ranges(channels, [&](const ChannelRange& range) {
    Workspace workspace;
    const T* const in = range.gather(x.data(), workspace);
    T* const out = range.result(y.data(), workspace);
    for (std::size_t c = range.begin; c < range.end; ++c) {
      const std::size_t at = (c - range.begin) * range.step();
      moments[c] = options.training ? kernel<Standardise, T>().moments(in + at, range.pieces())
                                    : Moments{running.mean[c], 0, running.variance[c]};
      standards[c] = {moments[c].mean, moments[c].rest, 1 / std::sqrt(moments[c].variance + options.epsilon)};
      kernel<Standardise, T>().value(in + at, range.pieces(), standards[c],
                                     weight == nullptr ? 1 : weight->data()[c],
                                     bias == nullptr ? 0 : bias->data()[c], out + at);
    }
    range.scatter(out, y.data());
  });

  const Variable<T> result = op.finish(Rule<T>{channels, standards, weight != nullptr, options.training});
  if (options.training) update(running, moments, options.momentum, channels.values());
  return result;
}

}  // namespace

template <class T>
Variable<T> batch_norm(Variable<T> x, Variable<T> weight, Variable<T> bias,
                       const RunningStatistics<T>& running, const BatchNormOptions& options) {
  return record(x, &weight, &bias, running, options);
}

template <class T>
Variable<T> batch_norm(Variable<T> x, const RunningStatistics<T>& running, const BatchNormOptions& options) {
  return record<T>(x, nullptr, nullptr, running, options);
}

template Variable<float> batch_norm(Variable<float>, Variable<float>, Variable<float>,
                                    const RunningStatistics<float>&, const BatchNormOptions&);
template Variable<float> batch_norm(Variable<float>, const RunningStatistics<float>&,
                                    const BatchNormOptions&);
template Variable<double> batch_norm(Variable<double>, Variable<double>, Variable<double>,
                                     const RunningStatistics<double>&, const BatchNormOptions&);
template Variable<double> batch_norm(Variable<double>, const RunningStatistics<double>&,
                                     const BatchNormOptions&);

}  // namespace xtape
#pragma GCC visibility pop
