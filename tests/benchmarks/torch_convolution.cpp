// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdint>
#include <vector>

#include "convolutions.hpp"

extern "C" void openblas_set_num_threads(int threads);

namespace benchmarks::with_torch {
namespace {

at::Tensor random(const std::vector<std::size_t>& shape) {
  return at::rand(std::vector<std::int64_t>(shape.begin(), shape.end()));
}

}  // namespace

RunPass convolution(const Convolution& shape, Pass pass) {
  at::set_num_threads(1);
  openblas_set_num_threads(1);
  const Extents image = shape.image, out_image = shape.out_image(), kernel = shape.kernel;
  const at::Tensor x = random({shape.batch, shape.in, image[0], image[1]});
  const at::Tensor weight = random({shape.out, shape.in / shape.groups, kernel[0], kernel[1]});
  const at::Tensor dy = random({shape.batch, shape.out, out_image[0], out_image[1]});
  const std::vector<std::int64_t> stride(2, static_cast<std::int64_t>(shape.stride)),
      padding(shape.padding.begin(), shape.padding.end());
  const auto groups = static_cast<std::int64_t>(shape.groups);
  if (pass == Pass::forward) return [=] { at::conv2d(x, weight, {}, stride, padding, 1, groups); };
  const std::array<bool, 3> wanted{pass == Pass::input_gradient, pass == Pass::weight_gradient, false};
  return [=] {
    at::convolution_backward(dy, x, weight, c10::nullopt, stride, padding, {1, 1}, false, {0, 0}, groups,
                             wanted);
  };
}

}  // namespace benchmarks::with_torch
