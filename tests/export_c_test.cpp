// SPDX-License-Identifier: BSD-3-Clause
// What the C computes is compiled and looked at by exported_c.cmake.
#include <limits>

#include "matchers.hpp"
#include "temporary_directory.hpp"
#include "xtape/data.hpp"
#include "xtape/inference.hpp"
#include "xtape/io.hpp"

using namespace xtape;
using namespace xtape::testing;
using inference::OutputKind;
using inference::Pipeline;

namespace {

struct Exported {
  io::CFootprint footprint;
  std::string header, source;
};

template <class T>
Exported exported(const Pipeline<T>& pipeline, const io::ExportCOptions<T>& options = {}) {
  const TemporaryDirectory directory;
  const io::CFootprint footprint = io::export_c(directory.path(), "flowers", pipeline, options);
  return {footprint, read_text(directory / "flowers.h"), read_text(directory / "flowers.c")};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++result;
  return result;
}

// A small network for 4 features and 3 classes.
struct Flowers {
  Random random{1};
  nn::Sequential<float> model;
  Pipeline<float> pipeline{.model = model, .row = {4}, .class_names = {"a", "b", "c"}};

  Flowers() { model.add<nn::Linear>(4, 16, random).add<nn::Relu>().add<nn::Linear>(16, 3, random); }
};

Array<float> normal_rows(const Shape& shape) {
  Random random(2);
  Array<float> rows(shape);
  for (float& x : rows) x = static_cast<float>(random.normal());
  return rows;
}

}  // namespace

TEST_CASE("exported C says what it is and how it is called", "[io][export_c]") {
  Flowers f;
  f.pipeline.columns = {{"width"}, {"height"}, {"colour", "red"}, {"colour", "blue"}};
  f.pipeline.card.description = "Tells flowers apart";
  const Exported c = exported(f.pipeline);
  CHECK_THAT(c.source,
             Catch::Matchers::StartsWith(
                 "/* flowers: Tells flowers apart.\n   A model that xtape 0.1.0 exported, in floats.\n"
                 "   Features:\n     width, height, colour = red, colour = blue\n"
                 "   524 bytes of parameters, 64 bytes of workspace. */\n"));
  CHECK_THAT(c.header, ContainsSubstring("#define FLOWERS_INPUT_SIZE 4\n#define FLOWERS_OUTPUT_SIZE 3\n"));
  CHECK_THAT(c.header, ContainsSubstring("int flowers_predict(const float* in, float* out);\n"));
  CHECK_THAT(c.header, ContainsSubstring("extern const char* const flowers_class_names[3];\n"));
  CHECK_THAT(c.source, ContainsSubstring("flowers_class_names[3] = {\n  \"a\", \"b\", \"c\"\n};\n"));
  CHECK_THAT(c.source, ContainsSubstring("#ifdef FLOWERS_TEST\n"));
}

TEST_CASE("exported C needs math.h alone, and neither doubles nor the heap", "[io][export_c]") {
  Flowers f;
  const Array<float> rows = normal_rows({20, 4});
  for (const io::CNumbers numbers : {io::CNumbers::float32, io::CNumbers::int8}) {
    std::string source = exported(f.pipeline, {.numbers = numbers, .calibration = rows}).source;
    source.resize(source.find("#ifdef FLOWERS_TEST"));
    CHECK(count(source, "#include") == 2);
    CHECK_THAT(source, ContainsSubstring("#include \"flowers.h\"\n\n#include <math.h>\n"));
    CHECK(count(source, "double") == 0);
    CHECK(count(source, "alloc") == 0);
    CHECK(count(source, "conv2d") == 0);
  }
}

TEST_CASE("exported C counts its memory", "[io][export_c]") {
  Random random(3);
  nn::Sequential<float> dense;
  dense.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
  const Pipeline<float> pipeline{.model = dense, .row = {64}};
  const Exported floats = exported(pipeline);
  // The relu works in place, and the softmax in what the caller gives.
  CHECK(floats.footprint.workspace_bytes == 128 * 4);
  CHECK(floats.footprint.parameter_bytes == 4 * (64 * 128 + 128 + 128 * 10 + 10));
  const Array<float> rows = normal_rows({20, 64});
  const Exported int8 = exported(pipeline, {.numbers = io::CNumbers::int8, .calibration = rows});
  // 64 inputs and 128 in between, then 128 and 10 outputs, in whole words.
  CHECK(int8.footprint.workspace_bytes == 64 + 128);
  CHECK(int8.footprint.parameter_bytes == (64 * 128 + 128 * 10) + 12 * (128 + 10));
}

