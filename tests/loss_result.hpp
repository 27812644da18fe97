// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "matchers.hpp"

namespace xtape::testing {

/// What a loss gives, and the gradients that it sends back when its entries are summed.
struct LossResult {
  std::vector<double> loss, gradient, label_gradient;
};

/// result_of<float>(predictions, [](auto x) { return losses::nll(x, 2); })
template <class T, class Loss>
LossResult result_of(const xt::xarray<double>& predictions, Loss loss) {
  Tape<T> tape;
  const auto x = tape.variable(predictions);
  const auto y = loss(x);
  sum(y).backward();
  return {values(y), values(x.grad()), {}};
}

/// The same for loss(predictions, labels) of two variables.
template <class T, class Loss>
LossResult result_of(const xt::xarray<double>& predictions, const xt::xarray<double>& labels, Loss loss) {
  Tape<T> tape;
  const auto x = tape.variable(predictions), t = tape.variable(labels);
  const auto y = loss(x, t);
  sum(y).backward();
  return {values(y), values(x.grad()), values(t.grad())};
}

/// CHECKs loss(x, reduction) where the predictions x have a shape without samples.
template <class Loss>
void check_loss_of_no_samples(const Shape& predictions, Loss loss) {
  using losses::Divisor, losses::EmptyMean, losses::Reduction;
  const auto mean = [](EmptyMean empty) { return Reduction::mean_by(Divisor::valid_elements, empty); };
  const auto with = [&](Reduction reduction) {
    return result_of<double>(array(predictions, {}), [&](auto x) { return loss(x, reduction); });
  };
  CHECK(with(Reduction::none).loss.empty());
  CHECK(with(Reduction::none).gradient.empty());
  CHECK_THAT(with(Reduction::sum).loss, AllClose({0}, 0));
  CHECK_THAT(with(Reduction::mean).loss, AllClose({NaN}, 0));
  CHECK_THAT(with(mean(EmptyMean::zero)).loss, AllClose({0}, 0));
  CHECK_THROWS_AS(with(mean(EmptyMean::error)), ArgumentError);
}

/// CHECKs that loss(x) and its gradient, for x of shape (100000, 3), are the same bits on one thread and two.
template <class Loss>
void check_loss_on_two_threads(Loss loss) {
  const std::size_t before = num_threads();
  const auto x = irregular({100000, 3});
  set_num_threads(1);
  const auto one = result_of<float>(x, loss);
  set_num_threads(2);
  const auto two = result_of<float>(x, loss);
  set_num_threads(before);
  CHECK(one.loss == two.loss);
  CHECK(one.gradient == two.gradient);
  CHECK(std::isfinite(one.loss[0]));
}

}  // namespace xtape::testing
