// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

struct Case {
  Shape x, weight;
  ConvolutionOptions options;
};

// Of every kind: kernels of one element, strides beside dilations, padding beyond the kernel and almost
// nothing else, groups, images that go into one product or are cut into several, rows of any length, and work
// for several threads.
const std::vector<Case> cases{
    {{2, 3, 5, 4}, {4, 3, 1, 1}, {}},
    {{2, 3, 5, 4}, {4, 3, 1, 1}, {.stride = 2}},
    {{2, 3, 5, 4}, {4, 3, 1, 1}, {.padding = 1}},
    {{2, 3, 5, 4}, {4, 3, 3, 3}, {.padding = 1}},
    {{2, 3, 5, 6}, {4, 3, 3, 2}, {.stride = {2, 3}, .padding = {2, 1}}},
    {{1, 2, 7, 9}, {3, 2, 2, 3}, {.stride = {1, 2}, .padding = {3, 4}, .dilation = {3, 2}}},
    {{2, 4, 5, 4}, {6, 2, 2, 2}, {.padding = 1, .groups = 2}},
    {{3, 4, 6, 6}, {8, 1, 3, 3}, {.stride = 2, .padding = 1, .groups = 4}},
    {{1, 1, 1, 1}, {2, 1, 3, 3}, {.padding = 1}},
    {{1, 1, 2, 2}, {1, 1, 1, 5}, {.padding = {0, 6}}},
    {{11, 3, 4, 4}, {5, 3, 1, 1}, {}},
    {{40, 3, 2, 2}, {5, 3, 2, 2}, {.padding = 1}},
    {{9, 8, 13, 14}, {24, 8, 3, 3}, {.padding = 1}},
    {{33, 16, 12, 12}, {32, 16, 3, 3}, {}},
    {{2, 30, 70, 41}, {2, 30, 5, 3}, {.stride = {1, 2}, .padding = 1}},
    {{1, 128, 40, 37}, {3, 128, 3, 3}, {.padding = 1}},
    {{3, 2, 8, 8}, {4, 2, 3, 3}, {.padding = 1}},
    {{1, 2, 5, 16}, {4, 2, 3, 3}, {.padding = 1}},
    {{1, 2, 4, 75}, {2, 2, 3, 3}, {.padding = 1}},
    {{2, 2, 3, 4}, {3, 2, 2, 2}, {.stride = 500, .padding = 1000}},
    {{7, 2, 12, 11}, {5, 2, 3, 2}, {.padding = {2, 1}, .dilation = {2, 3}}},
    {{2, 3, 40, 300}, {16, 3, 3, 3}, {.padding = 1}},
    {{3, 2, 30, 200}, {20, 1, 5, 4}, {.padding = {4, 0}, .groups = 2}},
    {{5, 6, 9, 30}, {6, 1, 3, 3}, {.padding = 1, .groups = 6}},
    {{2, 4, 1, 90}, {4, 4, 1, 9}, {.padding = {0, 4}}},
    {{4, 5, 9, 10}, {40, 5, 3, 3}, {.padding = 1}},
    {{2, 4, 30, 60}, {80, 2, 3, 2}, {.padding = {1, 0}, .dilation = {2, 1}, .groups = 2}},
    {{5, 3, 13, 14}, {34, 3, 3, 3}, {.stride = 2, .padding = 1}},
    {{2, 3, 17, 18}, {4, 3, 5, 4}, {.stride = {3, 4}, .padding = {2, 3}}},
    {{2, 2, 15, 16}, {3, 2, 3, 4}, {.stride = 2, .padding = 3, .dilation = {2, 3}}},
    {{2, 8, 9, 700}, {6, 4, 3, 5}, {.stride = {1, 2}, .padding = {1, 2}, .groups = 2}},
    {{1, 16, 90, 61}, {5, 16, 4, 3}, {.stride = {3, 1}, .padding = {1, 0}}},
};

