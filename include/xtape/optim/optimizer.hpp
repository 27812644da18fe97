// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/autograd/parameter.hpp"
#include "xtape/optim/learning_rates.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Parameters that an optimizer changes with options of their own. It may be empty, but not every group.
template <class T, class Options>
struct ParameterGroup {
  std::vector<Parameter<T>*> parameters;  ///< of one or several modules
  Options options = {};                   ///< of these parameters
};

/// Changes parameters along their gradients. The loop of training:
///
///     loss.backward();
///     optimizer.step();
///     optimizer.zero_grad();
///
/// Every optimizer takes parameters and options, or groups of them:
///
///     optim::Adam<float> optimizer({{backbone.parameters(), {.learning_rate = 1e-4}},
///                                   {head.parameters(), {.learning_rate = 1e-3, .weight_decay = 1e-2}}});
///
/// Of a parameter whose gradient is sparse (Parameter::set_sparse_gradient, nn::Embedding) a step changes the
/// rows that have a gradient, and takes the time of these. The others stay as they are, with all that is
/// remembered of them, and do not decay either; steps are counted for all alike. For Adam these are the
/// semantics of PyTorch's SparseAdam, for SGD and Adagrad without weight decay the result is that of a step
/// of all rows. SGD with a momentum does move them all, see there. Rows that are to change in every step, by
/// momenta or weight decay, have a gradient that is not sparse: nn::EmbeddingOptions::sparse.
///
/// Biases and scales are often kept from weight decay by a group of their own. From the first step on nothing
/// is allocated: no step is taken by half because memory runs out.
template <class T>
class Optimizer : public LearningRates {
 public:
  virtual ~Optimizer();

  /// One update of every parameter from the gradient it has now.
  virtual void step() = 0;

  /// Sets the gradients of all parameters to zero.
  void zero_grad() {
    for (Parameter<T>* parameter : parameters_) parameter->zero_grad();
  }

  /// Those of the first group, of the second and so on.
  const std::vector<Parameter<T>*>& parameters() const noexcept { return parameters_; }

  /// Its kind and the options of each group in words, without learning rates, as by these a training knows
  /// whether its checkpoint is its own: "Adam: beta1 = 0.9, beta2 = 0.999, epsilon = 1e-08, weight_decay =
  /// 0"; and the positions of the parameters whose gradients are sparse: "; sparse: 0".
  std::string settings() const;

  /// All that a run needs, beside the parameters and the options, to go on as if it had not been interrupted:
  /// "steps" (how many were done, uint64), "learning_rates" (one a group, float64), and what is remembered of
  /// each parameter, by its position in parameters(): "0.first_moment".
  NamedArrays state() const;

  /// Takes the state of an optimizer of the same kind with parameters of the same shapes and the same groups.
  /// @throws ArgumentError  an array is missing, unknown or of another type, or a learning rate as below.
  /// @throws ShapeError     an array has another shape. Whatever is thrown, nothing has changed.
  void load_state(const NamedArrays& state);

 protected:
  /// @param name  of the optimizer, for messages.
  /// @throws ArgumentError  no parameters, one of them twice or null, or a learning rate that is negative,
  ///                        infinite or NaN.
  template <class Options>
  Optimizer(const char* name, std::span<const ParameterGroup<T, Options>> groups) : LearningRates(name) {
    for (const auto& group : groups) add_group(group.parameters, group.options.learning_rate);
    require_parameters();
  }

  /// What an optimizer remembers of a parameter, in its shape.
  struct Memory {
    const char* name;  ///< in state()
    Array<T> values;   ///< in the shape of the parameter
  };
  /// A parameter and what is remembered of it.
  struct Slot {
    Parameter<T>* parameter;     ///< that is changed
    std::vector<Memory> memory;  ///< as remember() has added it
  };

  /// Those of a group.
  std::span<Slot> slots(std::size_t group);

  /// Adds a memory to every slot of a group, filled with `initial`.
  void remember(std::size_t group, const char* name, T initial = 0);

  /// Adds the options of a group, in words, to settings().
  void add_settings(std::string of_group) { settings_.push_back(std::move(of_group)); }

  /// Called at the beginning of each step; gives its number, from 1.
  std::uint64_t count_step() noexcept;

 private:
  void add_group(const std::vector<Parameter<T>*>& parameters, double learning_rate);
  void require_parameters() const;

  std::vector<Parameter<T>*> parameters_;
  std::vector<Slot> slots_;              // one a parameter
  std::vector<std::size_t> group_ends_;  // in slots_
  std::vector<std::string> settings_;
  std::uint64_t steps_ = 0;
};

/// An optimizer with options of one kind, of which each group may have its own.
template <class T, class Options>
class OptimizerOf : public Optimizer<T> {
 public:
  /// Parameters with options of their own.
  using Group = ParameterGroup<T, Options>;

  /// One group.
  explicit OptimizerOf(std::vector<Parameter<T>*> parameters, const Options& options = {})
      : OptimizerOf({Group{std::move(parameters), options}}) {}
  /// Groups in braces.
  explicit OptimizerOf(std::initializer_list<Group> groups)
      : OptimizerOf(std::span(groups.begin(), groups.size())) {}
  /// Any number of groups.
  explicit OptimizerOf(std::span<const Group> groups);

  /// One update of every parameter.
  void step() override;

 private:
  std::vector<Options> options_;  // of each group
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace xtape::optim
#pragma GCC visibility pop
