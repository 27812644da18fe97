// SPDX-License-Identifier: BSD-3-Clause
// The same convolutions with xtape, libtorch and oneDNN, behind plain types: their headers never meet in one
// file.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace benchmarks {

/// Rows and columns.
using Extents = std::array<std::size_t, 2>;

struct Convolution {
  std::size_t batch, in;
  Extents image;
  std::size_t out;
  Extents kernel;
  Extents padding = {0, 0};
  std::size_t stride = 1, groups = 1;

  Extents out_image() const {
    Extents result{};
    for (std::size_t i = 0; i < 2; ++i) result[i] = (image[i] + 2 * padding[i] - kernel[i]) / stride + 1;
    return result;
  }

  /// As a matrix product, one for each group: (out, patch) times (patch, pixels).
  std::size_t patch() const { return in / groups * kernel[0] * kernel[1]; }
  std::size_t pixels() const { return batch * out_image()[0] * out_image()[1]; }
};

enum class Pass { forward, input_gradient, weight_gradient };

/// A pass, without a bias, on one thread.
using RunPass = std::function<void()>;

namespace with_torch {
RunPass convolution(const Convolution& shape, Pass pass);
}  // namespace with_torch

/// Its arrays are in the order, and its algorithm is the one, that oneDNN chooses: Winograd's, of fewer
/// multiplications, among them.
namespace with_onednn {
RunPass convolution(const Convolution& shape, Pass pass);
}  // namespace with_onednn

}  // namespace benchmarks
