// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/onnx.hpp"

#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <set>

#include "every_layer.hpp"
#include "files.hpp"
#include "matchers.hpp"
#include "memory_file.hpp"
#include "onnx/schema.hpp"

using namespace xtape;
using namespace xtape::testing;
using inference::OutputKind;
using inference::Pipeline;
using onnx_schema::GraphProto;
using onnx_schema::ModelProto;

namespace {

using Catch::Matchers::EndsWith;
using Catch::Matchers::Message;
using Catch::Matchers::StartsWith;

template <class T>
bool are_same(const Array<T>& a, const Array<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

ModelProto model_in(const std::string& path) {
  ModelProto model;
  REQUIRE(model.ParseFromString(read_text(path)));
  return model;
}

// The operators of a file, in their order.
std::vector<std::string> operators_in(const std::string& path) {
  const ModelProto model = model_in(path);
  std::vector<std::string> names;
  for (const auto& node : model.graph().node()) names.push_back(node.op_type());
  return names;
}

template <class T>
struct Steps {
  Random random{4};
  nn::Sequential<T> model;
  data::MeanImputer<T> imputer;
  data::Standardizer<T> standardizer;
  Array<T> rows{Shape{20, 3}};

  explicit Steps(std::size_t outputs) {
    model.template add<nn::Linear>(3, 5, random)
        .template add<nn::Tanh>()
        .template add<nn::Linear>(5, outputs, random);
    for (T& x : rows) x = static_cast<T>(100 + 7 * random.normal());
    for (std::size_t i = 0; i < rows.size(); i += 7) rows[i] = std::numeric_limits<T>::quiet_NaN();
    imputer.fit(rows);
    standardizer.fit(imputer.applied(rows));
  }

  Pipeline<T> pipeline(OutputKind kind) {
    return {.model = model,
            .row = {3},
            .imputer = imputer,
            .standardizer = standardizer,
            .factor = 0.3,
            .shift = 0.7,
            .outputs_are = kind,
            .temperature = 1.3};
  }
};

// The network "a dense network" of every_layer, as a file and as a message.
struct DenseFile {
  TemporaryPath path;

  DenseFile() {
    Random random(1);
    nn::Sequential<float> model;
    model.add<nn::Linear>(4, 6, random).add<nn::BatchNorm1d>(6).add<nn::Relu>().add<nn::Linear>(6, 3, random);
    io::export_onnx<float>(path, {.model = model, .row = {4}});
  }

  // What import_onnx says of the file with a change, behind the path.
  std::string error_with(const std::function<void(ModelProto&)>& change) const {
    ModelProto model = model_in(path);
    change(model);
    const TemporaryPath changed(model.SerializeAsString());
    return file_error("import_onnx", changed, [](const std::string& file) { io::import_onnx<float>(file); });
  }
  std::string error_with_graph(const std::function<void(GraphProto&)>& change) const {
    return error_with([&](ModelProto& model) { change(*model.mutable_graph()); });
  }
};

onnx_schema::AttributeProto& attribute(onnx_schema::NodeProto& node, const char* name) {
  for (auto& of : *node.mutable_attribute()) {
    if (of.name() == name) return of;
  }
  auto& added = *node.add_attribute();
  added.set_name(name);
  return added;
}

// A graph of one node between "x" (batch, row...) and "y".
struct OneNode {
  ModelProto model;
  onnx_schema::NodeProto* node;

  explicit OneNode(const char* op, const Shape& row, std::int64_t operator_set = 17) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(operator_set);
    auto& input = *model.mutable_graph()->add_input();
    input.set_name("x");
    auto& type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(1);
    type.mutable_shape()->add_dim()->set_dim_param("batch");
    for (const std::size_t extent : row)
      type.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(extent));
    model.mutable_graph()->add_output()->set_name("y");
    node = add(op, {"x"}, "y");
  }

  onnx_schema::NodeProto* add(const char* op, const std::vector<std::string>& inputs, const char* output) {
    auto* const added = model.mutable_graph()->add_node();
    added->set_op_type(op);
    added->set_name("n");
    for (const auto& of : inputs) added->add_input(of);
    added->add_output(output);
    return added;
  }

  void floats(const char* name, const std::vector<std::int64_t>& dims, float each) {
    auto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(1);
    std::int64_t count = 1;
    for (const std::int64_t extent : dims) tensor.add_dims(extent), count *= extent;
    for (std::int64_t i = 0; i < count; ++i) tensor.add_float_data(each);
  }
  void integers(const char* name, const std::vector<std::int64_t>& numbers) {
    auto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(7);
    tensor.add_dims(static_cast<std::int64_t>(numbers.size()));
    for (const std::int64_t number : numbers) tensor.add_int64_data(number);
  }
  void set(const char* name, const std::vector<std::int64_t>& numbers) {
    auto& of = attribute(*node, name);
    of.set_type(7);
    for (const std::int64_t number : numbers) of.add_ints(number);
  }
  void set(const char* name, std::int64_t number) {
    auto& of = attribute(*node, name);
    of.set_type(2);
    of.set_i(number);
  }

