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

namespace weights_test {
namespace {

using Names = std::vector<std::string>;

std::vector<std::pair<std::string, std::string>> pairs(
    const std::vector<io::WeightsReport::Misfit>& misfits) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, reason] : misfits) result.emplace_back(name, reason);
  return result;
}

NamedArrays numbered(const std::map<std::string, Shape>& shapes) {
  NamedArrays arrays;
  float number = 0;
  for (const auto& [name, shape] : shapes) {
    Array<float> array(shape);
    for (float& element : array) element = ++number;
    arrays.add(name, AnyArray(std::move(array)));
  }
  return arrays;
}

std::vector<double> of(const NamedArrays& state, const std::string& name) { return numbers(state[name]); }

void write_file(const std::string& path, const std::string& header, const std::string& data) {
  std::string size(8, '\0');
  size[0] = static_cast<char>(header.size() & 0xff);
  size[1] = static_cast<char>(header.size() >> 8);
  write_text(path, size + header + data);
}

// One parameter under a name of its own.
struct Leaf : nn::Module<float> {
  explicit Leaf(Parameter<float>& weight) { add(weight); }
  Variable<float> forward(Variable<float> x) override { return x; }
};

// As a language model whose output layer is its embedding.
struct Tied : nn::Module<float> {
  Parameter<float> weight{"weight", xt::xarray<float>{9, 9}};
  Parameter<float> bias{"bias", xt::xarray<float>{9}};
  Leaf embedding{weight}, output{weight};
  Tied() {
    add(bias);
    add("embedding", embedding);
    add("output", output);
  }
  Variable<float> forward(Variable<float> x) override { return x; }
};

struct Untied : nn::Module<float> {
  Parameter<float> one{"weight", xt::xarray<float>{9, 9}}, other{"weight", xt::xarray<float>{8, 8}};
  Leaf embedding{one}, output{other};
  Untied() {
    add("embedding", embedding);
    add("output", output);
  }
  Variable<float> forward(Variable<float> x) override { return x; }
};

// The same normalization, with its buffers, in two places.
struct Repeated : nn::Module<float> {
  nn::BatchNorm1d<float> norm{2};
  Repeated() {
    add("first", norm);
    add("second", norm);
  }
  Variable<float> forward(Variable<float> x) override { return norm(norm(x)); }
};

}  // namespace

TEST_CASE("what was loaded is reported", "[io][weights][report]") {
  const TemporaryDirectory directory;
  nn::Sequential<float> one, other;
  build(one, 1);
  build(other, 2);
  io::save_weights(directory / "x", one);
  const io::WeightsReport report = io::load_weights(directory / "x", other);
  CHECK(report.loaded == Names{"0.bias", "0.weight", "2.bias", "2.weight"});
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(report.misfits.empty());
}

TEST_CASE("in part what fits is loaded, and the rest of the model stays as it was",
          "[io][weights][partial]") {
  const TemporaryDirectory directory;
  io::write_safetensors(directory / "x",
                        numbered({{"0.weight", {8, 4}}, {"2.weight", {5, 8}}, {"head.weight", {2}}}));
  nn::Sequential<float> network;
  build(network, 1);
  const NamedArrays before = network.state();
  const io::WeightsReport report = io::load_weights(directory / "x", network, {.partial = true});
  CHECK(report.loaded == Names{"0.weight"});
  CHECK(report.missing == Names{"0.bias", "2.bias"});
  CHECK(report.unexpected == Names{"head.weight"});
  CHECK(pairs(report.misfits) ==
        std::vector<std::pair<std::string, std::string>>{{"2.weight", "must have shape (3, 8), got (5, 8)"}});
  const NamedArrays after = network.state();
  CHECK(of(after, "0.weight")[0] == 1);
  CHECK(of(after, "0.weight")[31] == 32);
  for (const char* name : {"0.bias", "2.bias", "2.weight"}) CHECK(of(after, name) == of(before, name));
}

TEST_CASE("strictly nothing is loaded where one array does not fit", "[io][weights][partial][errors]") {
  const TemporaryDirectory directory;
  nn::Sequential<float> network;
  build(network, 1);
  const NamedArrays before = network.state();
  io::write_safetensors(directory / "x",
                        numbered({{"0.weight", {8, 4}}, {"0.bias", {8}}, {"2.weight", {3, 8}}}));
  CHECK_THROWS_AS(io::load_weights(directory / "x", network), FileError);
  CHECK_THROWS_WITH(io::load_weights(directory / "x", network),
                    ContainsSubstring("Module::load_state: there must be an array '2.bias'"));
  check_equal(network.state(), before);
}

