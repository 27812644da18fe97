// SPDX-License-Identifier: BSD-3-Clause
// The steps of a predictor in which weights are multiplied.
#include <algorithm>
#include <utility>

#include "arrays/with_rows_before.hpp"
#include "inference/activate.hpp"
#include "inference/predictor_step.hpp"
#include "kernels/gemm.hpp"
#include "kernels/kernel.hpp"
#include "kernels/packed_row_kernels.hpp"
#include "kernels/product_kernels.hpp"
#include "ops/convolution.hpp"
#include "threads/workspace.hpp"
#include "xtape/arrays/array.hpp"

namespace xtape::inference {
namespace {

using kernels::Transpose;

template <class T>
Array<T> copy(ArrayView<const T> array) {
  Array<T> own(array.shape());
  std::ranges::copy(array, own.begin());
  return own;
}

// The weights, and the biases, of which there are none or one for each output.
template <class T>
struct Weights {
  Array<T> weight, bias;

  const T* bias_or_null() const noexcept { return bias.size() == 0 ? nullptr : bias.data(); }
};

// Weights of so many elements are kept twice at most: packed for one row, and as they are for several.
constexpr std::size_t most_kept_twice = std::size_t{1} << 20;

template <class T>
class LinearStep : public PredictorStep<T> {
 public:
  LinearStep(Weights<T> weights, const Activate<T>& activate, std::size_t rows_of_row, std::size_t rows)
      : weights_(std::move(weights)),
        activate_(activate),
        in_(weights_.weight.shape()[1]),
        out_(weights_.weight.shape()[0]),
        rows_of_row_(rows_of_row) {
    kernels::kernel<kernels::MultiplySmall, T>();
    const bool is_one = rows * rows_of_row == 1;
    if (rows_of_row != 1 || in_ == 0 || (!is_one && weights_.weight.size() > most_kept_twice)) return;
    const auto& row = kernels::kernel<kernels::MultiplyRow, T>();
    packed_ = Array<T>(Shape{row.elements(out_, in_)});
    row.pack(weights_.weight.data(), out_, in_, packed_.data());
    multiply_row_ = row.multiply;
    if (is_one) weights_.weight = Array<T>();
  }

  std::size_t scratch(std::size_t) const override {
    return GivenMemory::bytes<T>(kernels::gemm_alone_memory(in_));
  }

  void run(const StepMemory<T>& memory) const noexcept override {
    const T* const bias = weights_.bias_or_null();
    if (memory.rows == 1 && multiply_row_ != nullptr) {
      multiply_row_({out_, in_, memory.x, packed_.data(), bias, activate_.is_relu(), memory.y});
      if (!activate_.is_relu()) activate_(memory.y, memory.y, out_);
      return;
    }
    const std::size_t rows = memory.rows * rows_of_row_;
    kernels::gemm_alone(Transpose::no, Transpose::yes, rows, out_, in_, memory.x, weights_.weight.data(),
                        T{0}, bias, memory.y, static_cast<T*>(memory.scratch));
    activate_(memory.y, memory.y, rows * out_);
  }

 private:
  Weights<T> weights_;  // the weight is (0) where only one row ever comes
  Activate<T> activate_;
  std::size_t in_, out_, rows_of_row_;
  Array<T> packed_;
  void (*multiply_row_)(const kernels::RowProduct<T>&) = nullptr;
};

template <class T>
class ConvolutionStep : public PredictorStep<T> {
 public:
  ConvolutionStep(Weights<T> weights, const Activate<T>& activate, const Convolution& convolution)
      : weights_(std::move(weights)), activate_(activate), convolution_(convolution) {
    prepare_to_convolve_alone<T>();
  }

  std::size_t scratch(std::size_t rows) const override { return convolve_alone_memory<T>(of(rows)); }

  void run(const StepMemory<T>& memory) const noexcept override {
    const Convolution convolution = of(memory.rows);
    convolve_alone(convolution, memory.x, weights_.weight.data(), weights_.bias_or_null(), memory.y,
                   memory.scratch);
    activate_(memory.y, memory.y, convolution.result(memory.rows, 0));
  }

 private:
  Convolution of(std::size_t rows) const noexcept {
    Convolution convolution = convolution_;
    convolution.batch = rows;
    return convolution;
  }

  Weights<T> weights_;
  Activate<T> activate_;
  Convolution convolution_;
};

template <class T>
Activate<T> activate_or_nothing(const nn::operations::Activation<T>* activation) {
  return activation == nullptr ? Activate<T>() : Activate<T>(*activation);
}

}  // namespace

template <class T>
StepPointer<T> make_linear_step(const nn::operations::Linear<T>& linear,
                                const nn::operations::Activation<T>* activation, const Shape& row,
                                std::size_t rows) {
  const std::size_t rows_of_row = Shape(row.begin(), row.end() - 1).elements();
  return std::make_unique<LinearStep<T>>(Weights<T>{copy(linear.weight), copy(linear.bias)},
                                         activate_or_nothing(activation), rows_of_row, rows);
}

template <class T>
StepPointer<T> make_convolution_step(const nn::operations::Conv2d<T>& conv,
                                     const nn::operations::Activation<T>* activation, const Shape& row) {
  const Shape& weight = conv.weight.shape();
  const ConvolutionOptions& options = conv.options;
  const SlidingWindows windows =
      make_sliding_windows("conv2d", with_rows_before(row, 1),
                           {Size2d(weight[2], weight[3]), options.stride, options.padding, options.dilation});
  return std::make_unique<ConvolutionStep<T>>(
      Weights<T>{copy(conv.weight), copy(conv.bias)}, activate_or_nothing(activation),
      Convolution{1, weight[1], weight[0] / options.groups, options.groups, windows});
}

template StepPointer<float> make_linear_step(const nn::operations::Linear<float>&,
                                             const nn::operations::Activation<float>*, const Shape&,
                                             std::size_t);
template StepPointer<double> make_linear_step(const nn::operations::Linear<double>&,
                                              const nn::operations::Activation<double>*, const Shape&,
                                              std::size_t);
template StepPointer<float> make_convolution_step(const nn::operations::Conv2d<float>&,
                                                  const nn::operations::Activation<float>*, const Shape&);
template StepPointer<double> make_convolution_step(const nn::operations::Conv2d<double>&,
                                                   const nn::operations::Activation<double>*, const Shape&);

}  // namespace xtape::inference