  Pipeline<float> read() const {
    const TemporaryPath path(model.SerializeAsString());
    return io::import_onnx<float>(path);
  }
  std::string error() const {
    const TemporaryPath path(model.SerializeAsString());
    return file_error("import_onnx", path, [](const std::string& file) { io::import_onnx<float>(file); });
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a model in the ONNX format gives the same bits as the model it was written of", "[onnx]",
                   float, double) {
  const TemporaryDirectory directory;
  Random random(2);
  for (auto& of : every_layer<TestType>(random)) {
    INFO(of.name);
    const std::string path = directory / "model.onnx", again = directory / "again.onnx";
    const Pipeline<TestType> pipeline{.model = *of.model, .row = of.row, .outputs_are = OutputKind::numbers};
    io::export_onnx(path, pipeline);
    const auto loaded = io::import_onnx<TestType>(path);
    const Array<TestType> rows = random_rows(of, 25, random);
    CHECK(are_same(pipeline.outputs(rows), loaded.outputs(rows)));
    CHECK_FALSE(loaded.model->is_training());
    io::export_onnx(again, loaded);
    CHECK(read_text(path) == read_text(again));
  }
}

TEMPLATE_TEST_CASE("the steps before and after a model come back from the ONNX format with the same bits",
                   "[onnx]", float, double) {
  const TemporaryDirectory directory;
  const std::string path = directory / "model.onnx", again = directory / "again.onnx";
  for (const auto& [kind, outputs] : {std::pair(OutputKind::classes, 3), std::pair(OutputKind::multilabel, 4),
                                      std::pair(OutputKind::binary, 1), std::pair(OutputKind::numbers, 2)}) {
    INFO(to_string(kind));
    Steps<TestType> steps(static_cast<std::size_t>(outputs));
    const auto pipeline = steps.pipeline(kind);
    io::export_onnx(path, pipeline);
    const auto loaded = io::import_onnx<TestType>(path);
    CHECK(are_same(pipeline.outputs(steps.rows), loaded.outputs(steps.rows)));
    CHECK(loaded.outputs_are == kind);
    CHECK(loaded.factor == 0.3);
    CHECK(loaded.shift == 0.7);
    CHECK(are_same(loaded.imputer->means(), steps.imputer.means()));
    CHECK(are_same(loaded.standardizer->means(), steps.standardizer.means()));
    CHECK(are_same(loaded.standardizer->scales(), steps.standardizer.scales()));
    if (kind != OutputKind::numbers) {
      CHECK(loaded.temperature == 1.3);
      CHECK(are_same(pipeline.probabilities(steps.rows), loaded.probabilities(steps.rows)));
      CHECK(are_same(pipeline.classes(steps.rows), loaded.classes(steps.rows)));
    }
    io::export_onnx(again, loaded);
    CHECK(read_text(path) == read_text(again));
  }
}

TEST_CASE("each of the steps may be alone in the ONNX format", "[onnx]") {
  Steps<float> steps(2);
  const TemporaryPath path;
  for (int step = 0; step < 6; ++step) {
    INFO(step);
    Pipeline<float> pipeline{.model = steps.model, .row = {3}};
    if (step == 0) pipeline.imputer = steps.imputer;
    if (step == 1) pipeline.standardizer = steps.standardizer;
    if (step == 2) pipeline.factor = 3;
    if (step == 3) pipeline.shift = 3;
    if (step == 4) pipeline.factor = pipeline.shift = 0.1;
    if (step == 5) pipeline.temperature = 3;
    io::export_onnx(path, pipeline);
    const auto loaded = io::import_onnx<float>(path);
    CHECK(are_same(pipeline.outputs(steps.rows), loaded.outputs(steps.rows)));
    CHECK(static_cast<bool>(loaded.imputer) == (step == 0));
    CHECK(static_cast<bool>(loaded.standardizer) == (step == 1));
    CHECK(loaded.factor == pipeline.factor);
    CHECK(loaded.shift == pipeline.shift);
    CHECK(loaded.temperature == pipeline.temperature);
  }
}

TEMPLATE_TEST_CASE("the steps of a model without layers come back from the ONNX format as they were",
                   "[onnx]", float, double) {
  const TemporaryPath path, again;
  Steps<TestType> fitted(2);
  for (const OutputKind kind : {OutputKind::classes, OutputKind::multilabel, OutputKind::numbers}) {
    for (unsigned steps = 0; steps < 32; ++steps) {
      INFO(to_string(kind) << ", steps " << steps);
      nn::Sequential<TestType> nothing;
      Pipeline<TestType> pipeline{.model = nothing, .row = {3}, .outputs_are = kind};
      if (steps & 1) pipeline.imputer = fitted.imputer;
      if (steps & 2) pipeline.standardizer = fitted.standardizer;
      if (steps & 4) pipeline.factor = 0.3;
      if (steps & 8) pipeline.shift = 0.7;
      if (steps & 16 && kind != OutputKind::numbers) pipeline.temperature = 1.3;
      io::export_onnx<TestType>(path, pipeline);
      const auto loaded = io::import_onnx<TestType>(path);
      CHECK(static_cast<bool>(loaded.imputer) == static_cast<bool>(steps & 1));
      CHECK(static_cast<bool>(loaded.standardizer) == static_cast<bool>(steps & 2));
      CHECK(loaded.factor == pipeline.factor);
      CHECK(loaded.shift == pipeline.shift);
      CHECK(loaded.temperature == pipeline.temperature);
      CHECK(are_same(pipeline.outputs(fitted.rows), loaded.outputs(fitted.rows)));
      io::export_onnx<TestType>(again, loaded);
      CHECK(read_text(path) == read_text(again));
    }
  }
}

TEST_CASE("an array that several layers use is in an ONNX file once, and each has it when read", "[onnx]") {
  // A square matrix along the last axis of rows of either kind, and the table of the words that come in.
  struct Tied : nn::Module<float> {
    Random random{1};
    nn::Embedding<float> table{5, 4, random};
    nn::Linear<float> square{4, 4, random};
    Tied() {
      add("table", table);
      add("square", square);
    }
    Variable<float> forward(Variable<float> x) override {
      return linear(square(square(table(x))), x.tape().watch(table.weight));
    }
    nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
      const auto inner = square.add_to(graph, square.add_to(graph, table.add_to(graph, x)));
      return graph.apply(nn::operations::Linear<float>{table.weight.values(), {}}, {inner});
    }
  };
  struct Repeated : nn::Module<float> {
    Random random{2};
    nn::Linear<float> square{30, 30, random};
    Repeated() { add("square", square); }
    Variable<float> forward(Variable<float> x) override {
      for (int i = 0; i < 12; ++i) x = tanh(square(x));
      return x;
    }
    nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
      using namespace nn::operations;
      for (int i = 0; i < 12; ++i)
        x = graph.apply(Activation<float>{Function::tanh}, {square.add_to(graph, x)});
      return x;
    }
  };
  const auto arrays_in = [](const std::string& path) {
    std::map<std::string, std::size_t> bytes;
    const ModelProto model = model_in(path);
    for (const auto& array : model.graph().initializer()) bytes[array.name()] = array.raw_data().size();
    return bytes;
  };
  const TemporaryPath path;
  Tied tied;
  const Pipeline<float> words{.model = tied, .row = {2}, .outputs_are = OutputKind::numbers};
  io::export_onnx(path, words);
  // The table as it is, and transposed for what is behind.
  CHECK(arrays_in(path) == std::map<std::string, std::size_t>{
                               {"1.weight", 80}, {"2.weight", 64}, {"3.bias", 16}, {"6.weight", 80}});
  Array<float> indices(Shape{3, 2});
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<float>(i % 5);
  CHECK(are_same(words.outputs(indices), io::import_onnx<float>(path).outputs(indices)));

  Repeated repeated;
  const Pipeline<float> many{.model = repeated, .row = {30}, .outputs_are = OutputKind::numbers};
  io::export_onnx(path, many);
  CHECK(arrays_in(path) == std::map<std::string, std::size_t>{{"0.weight", 3600}, {"0.bias", 120}});
  Array<float> row(Shape{1, 30});
  std::ranges::fill(row, 0.5f);
  CHECK(are_same(many.outputs(row), io::import_onnx<float>(path).outputs(row)));
}

