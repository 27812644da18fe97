// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "xtape/arrays/any_array.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/autograd/parameter.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/nn/config.hpp"
#include "xtape/nn/graph.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

namespace detail {
// To an array of any of the types that AnyArray holds.
class AnyArrayPointer {
 public:
  template <StoredElement T>
  AnyArrayPointer(Array<T>& array) : type_(element_type_of<T>()), array_(&array) {}

  template <class Function>
  void visit(Function&& function) const {
    with_element_type(type_, [&]<class T>() { function(*static_cast<Array<T>*>(array_)); });
  }

 private:
  ElementType type_;
  void* array_;
};
}  // namespace detail

template <class T>
class Module;

/// What the modules of a model make of zeros of the given shape, as a table: for each its name, its type, the
/// shape of its output, and how many numbers its own parameters hold, those that stood further up already
/// left out; then the totals. The model is run without gradients and in evaluation mode, and left as it was.
/// The shape of a module that was not called as a function is "-".
/// @throws Error  the model refuses the input.
template <class T>
std::string summary(Module<T>& model, const Shape& input);

/// A function with parameters. Derive from it for a model of your own:
///
///     struct Residual : nn::Module<float> {
///       nn::Conv2d<float> convolution;
///       nn::BatchNorm2d<float> norm;
///       Residual(std::size_t channels, Random& random)
///           : convolution(channels, channels, 3, random, {.padding = 1}), norm(channels) {
///         add("convolution", convolution);
///         add("norm", norm);
///       }
///       Variable<float> forward(Variable<float> x) override { return x + relu(norm(convolution(x))); }
///     };
///
/// Modules hold addresses of their members, so they neither move nor copy. Several threads may call one at
/// the same time, each with variables of its own tape, while nobody changes its parameters, and where no
/// module in it writes to a state of its own, as BatchNorm and Dropout do in training.
template <class T>
class Module {
 public:
  Module() = default;
  virtual ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// The function itself. Call the module instead: model(x).
  virtual Variable<T> forward(Variable<T> x) = 0;
  /// Calls forward.
  Variable<T> operator()(Variable<T> x) {
    const Variable<T> y = forward(x);
    if (output_shape_ != nullptr) *output_shape_ = to_string(y.shape());
    return y;
  }

  /// relu(forward(x)). A module that can do both at once overrides it; Sequential calls it where Relu
  /// follows.
  virtual Variable<T> forward_relu(Variable<T> x);
  /// max_pool2d(forward_relu(x), kernel, options), likewise, where Relu and MaxPool2d follow.
  virtual Variable<T> forward_relu_max_pool2d(Variable<T> x, Size2d kernel, const MaxPool2dOptions& options);

  /// Appends to a graph what the module computes in evaluation mode of a value there, and returns the result.
  /// Predictors and other formats are made of it. A module of your own writes it as it writes forward:
  ///
  ///     nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
  ///       const auto inner = graph.apply(nn::operations::Activation<float>{nn::operations::Function::relu},
  ///                                      {norm.add_to(graph, convolution.add_to(graph, x))});
  ///       return graph.apply(nn::operations::Add(), {x, inner});
  ///     }
  ///
  /// That both say the same is looked at where a predictor is made and where a model is exported, and in
  /// tests by inference::Pipeline::require_true_graph.
  ///
  /// @throws ArgumentError  the module does not override it, or takes no such value.
  /// @throws ShapeError     as the module itself.
  virtual GraphValue add_to(Graph<T>& graph, GraphValue x) const;

  /// What the module was made with. A module of your own that files are to hold overrides it, has a
  /// constructor that takes it, and is known by register_module.
  /// @throws ArgumentError  the module does not override it.
  virtual Config config() const;
  /// Its type_name() and config(): what make_module takes.
  /// @throws ArgumentError  as config().
  ModuleConfig description() const { return {type_name(), config()}; }

  /// Whether modules that behave differently then, such as Dropout and BatchNorm, are to behave as in
  /// training, as they do at first, or as in use. Goes for all children too.
  void train(bool on = true);
  /// The opposite of train().
  void eval() { train(false); }
  /// Whether train() is in force.
  bool is_training() const noexcept { return is_training_; }

  /// Those of this module and then those of its children, in the order in which they were added; one that is
  /// shared by several modules once.
  std::vector<Parameter<T>*> parameters() const;

  /// The same with their names, each behind those of the modules that hold it: "inner.weight".
  std::vector<std::pair<std::string, Parameter<T>*>> named_parameters() const;

  /// This module, named "", and all below it, each before its own children: "inner", "inner.0".
  std::vector<std::pair<std::string, Module*>> named_modules();

  /// How many numbers the parameters hold.
  std::size_t parameter_count() const;

  /// Parameters and buffers by their names: those of PyTorch's state_dict.
  NamedArrays state() const;

  /// Sets parameters and buffers to what state() gave. Numbers of float32 become float64 where the model has
  /// doubles, and those of float64 are rounded where it has floats.
  /// @throws ArgumentError  an array is missing, or is one too many, or holds elements of another type.
  /// @throws ShapeError     an array has another shape. What throws changes nothing.
  void load_state(const NamedArrays& state);

  /// "Linear", "Residual": the name of its class, without namespaces and template arguments.
  std::string type_name() const;

 protected:
  /// Makes a parameter or a module, usually a member, part of this one.
  /// @throws ArgumentError  the name is taken.
  void add(Parameter<T>& parameter);
  /// The same for a module, under a name.
  void add(std::string name, Module& child);

  /// The same for an array that is state but not trained, such as a running mean.
  void add_buffer(std::string name, detail::AnyArrayPointer buffer);

  /// Whether summary() is looking: each child is then to be called as a function.
  bool is_observed() const noexcept { return output_shape_ != nullptr; }

 private:
  friend std::string summary<T>(Module<T>& model, const Shape& input);

  std::vector<std::pair<std::string, detail::AnyArrayPointer>> named_buffers() const;
  void require_unused(const std::string& name) const;

  std::vector<Parameter<T>*> parameters_;
  std::vector<std::pair<std::string, detail::AnyArrayPointer>> buffers_;
  std::vector<std::pair<std::string, Module*>> children_;
  std::string* output_shape_ = nullptr;  // where summary() wants it
  bool is_training_ = true;
};

extern template class Module<float>;
extern template class Module<double>;
extern template std::string summary(Module<float>&, const Shape&);
extern template std::string summary(Module<double>&, const Shape&);

}  // namespace xtape::nn
#pragma GCC visibility pop
