// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "xtape/nn/activations.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/nn/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Modules one after the other; Linear and a Relu after it are computed in one operation. Parameters are
/// named after their place, as in PyTorch: "0.weight".
///
///     nn::Sequential<float> model;
///     model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
template <class T>
class Sequential : public Module<T> {
 public:
  Sequential() = default;
  /// As one that gave this by config() was made: of modules that are registered.
  explicit Sequential(const Config& config);

  /// Appends a Layer<T>, made from the arguments.
  template <template <class> class Layer, class... Arguments>
  Sequential& add(Arguments&&... arguments) {
    return add<Layer<T>>(std::forward<Arguments>(arguments)...);
  }

  /// Appends a module of a type of your own.
  template <class Layer, class... Arguments>
  Sequential& add(Arguments&&... arguments) {
    auto layer = std::make_unique<Layer>(std::forward<Arguments>(arguments)...);
    const MaxPool2d<T>* max_pool = nullptr;
    if constexpr (std::is_same_v<Layer, MaxPool2d<T>>) max_pool = layer.get();
    append(std::move(layer), std::is_same_v<Layer, Relu<T>>, max_pool);
    return *this;
  }

  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

  /// How many modules there are.
  std::size_t size() const noexcept { return layers_.size(); }
  /// A module by its place. Not checked.
  Module<T>& operator[](std::size_t i) { return *layers_[i].module; }

 private:
  void append(std::unique_ptr<Module<T>> module, bool is_relu, const MaxPool2d<T>* max_pool);

  struct Place {
    std::unique_ptr<Module<T>> module;
    bool is_relu;
    const MaxPool2d<T>* max_pool;  // the module, if it is one
  };
  std::vector<Place> layers_;
};

extern template class Sequential<float>;
extern template class Sequential<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