TEST_CASE("the metadata of the ONNX format keep what has no operator", "[onnx]") {
  Steps<float> steps(2);
  Pipeline<float> pipeline = steps.pipeline(OutputKind::multilabel);
  pipeline.columns = {{"age", {}}, {"job", "clerk"}, {"job", "smith"}};
  pipeline.csv = {.delimiter = ';', .missing = data::Missing::nan};
  pipeline.thresholds = {0.25, 0.75};
  pipeline.class_names = {"né", "\"two\""};
  pipeline.card = {.description = "who", .rows = {{"train", 4}}, .metrics = {{"accuracy", 0.75, 0.25}}};
  const TemporaryPath path;
  io::export_onnx(path, pipeline);
  const auto loaded = io::import_onnx<float>(path);
  REQUIRE(loaded.columns.size() == 3);
  CHECK(loaded.columns[1].column == "job");
  CHECK(loaded.columns[1].category == "clerk");
  CHECK(loaded.csv.delimiter == ';');
  CHECK(loaded.csv.missing == data::Missing::nan);
  CHECK(loaded.thresholds == std::vector<double>{0.25, 0.75});
  CHECK(loaded.class_names == pipeline.class_names);
  CHECK(loaded.card.description == "who");
  CHECK(loaded.card.metrics.at(0).standard_error == 0.25);
  CHECK(loaded.card.written_by == "xtape 0.1.0");
  const ModelProto model = model_in(path);
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  CHECK(metadata.at("xtape.class_names") == "[\"né\",\"\\\"two\\\"\"]");
  CHECK(metadata.at("xtape.thresholds") == "[0.25,0.75]");
  CHECK(metadata.at("xtape.outputs") == "\"multilabel\"");
}

TEST_CASE("a file in the ONNX format says what goes in and what comes out", "[onnx]") {
  const DenseFile file;
  const ModelProto model = model_in(file.path);
  CHECK(model.ir_version() == 8);
  REQUIRE(model.opset_import_size() == 1);
  CHECK(model.opset_import(0).version() == 17);
  CHECK(model.producer_name() == "xtape");
  const auto& graph = model.graph();
  REQUIRE(graph.input_size() == 1);
  CHECK(graph.input(0).name() == "features");
  CHECK(graph.input(0).type().tensor_type().elem_type() == 1);
  const auto& in = graph.input(0).type().tensor_type().shape();
  REQUIRE(in.dim_size() == 2);
  CHECK(in.dim(0).dim_param() == "batch");
  CHECK(in.dim(1).dim_value() == 4);
  REQUIRE(graph.output_size() == 1);
  CHECK(graph.output(0).name() == "probabilities");
  CHECK(graph.output(0).type().tensor_type().shape().dim(1).dim_value() == 3);
  CHECK(operators_in(file.path) ==
        std::vector<std::string>{"Gemm", "BatchNormalization", "Relu", "Gemm", "Softmax"});
}

