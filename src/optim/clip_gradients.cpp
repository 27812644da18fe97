// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/clip_gradients.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "autograd/gradient_access.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum_kernels.hpp"
#include "threads/thread_pool.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {
namespace {

template <class T>
void require_parameters(const char* function, const std::vector<Parameter<T>*>& parameters) {
  if (std::find(parameters.begin(), parameters.end(), nullptr) == parameters.end()) return;
  fail<ArgumentError>("{}: parameters must not be null", function);
}

void require_limit(const char* function, const char* argument, double value) {
  if (!(value > 0)) fail<ArgumentError>("{}: {} must be above 0, got {}", function, argument, value);
}

// Filled and listed: of a sparse one the rows that have any are all that counts.
template <class T>
detail::GradientMemory<T>& settled_gradient(Parameter<T>* parameter) {
  detail::GradientMemory<T>& gradient = detail::GradientAccess<T>::of(*parameter);
  gradient.settle();
  return gradient;
}

// The sums of blocks are added in their order, whoever computes them.
template <class T>
double sum_of_squares(const detail::GradientMemory<T>& gradient, double scale) {
  const detail::ElementsOfRows elements = gradient.elements();
  std::array<double, 64> sums;
  constexpr std::size_t elements_at_once = sums.size() * products_per_block;
  double total = 0;
  for (std::size_t start = 0; start < elements.size(); start += elements_at_once) {
    const std::size_t count = std::min(elements.size() - start, elements_at_once);
    parallel_for_ranges(count, products_per_block, [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      elements.for_each_run(start + begin, start + end, [&](std::size_t offset, std::size_t length) {
        sum += kernels::kernel<kernels::Sums, T>().sum_of_squares(gradient.data() + offset, length, scale);
      });
      sums[begin / products_per_block] = sum;
    });
    const std::size_t blocks = (count + products_per_block - 1) / products_per_block;
    total = std::accumulate(sums.begin(), sums.begin() + blocks, total);
  }
  return total;
}

template <class T>
double sum_of_squares(const std::vector<Parameter<T>*>& parameters, double scale) {
  double total = 0;
  for (Parameter<T>* parameter : parameters) total += sum_of_squares(settled_gradient(parameter), scale);
  return total;
}

template <class T>
double norm_of(const std::vector<Parameter<T>*>& parameters) {
  const double squares = sum_of_squares(parameters, 1);
  // Far enough from the smallest numbers that squares below them are not missed. Those of floats always are.
  if (std::isnan(squares) || (squares > 0x1p-900 && std::isfinite(squares))) return std::sqrt(squares);
  double largest = 0;
  for (Parameter<T>* parameter : parameters) {
    for (const T g : settled_gradient(parameter).filled()) {
      largest = std::max(largest, std::abs(static_cast<double>(g)));
    }
  }
  if (largest == 0 || std::isinf(largest)) return largest;
  const double scale = std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1000, 1000));
  return std::sqrt(sum_of_squares(parameters, scale)) / scale;
}

template <class T>
bool are_finite(const std::vector<Parameter<T>*>& parameters) {
  for (Parameter<T>* parameter : parameters) settled_gradient(parameter);
  const auto gradient_of = [&](std::size_t p) -> const auto& {
    return detail::GradientAccess<T>::of(*parameters[p]);
  };
  std::atomic<bool> result = true;
  parallel_for_arrays(
      parameters.size(), products_per_block, [&](std::size_t p) { return gradient_of(p).elements().size(); },
      [&](std::size_t p, std::size_t begin, std::size_t end) {
        const T* const g = gradient_of(p).data();
        gradient_of(p).elements().for_each_run(begin, end, [&](std::size_t offset, std::size_t count) {
          // What is infinite or NaN makes a NaN of 0.
          if (kernels::kernel<kernels::Sums, T>().sum_of_squares(g + offset, count, 0) != 0) result = false;
        });
      });
  return result;
}