TEST_CASE("in part at least one array must fit", "[io][weights][partial][errors]") {
  const TemporaryDirectory directory;
  nn::Sequential<float> network;
  build(network, 1);
  const NamedArrays before = network.state();
  const std::string begin =
      "load_weights: " + (directory / "x") + ": at least one array must fit the model, got none: ";
  io::write_safetensors(directory / "x", numbered({{"module.0.weight", {8, 4}}}));
  CHECK_THROWS_AS(io::load_weights(directory / "x", network, {.partial = true}), FileError);
  CHECK_THROWS_WITH(io::load_weights(directory / "x", network, {.partial = true}),
                    begin + "the model has \"0.bias\", the file \"module.0.weight\"");
  io::write_safetensors(directory / "x", {});
  CHECK_THROWS_WITH(io::load_weights(directory / "x", network, {.partial = true}),
                    begin + "the model has \"0.bias\", the file none");
  io::write_safetensors(directory / "x", numbered({{"0.bias", {7}}}));
  CHECK_THROWS_WITH(io::load_weights(directory / "x", network, {.partial = true}),
                    begin + "'0.bias' must have shape (8), got (7)");
  check_equal(network.state(), before);
}

TEST_CASE("names are changed between reading and loading", "[io][weights]") {
  const TemporaryDirectory directory;
  nn::Sequential<float> one, other;
  build(one, 1);
  build(other, 2);
  NamedArrays wrapped;
  wrapped.add("module.", one.state());
  wrapped.add_scalar("epoch", 3.0f);
  io::write_safetensors(directory / "x", wrapped);
  CHECK_THROWS_AS(io::load_weights(directory / "x", other), FileError);

  io::Safetensors file = io::read_safetensors(directory / "x");
  file.arrays.rename_prefix("module.", "");
  file.arrays.remove("epoch");
  CHECK(io::load_weights(std::move(file), other).loaded.size() == 4);
  check_equal(other.state(), one.state());

  io::Safetensors narrow{numbered({{"0.weight", {8, 3}}}), {}};
  CHECK_THROWS_WITH(io::load_weights(std::move(narrow), other),
                    "load_weights: it must fit the model: Module::load_state: '0.weight' must have shape (8, "
                    "4), got (8, 3)");
  check_equal(other.state(), one.state());
}

TEST_CASE("weights that the model ties are stored once", "[io][weights][tied]") {
  // Of a parameter with two names PyTorch's programs keep one, whichever.
  const TemporaryDirectory directory;
  const std::string kept = GENERATE("embedding.weight", "output.weight");
  CAPTURE(kept);
  io::write_safetensors(directory / "x", numbered({{"bias", {1}}, {kept, {2}}}));
  Tied model;
  const auto report = io::load_weights(directory / "x", model);
  CHECK(report.loaded == Names{"bias", "embedding.weight", "output.weight"});
  CHECK(values(model.weight.values()) == std::vector<double>{2, 3});
  CHECK(values(model.bias.values()) == std::vector<double>{1});

  // In part too, where the name that is missing must not bring back what was there.
  Tied other;
  io::write_safetensors(directory / "x", numbered({{kept, {2}}}));
  const auto partial = io::load_weights(directory / "x", other, {.partial = true});
  CHECK(partial.loaded == Names{"embedding.weight", "output.weight"});
  CHECK(partial.missing == Names{"bias"});
  CHECK(values(other.weight.values()) == std::vector<double>{1, 2});
}

TEST_CASE("a tied weight that fits under one of its names is not undone by the other",
          "[io][weights][tied][partial]") {
  const TemporaryDirectory directory;
  const auto [fits, does_not] = GENERATE(table<std::string, std::string>(
      {{"embedding.weight", "output.weight"}, {"output.weight", "embedding.weight"}}));
  CAPTURE(fits);
  NamedArrays arrays = numbered({{fits, {2}}});
  arrays.add(does_not, AnyArray(Array<float>(Shape{5})));
  io::write_safetensors(directory / "x", arrays);
  Tied model;
  const auto report = io::load_weights(directory / "x", model, {.partial = true});
  CHECK(report.loaded == Names{fits});
  CHECK(pairs(report.misfits) ==
        std::vector<std::pair<std::string, std::string>>{{does_not, "must have shape (2), got (5)"}});
  CHECK(values(model.weight.values()) == std::vector<double>{1, 2});
}

TEST_CASE("a module in two places is stored once, with its buffers", "[io][weights][tied]") {
  const TemporaryDirectory directory;
  Repeated saved, strict, partial;
  Tape<float> tape;
  saved(tape.constant(xt::xarray<float>{{1, 2}, {3, 8}}));  // Moves the running statistics.
  NamedArrays once = saved.state().with_prefix("second.");
  NamedArrays weights;
  weights.add("second.", std::move(once));
  io::write_safetensors(directory / "x", weights);
  CHECK(io::load_weights(directory / "x", strict).loaded.size() == saved.state().size());
  check_equal(strict.state(), saved.state());
  io::load_weights(directory / "x", partial, {.partial = true});
  check_equal(partial.state(), saved.state());
}

