// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("activation modules compute the operations of their names", "[nn][activations]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.constant(std::vector<TestType>{-2, 0, 0.5});
  nn::Relu<TestType> relu_module;
  nn::Tanh<TestType> tanh_module;
  nn::Sigmoid<TestType> sigmoid_module;
  nn::Softplus<TestType> softplus_module;
  nn::Gelu<TestType> gelu_module;
  nn::Silu<TestType> silu_module;
  nn::HardSwish<TestType> hard_swish_module;
  nn::LeakyRelu<TestType> leaky_relu_module, steeper(TestType(0.5));
  nn::Elu<TestType> elu_module, larger(2);
  CHECK_THAT(values(relu_module(x)), AllClose({0, 0, 0.5}, 0));
  // 2e-7: a few roundings in float.
  CHECK_THAT(values(tanh_module(x)), AllClose({-0.9640275800758169, 0, 0.46211715726000975}, 2e-7));
  CHECK_THAT(values(sigmoid_module(x)), AllClose({0.11920292202211755, 0.5, 0.6224593312018546}, 2e-7));
  CHECK_THAT(values(softplus_module(x)),
             AllClose({0.1269280110429726, 0.6931471805599453, 0.9740769841801067}, 2e-7));
  CHECK_THAT(values(gelu_module(x)), AllClose({-0.04550026389635842, 0, 0.34573123063700656}, 2e-7));
  CHECK_THAT(values(silu_module(x)), AllClose({-0.2384058440442351, 0, 0.3112296656009273}, 2e-7));
  CHECK_THAT(values(hard_swish_module(x)), AllClose({-1.0 / 3, 0, 1.75 / 6}, 2e-7));
  CHECK_THAT(values(leaky_relu_module(x)), AllClose({-0.02, 0, 0.5}, 2e-7));
  CHECK_THAT(values(steeper(x)), AllClose({-1, 0, 0.5}, 0));
  CHECK_THAT(values(elu_module(x)), AllClose({-0.8646647167633873, 0, 0.5}, 2e-7));
  CHECK_THAT(values(larger(x)), AllClose({-1.7293294335267746, 0, 0.5}, 2e-7));
}

TEST_CASE("activation modules have no parameters", "[nn][activations]") {
  CHECK(nn::Relu<float>().parameters().empty());
  CHECK(nn::Tanh<float>().parameter_count() == 0);
}