// "nan at gradient[0, 1] of the parameter 'weight'", or nothing if all are finite.
template <class T>
std::optional<std::string> not_finite_gradient(const std::vector<Parameter<T>*>& parameters) {
  for (Parameter<T>* parameter : parameters) {
    const ArrayView<T> g = settled_gradient(parameter).filled();
    const T* const at = std::find_if_not(g.begin(), g.end(), [](T x) { return std::isfinite(x); });
    if (at == g.end()) continue;
    const auto index = static_cast<std::size_t>(at - g.begin());
    // As it stands, a NaN would show its sign.
    return fmt::format("{} at {} of the parameter '{}'", std::isnan(*at) ? "nan" : (*at > 0 ? "inf" : "-inf"),
                       element_name("gradient", g.shape(), index), parameter->name());
  }
  return std::nullopt;
}

template <class T>
[[noreturn]] void throw_not_finite(const std::vector<Parameter<T>*>& parameters, double norm) {
  fail<NonFiniteError>(
      "clip_gradient_norm: the norm of the gradients must be finite, got {}; to scale them all the same set "
      "error_if_nonfinite = false",
      not_finite_gradient(parameters).value_or(fmt::format("{} of finite gradients", norm)));
}

// Calls work(elements, how many) for parts of all gradients.
template <class T, class Work>
void change(const std::vector<Parameter<T>*>& parameters, Work work) {
  for (Parameter<T>* parameter : parameters) {
    detail::GradientMemory<T>& gradient = settled_gradient(parameter);
    const detail::ElementsOfRows elements = gradient.elements();
    T* const g = gradient.data_to_change();
    parallel_for_even_ranges(elements.size(), products_per_block, [&](std::size_t begin, std::size_t end) {
      elements.for_each_run(begin, end,
                            [&](std::size_t offset, std::size_t count) { work(g + offset, count); });
    });
  }
}

template <class T>
void multiply(const std::vector<Parameter<T>*>& parameters, double factor) {
  const T by = static_cast<T>(factor);
  change(parameters, [&](T* g, std::size_t count) {
    kernels::kernel<kernels::Binary<kernels::Multiply>, T>()(g, true, &by, false, g, count);
  });
}

}  // namespace

template <class T>
double gradient_norm(const std::vector<Parameter<T>*>& parameters) {
  require_parameters("gradient_norm", parameters);
  return norm_of(parameters);
}

template <class T>
void require_finite_gradients(const std::vector<Parameter<T>*>& parameters) {
  require_parameters("require_finite_gradients", parameters);
  if (are_finite(parameters)) return;
  fail<NonFiniteError>("require_finite_gradients: every gradient must be finite, got {}",
                       not_finite_gradient(parameters).value());
}

template <class T>
double clip_gradient_norm(const std::vector<Parameter<T>*>& parameters, double max_norm,
                          const ClipGradientNormOptions& options) {
  require_parameters("clip_gradient_norm", parameters);
  require_limit("clip_gradient_norm", "max_norm", max_norm);
  const double norm = norm_of(parameters);
  if (options.error_if_nonfinite && !std::isfinite(norm)) throw_not_finite(parameters, norm);
  if (norm <= max_norm) return norm;
  const double factor = max_norm / norm;
  if (factor < static_cast<double>(std::numeric_limits<T>::min())) {
    // Below the smallest normal number a factor has few digits or none; its root has all.
    const double root = std::sqrt(max_norm) / std::sqrt(norm);
    multiply(parameters, root);
    multiply(parameters, root);
  } else {
    multiply(parameters, factor);
  }
  return norm;
}

template <class T>
void clip_gradient_value(const std::vector<Parameter<T>*>& parameters, double limit) {
  require_parameters("clip_gradient_value", parameters);
  require_limit("clip_gradient_value", "limit", limit);
  const T high = static_cast<T>(limit), low = -high;
  change(parameters, [=](T* g, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) g[i] = g[i] < low ? low : g[i] > high ? high : g[i];
  });
}

template double gradient_norm(const std::vector<Parameter<float>*>&);
template double gradient_norm(const std::vector<Parameter<double>*>&);
template void require_finite_gradients(const std::vector<Parameter<float>*>&);
template void require_finite_gradients(const std::vector<Parameter<double>*>&);
template double clip_gradient_norm(const std::vector<Parameter<float>*>&, double,
                                   const ClipGradientNormOptions&);
template double clip_gradient_norm(const std::vector<Parameter<double>*>&, double,
                                   const ClipGradientNormOptions&);
template void clip_gradient_value(const std::vector<Parameter<float>*>&, double);
template void clip_gradient_value(const std::vector<Parameter<double>*>&, double);

}  // namespace xtape::optim
#pragma GCC visibility pop