// The sum of the header, term by term; f(y, x, weight) is called with the places of each term.
template <class F>
void for_each_term(const Case& c, const Shape& y, F f) {
  const auto& [stride, padding, dilation, groups] = c.options;
  const std::size_t channels = c.x[1], rows = c.x[2], columns = c.x[3], out = c.weight[0] / groups,
                    in = c.weight[1], kernel_rows = c.weight[2], kernel_columns = c.weight[3];
  std::size_t at = 0;
  for (std::size_t b = 0; b < y[0]; ++b)
    for (std::size_t o = 0; o < y[1]; ++o)
      for (std::size_t i = 0; i < y[2]; ++i)
        for (std::size_t j = 0; j < y[3]; ++j, ++at)
          for (std::size_t ch = 0; ch < in; ++ch)
            for (std::size_t k = 0; k < kernel_rows; ++k)
              for (std::size_t l = 0; l < kernel_columns; ++l) {
                const std::size_t r = i * stride.rows + k * dilation.rows - padding.rows,
                                  s = j * stride.columns + l * dilation.columns - padding.columns;
                if (r >= rows || s >= columns) continue;  // below 0 wraps around
                f(at, ((b * channels + o / out * in + ch) * rows + r) * columns + s,
                  ((o * in + ch) * kernel_rows + k) * kernel_columns + l);
              }
}

}  // namespace

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("conv2d with stride and padding agrees with PyTorch", "[ops][conv2d]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({1, 2, 4, 3})),
             weight = tape.variable(irregular({2, 2, 2, 2}, -1, 1)),
             bias = tape.variable(array({2}, {0.5, -0.25}));
  const auto y = conv2d(x, weight, bias, {.stride = {2, 1}, .padding = {1, 0}});
  const double tolerance = ulps<TestType>(8), near_0 = ulps<TestType>(8);
  CHECK(y.shape() == Shape{1, 2, 3, 2});
  CHECK_THAT(values(y),
             AllClose({2.08229893040126, -1.3542089295600428, -1.3476515489863337, 2.1663237410818046,
                       -1.2241190294675144, 2.447723670557723, 1.5369237108571958, -2.1100740290469027,
                       -2.2453367475394463, 1.2934835026498266, -1.8806042884698364, 1.5807485316126046},
                      tolerance, near_0));
  y.backward(tape.constant(irregular({1, 2, 3, 2})));
  CHECK_THAT(values(x.grad()),
             AllClose({-0.08039997985026343, 0.40269218033817034,  -0.23826738980736037, 0.3654247401564667,
                       -1.0926493896391207,  0.8762944102094591,   1.1518292401985288,   -0.9625594895465845,
                       0.2199798102599331,   -0.23826738980736034, 0.2572472504416368,   -0.22584490974679702,
                       0.1549348602136669,   -0.5693572395255534,  0.442892170263304,    -1.3930291797493193,
                       1.9477236705577226,   -0.4363347896895929,  -0.606624679707257,   2.077813570650259,
                       -1.092649389639119,   0.23240229032050025,  -0.6899572093009523,  0.24482477038107148},
                      tolerance, near_0));
  CHECK_THAT(values(weight.grad()),
             AllClose({3.114907940560247, -4.649757219375818, 0.15493486021367084, 0.49551464024900294,
                       0.6138743413678156, 3.1835777214367944, -0.08626507933711956, 0.2543147006982126,
                       0.14320466123994677, 0.0628046813896873, -4.649757219375818, 3.3750877407453195,
                       1.1970386231276362, 0.11974426329251081, 3.3326474821636007, -4.64250755771526},
                      tolerance, 2 * near_0));
  CHECK_THAT(values(bias.grad()), AllClose({-0.08514494500882819, 0.9117494349760378}, tolerance, near_0));
}

