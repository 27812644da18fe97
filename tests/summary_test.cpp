// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

struct Residual : nn::Module<float> {
  nn::Conv2d<float> convolution;
  nn::BatchNorm2d<float> norm;
  Residual(std::size_t channels, Random& random)
      : convolution(channels, channels, 3, random, {.padding = 1}), norm(channels) {
    add("convolution", convolution);
    add("norm", norm);
  }
  Variable<float> forward(Variable<float> x) override { return x + relu(norm(convolution(x))); }
};

template <class T>
struct Twice : nn::Module<double> {
  nn::Linear<double>& shared;
  nn::Tanh<double> unseen;  // not called as a function
  explicit Twice(nn::Linear<double>& linear) : shared(linear) {
    add("first", shared);
    add("unseen", unseen);
    add("second", shared);
  }
  Variable<double> forward(Variable<double> x) override { return shared(unseen.forward(shared(x))); }
};

}  // namespace

TEST_CASE("summary shows the modules of a model, their outputs and their parameters", "[nn][summary]") {
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 16, 3, random).add<nn::Relu>().add<Residual>(16, random);
  model.add<nn::MaxPool2d>(2).add<nn::Flatten>().add<nn::Dropout>(0.5, random);
  model.add<nn::Linear>(144, 10, random);
  CHECK(summary(model, {2, 1, 8, 8}) == R"(module         type         output         parameters
               Sequential   (2, 10)                  
0              Conv2d       (2, 16, 6, 6)         160
1              Relu         (2, 16, 6, 6)            
2              Residual     (2, 16, 6, 6)            
2.convolution  Conv2d       (2, 16, 6, 6)       2,320
2.norm         BatchNorm2d  (2, 16, 6, 6)          32
3              MaxPool2d    (2, 16, 3, 3)            
4              Flatten      (2, 144)                 
5              Dropout      (2, 144)                 
6              Linear       (2, 10)             1,450
total                                           3,962
in buffers                                         33
)");
}

TEST_CASE("summary leaves a model as it was", "[nn][summary]") {
  Random random(1);
  Residual model(2, random);
  model.norm.eval();
  summary(model, {1, 2, 3, 3});
  CHECK(model.is_training());
  CHECK(model.convolution.is_training());
  CHECK_FALSE(model.norm.is_training());
  CHECK(model.norm.num_batches_tracked[0] == 0);
  CHECK_THROWS_AS(summary(model, {1, 3, 3, 3}), ShapeError);
  CHECK(model.is_training());
  CHECK_FALSE(model.norm.is_training());
  Tape<float> tape;
  CHECK(model(tape.constant(irregular({1, 2, 3, 3}))).shape() == Shape{1, 2, 3, 3});
}

TEST_CASE("summary counts a shared module once and says where it saw none", "[nn][summary]") {
  Random random(1);
  nn::Linear<double> shared(2, 2, random);
  Twice<int> model(shared);
  CHECK(summary(model, {3, 2}) == R"(module  type    output  parameters
        Twice   (3, 2)            
first   Linear  (3, 2)           6
unseen  Tanh    -                 
second  Linear  (3, 2)           0
total                            6
)");
}

TEST_CASE("summary of an embedding looks up index 0", "[nn][summary]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Embedding>(1000, 1234, random);
  CHECK(summary(model, {2, 3}) == R"(module  type        output        parameters
        Sequential  (2, 3, 1234)            
0       Embedding   (2, 3, 1234)   1,234,000
total                              1,234,000
)");
}