TEST_CASE("names that the metadata call the same are loaded as such", "[io][weights][tied]") {
  // As Python's safetensors.torch.save_model writes them: the name that was left out, and the one that was
  // kept.
  const TemporaryDirectory directory;
  io::write_safetensors(directory / "x", numbered({{"embedding.weight", {2}}}),
                        {{"output.weight", "embedding.weight"}, {"format", "pt"}});
  Untied model;
  CHECK(io::load_weights(directory / "x", model).loaded == Names{"embedding.weight", "output.weight"});
  CHECK(values(model.one.values()) == std::vector<double>{1, 2});
  CHECK(values(model.other.values()) == std::vector<double>{1, 2});

  // The kept name may be one that the model has not.
  Untied other;
  io::write_safetensors(directory / "x", numbered({{"embedding.weight", {2}}, {"shared", {2}}}),
                        {{"output.weight", "shared"}});
  const auto report = io::load_weights(directory / "x", other, {.partial = true});
  CHECK(report.loaded == Names{"embedding.weight", "output.weight"});
  CHECK(report.unexpected.empty());
  CHECK(values(other.other.values()) == std::vector<double>{3, 4});
  CHECK_NOTHROW(io::load_weights(directory / "x", other));
}

TEST_CASE("metadata that call the same what does not fit are refused", "[io][weights][tied][errors]") {
  const TemporaryDirectory directory;
  Untied model;
  const NamedArrays before = model.state();
  io::write_safetensors(directory / "x", numbered({{"embedding.weight", {2}}, {"long", {5}}}),
                        {{"output.weight", "long"}});
  CHECK_THROWS_WITH(io::load_weights(directory / "x", model),
                    "load_weights: " + (directory / "x") +
                        ": it must fit the model: 'output.weight' must have shape (2), got (5)");
  // Names that lead nowhere, or round in a circle, say nothing.
  io::write_safetensors(directory / "x", numbered({{"embedding.weight", {2}}}),
                        {{"output.weight", "output.weight"}, {"other", "embedding.weight"}});
  CHECK_THROWS_WITH(io::load_weights(directory / "x", model),
                    ContainsSubstring("Module::load_state: there must be an array 'output.weight'"));
  check_equal(model.state(), before);
  CHECK(io::load_weights(directory / "x", model, {.partial = true}).missing == Names{"output.weight"});
}

TEST_CASE("a tensor of a type that no array has is an error unless in part", "[io][weights][partial]") {
  const TemporaryDirectory directory;
  write_file(directory / "x",
             R"({"embedding.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
             R"("output.weight":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[8,10]},)"
             R"("scale":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[10,11]}})",
             std::string("\0\0\x80\x3f\0\0\0\x40???", 11));
  Untied model;
  CHECK_THROWS_WITH(
      io::load_weights(directory / "x", model),
      "load_weights: " + (directory / "x") +
          ": header: tensor \"output.weight\": dtype must be one of F32, F64, I8, I16, I32, I64, U8, "
          "U16, U32, U64, BOOL, F16, BF16, got \"F8_E5M2\"; to load the other tensors, set "
          "options.partial");
  CHECK(values(model.one.values()) == std::vector<double>{9, 9});
  const auto report = io::load_weights(directory / "x", model, {.partial = true});
  CHECK(report.loaded == Names{"embedding.weight"});
  CHECK(report.unexpected == Names{"scale"});
  CHECK(pairs(report.misfits) == std::vector<std::pair<std::string, std::string>>{
                                     {"output.weight", "must hold float32, got F8_E5M2"}});
  CHECK(values(model.one.values()) == std::vector<double>{1, 2});
  CHECK(values(model.other.values()) == std::vector<double>{8, 8});
}

TEST_CASE("in part floats are widened to doubles, and doubles are not narrowed", "[io][weights][partial]") {
  const TemporaryDirectory directory;
  nn::Sequential<double> wide;
  nn::Sequential<float> narrow;
  build(wide, 1);
  build(narrow, 2);
  io::write_safetensors(directory / "x", numbered({{"0.bias", {8}}}));
  CHECK(io::load_weights(directory / "x", wide, {.partial = true}).loaded == Names{"0.bias"});
  CHECK(of(wide.state(), "0.bias") == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});

  NamedArrays doubles;
  doubles.add("0.bias", AnyArray(Array<double>(Shape{8})));
  doubles.add("2.bias", AnyArray(Array<float>(Shape{3})));
  io::write_safetensors(directory / "x", doubles);
  const auto report = io::load_weights(directory / "x", narrow, {.partial = true});
  CHECK(report.loaded == Names{"2.bias"});
  CHECK(pairs(report.misfits) ==
        std::vector<std::pair<std::string, std::string>>{{"0.bias", "must hold float32, got float64"}});
}

}  // namespace weights_test
