// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/autograd/parameter.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of WeightAverage.
struct WeightAverageOptions {
  double decay = 0.999;  ///< in [0, 1)
  bool warm_up = false;  ///< in update n, from 1, the decay is at most (1 + n) / (10 + n)
};

/// An exponential moving average of parameters, which often generalises better than their last values. It
/// begins at the values they have when it is made, and each update is
///
/// @f[ average \gets decay \cdot average + (1 - decay) \cdot value @f]
///
///     optim::WeightAverage<float> average(model.parameters(), {.decay = 0.999});
///     ...
///     optimizer.step();
///     average.update();
///     ...
///     {
///       const auto averaged = average.apply();  // until the end of the scope, in the parameters
///       evaluate(model);
///     }
///
/// The parameters must outlive it. Updates allocate nothing. They take the time of all elements, also where
/// gradients are sparse: the average of what a step left as it is comes nearer to it all the same.
///
/// State: "updates" (uint64), and the averages by the position of the parameter: "0.average".
///
/// Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim.
/// 1992.
template <class T>
class WeightAverage {
 public:
  /// @throws ArgumentError  a parameter is null or given twice, or the decay is out of range.
  explicit WeightAverage(std::vector<Parameter<T>*> parameters, const WeightAverageOptions& options = {});
  WeightAverage(const WeightAverage&) = delete;
  WeightAverage& operator=(const WeightAverage&) = delete;

  /// @throws ArgumentError  the averages are in the parameters; so do state, load_state and apply.
  void update();

  /// Exchanges the averages and the values of the parameters. A second call puts both back, bit for bit.
  void swap() noexcept;

  /// While it lives, the averages are in the parameters.
  class [[nodiscard]] Applied {
   public:
    /// As WeightAverage::apply().
    explicit Applied(WeightAverage& average) : average_(average) {
      average.require_in_place("WeightAverage::apply");
      average.swap();
    }
    ~Applied() {
      if (average_.is_swapped_) average_.swap();
    }
    Applied(const Applied&) = delete;
    Applied& operator=(const Applied&) = delete;

   private:
    WeightAverage& average_;
  };

  /// Puts the averages into the parameters until it goes out of scope.
  Applied apply() { return Applied(*this); }

  /// That of one of the parameters, by its position.
  /// @throws ArgumentError  there is no such parameter, or as update.
  ArrayView<const T> average(std::size_t parameter) const;

  /// All that load_state() needs.
  NamedArrays state() const;

  /// @throws ArgumentError  an array is missing, unknown or of another type, or as update.
  /// @throws ShapeError     an array has another shape. Whatever is thrown, nothing has changed.
  void load_state(const NamedArrays& state);

 private:
  void require_in_place(const char* function) const;

  std::vector<Parameter<T>*> parameters_;
  std::vector<Array<T>> averages_;
  WeightAverageOptions options_;
  std::uint64_t updates_ = 0;
  bool is_swapped_ = false;
};

extern template class WeightAverage<float>;
extern template class WeightAverage<double>;

}  // namespace xtape::optim
#pragma GCC visibility pop