TEST_CASE("a model with a way around a layer is written in the ONNX format, and not read", "[onnx]") {
  struct Residual : nn::Module<float> {
    Random random{1};
    nn::Linear<float> linear{3, 3, random};
    Residual() { add("linear", linear); }
    Variable<float> forward(Variable<float> x) override { return x + linear(x) * x; }
    nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
      const auto product = graph.apply(nn::operations::Multiply(), {linear.add_to(graph, x), x});
      return graph.apply(nn::operations::Add(), {x, product});
    }
  } model;
  const TemporaryPath path;
  io::export_onnx<float>(path, {.model = model, .row = {3}, .outputs_are = OutputKind::numbers});
  CHECK(operators_in(path) == std::vector<std::string>{"Gemm", "Mul", "Add"});
  const auto graph = model_in(path).graph();
  CHECK(graph.node(2).input(0) == "features");
  CHECK(graph.node(2).input(1) == graph.node(1).output(0));
  CHECK(file_error("import_onnx", path, [](const std::string& file) { io::import_onnx<float>(file); }) ==
        ": node 'Gemm_0' (Gemm): what it takes goes to 3 nodes, and together they are no layer that is known "
        "here");
}

// Made by tests/data/onnx/make_onnx.py.
TEST_CASE("models that PyTorch exported give what PyTorch computes", "[onnx]") {
  for (const auto& [file, of, kind] : {std::tuple("dense_13", "dense", OutputKind::classes),
                                       std::tuple("dense_17", "dense", OutputKind::classes),
                                       std::tuple("conv_13", "conv", OutputKind::numbers),
                                       std::tuple("conv_17", "conv", OutputKind::numbers),
                                       std::tuple("words_13", "words", OutputKind::binary),
                                       std::tuple("words_17", "words", OutputKind::binary),
                                       std::tuple("norm_13", "norm", OutputKind::numbers),
                                       std::tuple("norm_17", "norm", OutputKind::numbers),
                                       std::tuple("bare_13", "bare", OutputKind::numbers)}) {
    INFO(file);
    const std::string directory = "tests/data/onnx/";
    const NamedArrays arrays = io::read_safetensors(directory + of + ".safetensors").arrays;
    const Array<float>& inputs = arrays["inputs"].get<float>();
    const Array<double>& expected = arrays["outputs"].get<double>();
    const auto pipeline = io::import_onnx<float>(directory + file + ".onnx");
    CHECK(pipeline.outputs_are == kind);
    CHECK(pipeline.card.written_by == "pytorch 1.13.0");
    const Array<float> outputs = pipeline.outputs(inputs);
    double largest = 0;
    for (const double y : expected) largest = std::max(largest, std::abs(y));
    Array<double> given(expected.shape());
    if (kind == OutputKind::numbers)
      std::ranges::copy(outputs, given.begin());
    else
      given = pipeline.probabilities(inputs);
    REQUIRE(given.shape() == expected.shape());
    for (std::size_t i = 0; i < given.size(); ++i)
      CHECK_THAT(given[i] - expected[i], Catch::Matchers::WithinAbs(0, 2e-6 * largest));

    // In double there is less rounding than between one computation in float and another.
    const auto exact = io::import_onnx<double>(directory + file + ".onnx");
    Array<double> wide(inputs.shape());
    std::ranges::copy(inputs, wide.begin());
    const Array<double> y = kind == OutputKind::numbers ? exact.outputs(wide) : exact.probabilities(wide);
    for (std::size_t i = 0; i < y.size(); ++i)
      CHECK_THAT(y[i] - expected[i], Catch::Matchers::WithinAbs(0, 1e-7 * largest));
  }
}

TEST_CASE("layers of an ONNX file are those that PyTorch had", "[onnx]") {
  const auto names = [](const std::string& file) {
    std::vector<std::string> types;
    const auto pipeline = io::import_onnx<float>("tests/data/onnx/" + file);
    for (const auto& [name, module] : pipeline.model->named_modules()) types.push_back(module->type_name());
    return types;
  };
  CHECK(names("dense_13.onnx") == std::vector<std::string>{"Sequential", "Linear", "BatchNorm1d", "Relu",
                                                           "Linear", "Elu", "Linear", "LeakyRelu", "Linear"});
  CHECK(names("conv_13.onnx") == std::vector<std::string>{"Sequential", "Conv2d", "BatchNorm2d", "Relu",
                                                          "MaxPool2d", "Conv2d", "HardSwish", "AvgPool2d",
                                                          "Conv2d", "AvgPool2d", "Flatten", "Linear"});
  CHECK(names("words_17.onnx") == std::vector<std::string>{"Sequential", "Embedding", "Flatten", "Linear"});
  for (const char* file : {"norm_13.onnx", "norm_17.onnx"}) {
    CHECK(names(file) == std::vector<std::string>{"Sequential", "LayerNorm", "Linear", "Gelu", "LayerNorm",
                                                  "Linear", "Silu", "Tanh", "Softplus", "Flatten", "Linear"});
  }
}

