// SPDX-License-Identifier: BSD-3-Clause
#include "losses/sample_weights.hpp"

#include <cmath>

#include "arrays/format.hpp"
#include "kernels/sum.hpp"

namespace xtape::losses {

double SampleWeights::divisor(const char* loss, const Reduction& reduction) const {
  switch (reduction.kind()) {
    case Reduction::Kind::none:
    case Reduction::Kind::sum:
      return 1;
    case Reduction::Kind::sum_over_number: {
      const double number = reduction.number();
      const bool is_too_small = number > 0 && std::isinf(1 / number);
      if (number > 0 && std::isfinite(number) && !is_too_small) return number;
      fail<ArgumentError>("{}: the divisor of the reduction must be positive and finite, {}got {}", loss,
                          is_too_small ? "and so its reciprocal, " : "", number);
    }
    case Reduction::Kind::mean:
      break;
  }
  if (reduction.divisor() == Divisor::sum_of_target_class_weights && !have_target_classes) {
    fail<ArgumentError>(
        "{}: Divisor::sum_of_target_class_weights needs classes, which this loss has not; say "
        "Divisor::sum_of_weights",
        loss);
  }
  const double result = sum(reduction.divisor());
  if (std::isinf(result)) {
    fail<ArgumentError>("{}: the weights that a mean divides by must add up to a finite number, got {}", loss,
                        result);
  }
  if (result != 0 || reduction.empty() == EmptyMean::nan) return result;
  if (reduction.empty() == EmptyMean::zero) return INFINITY;
  fail<ArgumentError>("{}: the mean must not be empty (EmptyMean::error), got {} losses and a divisor of 0",
                      loss, samples);
}

double SampleWeights::sum(Divisor divisor) const {
  const auto over_valid = [&](auto term) {
    kernels::Sum<double> sum;
    for (std::size_t s = 0; s < samples; ++s) {
      if (is_valid(s)) sum.add(term(s));
    }
    return sum.value();
  };
  switch (divisor) {
    case Divisor::elements:
      return static_cast<double>(samples);
    case Divisor::valid_elements:
      return valid.empty() ? static_cast<double>(samples) : over_valid([](std::size_t) { return 1; });
    case Divisor::sum_of_unbroadcast_weights:
      if (!follow_mask) return sum_of_given_weights.value_or(static_cast<double>(samples));
      [[fallthrough]];
    case Divisor::sum_of_weights:
      return over_valid([this](std::size_t s) { return weight(s); });
    case Divisor::sum_of_target_class_weights:
      return over_valid([this](std::size_t s) { return weight(s) * target_weight(s); });
    case Divisor::nonzero_weights:
      return over_valid([this](std::size_t s) { return weight(s) != 0; });
  }
  return 0;
}

}  // namespace xtape::losses