TEMPLATE_TEST_CASE("conv2d with dilation agrees with PyTorch", "[ops][conv2d]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({1, 1, 4, 5})),
             weight = tape.variable(irregular({1, 1, 2, 3}, -1, 1));
  const auto y = conv2d(x, weight, {.stride = {1, 2}, .padding = {0, 1}, .dilation = {3, 1}});
  const double tolerance = ulps<TestType>(8);
  CHECK(y.shape() == Shape{1, 1, 1, 3});
  CHECK_THAT(values(y),
             AllClose({-2.259833659641643, 0.5576270405518355, 1.241719150365924}, tolerance, tolerance));
  y.backward(tape.constant(irregular({1, 1, 1, 3})));
  CHECK_THAT(values(x.grad()), AllClose({-0.24922359499621455,
                                         0.08514494500883307,
                                         0.5572809000084117,
                                         -0.41330224498359597,
                                         -0.7476707849886436,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0,
                                         0,
                                         -0.38699100999074654,
                                         0.25543483502649816,
                                         0.8653382050206089,
                                         -0.518547184954995,
                                         -1.1609730299722396},
                                        tolerance, tolerance));
  CHECK_THAT(values(weight.grad()), AllClose({0.9566943900597265, -3.5943752699184017, -0.3807797699604639,
                                              1.3469640903373294, 1.529676460415563, -1.0122494097888575},
                                             tolerance, tolerance));
}

TEMPLATE_TEST_CASE("conv2d with groups agrees with PyTorch", "[ops][conv2d]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({2, 4, 2, 2})),
             weight = tape.variable(irregular({2, 2, 2, 1}, -1, 1)),
             bias = tape.variable(array({2}, {0.5, -0.25}));
  const auto y = conv2d(x, weight, bias, {.groups = 2});
  const double tolerance = ulps<TestType>(8);
  CHECK(y.shape() == Shape{2, 2, 1, 2});
  CHECK_THAT(values(y),
             AllClose({-1.258453919905784, 0.8003797901102004, -0.12577519939432566, 1.8278135706502612,
                       1.4135618503911664, 0.6395798304096736, -1.5772919486161885, 1.766393451434272},
                      tolerance, tolerance));
  y.backward(tape.constant(irregular({2, 2, 1, 2})));
  CHECK_THAT(values(weight.grad()),
             AllClose({0.04382482075540506, -1.268804379143647, -4.469977399041017, 0.7746743010683388,
                       -2.4323638183158844, -0.17839525816110013, -3.5900581580012565, 1.4441036621652934},
                      tolerance, 2 * tolerance));
  CHECK_THAT(values(bias.grad()), AllClose({-1.3900966300058855, 2.3869910099907514}, tolerance));
  CHECK_THAT(values(slice(tape.constant(x.grad()), 0, 1, 2)),
             AllClose({-0.38699100999074654, 0.19660112501051558, 0.8653382050206089, -0.4396134799764465,
                       -1.1609730299722396, 0.5898033750315468, 0.09135618503911569, -0.04641122995541535,
                       0.5697033800689779, -1.4566078549238706, -0.2894235849213463, 0.739993270086647,
                       0.24154608009421494, -0.6175808848961093, -0.6175808848961093, 1.5790202401144082},
                      tolerance, tolerance));
}