TEST_CASE("exported C shares memory among values that are not needed together", "[io][export_c]") {
  Random random(4);
  nn::Sequential<float> model;
  for (int layer = 0; layer < 6; ++layer)
    model.add<nn::Linear>(layer == 0 ? 8 : 32, 32, random).add<nn::Tanh>().add<nn::BatchNorm1d>(32);
  model.eval();
  CHECK(exported(Pipeline<float>{.model = model, .row = {8}, .outputs_are = OutputKind::numbers})
            .footprint.workspace_bytes == 2 * 32 * 4);
}

TEST_CASE("exported C has a batch_norm behind a convolution in its weights", "[io][export_c]") {
  Random random(5);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 4, 3, random).add<nn::BatchNorm2d>(4).add<nn::Relu>().add<nn::Flatten>();
  model.add<nn::Linear>(4 * 9, 5, random).add<nn::BatchNorm1d>(5);
  const Exported c = exported(Pipeline<float>{.model = model, .row = {1, 5, 5}});
  CHECK(count(c.source, "batch_norm") == 0);
  CHECK(c.footprint.parameter_bytes == 4 * (4 * 9 + 4 + 4 * 9 * 5 + 5));
}

TEST_CASE("exported C has an array that several layers use once", "[io][export_c]") {
  // A square matrix with a batch_norm behind it, three times in a row.
  struct Repeated : nn::Module<float> {
    Random random{6};
    nn::Linear<float> linear{8, 8, random};
    nn::BatchNorm1d<float> norm{8};
    Repeated() {
      add("linear", linear);
      add("norm", norm);
    }
    Variable<float> forward(Variable<float> x) override {
      for (int i = 0; i < 3; ++i) x = relu(norm(linear(x)));
      return x;
    }
    nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
      using namespace nn::operations;
      for (int i = 0; i < 3; ++i)
        x = graph.apply(Activation<float>{Function::relu}, {norm.add_to(graph, linear.add_to(graph, x))});
      return x;
    }
  } model;
  const Pipeline<float> pipeline{.model = model, .row = {8}, .outputs_are = OutputKind::numbers};
  const Exported floats = exported(pipeline);
  CHECK(floats.footprint.parameter_bytes == 4 * (8 * 8 + 8));
  CHECK(count(floats.source, "static const float weight_") == 1);
  CHECK(count(floats.source, "weight_1, bias_1)") == 3);
  const Array<float> rows = normal_rows({20, 8});
  const Exported int8 = exported(pipeline, {.numbers = io::CNumbers::int8, .calibration = rows});
  CHECK(count(int8.source, "static const signed char weight_") == 1);
}

TEST_CASE("floats in exported C read back to the same", "[io][export_c]") {
  Random random(6);
  nn::Linear<float> model(5, 1, random, {.bias = false});
  const std::vector<float> weights{0.1f, -0.0f, std::numeric_limits<float>::denorm_min(),
                                   std::numeric_limits<float>::max(), 16777216.0f};
  std::copy(weights.begin(), weights.end(), model.weight.values().begin());
  const Array<float> row(Shape{1, 5});
  const Exported c = exported(Pipeline<float>{.model = model, .row = {5}, .outputs_are = OutputKind::numbers},
                              {.test_rows = row});
  CHECK_THAT(c.source,
             ContainsSubstring("weight_1[5] = {\n  0.1f, -0.0f, 1e-45f, 3.4028235e+38f, 16777216.0f\n};"));
}

TEST_CASE("class names in exported C are escaped, and comments end where they should", "[io][export_c]") {
  Flowers f;
  f.pipeline.class_names = {"\"\\?", "\xc3\xa9", "new\nline"};
  f.pipeline.card.description = "a */ b /* c\nd";
  const Exported c = exported(f.pipeline);
  CHECK_THAT(c.source, ContainsSubstring("\"\\042\\134\\077\", \"\\303\\251\", \"new\\012line\"\n};"));
  CHECK_THAT(c.source, Catch::Matchers::StartsWith("/* flowers: a * / b / * c d.\n"));
}

TEST_CASE("export_c refuses what is no name in C", "[io][export_c][errors]") {
  const TemporaryDirectory directory;
  Flowers f;
  for (const char* name : {"", "2nd", "a-b", "_a", "a b", "../a", "\xc3\xa9"}) {
    CHECK_THROWS_MATCHES(
        io::export_c(directory.path(), name, f.pipeline), ArgumentError,
        Catch::Matchers::Message("export_c: name must be a C identifier that begins with a letter, got \"" +
                                 std::string(name) + "\""));
  }
  CHECK_THROWS_MATCHES(
      io::export_c(directory.path(), "math", f.pipeline), ArgumentError,
      Catch::Matchers::Message("export_c: name must not be that of a header of C, got \"math\""));
  CHECK(directory.names().empty());
}

