// SPDX-License-Identifier: BSD-3-Clause
// The steps of a predictor that are no products of weights.
#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>
#include <vector>

#include "arrays/with_rows_before.hpp"
#include "inference/activate.hpp"
#include "inference/predictor_step.hpp"
#include "kernels/exponential.hpp"
#include "kernels/kernel.hpp"
#include "kernels/pooling_kernels.hpp"
#include "kernels/softmax.hpp"
#include "kernels/softmax_kernels.hpp"
#include "kernels/standardise_kernels.hpp"
#include "kernels/standardise_rows_kernels.hpp"
#include "ops/normalization.hpp"
#include "ops/ordinal_values.hpp"
#include "ops/rising.hpp"
#include "ops/sliding_window.hpp"
#include "threads/workspace.hpp"
#include "xtape/arrays/array.hpp"

namespace xtape::inference {
namespace {

using nn::operations::Activation;

template <class T>
std::vector<T> elements_of(ArrayView<const T> array) {
  return std::vector<T>(array.begin(), array.end());
}

template <class T>
const T* data_or_null(const std::vector<T>& elements) noexcept {
  return elements.empty() ? nullptr : elements.data();
}

template <class T>
class CopyStep : public PredictorStep<T> {
 public:
  explicit CopyStep(const Shape& row) : length_(row.elements()) {}
  void run(const StepMemory<T>& memory) const noexcept override {
    std::copy_n(memory.x, memory.rows * length_, memory.y);
  }

 private:
  std::size_t length_;
};

template <class T>
class ActivationStep : public PredictorStep<T> {
 public:
  ActivationStep(const Activation<T>& activation, const Shape& row)
      : activate_(activation), length_(row.elements()) {}
  bool works_in_place() const override { return true; }
  void run(const StepMemory<T>& memory) const noexcept override {
    activate_(memory.x, memory.y, memory.rows * length_);
  }

 private:
  Activate<T> activate_;
  std::size_t length_;
};

// a + b or a b
template <class T>
class PairStep : public PredictorStep<T> {
 public:
  PairStep(kernels::BinaryFunction<T> function, const Shape& row)
      : function_(function), length_(row.elements()) {}
  bool works_in_place() const override { return true; }
  void run(const StepMemory<T>& memory) const noexcept override {
    function_(memory.x, true, memory.other, true, memory.y, memory.rows * length_);
  }

 private:
  kernels::BinaryFunction<T> function_;
  std::size_t length_;
};

template <class T>
class MaxPoolStep : public PredictorStep<T> {
 public:
  MaxPoolStep(const nn::operations::MaxPool2d& pool, const Shape& row)
      : pooling_(make_pooling("max_pool2d", with_rows_before(row, 1), pool.kernel, pool.options.stride,
                              pool.options.padding)) {
    kernels::kernel<kernels::LargestOfFour, T>();
    kernels::kernel<kernels::LargestOfWindows, T>();
  }
  void run(const StepMemory<T>& memory) const noexcept override {
    max_pool_planes(pooling_, memory.rows * pooling_.planes(), memory.x, memory.y);
  }

 private:
  Pooling pooling_;
};

template <class T>
class AvgPoolStep : public PredictorStep<T> {
 public:
  AvgPoolStep(const nn::operations::AvgPool2d& pool, const Shape& row)
      : pooling_(make_pooling("avg_pool2d", with_rows_before(row, 1), pool.kernel, pool.options.stride,
                              pool.options.padding)),
        count_include_pad_(pool.options.count_include_pad) {
    kernels::kernel<kernels::MeanOfWindows, T>();
  }
  void run(const StepMemory<T>& memory) const noexcept override {
    avg_pool_planes(pooling_, count_include_pad_, memory.rows * pooling_.planes(), memory.x, memory.y);
  }

 private:
  Pooling pooling_;
  bool count_include_pad_;
};

// Of channels of few elements each element has its own numbers, so that a row is one call.
template <class T>
class BatchNormStep : public PredictorStep<T> {
 public:
  BatchNormStep(const nn::operations::BatchNorm<T>& norm, const Shape& row)
      : channels_(row[0]), length_(row.elements()), functions_(kernels::kernel<kernels::Standardise, T>()) {
    constexpr std::size_t few = 32;
    const std::size_t pixels = length_ / std::max<std::size_t>(1, channels_);
    repeated_ = pixels < few;
    for (std::size_t c = 0; c < channels_; ++c) {
      const auto standard = standard_of({norm.mean[c], 0, norm.variance[c]}, norm.epsilon);
      const std::size_t times = repeated_ ? pixels : 1;
      means_.insert(means_.end(), times, standard.mean);
      scales_.insert(scales_.end(), times, standard.scale);
      factors_.insert(factors_.end(), times, norm.weight.empty() ? 1 : norm.weight[c]);
      shifts_.insert(shifts_.end(), times, norm.bias.empty() ? 0 : norm.bias[c]);
    }
  }
  bool works_in_place() const override { return true; }
  void run(const StepMemory<T>& memory) const noexcept override {
    for (std::size_t row = 0; row < memory.rows; ++row)
      normalize(memory.x + row * length_, memory.y + row * length_);
  }

