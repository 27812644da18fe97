// SPDX-License-Identifier: BSD-3-Clause
#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "inference_networks.hpp"

namespace benchmarks::with_rtneural {
namespace {

using namespace RTNeural;

// That a layer's numbers are no zeros is all that matters.
template <int in, int out>
void fill(DenseT<float, in, out>& layer) {
  layer.setWeights(std::vector<std::vector<float>>(out, std::vector<float>(in, 0.01F)));
  layer.setBias(std::vector<float>(out, 0.1F).data());
}

template <int in, class Model>
std::function<void()> calls(std::shared_ptr<Model> model) {
  struct alignas(RTNEURAL_DEFAULT_ALIGNMENT) Input {
    float values[in];
  };
  auto input = std::make_shared<Input>();
  std::fill_n(input->values, in, 0.5F);
  return [model, input] {
    model->forward(input->values);
    asm volatile("" ::"r"(model->getOutputs()) : "memory");
  };
}

std::function<void()> dense_784_10() {
  auto model = std::make_shared<ModelT<float, 784, 10, DenseT<float, 784, 10>>>();
  fill(model->template get<0>());
  return calls<784>(model);
}

std::function<void()> dense_64_128_10() {
  auto model = std::make_shared<
      ModelT<float, 64, 10, DenseT<float, 64, 128>, ReLuActivationT<float, 128>, DenseT<float, 128, 10>>>();
  fill(model->template get<0>());
  fill(model->template get<2>());
  return calls<64>(model);
}

}  // namespace

std::function<void()> inference(InferenceNetwork network) {
  switch (network) {
    case InferenceNetwork::dense_784_10:
      return dense_784_10();
    case InferenceNetwork::dense_64_128_10:
      return dense_64_128_10();
    case InferenceNetwork::digits_cnn:
      break;
  }
  return {};
}

}  // namespace benchmarks::with_rtneural
