// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/nn/initializers.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/ops/convolution.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Options of Conv2d; see ConvolutionOptions.
template <class T>
struct Conv2dOptions {
  Size2d stride = 1;       ///< rows and columns from window to window
  Size2d padding = 0;      ///< zeros on each of the two sides
  Size2d dilation = 1;     ///< how far elements of the kernel are apart
  std::size_t groups = 1;  ///< into so many the channels are cut
  bool bias = true;        ///< whether to add a bias, which begins at 0
  /// Sets the first weights; biases begin at 0.
  void (*initializer)(ArrayView<T> weight, Random& random) = he_uniform<T>;
};

/// A convolution of images: (batch, in, rows, columns) to (batch, out, ...); see conv2d.
template <class T>
class Conv2d : public Module<T> {
 public:
  /// @throws ArgumentError  in, out, an extent of the kernel, a stride or a dilation is 0, or groups does not
  ///                        divide in and out.
  Conv2d(std::size_t in, std::size_t out, Size2d kernel, Random& random,
         const Conv2dOptions<T>& options = {});
  /// As one that gave this by config() was made.
  explicit Conv2d(const Config& config);

  Variable<T> forward(Variable<T> x) override;
  Variable<T> forward_relu(Variable<T> x) final;
  Variable<T> forward_relu_max_pool2d(Variable<T> x, Size2d kernel, const MaxPool2dOptions& options) final;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

  Parameter<T> weight;  ///< (out, in / groups, kernel rows, kernel columns)
  Parameter<T> bias;    ///< (out); (0) without bias

 private:
  ConvolutionOptions options_;
};

extern template class Conv2d<float>;
extern template class Conv2d<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
