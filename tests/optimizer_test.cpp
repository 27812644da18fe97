// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("an optimizer changes all its parameters and no other", "[optim][optimizer]") {
  Parameter<double> a("a", Shape{1}), b("b", Shape{2}), other("other", Shape{1});
  optim::SGD<double> optimizer({&a, &b}, {.learning_rate = 0.5});
  a.grad() = xt::xarray<double>{2};
  b.grad() = xt::xarray<double>{4, 6};
  other.grad() = xt::xarray<double>{8};
  optimizer.step();
  CHECK_THAT(values(a), AllClose({-1}, 0));
  CHECK_THAT(values(b), AllClose({-2, -3}, 0));
  CHECK_THAT(values(other), AllClose({0}, 0));
}

TEST_CASE("zero_grad of an optimizer clears the gradients of its parameters", "[optim][optimizer]") {
  Parameter<double> a("a", Shape{1}), b("b", Shape{1}), other("other", Shape{1});
  optim::SGD<double> optimizer({&a, &b});
  for (auto* parameter : {&a, &b, &other}) parameter->grad() = xt::xarray<double>{2};
  optimizer.zero_grad();
  CHECK(a.grad()(0) == 0);
  CHECK(b.grad()(0) == 0);
  CHECK(other.grad()(0) == 2);
}

TEST_CASE("a step without backward since zero_grad leaves the parameters as they are", "[optim][optimizer]") {
  Parameter<double> p("p", xt::xarray<double>{3});
  optim::SGD<double> optimizer({&p});
  p.grad() = xt::xarray<double>{2};
  optimizer.zero_grad();
  optimizer.step();
  CHECK(p.value()(0) == 3);
}

TEST_CASE("a new learning rate holds from the next step on", "[optim][optimizer]") {
  Parameter<double> p("p", Shape{1});
  optim::SGD<double> optimizer({&p}, {.learning_rate = 1});
  p.grad() = xt::xarray<double>{1};
  optimizer.step();
  optimizer.set_learning_rate(0.25);
  CHECK(optimizer.learning_rate() == 0.25);
  optimizer.step();
  CHECK(p.value()(0) == -1.25);
  optimizer.set_learning_rate(0);
  optimizer.step();
  CHECK(p.value()(0) == -1.25);
}

TEST_CASE("an optimizer refuses a learning rate that makes no sense and keeps the old one",
          "[optim][optimizer][errors]") {
  Parameter<double> p("p", Shape{1});
  optim::SGD<double> optimizer({&p}, {.learning_rate = 0.5});
  CHECK_THROWS_AS(optimizer.set_learning_rate(-1), ArgumentError);
  CHECK_THROWS_WITH(optimizer.set_learning_rate(-0.5),
                    "SGD: learning_rate must be a finite number from 0, got -0.5");
  CHECK_THROWS_WITH(optimizer.set_learning_rate(INFINITY),
                    "SGD: learning_rate must be a finite number from 0, got inf");
  CHECK_THROWS_WITH(optimizer.set_learning_rate(NAN),
                    "SGD: learning_rate must be a finite number from 0, got nan");
  CHECK(optimizer.learning_rate() == 0.5);
  CHECK_THROWS_WITH(optim::SGD<double>({&p}, {.learning_rate = -1}),
                    "SGD: learning_rate must be a finite number from 0, got -1");
}

TEST_CASE("an optimizer refuses no parameters, a null one and one twice", "[optim][optimizer][errors]") {
  Parameter<double> p("weight", Shape{1}), q("bias", Shape{1});
  CHECK_THROWS_AS(optim::SGD<double>({}), ArgumentError);
  CHECK_THROWS_WITH(optim::SGD<double>({}), "SGD: there must be parameters to change, got none");
  CHECK_THROWS_WITH(optim::Adam<double>({&p, nullptr}), "Adam: parameters must not be null");
  CHECK_THROWS_WITH(optim::Adam<double>({&p, &q, &p}),
                    "Adam: each parameter must be given once, got 'weight' twice");
}

// So many elements that they fill whole vectors and leave some over, and several threads' worth.
TEMPLATE_TEST_CASE("optimizers treat each of many elements as if it were alone", "[optim]", float, double) {
  constexpr std::size_t many = 300'037;
  Parameter<TestType> all("all", irregular({many})), adam("adam", irregular({many}));
  optim::SGD<TestType> sgd_of_all({&all}, {.learning_rate = 0.1, .momentum = 0.9});
  optim::Adam<TestType> adam_of_all({&adam}, {.learning_rate = 0.1});
  const auto gradients = irregular({many}, -1, 3);
  for (int step = 0; step < 2; ++step) {
    all.grad() = gradients;
    adam.grad() = gradients;
    sgd_of_all.step();
    adam_of_all.step();
  }
  for (const std::size_t i : {std::size_t{0}, std::size_t{15}, std::size_t{200'000}, many - 1}) {
    Parameter<TestType> one("one", Shape{1}), other("other", Shape{1});
    one.values()[0] = other.values()[0] = static_cast<TestType>(irregular({many})(i));
    optim::SGD<TestType> sgd({&one}, {.learning_rate = 0.1, .momentum = 0.9});
    optim::Adam<TestType> adam_of_one({&other}, {.learning_rate = 0.1});
    for (int step = 0; step < 2; ++step) {
      one.gradients()[0] = other.gradients()[0] = static_cast<TestType>(gradients(i));
      sgd.step();
      adam_of_one.step();
    }
    CHECK(all.values()[i] == one.values()[0]);
    CHECK(adam.values()[i] == other.values()[0]);
  }
}
