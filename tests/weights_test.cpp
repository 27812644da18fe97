// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

template <class T>
void build(nn::Sequential<T>& network, std::uint64_t seed) {
  Random random(seed);
  network.template add<nn::Linear>(4, 8, random)
      .template add<nn::Relu>()
      .template add<nn::Linear>(8, 3, random);
}

// As tests/data/README.md describes it.
template <class T>
void build_convolutional(nn::Sequential<T>& network, std::uint64_t seed) {
  Random random(seed);
  network.template add<nn::Conv2d>(1, 4, 3, random)
      .template add<nn::BatchNorm2d>(4)
      .template add<nn::Relu>()
      .template add<nn::MaxPool2d>(2)
      .template add<nn::Flatten>()
      .template add<nn::Linear>(36, 3, random);
}

template <class T>
std::vector<double> logits_of(nn::Module<T>& network, const AnyArray& inputs) {
  Tape<T> tape;
  const xt::xarray<T> x = view(ArrayView<const float>(inputs.get<float>()));
  return values(network(tape.constant(x)));
}

}  // namespace

TEMPLATE_TEST_CASE("weights that PyTorch trained give its logits", "[io][weights][pytorch]", float, double) {
  nn::Sequential<TestType> network;
  build(network, 1);
  io::load_weights("tests/data/pytorch_linear.safetensors", network);
  const auto data = io::read_safetensors("tests/data/pytorch_linear_logits.safetensors").arrays;
  const auto expected = data.get<double>("test", "logits", {6, 3});
  // PyTorch's are of double precision; sums of a dozen products differ by a few roundings.
  CHECK_THAT(logits_of<TestType>(network, data["inputs"]),
             AllClose(values(expected), ulps<TestType>(8), ulps<TestType>(8)));
}

TEMPLATE_TEST_CASE("a convolutional net that PyTorch trained gives its logits in evaluation",
                   "[io][weights][pytorch]", float, double) {
  nn::Sequential<TestType> network;
  build_convolutional(network, 1);
  io::load_weights("tests/data/pytorch_conv.safetensors", network);
  const auto data = io::read_safetensors("tests/data/pytorch_conv_logits.safetensors").arrays;
  const auto expected = data.get<double>("test", "logits", {6, 3});
  network.eval();
  CHECK_THAT(logits_of<TestType>(network, data["inputs"]),
             AllClose(values(expected), ulps<TestType>(8), ulps<TestType>(8)));
  // With the statistics of these six images instead of those of the training it gives others.
  network.train();
  CHECK_THAT(logits_of<TestType>(network, data["inputs"]), !AllClose(values(expected), 0.01, 0.01));
}

TEST_CASE("all that PyTorch's state_dict holds of a net is its state, buffers too",
          "[io][weights][pytorch]") {
  const NamedArrays of_pytorch = io::read_safetensors("tests/data/pytorch_conv.safetensors").arrays;
  nn::Sequential<float> network;
  build_convolutional(network, 1);
  io::load_weights("tests/data/pytorch_conv.safetensors", network);
  check_equal(network.state(), of_pytorch);
  CHECK(network.state().get_scalar<std::int64_t>("test", "1.num_batches_tracked") == 60);

  const TemporaryDirectory directory;
  io::save_weights(directory / "x", network);
  check_equal(io::read_safetensors(directory / "x").arrays, of_pytorch);
}

TEMPLATE_TEST_CASE("saved weights make another model the same", "[io][weights]", float, double) {
  const TemporaryDirectory directory;
  nn::Sequential<TestType> one, other;
  build_convolutional(one, 1);
  build_convolutional(other, 2);
  Tape<TestType> tape;
  one(tape.constant(irregular({2, 1, 8, 8})));  // Moves the running statistics.
  io::save_weights(directory / "x", one, {{"epoch", "9"}});
  io::load_weights(directory / "x", other);
  check_equal(other.state(), one.state());
  CHECK(io::read_safetensors(directory / "x").metadata == io::Metadata{{"epoch", "9"}});
}

TEST_CASE("weights of doubles are not narrowed", "[io][weights][errors]") {
  const TemporaryDirectory directory;
  nn::Sequential<double> wide;
  nn::Sequential<float> narrow;
  build(wide, 1);
  build(narrow, 2);
  const NamedArrays before = narrow.state();
  io::save_weights(directory / "x", wide);
  CHECK_THROWS_AS(io::load_weights(directory / "x", narrow), FileError);
  CHECK_THROWS_WITH(io::load_weights(directory / "x", narrow),
                    "load_weights: " + (directory / "x") +
                        ": it must fit the model: '0.bias' must hold float32, got float64");
  check_equal(narrow.state(), before);
}

TEST_CASE("weights of another model are refused, and the model stays as it was", "[io][weights][errors]") {
  const TemporaryDirectory directory;
  nn::Sequential<float> network;
  build(network, 1);
  const NamedArrays before = network.state();
  const auto error_with = [&](NamedArrays weights) {
    io::write_safetensors(directory / "x", weights);
    try {
      io::load_weights(directory / "x", network);
    } catch (const FileError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string prefix =
      "load_weights: " + (directory / "x") + ": it must fit the model: Module::load_state: ";
  NamedArrays weights;
  weights.add("0.weight", AnyArray(Array<float>(Shape{8, 4})));
  CHECK(error_with({}) == prefix + "there must be an array '0.weight', got none at all");
  weights.add("0.bias", AnyArray(Array<float>(Shape{7})));
  CHECK(error_with(weights.with_prefix("")) == prefix + "'0.bias' must have shape (8), got (7)");
  NamedArrays more = network.state();
  more.add("4.bias", AnyArray(Array<float>(Shape{7})));
  CHECK(error_with(std::move(more)) == prefix + "every array must have its place, got '4.bias' without one");
  CHECK_THROWS_WITH(
      io::load_weights(directory / "y", network),
      "load_weights: " + (directory / "y") + ": the file must be readable, got: No such file or directory");
  check_equal(network.state(), before);
}

TEST_CASE("half floats in a file become the floats and doubles of a model", "[io][weights]") {
  const TemporaryDirectory directory;
  const std::string header = R"({"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}  )";
  write_text(directory / "x", std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') +
                                  header + std::string("\x00\x3e\x00\xc0", 4));
  struct Halves {
    NamedArrays arrays;
    NamedArrays state() const { return arrays.with_prefix(""); }
    void load_state(const NamedArrays& state) { arrays = state.with_prefix(""); }
  } floats, doubles;
  floats.arrays.add("x", AnyArray(Array<float>(Shape{2})));
  doubles.arrays.add("x", AnyArray(Array<double>(Shape{2})));
  io::load_weights(directory / "x", floats);
  io::load_weights(directory / "x", doubles);
  CHECK_THAT(values(floats.arrays.get<float>("test", "x", {2})), AllClose({1.5, -2}, 0));
  CHECK_THAT(values(doubles.arrays.get<double>("test", "x", {2})), AllClose({1.5, -2}, 0));
}