TEMPLATE_TEST_CASE("conv2d of every kind is the sum of its terms, and so are its gradients", "[ops][conv2d]",
                   float, double) {
  for (const Case& c : cases) {
    CAPTURE(to_string(c.x), to_string(c.weight));
    Tape<TestType> tape;
    const auto x = tape.variable(irregular(c.x)), weight = tape.variable(irregular(c.weight, -1, 1)),
               bias = tape.variable(irregular({c.weight[0]}));
    const auto y = conv2d(x, weight, bias, c.options);
    const auto dy = tape.constant(irregular(y.shape(), -1, 2));
    y.backward(dy);

    const std::size_t pixels = y.shape()[2] * y.shape()[3];
    std::vector<double> value(y.size()), dx(x.size()), dweight(weight.size()), dbias(bias.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t channel = i / pixels % y.shape()[1];
      value[i] = bias.data()[channel];
      dbias[channel] += dy.data()[i];
    }
    const TestType *const of_x = x.data(), *const of_weight = weight.data(), *const of_dy = dy.data();
    for_each_term(c, y.shape(), [&](std::size_t at, std::size_t at_x, std::size_t at_weight) {
      value[at] += static_cast<double>(of_x[at_x]) * of_weight[at_weight];
      dx[at_x] += static_cast<double>(of_dy[at]) * of_weight[at_weight];
      dweight[at_weight] += static_cast<double>(of_dy[at]) * of_x[at_x];
    });
    // The rounding of a sum of so many terms, whose parts are about as large as the largest result.
    const auto near = [](const std::vector<double>& expected, std::size_t terms) {
      double largest = 4;
      for (const double number : expected) largest = std::max(largest, std::abs(number));
      return AllClose(expected, 0, ulps<TestType>(1) * std::sqrt(static_cast<double>(terms)) * largest);
    };
    const std::size_t patch = weight.size() / c.weight[0], of_input = weight.size() / weight.shape()[1];
    CHECK_THAT(values(y), near(value, patch));
    CHECK_THAT(values(x.grad()), near(dx, of_input));
    CHECK_THAT(values(weight.grad()), near(dweight, c.x[0] * pixels));
    CHECK_THAT(values(bias.grad()), AllClose(dbias, ulps<TestType>(1), ulps<TestType>(1)));
    // Without a bias, and added to what is there already.
    const auto plain = conv2d(x, weight, c.options);
    CHECK_THAT(values(plain + reshape(bias, {c.weight[0], 1, 1})), near(value, patch));
    (sum(x) + sum(weight) + sum(plain * dy)).backward();
    for (double& slope : dx) slope += 1;
    for (double& slope : dweight) slope += 1;
    CHECK_THAT(values(x.grad()), near(dx, of_input));
    CHECK_THAT(values(weight.grad()), near(dweight, c.x[0] * pixels));
  }
}

TEST_CASE("conv2d does not depend on the number of threads", "[ops][conv2d][threads]") {
  const auto results = [](std::size_t threads) {
    set_num_threads(threads);
    Tape<float> tape;
    const auto x = tape.variable(irregular({33, 16, 12, 12})),
               weight = tape.variable(irregular({32, 16, 3, 3}));
    const auto bias = tape.variable(irregular({32}));
    const auto y = conv2d(x, weight, bias, {.padding = 1});
    y.backward(tape.constant(irregular(y.shape())));
    return std::vector{values(y), values(x.grad()), values(weight.grad()), values(bias.grad())};
  };
  const std::size_t before = num_threads();
  const auto alone = results(1);
  CHECK(results(3) == alone);
  set_num_threads(before);
}

TEMPLATE_TEST_CASE("conv2d_relu is relu after conv2d, bit for bit", "[ops][conv2d]", float, double) {
  for (const Case& c : cases) {
    for (const bool has_bias : {true, false}) {
      CAPTURE(to_string(c.x), to_string(c.weight), has_bias);
      std::vector<std::vector<double>> results;
      for (const bool at_once : {true, false}) {
        Tape<TestType> tape;
        const auto x = tape.variable(irregular(c.x)), weight = tape.variable(irregular(c.weight, -1, 1)),
                   bias = tape.variable(irregular({c.weight[0]}));
        const auto y =
            at_once ? has_bias ? conv2d_relu(x, weight, bias, c.options) : conv2d_relu(x, weight, c.options)
                    : relu(has_bias ? conv2d(x, weight, bias, c.options) : conv2d(x, weight, c.options));
        y.backward(tape.constant(irregular(y.shape(), -1, 1)));
        results.push_back(values(y));
        for (const auto& input : {x, weight}) results.push_back(values(input.grad()));
        if (has_bias) results.push_back(values(bias.grad()));
      }
      const std::size_t half = results.size() / 2;
      for (std::size_t i = 0; i < half; ++i) CHECK(results[i] == results[half + i]);
    }
  }
}

