// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/claim.hpp"
#include "xtape/autograd/gradient_memory.hpp"
#include "xtape/autograd/parameter.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Gradients of some parameters, apart from those that the parameters have themselves: what one thread
/// collects while others do the same for the same model.
///
///     std::vector<Gradients<float>> parts;  // one for each part of a batch
///     ...                                   // on several threads, each with a tape of its own:
///     loss_of_part(i).backward(parts[i]);
///     ...                                   // on one thread, when all have ended:
///     for (auto& part : parts) part.add_to(optimizer.parameters());
///     optimizer.step();
///     optimizer.zero_grad();
///
/// Added in a fixed order, they give the same bits however many threads there were and whichever was done
/// first. They add up from backward to backward until add_to() or zero(). Made once, outside of the loop,
/// they allocate nothing in it. The parameters must stay where they are.
template <class T>
class Gradients {
 public:
  /// Zeros.
  /// @throws ArgumentError  a parameter is null or given twice.
  explicit Gradients(const std::vector<Parameter<T>*>& parameters);

  /// The parameters that these are gradients of, in the order of flat().
  const std::vector<Parameter<T>*>& parameters() const noexcept { return parameters_; }

  /// The gradient of a parameter, in its shape.
  /// @throws ArgumentError  it is none of parameters().
  ArrayView<T> of(const Parameter<T>& parameter);

  /// All as one list, parameter by parameter, as they are sent to other processes or clipped together.
  ArrayView<T> flat();

  /// Adds them to the gradients of as many parameters of the same shapes, in their order: of parameters()
  /// themselves, or of another copy of the model. Afterwards they are zero.
  /// @throws ArgumentError  there are more or fewer parameters, or one is null or given twice.
  /// @throws ShapeError     a parameter has another shape.
  /// @throws TapeError      a backward adds to them, or to the gradient of a parameter, at the same time.
  ///                        Whatever is thrown, nothing has changed.
  void add_to(const std::vector<Parameter<T>*>& parameters);

  /// Sets them to zero. What is there is overwritten by the next gradient rule.
  void zero() noexcept;

 private:
  friend class Tape<T>;
  friend struct detail::GradientAccess<T>;

  detail::GradientMemory<T>* find(const Parameter<T>& parameter) noexcept;  // null: it is none of them
  detail::GradientMemory<T>& memory_of(const Parameter<T>& parameter);
  void claim(const char* function, const void* owner);
  void require_same_shapes(const std::vector<Parameter<T>*>& parameters) const;

  std::vector<Parameter<T>*> parameters_;
  std::vector<std::size_t> by_address_;  // positions of parameters, sorted by where these are
  Array<T> values_;
  std::vector<detail::GradientMemory<T>> parts_;  // of values_, one a parameter, in their order
  detail::Claim claim_;
};

extern template class Gradients<float>;
extern template class Gradients<double>;

}  // namespace xtape
#pragma GCC visibility pop