 private:
  void normalize(const T* x, T* y) const noexcept {
    if (repeated_)
      return functions_.each_value(x, length_, means_.data(), scales_.data(), factors_.data(), shifts_.data(),
                                   y);
    const std::size_t pixels = length_ / channels_;
    for (std::size_t c = 0; c < channels_; ++c) {
      functions_.value(x + c * pixels, {1, pixels, pixels}, {means_[c], 0, scales_[c]}, factors_[c],
                       shifts_[c], y + c * pixels);
    }
  }

  std::size_t channels_, length_;
  typename kernels::Standardise::template Functions<T> functions_;
  bool repeated_ = false;
  std::vector<double> means_, scales_, factors_, shifts_;
};

template <class T>
class LayerNormStep : public PredictorStep<T> {
 public:
  LayerNormStep(const nn::operations::LayerNorm<T>& norm, const Shape& row)
      : length_(norm.normalized.elements()),
        count_(length_ == 0 ? 0 : row.elements() / length_),
        epsilon_(norm.epsilon),
        factors_(elements_of(norm.weight)),
        shifts_(elements_of(norm.bias)) {
    kernels::kernel<kernels::StandardiseRows, T>();
  }
  bool works_in_place() const override { return true; }
  void run(const StepMemory<T>& memory) const noexcept override {
    kernels::kernel<kernels::StandardiseRows, T>().value(memory.x, memory.rows * count_, length_, epsilon_,
                                                         data_or_null(factors_), data_or_null(shifts_),
                                                         nullptr, memory.y);
  }

 private:
  std::size_t length_, count_;
  double epsilon_;
  std::vector<T> factors_, shifts_;
};

template <class T>
class EmbeddingStep : public PredictorStep<T> {
 public:
  EmbeddingStep(const nn::operations::Embedding<T>& embedding, const Shape& row)
      : length_(row.elements()),
        count_(embedding.weight.shape()[0]),
        width_(embedding.weight.shape()[1]),
        weight_(elements_of(embedding.weight)) {}
  void run(const StepMemory<T>& memory) const noexcept override {
    for (std::size_t i = 0; i < memory.rows * length_; ++i) look_up(memory.x[i], memory.y + i * width_);
  }

 private:
  void look_up(T number, T* y) const noexcept {
    const bool is_whole = number >= 0 && number <= T(0x1p62) && number == std::trunc(number);
    if (is_whole && static_cast<std::size_t>(number) < count_) {
      std::copy_n(weight_.data() + static_cast<std::size_t>(number) * width_, width_, y);
    } else {
      std::fill_n(y, width_, std::numeric_limits<T>::quiet_NaN());
    }
  }

  std::size_t length_, count_, width_;
  std::vector<T> weight_;
};

template <class T>
class OrdinalStep : public PredictorStep<T> {
 public:
  explicit OrdinalStep(const nn::operations::OrdinalLogProbabilities<T>& ordinal)
      : thresholds_(elements_of(ordinal.thresholds)), gaps_(thresholds_.size() + 1) {
    require_rising("Predictor", ordinal.thresholds);
    write_ordinal_gaps(view(), gaps_.data());
    kernels::exponential(0);
  }
  std::size_t scratch(std::size_t) const override {
    return GivenMemory::bytes<kernels::LogitOdds>(gaps_.size() + 1);
  }
  void run(const StepMemory<T>& memory) const noexcept override {
    auto* const odds = static_cast<kernels::LogitOdds*>(memory.scratch);
    for (std::size_t row = 0; row < memory.rows; ++row)
      write_ordinal_row(memory.x[row], view(), gaps_.data(), odds, memory.y + row * gaps_.size());
  }

 private:
  ArrayView<const T> view() const noexcept { return {thresholds_.data(), Shape{thresholds_.size()}}; }

  std::vector<T> thresholds_;
  std::vector<OrdinalGap> gaps_;
};

// A function of an element and its column.
template <class T, class F>
class ColumnStep : public PredictorStep<T> {
 public:
  ColumnStep(const Shape& row, F function) : length_(row.elements()), function_(std::move(function)) {}
  bool works_in_place() const override { return true; }
  void run(const StepMemory<T>& memory) const noexcept override {
    for (std::size_t at = 0; at < memory.rows * length_; at += length_) {
      for (std::size_t c = 0; c < length_; ++c) memory.y[at + c] = function_(memory.x[at + c], c);
    }
  }