TEMPLATE_TEST_CASE("conv2d_relu_max_pool2d is max_pool2d after conv2d_relu, bit for bit",
                   "[ops][conv2d][max_pool2d]", float, double) {
  for (const Case& c : cases) {
    for (const std::size_t window : {2U, 3U}) {
      for (const bool has_bias : {true, false}) {
        CAPTURE(to_string(c.x), to_string(c.weight), window, has_bias);
        std::vector<std::vector<double>> results;
        for (const bool at_once : {true, false}) {
          Tape<TestType> tape;
          const auto x = tape.variable(irregular(c.x)), weight = tape.variable(irregular(c.weight, -1, 1)),
                     bias = tape.variable(irregular({c.weight[0]}));
          const auto before =
              has_bias ? conv2d_relu(x, weight, bias, c.options) : conv2d_relu(x, weight, c.options);
          if (std::min(before.shape()[2], before.shape()[3]) < window) continue;
          const auto y = !at_once   ? max_pool2d(before, window)
                         : has_bias ? conv2d_relu_max_pool2d(x, weight, bias, c.options, window)
                                    : conv2d_relu_max_pool2d(x, weight, c.options, window);
          sum(y * tape.constant(irregular(y.shape(), -1, 1))).backward();
          results.push_back(values(y));
          for (const auto& input : {x, weight}) results.push_back(values(input.grad()));
          if (has_bias) results.push_back(values(bias.grad()));
          results.push_back(values(conv2d_relu_max_pool2d(
              tape.constant(x.values()), tape.constant(weight.values()), c.options, window)));
        }
        const std::size_t half = results.size() / 2;
        for (std::size_t i = 0; i < half; ++i) CHECK(results[i] == results[half + i]);
      }
    }
  }
}

// A sum of -0 beside one below 0.
TEMPLATE_TEST_CASE("conv2d_relu_max_pool2d gives no negative 0", "[ops][conv2d][max_pool2d]", float, double) {
  Tape<TestType> tape;
  Array<TestType> image(Shape{1, 1, 33, 33});
  image[0] = 1;
  const auto x = tape.borrow(image), weight = tape.constant(xt::xarray<TestType>({1, 1, 2, 2}, TestType{-1})),
             bias = tape.constant(xt::xarray<TestType>{-TestType{0}});
  const auto of_relu = conv2d_relu(x, weight, bias), of_three = max_pool2d(of_relu, 2),
             at_once = conv2d_relu_max_pool2d(x, weight, bias, {}, 2);
  for (const Variable<TestType> result : {of_relu, of_three, at_once}) {
    CHECK(std::ranges::none_of(result.values(), [](TestType z) { return std::signbit(z); }));
    CHECK(std::ranges::all_of(result.values(), [](TestType z) { return z == 0; }));
  }
}

TEST_CASE("conv2d_relu_max_pool2d keeps nothing between the three", "[ops][conv2d][max_pool2d]") {
  Tape<float> tape;
  const auto x = tape.variable(irregular({1, 1, 6, 7})), weight = tape.variable(irregular({2, 1, 3, 3}));
  CHECK(conv2d_relu_max_pool2d(x, weight, {}, 2).operation() == std::string("conv2d_relu_max_pool2d"));
  CHECK(conv2d_relu_max_pool2d(x, weight, {}, 2).shape() == Shape{1, 2, 2, 2});
  CHECK(conv2d_relu_max_pool2d(x, weight, {}, 2, {.stride = 1}).operation() == std::string("max_pool2d"));
}

TEST_CASE("conv2d_relu_max_pool2d leaves nothing on the tape where the windows do not fit",
          "[ops][conv2d][max_pool2d][errors]") {
  Tape<float> tape;
  const auto x = tape.variable(irregular({1, 1, 6, 7})), weight = tape.variable(irregular({2, 1, 3, 3}));
  CHECK(refusal<ShapeError>(tape, [&] { conv2d_relu_max_pool2d(x, weight, {}, 5); }) ==
        "max_pool2d: the kernel must fit into the padded image, got x (1, 2, 4, 5) with kernel (5, 5), "
        "dilation (1, 1) and padding (0, 0)");
}

