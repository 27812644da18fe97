// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xtape/autograd.hpp"
#include "xtape/nn.hpp"
#include "xtape/random/random.hpp"

namespace xtape::testing {

/// A model with a row that it takes.
template <class T>
struct LayerCase {
  std::string name;
  Shape row;
  std::unique_ptr<nn::Module<T>> model;
  std::size_t indices = 0;  ///< rows hold whole numbers below this; 0: any numbers
};

/// Random parameters and buffers, with variances that are positive.
template <class T>
void randomize(nn::Module<T>& model, Random& random) {
  NamedArrays state = model.state(), changed;
  for (const auto& [name, array] : state) {
    if (!array.template holds<T>()) {
      array.visit([&, &to = name]<class U>(const Array<U>& a) { changed.add(to, ArrayView<const U>(a)); });
      continue;
    }
    Array<T> values(array.shape());
    const bool is_variance = name.ends_with("running_var");
    for (T& x : values) x = static_cast<T>(is_variance ? random.uniform(0.5, 2) : 0.5 * random.normal());
    changed.add(name, AnyArray(std::move(values)));
  }
  model.load_state(changed);
}

/// Every layer of nn with each of its options, and models of several of them. Their state is random.
template <class T>
std::vector<LayerCase<T>> every_layer(Random& random) {
  std::vector<LayerCase<T>> cases;
  const auto add = [&](std::string name, const Shape& row, std::unique_ptr<nn::Module<T>> model,
                       std::size_t indices = 0) {
    randomize<T>(*model, random);
    model->eval();
    cases.push_back({std::move(name), row, std::move(model), indices});
  };
  using Linear = nn::LinearOptions<T>;
  using Conv = nn::Conv2dOptions<T>;

  add("Linear", {5}, std::make_unique<nn::Linear<T>>(5, 7, random));
  add("Linear of rows of rows", {3, 5}, std::make_unique<nn::Linear<T>>(5, 2, random));
  add("Linear without bias", {70}, std::make_unique<nn::Linear<T>>(70, 33, random, Linear{.bias = false}));
  add("Conv2d", {1, 8, 9}, std::make_unique<nn::Conv2d<T>>(1, 4, 3, random));
  add("Conv2d of a kernel of 1", {3, 5, 5}, std::make_unique<nn::Conv2d<T>>(3, 2, 1, random));
  add("Conv2d without bias", {2, 6, 6},
      std::make_unique<nn::Conv2d<T>>(2, 3, 2, random, Conv{.bias = false}));
  add("Conv2d with every option", {4, 9, 8},
      std::make_unique<nn::Conv2d<T>>(
          4, 6, Size2d(3, 2), random,
          Conv{.stride = {2, 1}, .padding = {1, 2}, .dilation = {2, 3}, .groups = 2}));
  add("Conv2d, depthwise", {3, 6, 6},
      std::make_unique<nn::Conv2d<T>>(3, 3, 3, random, Conv{.padding = 1, .groups = 3}));
  add("MaxPool2d", {2, 6, 7}, std::make_unique<nn::MaxPool2d<T>>(2));
  add("MaxPool2d with every option", {2, 7, 7},
      std::make_unique<nn::MaxPool2d<T>>(Size2d(3, 2), MaxPool2dOptions{.stride = {1, 2}, .padding = 1}));
  add("AvgPool2d", {2, 6, 7}, std::make_unique<nn::AvgPool2d<T>>(2));
  add("AvgPool2d with padding", {2, 7, 7},
      std::make_unique<nn::AvgPool2d<T>>(Size2d(3, 2), AvgPool2dOptions{.stride = {2, 1}, .padding = 1}));
  add("AvgPool2d that leaves padding out", {1, 7, 7},
      std::make_unique<nn::AvgPool2d<T>>(
          3, AvgPool2dOptions{.stride = 2, .padding = 1, .count_include_pad = false}));
  add("BatchNorm1d", {6}, std::make_unique<nn::BatchNorm1d<T>>(6));
  add("BatchNorm1d of sequences", {4, 5}, std::make_unique<nn::BatchNorm1d<T>>(4));
  add("BatchNorm1d, not affine", {6},
      std::make_unique<nn::BatchNorm1d<T>>(6, nn::BatchNormOptions{.epsilon = 1e-3, .affine = false}));
  add("BatchNorm2d", {3, 4, 5}, std::make_unique<nn::BatchNorm2d<T>>(3));
  add("LayerNorm", {8}, std::make_unique<nn::LayerNorm<T>>(Shape{8}));
  add("LayerNorm over two axes", {2, 3, 4},
      std::make_unique<nn::LayerNorm<T>>(Shape{3, 4}, nn::LayerNormOptions{.epsilon = 1e-3}));
  add("LayerNorm without bias", {8},
      std::make_unique<nn::LayerNorm<T>>(Shape{8}, nn::LayerNormOptions{.bias = false}));
  add("LayerNorm without weight", {8},
      std::make_unique<nn::LayerNorm<T>>(Shape{8}, nn::LayerNormOptions{.weight = false, .bias = false}));
  add("Embedding", {3}, std::make_unique<nn::Embedding<T>>(10, 4, random), 10);
  add("Flatten", {2, 3, 4}, std::make_unique<nn::Flatten<T>>());
  add("Dropout", {6}, std::make_unique<nn::Dropout<T>>(0.5, random));
  add("Ordinal", {1}, std::make_unique<nn::Ordinal<T>>(5));
  add("Ordinal of two classes", {}, std::make_unique<nn::Ordinal<T>>(2));
  add("Relu", {9}, std::make_unique<nn::Relu<T>>());
  add("Tanh", {9}, std::make_unique<nn::Tanh<T>>());
  add("Sigmoid", {9}, std::make_unique<nn::Sigmoid<T>>());
  add("Softplus", {9}, std::make_unique<nn::Softplus<T>>());
  add("Gelu", {9}, std::make_unique<nn::Gelu<T>>());
  add("Silu", {9}, std::make_unique<nn::Silu<T>>());
  add("HardSwish", {9}, std::make_unique<nn::HardSwish<T>>());
  add("LeakyRelu", {9}, std::make_unique<nn::LeakyRelu<T>>(T(0.125)));
  add("Elu", {9}, std::make_unique<nn::Elu<T>>(T(1.5)));

  auto dense = std::make_unique<nn::Sequential<T>>();
  dense->template add<nn::Linear>(20, 16, random).template add<nn::BatchNorm1d>(16).template add<nn::Relu>();
  dense->template add<nn::Dropout>(0.1, random)
      .template add<nn::Linear>(16, 12, random)
      .template add<nn::Relu>();
  dense->template add<nn::LayerNorm>(Shape{12}).template add<nn::Linear>(12, 3, random);
  add("a dense network", {20}, std::move(dense));
  auto images = std::make_unique<nn::Sequential<T>>();
  images->template add<nn::Conv2d>(1, 4, 3, random, Conv{.padding = 1}).template add<nn::BatchNorm2d>(4);
  images->template add<nn::Relu>().template add<nn::MaxPool2d>(2).template add<nn::Conv2d>(4, 6, 3, random);
  images->template add<nn::Relu>().template add<nn::MaxPool2d>(2).template add<nn::Flatten>();
  images->template add<nn::Linear>(6, 5, random);
  add("a convolutional network", {1, 8, 8}, std::move(images));
  auto words = std::make_unique<nn::Sequential<T>>();
  words->template add<nn::Embedding>(12, 3, random).template add<nn::Flatten>();
  words->template add<nn::Linear>(12, 2, random);
  add("a network of words", {4}, std::move(words), 12);
  return cases;
}

/// Rows for a case: (count, ...).
template <class T>
Array<T> random_rows(const LayerCase<T>& of, std::size_t count, Random& random) {
  Shape shape{count};
  for (const std::size_t extent : of.row) shape.append(extent);
  Array<T> rows(shape);
  for (T& x : rows)
    x = static_cast<T>(of.indices > 0 ? static_cast<double>(random.below(of.indices)) : random.normal());
  return rows;
}

/// What the model gives by the tape.
template <class T>
Array<T> given_by_tape(nn::Module<T>& model, const Array<T>& rows) {
  Tape<T> tape;
  const auto no_grad = tape.no_grad();
  return Array<T>(model(tape.borrow(rows)).values());
}

}  // namespace xtape::testing