TEST_CASE("thresholds of classes in order come back from the ONNX format exactly, however near or far",
          "[onnx]") {
  const TemporaryPath path;
  Random random(5);
  for (int round = 0; round < 60; ++round) {
    nn::Ordinal<double> wide(7);
    nn::Ordinal<float> narrow(7);
    const double spread = std::pow(10, random.uniform(-4, 4));
    wide.first_threshold.values()[0] = spread * random.normal();
    narrow.first_threshold.values()[0] = static_cast<float>(wide.first_threshold.values()[0]);
    for (std::size_t j = 0; j < 5; ++j) {
      wide.gaps.values()[j] = std::min(40., random.uniform(0.1, 1) * spread) * random.normal();
      narrow.gaps.values()[j] = static_cast<float>(wide.gaps.values()[j]);
    }
    const auto require_same = [&]<class T>(nn::Ordinal<T>& model) {
      io::export_onnx<T>(path, {.model = model, .row = {1}, .outputs_are = OutputKind::numbers});
      const auto loaded = io::import_onnx<T>(path);
      auto& layer = dynamic_cast<nn::Ordinal<T>&>((*dynamic_cast<nn::Sequential<T>*>(&*loaded.model))[0]);
      Tape<T> tape;
      CHECK(are_same(Array<T>(model.thresholds(tape).values()), Array<T>(layer.thresholds(tape).values())));
    };
    require_same(wide);
    require_same(narrow);
  }
}

TEST_CASE("operators that export_onnx does not write are read from the ONNX format", "[onnx]") {
  Array<float> row(Shape{1, 4});
  row[0] = -2, row[1] = -0.5, row[2] = 0.25, row[3] = 3;
  SECTION("Identity is nothing") { CHECK(are_same(OneNode("Identity", {4}).read().outputs(row), row)); }
  SECTION("Dropout is Dropout") {
    OneNode file("Dropout", {4}, 13);
    file.node->add_input("ratio");
    file.floats("ratio", {}, 0.25f);
    const auto pipeline = file.read();
    CHECK(are_same(pipeline.outputs(row), row));
    CHECK((*dynamic_cast<nn::Sequential<float>*>(&*pipeline.model))[0].config().number("probability") ==
          0.25);
  }
  SECTION("Gelu is Gelu, with the values of SciPy") {
    const Array<float> y = OneNode("Gelu", {4}, 20).read().outputs(row);
    CHECK_THAT(y[0], Catch::Matchers::WithinAbs(-0.04550026389635842, 1e-7));
    CHECK_THAT(y[3], Catch::Matchers::WithinAbs(2.99595030590511, 1e-6));
  }
  SECTION("Gemm without transB takes its weight as (in, out)") {
    OneNode file("Gemm", {4});
    file.node->add_input("w");
    file.floats("w", {4, 2}, 1);
    file.model.mutable_graph()->mutable_initializer(0)->set_float_data(1, 10);
    const Array<float> y = file.read().outputs(row);
    CHECK(y[0] == 0.75f);
    CHECK(y[1] == 0.75f + 9 * -2);
  }
  SECTION("a product and a quotient in front are a scale and a standardizer") {
    OneNode file("Sub", {4});
    file.node->add_input("mean");
    file.node->set_output(0, "d");
    file.add("Div", {"d", "scale"}, "y");
    file.floats("mean", {1}, 1);
    file.floats("scale", {1, 4}, 4);
    const auto pipeline = file.read();
    CHECK(pipeline.outputs(row)[3] == 0.5f);
    CHECK(pipeline.standardizer->scales()[2] == 4);
  }
  SECTION("Reshape of a batch that is fixed is Flatten") {
    OneNode file("Reshape", {2, 2});
    file.node->add_input("shape");
    file.integers("shape", {8, -1});
    file.model.mutable_graph()
        ->mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(0)
        ->set_dim_value(8);
    CHECK(file.read().outputs(ArrayView<const float>(row.data(), {1, 2, 2})).shape() == Shape{1, 4});
  }
  SECTION("Softmax of operator set 12 is over the last axis where its axis says so") {
    const Array<double> p = OneNode("Softmax", {4}, 12).read().probabilities(row);
    CHECK_THAT(std::accumulate(p.begin(), p.end(), 0.0), Catch::Matchers::WithinAbs(1, 1e-12));
  }
}

