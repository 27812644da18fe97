// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <span>

#include "arrays/format.hpp"
#include "kernels/convolution_kernels.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/gemm_extents.hpp"
#include "kernels/kernel.hpp"
#include "kernels/product_kernels.hpp"
#include "ops/convolution.hpp"
#include "ops/direct_convolution.hpp"
#include "ops/unfolded_convolution.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/rollback.hpp"
#include "xtape/ops/convolution.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

constexpr double worth_a_thread = 1 << 21;  // multiplications

// `begin_workspace` gives a Workspace, or memory that is used as one.
template <class T, class BeginWorkspace>
void convolve_part(const ConvolutionPart& part, const T* x, const T* weight, const T* bias,
                   const ConvolutionResults<T>& results, BeginWorkspace begin_workspace) {
  const Convolution& c = part.all;
  for (std::size_t group = 0; group < c.groups; ++group) {
    auto workspace = begin_workspace();
    const T* const of_group = weight + group * c.out * c.patch();
    const T* const bias_of_group = bias == nullptr ? nullptr : bias + group * c.out;
    if (c.is_direct()) {
      convolve_directly(part, group, x, of_group, bias_of_group, results, workspace);
    } else {
      convolve_unfolded(part, group, x, of_group, bias_of_group, results, workspace);
    }
  }
}

template <class T>
void add_gradients(const ConvolutionPart& part, const T* x, const T* weight, const ResultGradient<T>& result,
                   const ConvolutionGradients<T>& gradients) {
  const Convolution& c = part.all;
  for (std::size_t group = 0; group < c.groups; ++group) {
    const T* const of_group = weight + group * c.out * c.patch();
    if (c.has_direct_gradients()) {
      add_direct_gradients(part, group, x, of_group, result, gradients);
    } else {
      add_unfolded_gradients(part, group, x, of_group, result, gradients);
    }
  }
}

// How the samples are cut into shares, which depend on the shape alone. Each sums up its own gradients of
// weight and bias.
struct Shares {
  Shares(const Convolution& c, bool of_parameters) {
    const double most = of_parameters ? 8 : static_cast<double>(c.bundles());
    const double worth = std::clamp(c.multiplications() / worth_a_thread, 1.0, std::max(1.0, most));
    count = std::min(c.bundles(), static_cast<std::size_t>(worth));
    if (count > 1) count -= count % 2;  // so that two threads have as many
  }

  // The first bundle of a share.
  std::size_t begin(const Convolution& c, std::size_t share) const { return c.bundles() * share / count; }

  std::size_t count;
};

// Adds the gradients to x and weight, and those of bias to as many sums, which are 0.
template <class T>
void add_all_gradients(const Convolution& c, const T* x, const T* weight, const ResultGradient<T>& result,
                       const ConvolutionGradients<T>& gradients) {
  const Shares shares(c, gradients.weight != nullptr || gradients.bias != nullptr);
  const std::size_t others = std::max<std::size_t>(1, shares.count) - 1, outputs = c.groups * c.out;
  const std::size_t weight_size = gradients.weight != nullptr ? c.weight_size() : 0,
                    bias_size = gradients.bias != nullptr ? outputs : 0;
  Workspace workspace;
  T* const weights = workspace.take<T>(others * weight_size);
  double* const biases = workspace.take<double>(others * bias_size);
  std::fill_n(biases, others * bias_size, 0.0);
  parallel_for(shares.count, [&](std::size_t share) {
    ConvolutionGradients<T> own = gradients;
    if (share > 0 && weight_size > 0) {
      own.weight = weights + (share - 1) * weight_size;
      own.weight_is_first = true;
    }
    if (share > 0 && bias_size > 0) own.bias = biases + (share - 1) * bias_size;
    for (std::size_t b = shares.begin(c, share); b < shares.begin(c, share + 1); ++b) {
      for (std::size_t part = 0; part < c.parts_of_bundle(); ++part) {
        add_gradients(make_part(c, b, part), x, weight, result, own);
        own.weight_is_first = false;
      }
    }
  });
  if (shares.count == 0 && gradients.weight_is_first) std::fill_n(gradients.weight, weight_size, T{0});
  for (std::size_t other = 0; other < others; ++other) {
    if (weight_size > 0)
      kernels::kernel<kernels::Binary<kernels::Add>, T>()(
          gradients.weight, true, weights + other * weight_size, true, gradients.weight, weight_size);
    for (std::size_t o = 0; o < bias_size; ++o) gradients.bias[o] += biases[other * bias_size + o];
  }
}