TEST_CASE("conv2d_relu hands NaN on, and gives no gradient where its output is 0",
          "[ops][conv2d][extremes]") {
  for (const std::size_t stride : {1U, 2U}) {
    Tape<double> tape;
    const auto x = tape.variable(array({1, 1, 1, 5}, {NaN, 7, -1, -1, 3}));
    const auto y = conv2d_relu(x, tape.variable(array({1, 1, 1, 1}, {1})), {.stride = stride});
    CHECK_THAT(values(y), stride == 1 ? AllClose({NaN, 7, 0, 0, 3}, 0) : AllClose({NaN, 0, 3}, 0));
    sum(y).backward();
    CHECK_THAT(values(x.grad()), stride == 1 ? AllClose({0, 1, 0, 0, 1}, 0) : AllClose({0, 0, 0, 0, 1}, 0));
  }
}

TEST_CASE("conv2d_relu names itself where an argument does not fit", "[ops][conv2d][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({1, 3, 4, 4})), weight = tape.variable(irregular({2, 5, 3, 3}));
  CHECK(refusal<ShapeError>(tape, [&] { conv2d_relu(x, weight); }) ==
        "conv2d_relu: weight must be (out, 3, kernel rows, kernel columns) for x (1, 3, 4, 4) and groups = "
        "1, got "
        "(2, 5, 3, 3)");
}

TEST_CASE("conv2d gradient agrees with central differences", "[ops][conv2d][gradient]") {
  const auto check = [](const ConvolutionOptions& options, const Shape& x, const Shape& weight) {
    CHECK_THAT(gradcheck([&](auto x, auto w, auto b) { return conv2d(x, w, b, options); }, irregular(x),
                         irregular(weight, -1, 1), irregular({weight[0]})),
               HasCorrectGradient());
  };
  check({}, {2, 2, 3, 3}, {2, 2, 1, 1});
  check({.stride = 2, .padding = 1, .dilation = {1, 2}}, {2, 1, 4, 5}, {2, 1, 2, 2});
  check({.padding = 1, .groups = 2}, {1, 4, 3, 3}, {4, 2, 3, 3});
}

TEST_CASE("conv2d of images with themselves adds both gradients", "[ops][conv2d][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return conv2d(x, x, {.padding = 1}); }, irregular({2, 2, 3, 2})),
             HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return conv2d(x, x); }, irregular({1, 1, 1, 1})), HasCorrectGradient());
}

TEST_CASE("conv2d computes no gradient that nobody asks for", "[ops][conv2d][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(irregular({1, 1, 3, 3})), weight = tape.constant(irregular({1, 1, 2, 2}));
  const auto bias = tape.variable(array({1}, {0.5}));
  CHECK_FALSE(conv2d(x, weight).requires_grad());
  sum(conv2d(x, weight, bias)).backward();
  CHECK_THAT(values(bias.grad()), AllClose({4}, 0));
}