TEST_CASE("what is not read of the ONNX format is named by node, operator and reason", "[onnx]") {
  const DenseFile file;
  const auto with_node = [&](int node, const auto& change) {
    return file.error_with_graph([&](GraphProto& graph) { change(*graph.mutable_node(node)); });
  };
  CHECK(with_node(2, [](auto& node) { node.set_op_type("LSTM"); }) ==
        ": node 'Relu_2' (LSTM): import_onnx reads no layer that begins with this operator");
  CHECK(with_node(2, [](auto& node) { node.set_domain("com.example"); }) ==
        ": node 'Relu_2' (Relu): its operator must be one of ONNX itself, got one of 'com.example'");
  CHECK(with_node(2, [](auto& node) { attribute(node, "speed").set_type(1); }) ==
        ": node 'Relu_2' (Relu): its attribute 'speed' is not known here");
  CHECK(with_node(0, [](auto& node) { attribute(node, "transA").set_i(1); }) ==
        ": node 'Gemm_0' (Gemm): its transA must be 0, got 1");
  CHECK(with_node(0, [](auto& node) { attribute(node, "alpha").set_f(2); }) ==
        ": node 'Gemm_0' (Gemm): its alpha must be 1, got 2");
  CHECK(with_node(0, [](auto& node) { node.set_input(1, "elsewhere"); }) ==
        ": node 'Gemm_0' (Gemm): its weight must be an array that the file holds, got a value");
  CHECK(with_node(0, [](auto& node) { node.set_input(1, "0.bias"); }) ==
        ": node 'Gemm_0' (Gemm): its weight must have two axes, got (6)");
  CHECK(with_node(0, [](auto& node) { attribute(node, "transB").set_i(0); }) ==
        ": node 'Gemm_0' (Gemm): its bias must be one number for each of 4 outputs, got (6)");
  CHECK(with_node(1, [](auto& node) { attribute(node, "training_mode").set_i(1); }) ==
        ": node 'BatchNormalization_1' (BatchNormalization): its training_mode must be 0, got 1");
  CHECK(with_node(1, [](auto& node) { node.set_input(4, ""); }) ==
        ": node 'BatchNormalization_1' (BatchNormalization): it must have a variance, got none");
  CHECK(with_node(3, [](auto& node) { node.set_input(0, "features"); }) ==
        ": node 'Gemm_0' (Gemm): what it takes goes to 2 nodes, and together they are no layer that is known "
        "here");
  CHECK(with_node(3, [](auto& node) { node.set_output(0, "Gemm_0"); }) ==
        ": node 'Gemm_3' (Gemm): what it gives, 'Gemm_0', must have a name of its own");
  CHECK(with_node(3, [](auto& node) { node.set_output(0, ""); }) ==
        ": node 'Gemm_3' (Gemm): it must give one value, got none");
  CHECK(with_node(3, [](auto& node) { node.set_output(0, "away"); }) ==
        ": the value 'away' must go on to the output, got one that nothing takes");
  CHECK(with_node(3, [](auto& node) { node.clear_name(), node.set_op_type("R\n"); }) ==
        ": node 'Gemm_3' (R?): import_onnx reads no layer that begins with this operator");
  CHECK(file.error_with_graph([](GraphProto& graph) {
    *graph.add_node() = graph.node(2), graph.mutable_node(5)->set_input(0, "?"),
    graph.mutable_node(5)->set_output(0, "?");
  }) == ": node 'Relu_2' (Relu): it must be one of those on the way from the input to the output, got one "
        "beside it");
}

TEST_CASE("windows that no layer has are refused in the ONNX format", "[onnx]") {
  OneNode pool("MaxPool", {1, 6, 6});
  CHECK(pool.error() == ": node 'n' (MaxPool): it must have a kernel_shape, got none");
  pool.set("kernel_shape", {2, 2});
  CHECK(pool.read().outputs(Array<float>(Shape{1, 1, 6, 6})).shape() == Shape{1, 1, 5, 5});
  pool.set("pads", {0, 0, 1, 0});
  CHECK(pool.error() ==
        ": node 'n' (MaxPool): its pads must be as large on opposite sides, got [0, 0, 1, 0]");
  attribute(*pool.node, "pads").set_ints(0, 1);
  CHECK(pool.error() == "no FileError");
  pool.set("strides", {0, 1});
  CHECK(pool.error() == ": node 'n' (MaxPool): its strides must be 2 numbers from 1, got [0, 1]");
  attribute(*pool.node, "strides").set_ints(0, 2);
  pool.set("ceil_mode", 1);
  CHECK(pool.error() == ": node 'n' (MaxPool): its ceil_mode must be 0, got 1");
  pool.set("ceil_mode", 0);
  attribute(*pool.node, "kernel_shape").set_ints(0, 100);
  CHECK_THAT(pool.error(), StartsWith(": node 'n' (MaxPool): max_pool2d: "));
  auto& automatic = attribute(*pool.node, "auto_pad");
  automatic.set_type(3);
  automatic.set_s("SAME_UPPER");
  CHECK(pool.error() == ": node 'n' (MaxPool): its auto_pad must be NOTSET or VALID, got 'SAME_UPPER'");

  OneNode conv("Conv", {1, 6, 6});
  conv.node->add_input("w");
  conv.floats("w", {2, 1, 3, 3}, 1);
  CHECK(conv.error() == "no FileError");
  conv.set("group", 0);
  CHECK(conv.error() == ": node 'n' (Conv): its group must be from 1 to the 2 outputs, got 0");
  conv.set("group", 2);
  CHECK_THAT(conv.error(), StartsWith(": node 'n' (Conv): conv2d: "));
}