Convolution check(const char* name, const Shape& x, const Shape& weight, const Shape* bias,
                  const ConvolutionOptions& options) {
  if (weight.rank() != 4) {
    fail<ShapeError>("{}: weight must be (out, in / groups, kernel rows, kernel columns), got {}", name,
                     weight);
  }
  const SlidingWindows windows = make_sliding_windows(
      name, x, {Size2d(weight[2], weight[3]), options.stride, options.padding, options.dilation});
  const std::size_t groups = options.groups;
  if (groups == 0 || x[1] % groups != 0 || weight[0] % groups != 0) {
    fail<ArgumentError>("{}: groups must divide the channels of x {} and the outputs of weight {}, got {}",
                        name, x, weight, groups);
  }
  if (weight[1] != x[1] / groups) {
    fail<ShapeError>(
        "{}: weight must be (out, {}, kernel rows, kernel columns) for x {} and groups = {}, got {}", name,
        x[1] / groups, x, groups, weight);
  }
  if (bias != nullptr && *bias != Shape{weight[0]}) {
    fail<ShapeError>("{}: bias must have the {} outputs of weight {}, got {}", name, weight[0], weight,
                     *bias);
  }
  const Convolution c{x[0], weight[1], weight[0] / groups, groups, windows};
  if (static_cast<double>(c.rows()) * static_cast<double>(c.width()) >= 0x1p53) {
    fail<ShapeError>("{}: each image of the result must have fewer than 2^53 elements, got {} x {}", name,
                     c.rows(), c.width());
  }
  require_gemm_extents(name, {c.out, c.patch(), c.samples_together() * c.pixels()});
  return c;
}

template <class T>
void convolve_all(const Convolution& c, const T* x, const T* weight, const T* bias,
                  const ConvolutionResults<T>& results) {
  const std::size_t parts = c.bundles() * c.parts_of_bundle();
  const double of_part = c.multiplications() / static_cast<double>(std::max<std::size_t>(1, parts));
  const auto range = static_cast<std::size_t>(std::clamp(worth_a_thread / of_part, 1.0, 1e6));
  parallel_for_even_ranges(parts, range, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      convolve_part(make_part(c, p / c.parts_of_bundle(), p % c.parts_of_bundle()), x, weight, bias, results,
                    [] { return Workspace(); });
    }
  });
}

// The backward pass of inputs x, weight and perhaps bias.
template <class T>
void add_gradients_of_inputs(Backward<T>& b, const Convolution& c, bool has_bias, bool relu,
                             const T* places) {
  const bool bias_needs_grad = has_bias && b.needs_grad(2);
  const std::size_t outputs = bias_needs_grad ? c.groups * c.out : 0;
  Workspace workspace;
  double* const bias = workspace.take<double>(outputs);
  std::fill_n(bias, outputs, 0.0);
  ConvolutionGradients<T> gradients{.bias = bias_needs_grad ? bias : nullptr};
  if (b.needs_grad(0)) {
    const auto [dx, first] = b.contribution(0);
    gradients.x = dx.data();
    gradients.x_is_first = first;
  }
  if (b.needs_grad(1)) {
    const auto [dweight, first] = b.contribution(1);
    gradients.weight = dweight.data();
    gradients.weight_is_first = first;
  }
  const T *const x = b.input(0).data(), *const weight = b.input(1).data();
  const ResultGradient<T> result{b.output_grad().data(), relu ? b.output().data() : nullptr, places};
  if (gradients.x != gradients.weight || gradients.x == nullptr) {
    add_all_gradients(c, x, weight, result, gradients);
  } else {  // images that are their own kernel: one gradient after the other
    add_all_gradients(c, x, weight, result, {.x = gradients.x, .x_is_first = gradients.x_is_first});
    add_all_gradients(
        c, x, weight, result,
        {.weight = gradients.weight, .weight_is_first = gradients.weight_is_first, .bias = gradients.bias});
  }
  if (!bias_needs_grad) return;
  const auto [dbias, first] = b.contribution(2);
  for (std::size_t o = 0; o < outputs; ++o) dbias[o] = (first ? T{0} : dbias[o]) + static_cast<T>(bias[o]);
}