TEST_CASE("export_c refuses a model that is not finite as floats", "[io][export_c][errors]") {
  Random random(7);
  nn::Linear<double> model(2, 2, random);
  const Pipeline<double> pipeline{.model = model, .row = {2}};
  model.weight.values()[3] = 1e39;
  CHECK_THROWS_MATCHES(
      exported(pipeline), ArgumentError,
      Catch::Matchers::Message("export_c: weight of linear, operation 1, must be finite as floats, got inf"));
  model.weight.values()[3] = std::nan("");
  CHECK_THROWS_MATCHES(
      exported(pipeline), ArgumentError,
      Catch::Matchers::Message("export_c: weight of linear, operation 1, must be finite as floats, got nan"));
  model.weight.values()[3] = 1;
  CHECK_THROWS_MATCHES(
      exported(Pipeline<double>{.model = model, .row = {2}, .factor = 1e-300}), ArgumentError,
      Catch::Matchers::Message(
          "export_c: a step before or after the model must fit floats, got (x - -0) 1e-300"));
  CHECK_THROWS_MATCHES(
      exported(Pipeline<double>{.model = model, .row = {2}, .temperature = 1e-300}), ArgumentError,
      Catch::Matchers::Message(
          "export_c: the temperature of softmax, operation 2, must fit a float, got 1e-300"));
}

TEST_CASE("export_c refuses rows that are none of the model", "[io][export_c][errors]") {
  Flowers f;
  const Array<float> rows = normal_rows({3, 5}), none(Shape{0, 4});
  Array<float> broken = normal_rows({3, 4});
  broken[5] = std::numeric_limits<float>::quiet_NaN();
  const io::CNumbers int8 = io::CNumbers::int8;
  const std::string no_calibration =
      "export_c: int8 must have calibration rows, got none; give some of those that the model was trained on";
  CHECK_THROWS_MATCHES(exported(f.pipeline, {.numbers = int8}), ArgumentError,
                       Catch::Matchers::Message(no_calibration));
  CHECK_THROWS_MATCHES(exported(f.pipeline, {.numbers = int8, .calibration = none}), ArgumentError,
                       Catch::Matchers::Message(no_calibration));
  CHECK_THROWS_MATCHES(
      exported(f.pipeline, {.numbers = int8, .calibration = rows}), ShapeError,
      Catch::Matchers::Message("export_c: calibration must be (rows, ...) of rows (4), got (3, 5)"));
  CHECK_THROWS_MATCHES(
      exported(f.pipeline, {.numbers = int8, .calibration = broken}), ArgumentError,
      Catch::Matchers::Message("export_c: calibration must give finite numbers, got nan behind linear"));
  CHECK_THROWS_MATCHES(
      exported(f.pipeline, {.test_rows = rows}), ShapeError,
      Catch::Matchers::Message("export_c: test_rows must be (rows, ...) of rows (4), got (3, 5)"));
  f.pipeline.outputs_are = OutputKind::numbers;
  CHECK_THROWS_MATCHES(exported(f.pipeline, {.test_rows = broken}), ArgumentError,
                       Catch::Matchers::Message("export_c: test_rows must give finite outputs, got nan"));
}

TEST_CASE("export_c refuses sums that int32 may not hold", "[io][export_c][errors]") {
  Random random(8);
  nn::Linear<float> model(20000, 1, random, {.bias = false});
  std::fill(model.weight.values().begin(), model.weight.values().end(), 1.0f);
  const Array<float> rows = normal_rows({2, 20000});
  const Pipeline<float> pipeline{.model = model, .row = {20000}, .outputs_are = OutputKind::numbers};
  CHECK_THROWS_MATCHES(
      exported(pipeline, {.numbers = io::CNumbers::int8, .calibration = rows}), ArgumentError,
      Catch::Matchers::Message(
          "export_c: linear must fit sums in int32, got 20000 inputs for an output; use float32"));
}

TEST_CASE("export_c refuses images whose padding no int counts", "[io][export_c][errors]") {
  Random random(8);
  const std::size_t far = std::size_t{1} << 30;
  nn::Conv2d<float> model(1, 1, 1, random, {.stride = far, .padding = far});
  const Pipeline<float> pipeline{.model = model, .row = {1, 1, 1}, .outputs_are = OutputKind::numbers};
  CHECK_THROWS_MATCHES(
      exported(pipeline), ArgumentError,
      Catch::Matchers::Message("export_c: an image with its padding must have at most 2147483647 rows and "
                               "columns, got 1 + 2147483648"));
}

TEST_CASE("export_c writes into a directory that is there, over what it wrote before", "[io][export_c]") {
  const TemporaryDirectory directory;
  Flowers f;
  CHECK_THROWS_AS(io::export_c(directory / "none", "flowers", f.pipeline), FileError);
  io::export_c(directory.path(), "flowers", f.pipeline);
  const std::string before = read_text(directory / "flowers.c");
  io::export_c(directory.path(), "flowers", f.pipeline);
  CHECK(read_text(directory / "flowers.c") == before);
  CHECK(directory.names().size() == 2);
}