TEST_CASE("a file that is no model in the ONNX format, or of another version, is refused", "[onnx]") {
  const DenseFile file;
  const auto error_in = [](const std::string& content) {
    const TemporaryPath path(content);
    return file_error("import_onnx", path, [](const std::string& of) { io::import_onnx<float>(of); });
  };
  const std::string good = read_text(file.path);
  CHECK(error_in("") == ": it must be a model in the ONNX format, got 0 bytes that are none, or are damaged");
  CHECK(error_in("some text") ==
        ": it must be a model in the ONNX format, got 9 bytes that are none, or are damaged");
  CHECK_THAT(error_in(good.substr(0, good.size() / 2)), EndsWith("bytes that are none, or are damaged"));
  CHECK(file.error_with([](ModelProto& model) { model.mutable_opset_import(0)->set_version(8); }) ==
        ": the operator set must be of version 9 to 21, got 8");
  CHECK(file.error_with([](ModelProto& model) { model.clear_opset_import(); }) ==
        ": the operator set must be of version 9 to 21, got 0");
  CHECK(file.error_with_graph([](GraphProto& graph) { graph.clear_input(); }) ==
        ": the graph must have one input, got none");
  CHECK(file.error_with_graph([](GraphProto& graph) { graph.add_input()->set_name("mask"); }) ==
        ": the graph must have one input, got 'features' and 'mask'");
  CHECK(file.error_with_graph([](GraphProto& graph) { graph.add_output(); }) ==
        ": the graph must have one output, got 2");
  const auto with_input = [&](const auto& change) {
    return file.error_with_graph(
        [&](GraphProto& graph) { change(*graph.mutable_input(0)->mutable_type()->mutable_tensor_type()); });
  };
  CHECK(with_input([](auto& type) { type.set_elem_type(10); }) ==
        ": the input 'features' must be of FLOAT, DOUBLE, INT32 or INT64, got FLOAT16");
  CHECK(with_input([](auto& type) { type.set_elem_type(11); }) ==
        ": a model of DOUBLE must be loaded by import_onnx<double>, got import_onnx<float>");
  CHECK(
      with_input([](auto& type) { type.set_elem_type(7); }) ==
      ": node 'Gemm_0' (Gemm): it must take numbers of FLOAT or DOUBLE, got integers, which a Gather takes");
  CHECK(with_input([](auto& type) { type.clear_shape(); }) ==
        ": the input 'features' must have a shape (batch, ...), got none");
  CHECK(with_input([](auto& type) {
          type.mutable_shape()->mutable_dim(1)->set_dim_param("width");
          type.mutable_shape()->mutable_dim(1)->clear_dim_value();
        }) == ": the input 'features': its extents behind the batch must be known, got 'width' along axis 1");
  CHECK_THAT(with_input([](auto& type) { type.mutable_shape()->mutable_dim(1)->set_dim_value(5); }),
             StartsWith(": node 'Gemm_0' (Gemm): linear: the last axis of a row must have the 4 inputs"));
}