template <class T>
Variable<T> record_convolution(const char* name, const Convolution& c, Variable<T> x, Variable<T> weight,
                               const Variable<T>* bias, bool relu) {
  const Variable<T> inputs[] = {x, weight, bias == nullptr ? x : *bias};
  Recording<T> op(name, std::span(inputs, bias == nullptr ? 2 : 3));
  const std::size_t rows = c.halved ? c.rows() / 2 : c.rows(), columns = c.halved ? c.width() / 2 : c.width();
  const ArrayView<T> y = op.output({c.batch, c.groups * c.out, rows, columns});
  ArrayView<T> places;
  if (c.halved && op.needs_grad()) places = op.template save<T>(y.shape());
  convolve_all(c, x.data(), weight.data(), bias == nullptr ? nullptr : bias->data(),
               ConvolutionResults<T>{y.data(), relu, places.empty() ? nullptr : places.data()});
  return op.finish([c, has_bias = bias != nullptr, relu, places](Backward<T>& b) {
    add_gradients_of_inputs(b, c, has_bias, relu, places.data());
  });
}

template <class T>
Variable<T> convolve(const char* name, Variable<T> x, Variable<T> weight, const Variable<T>* bias,
                     const ConvolutionOptions& options, bool relu) {
  const Convolution c =
      check(name, x.shape(), weight.shape(), bias == nullptr ? nullptr : &bias->shape(), options);
  return record_convolution(name, c, x, weight, bias, relu);
}

bool is_halving(const Convolution& c, const Size2d& kernel, const MaxPool2dOptions& pooling) {
  const auto halves = [](std::size_t extent, std::size_t window, std::size_t stride, std::size_t padding) {
    return extent >= 2 && window == 2 && (stride == 0 || stride == 2) && padding == 0;
  };
  return halves(c.rows(), kernel.rows, pooling.stride.rows, pooling.padding.rows) &&
         halves(c.width(), kernel.columns, pooling.stride.columns, pooling.padding.columns);
}

template <class T>
Variable<T> convolve_and_pool(Variable<T> x, Variable<T> weight, const Variable<T>* bias,
                              const ConvolutionOptions& options, Size2d kernel,
                              const MaxPool2dOptions& pooling) {
  constexpr auto name = "conv2d_relu_max_pool2d";
  Convolution c = check(name, x.shape(), weight.shape(), bias == nullptr ? nullptr : &bias->shape(), options);
  c.halved = c.is_direct() && c.phases() == 1 && is_halving(c, kernel, pooling);
  if (c.halved) return record_convolution(name, c, x, weight, bias, true);
  detail::Rollback<T> rollback(x.tape());
  return rollback.keep(
      max_pool2d(record_convolution("conv2d_relu", c, x, weight, bias, true), kernel, pooling));
}

}  // namespace

#pragma GCC visibility pop

template <class T>
void convolve_alone(const Convolution& c, const T* x, const T* weight, const T* bias, T* y, void* memory) {
  for (std::size_t b = 0; b < c.bundles(); ++b) {
    for (std::size_t part = 0; part < c.parts_of_bundle(); ++part)
      convolve_part(make_part(c, b, part), x, weight, bias, ConvolutionResults<T>{y, false, nullptr},
                    [memory] { return GivenMemory(memory); });
  }
}

