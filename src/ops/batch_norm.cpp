// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <span>

#include "arrays/format.hpp"
#include "kernels/weighted.hpp"
#include "ops/batch_norm_channels.hpp"
#include "ops/normalization.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/normalization.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

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
    old = static_cast<T>(kernels::weighted(1 - momentum, static_cast<double>(old)) +
                         kernels::weighted(momentum, added));
  };
  for (std::size_t c = 0; c < of_batch.size(); ++c) {
    blend(running.mean[c], of_batch[c].mean + of_batch[c].rest);
    blend(running.variance[c], of_batch[c].variance * (n / (n - 1)));
  }
}

// What is known of each channel when its gradients are computed. When training
// dx = (dy - mean of dy - z mean of dy z) weight / deviation, else dx = dy weight / deviation.
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
    const T *const x = b.input(0).data(), *const dy = b.output_grad().data();
    const auto n = static_cast<double>(channels.values());
    for_channel_ranges<T>(channels, [&](const auto& range, std::size_t begin, std::size_t end) {
      StandardSums* const means = range.workspace().template take<StandardSums>(end - begin);
      range.sums(x, dy, standards.data(), [&](std::size_t c, StandardSums sums) {
        add(dweight, c, sums.gz);
        add(dbias, c, sums.g);
        means[c - begin] = {sums.g / n, sums.gz / n};
      });
      if (dx.grad.empty()) return;
      const auto scale = [&](std::size_t c) { return standards[c].scale * (has_weight ? weight[c] : 1.0); };
      if (!training) return range.scale(dy, scale, dx.grad.data(), dx.first);
      const auto means_of = [&](std::size_t c) { return means[c - begin]; };
      range.gradient(x, dy, standards.data(), means_of, scale, dx.grad.data(), dx.first);
    });
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
  for_channel_ranges<T>(channels, [&](const auto& range, std::size_t begin, std::size_t end) {
    if (options.training) range.moments(x.data(), moments.data());
    for (std::size_t c = begin; c < end; ++c) {
      if (!options.training) moments[c] = {running.mean[c], 0, running.variance[c]};
      standards[c] = standard_of(moments[c], options.epsilon);
    }
    range.value(
        x.data(), standards.data(),
        [&](std::size_t c) { return weight == nullptr ? 1.0 : weight->data()[c]; },
        [&](std::size_t c) { return bias == nullptr ? 0.0 : bias->data()[c]; }, y.data());
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