TEST_CASE("arrays of an ONNX file are compared with what the file holds", "[onnx]") {
  const DenseFile file;
  const auto with_weight = [&](const auto& change) {
    return file.error_with_graph([&](GraphProto& graph) { change(*graph.mutable_initializer(0)); });
  };
  CHECK(
      with_weight([](auto& weight) { weight.set_dims(0, 1'000'000'000); }) ==
      ": the array '0.weight': there must be data for 4000000000 elements of shape (1000000000, 4), got 24");
  CHECK(with_weight([](auto& weight) { weight.mutable_raw_data()->pop_back(); }) ==
        ": the array '0.weight': there must be data for 24 elements of shape (6, 4), got a part of one");
  CHECK_THAT(with_weight([](auto& weight) { weight.set_dims(0, std::int64_t{1} << 62); }),
             StartsWith(": the array '0.weight': "));
  CHECK(with_weight([](auto& weight) { weight.set_dims(0, -6); }) ==
        ": the array '0.weight': an extent must be from 0, got -6");
  CHECK(with_weight([](auto& weight) { weight.set_data_location(1); }) ==
        ": the array '0.weight' must be in the file, got one in another; save the model as a single file");
  CHECK(with_weight([](auto& weight) { weight.set_data_type(10); }) ==
        ": node 'Gemm_0' (Gemm): its weight must be of FLOAT or DOUBLE, got FLOAT16");
  CHECK(with_weight([](auto& weight) { weight.set_name("0.bias"); }) ==
        ": each array must have a name of its own, got '0.bias' twice");
  CHECK(with_weight([](auto& weight) {
          weight.set_dims(0, 0), weight.clear_raw_data(), weight.set_dims(1, std::int64_t{1} << 40);
        }) == ": node 'Gemm_0' (Gemm): its weight must have elements, got the shape (0, 1099511627776)");
}

TEST_CASE("a small file in the ONNX format takes no large memory", "[onnx]") {
  SECTION("a square matrix that each of many layers has") {
    OneNode file("MatMul", {64});
    file.floats("w", {64, 64}, 1);
    file.node->add_input("w");
    file.node->set_output(0, "0");
    for (int i = 1; i < 100; ++i) file.add("MatMul", {std::to_string(i - 1), "w"}, std::to_string(i).c_str());
    file.model.mutable_graph()->mutable_output(0)->set_name("99");
    CHECK_THAT(file.error(),
               StartsWith(": node 'n' (MatMul): all layers must have no more numbers than the file has"));
  }
  SECTION("a mean that is spread over a large row") {
    OneNode file("Sub", {1'000'000, 1'000'000});
    file.floats("mean", {1}, 1);
    file.node->add_input("mean");
    CHECK_THAT(file.error(),
               StartsWith(": node 'n' (Sub): all layers must have no more numbers than the file has"));
  }
  SECTION("a large row with a constant, where the rest of the standardizer is not there") {
    OneNode file("Div", {600'000});
    file.floats("scale", {1}, 2);
    file.node->add_input("scale");
    CHECK_THAT(file.error(),
               StartsWith(": node 'n' (Div): all layers must have no more numbers than the file has"));
  }
  SECTION("a scale that is smaller than a large row") {
    OneNode file("LayerNormalization", {1'000'000, 1'000'000});
    file.floats("scale", {1}, 1);
    file.node->add_input("scale");
    CHECK(file.error() ==
          ": node 'n' (LayerNormalization): its weight must have the shape of the last axes of a row, "
          "(1000000), got (1)");
  }
  SECTION("an axis that is none of a row") {
    for (const std::int64_t axis :
         {std::numeric_limits<std::int64_t>::min(), std::int64_t{-4}, std::int64_t{0}, std::int64_t{3},
          std::numeric_limits<std::int64_t>::max()}) {
      OneNode file("LayerNormalization", {2, 3});
      file.set("axis", axis);
      CHECK(file.error() ==
            ": node 'n' (LayerNormalization): its axis must be one of a row of shape (2, 3), got " +
                std::to_string(axis));
    }
  }
  SECTION("many nodes of two bytes") {
    std::string nodes;
    for (int i = 0; i < 300'000; ++i) nodes += std::string("\x0a\0", 2);
    std::string content = "\x3a";
    for (std::size_t left = nodes.size(); left > 0; left >>= 7)
      content += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    const TemporaryPath path(content + nodes);
    CHECK(file_error("import_onnx", path, [](const std::string& of) { io::import_onnx<float>(of); }) ==
          ": it must have at most 262144 nodes, attributes, arrays and names, got more");
  }
  SECTION("a deep nest of groups") {
    const TemporaryPath path(std::string(1'000'000, '\x5b'));
    CHECK_THAT(file_error("import_onnx", path, [](const std::string& of) { io::import_onnx<float>(of); }),
               StartsWith(": it must be a model in the ONNX format"));
  }
}

TEST_CASE("metadata of an ONNX file are not believed", "[onnx]") {
  const DenseFile file;
  const auto with = [&](const std::string& key, const std::string& value) {
    return file.error_with([&](ModelProto& model) {
      for (auto& entry : *model.mutable_metadata_props()) {
        if (entry.key() == key) return entry.set_value(value);
      }
      model.add_metadata_props()->set_key(key);
      model.mutable_metadata_props(model.metadata_props_size() - 1)->set_value(value);
    });
  };
  CHECK(with("xtape.outputs", "{") ==
        ": the metadata xtape.outputs: it must be JSON in UTF-8, got an error at its byte 2, the last of "
        "\"{\"");
  CHECK_THAT(with("xtape.outputs", "7"), ContainsSubstring("outputs must be a text, got 7"));
  CHECK(file.error_with_graph([](GraphProto& graph) {
    graph.mutable_node()->RemoveLast();
    graph.mutable_output(0)->set_name(graph.node(3).output(0));
  }) == ": its outputs must be probabilities of classes, as its metadata say, got no Softmax at its end");
  CHECK(with("xtape.outputs", "\"numbers\"") ==
        ": node 'Softmax_4' (Softmax): import_onnx reads no layer that begins with this operator");
  CHECK_THAT(with("xtape.class_names", "[\"one\"]"),
             ContainsSubstring("class_names must be 3 for outputs (3)"));
  CHECK_THAT(with("xtape.thresholds", "[2]"), ContainsSubstring("thresholds must be in [0, 1], got 2"));
  CHECK_THAT(with("xtape.columns", "[]") + with("unknown", "{"), StartsWith("no FileErrorno FileError"));
}

TEST_CASE("what is wrong with a model is found before it is written in the ONNX format", "[onnx]") {
  const TemporaryDirectory directory;
  Random random(1);
  nn::Linear<float> model(3, 2, random);
  const std::string path = directory / "model.onnx";
  CHECK_THROWS_AS(io::export_onnx<float>(path, {.model = {}, .row = {3}}), ArgumentError);
  CHECK_THROWS_AS(io::export_onnx<float>(path, {.model = model, .row = {4}}), ShapeError);
  CHECK_THROWS_MATCHES(
      io::export_onnx<float>(path, {.model = model, .row = {3}, .class_names = {"a", "\xff"}}), ArgumentError,
      Message("export_onnx: names and metadata must be UTF-8, got \"\\xff\""));
  struct Unknown : nn::Module<float> {
    Variable<float> forward(Variable<float> x) override { return x; }
  } unknown;
  CHECK_THROWS_AS(io::export_onnx<float>(path, {.model = unknown, .row = {3}}), ArgumentError);
  struct Wrong : Unknown {
    nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
      return graph.apply(nn::operations::Scale{.factor = 2, .shift = 0}, {x});
    }
  } wrong;
  CHECK_THROWS_WITH(io::export_onnx<float>(path, {.model = wrong, .row = {3}}),
                    StartsWith("export_onnx: add_to() of Wrong must compute what its forward() does"));
  CHECK(directory.names().empty());
  CHECK_THROWS_AS(io::export_onnx<float>(directory / "none/model.onnx", {.model = model, .row = {3}}),
                  FileError);
  CHECK_THROWS_AS(io::import_onnx<float>(directory / "none"), UnreadableFileError);
  CHECK_THROWS_AS(io::import_onnx<float>(directory.path()), UnreadableFileError);
}

TEST_CASE("no change of an ONNX file is worse than a FileError", "[onnx]") {
  Random random(7);
  std::vector<std::string> contents;
  for (const char* file : {"dense_13", "conv_13", "words_17", "norm_13"})
    contents.push_back(read_text("tests/data/onnx/" + std::string(file) + ".onnx"));
  contents.push_back(read_text(DenseFile().path));
  const TemporaryPath path;
  std::size_t refused = 0;
  constexpr std::size_t changes = 4000;
  for (std::size_t i = 0; i < changes; ++i) {
    std::string content = contents[random.below(contents.size())];
    for (std::size_t times = 1 + random.below(4); times > 0; --times)
      content[random.below(content.size())] = static_cast<char>(random.below(256));
    if (random.below(4) == 0) content.resize(random.below(content.size()));
    path.write(content);
    try {
      io::import_onnx<double>(path);
    } catch (const FileError&) {
      ++refused;
    }
  }
  CHECK(refused > changes / 4);
  CHECK(refused < changes);
}