TEST_CASE("conv2d of no images is empty, with gradients of zero", "[ops][conv2d][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({0, 2, 3, 3})), weight = tape.variable(irregular({2, 2, 2, 2})),
             bias = tape.variable(irregular({2}));
  const auto y = conv2d(x, weight, bias);
  CHECK(y.shape() == Shape{0, 2, 2, 2});
  sum(y).backward();
  CHECK(x.gradients().shape() == x.shape());
  CHECK_THAT(values(weight.grad()), AllClose(std::vector<double>(16), 0));
  CHECK_THAT(values(bias.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("conv2d of no channels is the bias, and of no outputs empty", "[ops][conv2d][extremes]") {
  for (const std::size_t kernel : {1U, 2U}) {
    for (const std::size_t stride : {1U, 2U}) {
      for (const std::size_t channels : {0U, 2U}) {
        for (const std::size_t outputs : {0U, 1U}) {
          if (channels > 0 && outputs > 0) continue;
          CAPTURE(kernel, stride, channels, outputs);
          Tape<double> tape;
          const auto x = tape.variable(irregular({1, channels, 3, 4})),
                     weight = tape.variable(irregular({outputs, channels, kernel, kernel})),
                     bias = tape.variable(array({outputs}, std::vector<double>(outputs, 0.5)));
          const auto y = conv2d(x, weight, bias, {.stride = stride});
          const std::size_t rows = (3 - kernel) / stride + 1, columns = (4 - kernel) / stride + 1;
          CHECK(y.shape() == Shape{1, outputs, rows, columns});
          CHECK(values(y) == std::vector<double>(outputs * rows * columns, 0.5));
          sum(y).backward();
          CHECK(values(x.grad()) == std::vector<double>(channels * 12));
          CHECK(weight.gradients().size() == 0);
          CHECK(values(bias.grad()) == std::vector<double>(outputs, static_cast<double>(rows * columns)));
        }
      }
    }
  }
}

TEST_CASE("conv2d hands NaN to those outputs that see it", "[ops][conv2d][extremes]") {
  Tape<double> tape;
  const auto y =
      conv2d(tape.constant(array({1, 1, 1, 4}, {1, 2, NaN, 4})), tape.constant(array({1, 1, 1, 2}, {1, 1})));
  CHECK_THAT(values(y), AllClose({3, NaN, NaN}, 0));
}

TEST_CASE("conv2d says which argument does not fit", "[ops][conv2d][errors]") {
  Tape<double> tape;
  const auto of = [&](const Shape& shape) { return tape.variable(irregular(shape)); };
  const auto x = of({1, 4, 3, 5}), weight = of({2, 4, 3, 3});
  CHECK(refusal<ShapeError>(tape, [x = of({4, 3, 5}), weight] { conv2d(x, weight); }) ==
        "conv2d: x must be (batch, channels, rows, columns), got (4, 3, 5)");
  CHECK(refusal<ShapeError>(tape, [x, weight = of({2, 4})] { conv2d(x, weight); }) ==
        "conv2d: weight must be (out, in / groups, kernel rows, kernel columns), got (2, 4)");
  CHECK(refusal<ShapeError>(tape, [x, weight = of({2, 3, 1, 1})] { conv2d(x, weight); }) ==
        "conv2d: weight must be (out, 4, kernel rows, kernel columns) for x (1, 4, 3, 5) and groups = 1, got "
        "(2, 3, 1, 1)");
  CHECK(refusal<ShapeError>(tape, [x, weight, bias = of({3})] { conv2d(x, weight, bias); }) ==
        "conv2d: bias must have the 2 outputs of weight (2, 4, 3, 3), got (3)");
  CHECK(refusal<ShapeError>(tape,
                            [&] {
                              conv2d(x, weight, {.dilation = {1, 3}});
                            }) ==
        "conv2d: the kernel must fit into the padded image, got x (1, 4, 3, 5) with kernel (3, 3), dilation "
        "(1, "
        "3) and padding (0, 0)");
  CHECK(refusal<ArgumentError>(tape, [&] {
          conv2d(x, weight, {.stride = {1, 0}});
        }) == "conv2d: stride must be at least 1, got (1, 0)");
  CHECK(refusal<ArgumentError>(tape, [&] { conv2d(x, weight, {.dilation = 0}); }) ==
        "conv2d: dilation must be at least 1, got (0, 0)");
  CHECK(refusal<ShapeError>(tape, [&] { conv2d(x, weight, {.padding = 0x7fffffff}); }) ==
        "conv2d: each image of the result must have fewer than 2^53 elements, got 4294967295 x 4294967297");
  CHECK(refusal<ArgumentError>(tape, [x, weight = of({2, 4, 0, 1})] { conv2d(x, weight); }) ==
        "conv2d: kernel must be at least 1, got (0, 1)");
  CHECK(
      refusal<ArgumentError>(tape, [&] { conv2d(x, weight, {.groups = 3}); }) ==
      "conv2d: groups must divide the channels of x (1, 4, 3, 5) and the outputs of weight (2, 4, 3, 3), got "
      "3");
  CHECK(
      refusal<ArgumentError>(tape, [&] { conv2d(x, weight, {.groups = 0}); }) ==
      "conv2d: groups must divide the channels of x (1, 4, 3, 5) and the outputs of weight (2, 4, 3, 3), got "
      "0");
  CHECK(refusal<ShapeError>(tape, [&] { conv2d(x, weight, {.padding = std::size_t{1} << 40}); }) ==
        "conv2d: extents must be at most 2147483647, what the BLAS can index, got 1099511627776");
}