 private:
  std::size_t length_;
  F function_;
};

template <class T, class F>
StepPointer<T> make_column_step(const Shape& row, F function) {
  return std::make_unique<ColumnStep<T, F>>(row, std::move(function));
}

template <class T>
class SoftmaxStep : public PredictorStep<T> {
 public:
  SoftmaxStep(const nn::operations::Softmax& softmax, const Shape& row)
      : temperature_(softmax.temperature),
        classes_(row[row.rank() - 1]),
        count_(classes_ == 0 ? 0 : row.elements() / classes_),
        value_(kernels::kernel<kernels::Softmax, T>().value) {
    kernels::exponential(0);
  }
  std::size_t scratch(std::size_t rows) const override {
    return GivenMemory::bytes<kernels::RowNormaliser<T>>(rows * count_);
  }
  void run(const StepMemory<T>& memory) const noexcept override {
    const std::size_t rows = memory.rows * count_;
    auto* const normalisers = static_cast<kernels::RowNormaliser<T>*>(memory.scratch);
    if (temperature_ == 1) value_(memory.x, rows, classes_, memory.y, normalisers);
    for (std::size_t row = 0; row < rows; ++row) {
      if (temperature_ == 1 && !std::isnan(normalisers[row].rest)) continue;
      const T* const x = memory.x + row * classes_;
      const auto normal = kernels::normaliser(x, classes_, 1, nullptr, temperature_);
      for (std::size_t c = 0; c < classes_; ++c)
        memory.y[row * classes_ + c] = static_cast<T>(normal.probability(x[c], c));
    }
  }

 private:
  double temperature_;
  std::size_t classes_, count_;
  decltype(kernels::Softmax::Functions<T>::value) value_;
};

// The step of an operation of rows of this shape.
template <class T>
struct StepOf {
  const Shape& row;
  std::size_t rows;

  StepPointer<T> operator()(const nn::operations::Linear<T>& linear) const {
    return make_linear_step<T>(linear, nullptr, row, rows);
  }
  StepPointer<T> operator()(const nn::operations::Conv2d<T>& convolution) const {
    return make_convolution_step<T>(convolution, nullptr, row);
  }
  StepPointer<T> operator()(const nn::operations::MaxPool2d& pool) const {
    return std::make_unique<MaxPoolStep<T>>(pool, row);
  }
  StepPointer<T> operator()(const nn::operations::AvgPool2d& pool) const {
    return std::make_unique<AvgPoolStep<T>>(pool, row);
  }
  StepPointer<T> operator()(const nn::operations::BatchNorm<T>& norm) const {
    return std::make_unique<BatchNormStep<T>>(norm, row);
  }
  StepPointer<T> operator()(const nn::operations::LayerNorm<T>& norm) const {
    return std::make_unique<LayerNormStep<T>>(norm, row);
  }
  StepPointer<T> operator()(const nn::operations::Embedding<T>& embedding) const {
    return std::make_unique<EmbeddingStep<T>>(embedding, row);
  }
  StepPointer<T> operator()(const nn::operations::Flatten&) const { return make_copy_step<T>(row); }
  StepPointer<T> operator()(const Activation<T>& activation) const {
    return std::make_unique<ActivationStep<T>>(activation, row);
  }
  StepPointer<T> operator()(const nn::operations::Add&) const {
    return std::make_unique<PairStep<T>>(kernels::kernel<kernels::Binary<kernels::Add>, T>(), row);
  }
  StepPointer<T> operator()(const nn::operations::Multiply&) const {
    return std::make_unique<PairStep<T>>(kernels::kernel<kernels::Binary<kernels::Multiply>, T>(), row);
  }
  StepPointer<T> operator()(const nn::operations::OrdinalLogProbabilities<T>& ordinal) const {
    return std::make_unique<OrdinalStep<T>>(ordinal);
  }
  StepPointer<T> operator()(const nn::operations::Impute& impute) const {
    return make_column_step<T>(row, [means = elements_of(impute.means)](T x, std::size_t c) {
      return std::isnan(x) ? static_cast<T>(means[c]) : x;
    });
  }
  StepPointer<T> operator()(const nn::operations::Standardize& by) const {
    return make_column_step<T>(
        row, [means = elements_of(by.means), scales = elements_of(by.scales)](T x, std::size_t c) {
          return static_cast<T>((static_cast<double>(x) - means[c]) / scales[c]);
        });
  }
  StepPointer<T> operator()(const nn::operations::Scale& scale) const {
    return make_column_step<T>(
        row, [scale](T x, std::size_t) { return static_cast<T>(x * scale.factor + scale.shift); });
  }
  StepPointer<T> operator()(const nn::operations::Softmax& softmax) const {
    return std::make_unique<SoftmaxStep<T>>(softmax, row);
  }
};

}  // namespace

template <class T>
StepPointer<T> make_step(const nn::Operation<T>& operation, const Shape& row, std::size_t rows) {
  return std::visit(StepOf<T>{row, rows}, operation);
}

template <class T>
StepPointer<T> make_copy_step(const Shape& row) {
  return std::make_unique<CopyStep<T>>(row);
}

template StepPointer<float> make_step(const nn::Operation<float>&, const Shape&, std::size_t);
template StepPointer<double> make_step(const nn::Operation<double>&, const Shape&, std::size_t);
template StepPointer<float> make_copy_step(const Shape&);
template StepPointer<double> make_copy_step(const Shape&);

}  // namespace xtape::inference
