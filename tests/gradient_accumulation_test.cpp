// SPDX-License-Identifier: BSD-3-Clause
// A batch that is too large for one step, in parts whose gradients add up in the parameter.
#include <cstddef>
#include <functional>
#include <vector>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;

namespace gradient_accumulation_test {
namespace {

const std::vector<std::size_t> parts{5, 1, 0, 4, 2};  // of the 12 samples, in this order
constexpr std::size_t samples = 12, features = 3, classes = 4;

const xt::xarray<double> inputs = irregular({samples, features});
const xt::xarray<double> soft_labels = irregular({samples, classes}, 0, 1);
const xt::xarray<double> weights = irregular({samples}, 0, 3);
const xt::xarray<int> class_indices{3, 0, -1, 2, 2, 1, -1, 0, 3, 1, -1, 2};
constexpr double labelled_samples = 9;

// loss(logits, first, last) is that of some of the samples.
using Loss = std::function<Variable<double>(Variable<double>, std::size_t first, std::size_t last)>;

template <class Array>
auto rows(const Array& array, std::size_t first, std::size_t last) {
  return xt::view(array, xt::range(first, last));
}

void add_gradient(Parameter<double>& weight, const Loss& loss, std::size_t first, std::size_t last) {
  Tape<double> tape;
  const auto logits = linear(tape.constant(rows(inputs, first, last)), tape.watch(weight));
  loss(logits, first, last).backward();
}

std::vector<double> gradient_of_whole(const Loss& loss) {
  Parameter<double> weight("weight", irregular({classes, features}));
  add_gradient(weight, loss, 0, samples);
  return values(weight.grad());
}

std::vector<double> gradient_of_parts(const Loss& loss) {
  Parameter<double> weight("weight", irregular({classes, features}));
  std::size_t first = 0;
  for (const std::size_t size : parts) {
    add_gradient(weight, loss, first, first + size);
    first += size;
  }
  return values(weight.grad());
}

// Sums of a dozen numbers, in another order.
AllClose equals(const std::vector<double>& expected) {
  return AllClose(expected, ulps<double>(16), ulps<double>(4));
}

}  // namespace

TEST_CASE("Parts of a batch, divided by the size of the whole, add up to its gradient",
          "[losses][softmax_cross_entropy][accumulation]") {
  const auto loss = [](Reduction reduction) {
    return [=](Variable<double> logits, std::size_t first, std::size_t last) {
      return losses::softmax_cross_entropy(logits, rows(soft_labels, first, last), {.reduction = reduction});
    };
  };
  const auto whole = gradient_of_whole(loss(Reduction::mean));
  CHECK_THAT(gradient_of_parts(loss(Reduction::mean_by(samples))), equals(whole));
  CHECK_THAT(gradient_of_whole(loss(Reduction::mean_by(samples))), equals(whole));
}

TEST_CASE("Parts of a batch add up under ignored labels and sample weights, divided by those of the whole",
          "[losses][softmax_cross_entropy][accumulation]") {
  const auto loss = [](Reduction reduction) {
    return [=](Variable<double> logits, std::size_t first, std::size_t last) {
      return losses::softmax_cross_entropy(logits, rows(class_indices, first, last),
                                           {.sample_weights = rows(weights, first, last),
                                            .ignore_index = -1,
                                            .label_smoothing = 0.1,
                                            .reduction = reduction});
    };
  };
  CHECK_THAT(gradient_of_parts(loss(Reduction::mean_by(labelled_samples))),
             equals(gradient_of_whole(loss(Reduction::mean))));

  double labelled_weight = 0;
  for (std::size_t i = 0; i < samples; ++i) labelled_weight += class_indices(i) == -1 ? 0 : weights(i);
  CHECK_THAT(gradient_of_parts(loss(Reduction::mean_by(labelled_weight))),
             equals(gradient_of_whole(loss(Reduction::mean_by(losses::Divisor::sum_of_weights)))));
}

TEST_CASE("Parts of a batch of independent labels add up, divided by the elements of the whole",
          "[losses][sigmoid_cross_entropy][accumulation]") {
  const auto loss = [](Reduction reduction) {
    return [=](Variable<double> logits, std::size_t first, std::size_t last) {
      return losses::sigmoid_cross_entropy(logits, rows(soft_labels, first, last), {.reduction = reduction});
    };
  };
  CHECK_THAT(gradient_of_parts(loss(Reduction::mean_by(samples * classes))),
             equals(gradient_of_whole(loss(Reduction::mean))));
}

}  // namespace gradient_accumulation_test
