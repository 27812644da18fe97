// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace module_gradcheck_test {
namespace {

const xt::xarray<double> points{{1, 2}, {-0.5, 0.3}, {0.1, -2}};
const std::vector<int> classes{0, 2, 1};

// x w, with a gradient for w of the wrong sign.
struct Flipped : nn::Module<double> {
  Parameter<double> weight{"weight", xt::xarray<double>{{0.5, -1, 2}, {1, 0.25, -0.5}}};

  Flipped() { add(weight); }

  Variable<double> forward(Variable<double> x) override {
    const auto w = x.tape().watch(weight);
    return matmul(x, 2 * w.detach() - w);
  }
};

TEST_CASE("nn::gradcheck compares all parameters of a model", "[nn][gradcheck]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 4, random).add<nn::Tanh>().add<nn::Linear>(4, 3, random);
  const auto before = values(*model.parameters()[0]);
  const auto report = nn::gradcheck(model, [&](Tape<double>& tape) {
    return losses::softmax_cross_entropy(model(tape.borrow(points)), classes);
  });
  CHECK_THAT(report, HasCorrectGradient());
  CHECK(report.elements == 2 * 4 + 4 + 4 * 3 + 3);
  CHECK(report.unresolved == 0);
  CHECK_THAT(values(*model.parameters()[0]), AllClose(before, 0));
  for (Parameter<double>* parameter : model.parameters()) {
    for (const double dx : parameter->gradients()) CHECK(dx == 0);
  }
}

TEST_CASE("nn::gradcheck names the parameter whose gradient is wrong", "[nn][gradcheck]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 2, random).add<Flipped>();
  const auto report = nn::gradcheck(model, [&](Tape<double>& tape) {
    return losses::softmax_cross_entropy(model(tape.borrow(points)), classes);
  });
  CHECK(report.elements == 2 * 2 + 2 + 6);
  CHECK(report.failures == 6);
  CHECK(report.name == "1.weight");
  CHECK_THAT(report.message, StartsWith("gradcheck: 6 of 12 elements differ; worst: 1.weight["));
  CHECK_THAT(report.message, EndsWith("; the sign is flipped"));
}

TEST_CASE("nn::gradcheck reports a model that draws at random", "[nn][gradcheck]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 64, random).add<nn::Dropout>(0.5, random);
  const auto loss = [&](Tape<double>& tape) { return mean(model(tape.borrow(points))); };
  CHECK_THAT(nn::gradcheck(model, loss).message,
             StartsWith("gradcheck: the function must give the same outputs for the same inputs, but output "
                        "was "));
  model.eval();
  CHECK_THAT(nn::gradcheck(model, loss), HasCorrectGradient());
}

}  // namespace
}  // namespace module_gradcheck_test
