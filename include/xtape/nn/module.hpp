// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "xtape/autograd/parameter.hpp"
#include "xtape/autograd/variable.hpp"

namespace xtape::nn {

/// A function with parameters. Derive from it for a model of your own:
///
///     struct Residual : nn::Module<float> {
///       nn::Linear<float> inner;
///       Residual(std::size_t width, Random& random) : inner(width, width, random) { add("inner", inner); }
///       Variable<float> forward(Variable<float> x) override { return x + relu(inner(x)); }
///     };
///
/// Modules hold addresses of their members, so they neither move nor copy.
template <class T>
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  virtual Variable<T> forward(Variable<T> x) = 0;
  Variable<T> operator()(Variable<T> x) { return forward(x); }

  /// relu(forward(x)). A module that can do both at once overrides it; Sequential calls it where Relu
  /// follows.
  virtual Variable<T> forward_relu(Variable<T> x);

  /// Those of this module and then those of its children, in the order in which they were added; one that is
  /// shared by several modules once.
  std::vector<Parameter<T>*> parameters() const;

  /// The same with their names, each behind those of the modules that hold it: "inner.weight".
  std::vector<std::pair<std::string, Parameter<T>*>> named_parameters() const;

  /// How many numbers the parameters hold.
  std::size_t parameter_count() const;

 protected:
  /// Makes a parameter or a module, usually a member, part of this one.
  /// @throws ArgumentError  the name is taken.
  void add(Parameter<T>& parameter);
  void add(std::string name, Module& child);

 private:
  void require_unused(const std::string& name) const;

  std::vector<Parameter<T>*> parameters_;
  std::vector<std::pair<std::string, Module*>> children_;
};

extern template class Module<float>;
extern template class Module<double>;

}  // namespace xtape::nn