// Fewer samples may make a larger bundle than the batch does, but none of more than samples_together().
template <class T>
std::size_t convolve_alone_memory(const Convolution& c) {
  std::size_t most = 0;
  for (std::size_t p = 0; p < c.parts_of_bundle(); ++p) {
    const ConvolutionPart part{c, {0, c.samples_together()}, c.rows_of_part(p)};
    most = std::max(most, c.is_direct() ? direct_memory<T>(part) : unfolded_memory<T>(part));
  }
  return most;
}

template <class T>
void prepare_to_convolve_alone() {
  kernels::kernel<kernels::MultiplyShifted, T>();
  kernels::kernel<kernels::MultiplySmall, T>();
  kernels::kernel<kernels::SpacedRows, T>();
}

template void prepare_to_convolve_alone<float>();
template void prepare_to_convolve_alone<double>();
template void convolve_alone(const Convolution&, const float*, const float*, const float*, float*, void*);
template void convolve_alone(const Convolution&, const double*, const double*, const double*, double*, void*);
template std::size_t convolve_alone_memory<float>(const Convolution&);
template std::size_t convolve_alone_memory<double>(const Convolution&);

#pragma GCC visibility push(default)

template <class T>
Variable<T> conv2d(Variable<T> x, Variable<T> weight, Variable<T> bias, const ConvolutionOptions& options) {
  return convolve("conv2d", x, weight, &bias, options, false);
}

template <class T>
Variable<T> conv2d(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options) {
  return convolve<T>("conv2d", x, weight, nullptr, options, false);
}

template <class T>
Variable<T> conv2d_relu(Variable<T> x, Variable<T> weight, Variable<T> bias,
                        const ConvolutionOptions& options) {
  return convolve("conv2d_relu", x, weight, &bias, options, true);
}

template <class T>
Variable<T> conv2d_relu(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options) {
  return convolve<T>("conv2d_relu", x, weight, nullptr, options, true);
}

template <class T>
Variable<T> conv2d_relu_max_pool2d(Variable<T> x, Variable<T> weight, Variable<T> bias,
                                   const ConvolutionOptions& options, Size2d kernel,
                                   const MaxPool2dOptions& pooling) {
  return convolve_and_pool(x, weight, &bias, options, kernel, pooling);
}

template <class T>
Variable<T> conv2d_relu_max_pool2d(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options,
                                   Size2d kernel, const MaxPool2dOptions& pooling) {
  return convolve_and_pool<T>(x, weight, nullptr, options, kernel, pooling);
}

template Variable<float> conv2d(Variable<float>, Variable<float>, Variable<float>, const ConvolutionOptions&);
template Variable<float> conv2d(Variable<float>, Variable<float>, const ConvolutionOptions&);
template Variable<float> conv2d_relu(Variable<float>, Variable<float>, Variable<float>,
                                     const ConvolutionOptions&);
template Variable<float> conv2d_relu(Variable<float>, Variable<float>, const ConvolutionOptions&);
template Variable<float> conv2d_relu_max_pool2d(Variable<float>, Variable<float>, Variable<float>,
                                                const ConvolutionOptions&, Size2d, const MaxPool2dOptions&);
template Variable<float> conv2d_relu_max_pool2d(Variable<float>, Variable<float>, const ConvolutionOptions&,
                                                Size2d, const MaxPool2dOptions&);
template Variable<double> conv2d(Variable<double>, Variable<double>, Variable<double>,
                                 const ConvolutionOptions&);
template Variable<double> conv2d(Variable<double>, Variable<double>, const ConvolutionOptions&);
template Variable<double> conv2d_relu(Variable<double>, Variable<double>, Variable<double>,
                                      const ConvolutionOptions&);
template Variable<double> conv2d_relu(Variable<double>, Variable<double>, const ConvolutionOptions&);
template Variable<double> conv2d_relu_max_pool2d(Variable<double>, Variable<double>, Variable<double>,
                                                 const ConvolutionOptions&, Size2d, const MaxPool2dOptions&);
template Variable<double> conv2d_relu_max_pool2d(Variable<double>, Variable<double>,
                                                 const ConvolutionOptions&, Size2d, const MaxPool2dOptions&);

}  // namespace xtape
#pragma GCC visibility pop
