// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/weight_average.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/distinct_parameters.hpp"
#include "kernels/kernel.hpp"
#include "kernels/optimizer_kernels.hpp"
#include "optim/option_checks.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::optim {

template <class T>
WeightAverage<T>::WeightAverage(std::vector<Parameter<T>*> parameters, const WeightAverageOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  require_fraction("WeightAverage", "decay", options.decay);
  detail::require_distinct("WeightAverage", parameters_);
  for (const Parameter<T>* parameter : parameters_) averages_.emplace_back(parameter->values());
}

template <class T>
void WeightAverage<T>::update() {
  require_in_place("WeightAverage::update");
  ++updates_;
  const auto n = static_cast<double>(updates_);
  const double decay = options_.warm_up ? std::min(options_.decay, (1 + n) / (10 + n)) : options_.decay;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    const T* const value = parameters_[p]->values().data();
    T* const average = averages_[p].data();
    parallel_for_even_ranges(averages_[p].size(), products_per_block,
                             [=](std::size_t begin, std::size_t end) {
                               kernels::kernel<kernels::MoveTowards, T>()(
                                   value + begin, average + begin, end - begin, static_cast<T>(1 - decay));
                             });
  }
}

template <class T>
void WeightAverage<T>::swap() noexcept {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    std::swap_ranges(averages_[p].begin(), averages_[p].end(), parameters_[p]->values().begin());
    parameters_[p]->note_change();
  }
  is_swapped_ = !is_swapped_;
}

template <class T>
ArrayView<const T> WeightAverage<T>::average(std::size_t parameter) const {
  require_in_place("WeightAverage::average");
  if (parameter >= averages_.size()) {
    fail<ArgumentError>("WeightAverage::average: parameter must be below {}, got {}", averages_.size(),
                        parameter);
  }
  return averages_[parameter];
}

template <class T>
NamedArrays WeightAverage<T>::state() const {
  require_in_place("WeightAverage::state");
  NamedArrays state;
  state.add_scalar("updates", updates_);
  for (std::size_t p = 0; p < averages_.size(); ++p) {
    state.add(fmt::format("{}.average", p), ArrayView<const T>(averages_[p]));
  }
  return state;
}

template <class T>
void WeightAverage<T>::load_state(const NamedArrays& state) {
  constexpr const char* function = "WeightAverage::load_state";
  require_in_place(function);
  std::vector<std::string> names{"updates"};
  const auto updates = state.get_scalar<std::uint64_t>(function, names[0]);
  std::vector<ArrayView<const T>> loads;
  for (std::size_t p = 0; p < averages_.size(); ++p) {
    names.push_back(fmt::format("{}.average", p));
    loads.push_back(state.get<T>(function, names.back(), averages_[p].shape()));
  }
  state.require_only(function, names);

  updates_ = updates;
  for (std::size_t p = 0; p < loads.size(); ++p) {
    std::copy(loads[p].begin(), loads[p].end(), averages_[p].begin());
  }
}

template <class T>
void WeightAverage<T>::require_in_place(const char* function) const {
  if (is_swapped_) {
    fail<ArgumentError>(
        "{}: the parameters must hold their own values, got the averages; end the scope of apply, or swap "
        "back",
        function);
  }
}

template class WeightAverage<float>;
template class WeightAverage<double>;

}  // namespace xtape::optim
