// SPDX-License-Identifier: BSD-3-Clause
#include "every_layer.hpp"
#include "files.hpp"
#include "matchers.hpp"
#include "same_bits.hpp"
#include "xtape/data.hpp"
#include "xtape/inference.hpp"
#include "xtape/io.hpp"

using namespace xtape;
using namespace xtape::testing;
using inference::OutputKind;
using inference::Pipeline;

namespace {

// A table with numbers, some of which are missing, and text; and a model for it that has seen nothing.
constexpr const char* table =
    "age,job,balance,credit\n30,clerk,1.5,yes\n,smith,-2,no\n41,clerk,,no\n25,baker,7,yes\n";

struct Fixture {
  TemporaryDirectory directory;
  Random random{1};
  nn::Sequential<float> model;
  data::MeanImputer<float> imputer;
  data::Standardizer<float> standardizer;
  std::vector<data::FeatureColumn> columns;

  Fixture() {
    write_text(directory / "table.csv", table);
    const auto read = data::read_csv(directory / "table.csv", {.missing = data::Missing::nan});
    columns = read.feature_columns("credit");
    Array<float> features = read.take_columns<float>(columns);
    imputer.fit(features);
    imputer.apply(features);
    standardizer.fit(features);
    model.add<nn::Linear>(columns.size(), 8, random).add<nn::Relu>().add<nn::Linear>(8, 2, random);
  }

  Pipeline<float> pipeline() {
    return {.model = model,
            .row = {columns.size()},
            .columns = columns,
            .csv = {.missing = data::Missing::nan},
            .imputer = imputer,
            .standardizer = standardizer,
            .factor = 0.5,
            .shift = 0.125,
            .temperature = 1.75,
            .class_names = {"no", "yes"},
            .card = {.description = "who gets credit",
                     .data = "four rows",
                     .rows = {{"train", 4}},
                     .metrics = {{"accuracy", 0.75, 0.25}, {"loss", 0.5}},
                     .settings = {{"learning rate", "0.001"}},
                     .date = "2026-05-17"}};
  }
};

// A file as save_model wrote it, with another text in its description.
void change_description(const std::string& path, const std::string& from, const std::string& to) {
  io::Safetensors file = io::read_safetensors(path);
  std::string& text = file.metadata.at("xtape.model");
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  text.replace(place, from.size(), to);
  io::write_safetensors(path, file.arrays, file.metadata);
}

}  // namespace

TEST_CASE("a model file goes from a row of a table to the name of its class with the same bits",
          "[io][model]") {
  Fixture f;
  const std::string path = f.directory / "model.xtape", csv = f.directory / "table.csv";
  const Pipeline<float> pipeline = f.pipeline();
  io::save_model(path, pipeline);
  const Pipeline<float> loaded = io::load_model<float>(path);
  const Array<float> features = pipeline.read_features(csv);
  CHECK(are_same_bits(AnyArray(pipeline.read_features(csv)), AnyArray(loaded.read_features(csv))));
  CHECK(are_same_bits(AnyArray(pipeline.outputs(features)), AnyArray(loaded.outputs(features))));
  CHECK(are_same_bits(AnyArray(pipeline.probabilities(features)), AnyArray(loaded.probabilities(features))));
  CHECK(pipeline.names(features) == loaded.names(features));
  CHECK_FALSE(loaded.model->is_training());
}

TEST_CASE("a model file keeps the card, and who wrote it", "[io][model]") {
  Fixture f;
  const std::string path = f.directory / "model.xtape";
  io::save_model(path, f.pipeline());
  const inference::ModelCard card = io::read_model_card(path);
  CHECK(card.description == "who gets credit");
  CHECK(card.data == "four rows");
  CHECK(card.rows.at("train") == 4);
  REQUIRE(card.metrics.size() == 2);
  CHECK(card.metrics[0].name == "accuracy");
  CHECK(card.metrics[0].standard_error == 0.25);
  CHECK(card.metrics[1].value == 0.5);
  CHECK_FALSE(card.metrics[1].standard_error);
  CHECK(card.settings.at("learning rate") == "0.001");
  CHECK(card.date == "2026-05-17");
  CHECK(card.written_by == "xtape 0.1.0");
  CHECK(io::load_model<float>(path).card.description == "who gets credit");
}

TEMPLATE_TEST_CASE("a model file holds every layer", "[io][model]", float, double) {
  TemporaryDirectory directory;
  Random random(2);
  for (auto& of : every_layer<TestType>(random)) {
    INFO(of.name);
    const std::string path = directory / "model.xtape";
    const Pipeline<TestType> pipeline{.model = *of.model, .row = of.row, .outputs_are = OutputKind::numbers};
    io::save_model(path, pipeline);
    const auto loaded = io::load_model<TestType>(path);
    const Array<TestType> rows = random_rows(of, 3, random);
    CHECK(are_same_bits(AnyArray(pipeline.outputs(rows)), AnyArray(loaded.outputs(rows))));
    if constexpr (std::is_same_v<TestType, double>) {
      CHECK_THROWS_MATCHES(
          io::load_model<float>(path), FileError,
          Catch::Matchers::Message(
              "load_model: " + path +
              ": a model of float64 must be loaded by load_model<double>, got load_model<float>"));
    } else {
      Array<double> widened(rows.shape());
      std::copy(rows.begin(), rows.end(), widened.begin());
      CHECK_THAT(values(io::load_model<double>(path).outputs(widened)),
                 AllClose(values(pipeline.outputs(rows)), 1e-4, 1e-4));
    }
  }
}

TEST_CASE(
    "a limit that is none, and as many rows as there are numbers, are kept or refused when they are written",
    "[io][model]") {
  Fixture f;
  const std::string path = f.directory / "model.xtape";
  Pipeline<float> pipeline = f.pipeline();
  pipeline.csv.max_categories = std::numeric_limits<std::size_t>::max();
  io::save_model(path, pipeline);
  CHECK(io::load_model<float>(path).csv.max_categories == std::size_t{1} << 53);
  pipeline.card.rows["all"] = std::uint64_t{1} << 60;
  CHECK_THROWS_MATCHES(io::save_model(path, pipeline), ArgumentError,
                       Catch::Matchers::Message("save_model: rows of the card must be at most 2^53, got "
                                                "1152921504606846976 of all"));
}

TEST_CASE("a file with an array that cannot be read makes no modules", "[io][model]") {
  Fixture f;
  const std::string path = f.directory / "model.xtape";
  io::save_model(path, f.pipeline());
  std::string content = read_text(path);
  content.replace(content.find("\"F32\""), 5, "\"F99\"");
  write_text(path, content);
  const std::string error =
      file_error("load_model", path, [](const std::string& file) { io::load_model<float>(file); });
  CHECK(error.find("dtype must be one of") != std::string::npos);
}

TEST_CASE("modules are at most 100 deep in each other", "[io][model]") {
  TemporaryDirectory directory;
  std::vector<nn::ModuleConfig> inner;
  for (int depth = 0; depth < 100; ++depth) {
    nn::Config config;
    config.set("layers", std::move(inner));
    inner = std::vector<nn::ModuleConfig>(1, {"Sequential", config});
  }
  const auto model = nn::make_module<float>(inner[0]);
  const Pipeline<float> pipeline{.model = *model, .row = {1}, .outputs_are = OutputKind::numbers};
  io::save_model(directory / "x", pipeline);
  CHECK(io::load_model<float>(directory / "x").outputs(Array<float>(Shape{1, 1})).size() == 1);
  nn::Config config;
  config.set("layers", std::move(inner));
  nn::Sequential<float> deeper(config);
  CHECK_THROWS_MATCHES(
      io::save_model(directory / "x", Pipeline<float>{.model = deeper, .row = {1}}), ArgumentError,
      Catch::Matchers::Message(
          "save_model: there must be at most 10000 modules, at most 100 deep in each other"));
}

namespace other {
// Not that of xtape.
struct Relu : nn::Module<float> {
  Variable<float> forward(Variable<float> x) override { return x + x; }
  nn::Config config() const override { return {}; }
  nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
    return graph.apply(nn::operations::Add(), {x, x});
  }
};
}  // namespace other

TEST_CASE("a module that would be read as one of another class is not written", "[io][model][errors]") {
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(2, 2, random).add<other::Relu>();
  const TemporaryPath path;
  CHECK_THROWS_WITH(
      io::save_model(path, Pipeline<float>{.model = model, .row = {2}}),
      "save_model: a module must be of the class that its name stands for, got another 'Relu' as "
      "'1'; rename it, and write nn::register_module under that name");
}

TEST_CASE("each Dropout of a loaded model draws numbers of its own", "[io][model]") {
  Random random(6);
  nn::Sequential<float> model;
  model.add<nn::Dropout>(0.5, random).add<nn::Dropout>(0.5, random);
  const auto made = nn::make_module<float>(model.description());
  auto& both = dynamic_cast<nn::Sequential<float>&>(*made);
  Array<float> ones(Shape{1, 200});
  std::fill(ones.begin(), ones.end(), 1.0f);
  Tape<float> tape;
  CHECK(values(both[0](tape.borrow(ones))) != values(both[1](tape.borrow(ones))));
}

TEST_CASE("a probability from the threshold on is a yes", "[inference]") {
  Random random(3);
  nn::Linear<double> model(1, 1, random, {.bias = false});
  model.weight.values()[0] = 1;
  Pipeline<double> pipeline{.model = model,
                            .row = {1},
                            .outputs_are = OutputKind::binary,
                            .temperature = 2,
                            .thresholds = {0.75},
                            .class_names = {"no", "yes"}};
  const double edge = 2 * std::log(3.0);  // of which the probability is 3/4
  const std::vector<double> numbers{edge - 1e-9, edge + 1e-9, -100, 100};
  const ArrayView<const double> x(numbers.data(), Shape{4, 1});
  CHECK(pipeline.names(x) == std::vector<std::string>{"no", "yes", "no", "yes"});
  CHECK(pipeline.classes(x).shape() == Shape{4});
  CHECK_THAT(pipeline.probabilities(x)[0], WithinAbs(0.75, 1e-9));
  pipeline.outputs_are = OutputKind::multilabel;
  pipeline.class_names = {"label"};
  CHECK(pipeline.classes(x).shape() == Shape{4, 1});
  CHECK_THROWS_MATCHES(
      pipeline.names(x), ArgumentError,
      Catch::Matchers::Message(
          "Pipeline::names: a row must be of one class, got several labels; call classes()"));
}

TEST_CASE("a part of a pipeline is what the program has, constant or not, or what is taken over",
          "[inference]") {
  using Step = inference::Part<const data::Standardizer<float>>;
  using Model = inference::Part<nn::Module<float>>;
  STATIC_REQUIRE(std::is_constructible_v<Step, const data::Standardizer<float>&>);
  STATIC_REQUIRE(std::is_constructible_v<Step, data::Standardizer<float>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Step, const data::Standardizer<float>>);
  STATIC_REQUIRE(std::is_constructible_v<Model, nn::Linear<float>&>);
  STATIC_REQUIRE(std::is_constructible_v<Model, std::unique_ptr<nn::Linear<float>>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Model, nn::Linear<float>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Model, const nn::Linear<float>&>);
}

TEST_CASE("a pipeline without rows gives none", "[inference]") {
  Random random(4);
  nn::Linear<float> model(3, 2, random);
  const Pipeline<float> pipeline{.model = model, .row = {3}, .class_names = {"a", "b"}};
  const Array<float> none(Shape{0, 3});
  CHECK(pipeline.outputs(none).shape() == Shape{0, 2});
  CHECK(pipeline.names(none).empty());
}

TEST_CASE("a pipeline leaves the model in the mode it was in", "[inference]") {
  Random random(5);
  nn::Linear<float> model(3, 2, random);
  const Pipeline<float> pipeline{.model = model, .row = {3}};
  pipeline.outputs(Array<float>(Shape{1, 3}));
  CHECK(model.is_training());
}

TEST_CASE("a pipeline whose parts do not fit together is refused", "[inference]") {
  Fixture f;
  const auto refusal = [&](auto change) {
    Pipeline<float> pipeline = f.pipeline();
    change(pipeline);
    try {
      io::save_model(f.directory / "model.xtape", pipeline);
      pipeline.outputs(Array<float>(Shape{1, pipeline.row[0]}));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  CHECK(refusal([](auto& p) { p.model = {}; }) == "save_model: the pipeline must have a model, got none");
  CHECK(refusal([](auto& p) { p.row = {4}; }) ==
        "save_model: the row must be (5) for as many columns, got (4)");
  CHECK(refusal([](auto& p) { p.columns.clear(), p.row = {4}; }) ==
        "save_model: the imputer must be fitted to columns (4), those of a row, got (5)");
  CHECK(refusal([](auto& p) { p.temperature = 0; }) ==
        "save_model: temperature and its inverse must be positive and finite, got 0");
  CHECK(refusal([](auto& p) { p.shift = std::nan(""); }) ==
        "save_model: factor and shift must be finite, got 0.5 and nan");
  CHECK(refusal([](auto& p) { p.thresholds = {2}; }) == "save_model: thresholds must be in [0, 1], got 2");
  CHECK(refusal([](auto& p) { p.class_names = {"one"}; }) ==
        "Pipeline::outputs: class_names must be 2 for outputs (2), or none, got 1");
  CHECK(refusal([](auto& p) { p.card.metrics[0].value = std::nan(""); }) ==
        "save_model: metric accuracy must be finite, got nan");
  CHECK(refusal([](auto& p) {
          p.class_names = {"no", "\xff"};
        }) == "save_model: names and metadata must be UTF-8, got \"\\xff\"");
  CHECK(
      refusal([](auto& p) { p.outputs_are = OutputKind::binary; }) ==
      "Pipeline: a model whose outputs are binary must give a row of one logit, () or (1), for each row, got "
      "(2)");
}

TEST_CASE("a file that holds no model, or none that fits together, is refused by name", "[io][model]") {
  Fixture f;
  const std::string path = f.directory / "model.xtape";
  const auto refusal = [&](const std::string& from, const std::string& to) {
    io::save_model(path, f.pipeline());
    change_description(path, from, to);
    return file_error("load_model", path, [](const std::string& file) { io::load_model<float>(file); });
  };
  io::save_weights(path, f.model);
  CHECK(file_error("load_model", path, [](const std::string& file) { io::load_model<float>(file); }) ==
        ": it must hold a model that save_model wrote, got 4 arrays without one; load_weights reads arrays");
  CHECK(refusal("{", "[") ==
        ": the description of the model: it must be JSON in UTF-8, got an error at its byte 10, the last of "
        "\"[\\\"format\\\":\"");
  CHECK(refusal("\"format\":1", "\"format\":2") ==
        ": the model must be of format 1 or before, got 2, which xtape 0.1.0 wrote");
  CHECK(refusal("\"element\":\"float32\"", "\"element\":\"int8\"") ==
        ": the model must be of float32 or float64, got \"int8\"");
  CHECK(refusal("Relu", "Rely") ==
        ": make_module: a module must be of xtape or registered, got 'Rely'; write "
        "nn::register_module<Rely>(\"Rely\") in this program");
  CHECK(refusal("\"in\":8", "\"in\":9") ==
        ": the modules must have no more numbers than the file holds, got 2 where 0 are left");
  CHECK(refusal("\"in\":8", "\"in\":7") ==
        ": Module::load_state: '2.weight' must have shape (2, 7), got (2, 8)");
  CHECK(refusal("\"out\":8", "\"out\":1000000000") ==
        ": the modules must have no more numbers than the file holds, got 5000000000 where 66 are left");
  CHECK(refusal("\"out\":8", "\"out\":-1") ==
        ": Config: 'out' must be of whole numbers from 0 to 2^53, got -1");
  CHECK(refusal("\"imputer\":true", "\"imputer\":false") ==
        ": load_model: every array must have its place, got 'imputer.mean' without one");
  CHECK(refusal("\"temperature\":1.75", "\"temperature\":-1") ==
        ": load_model: temperature and its inverse must be positive and finite, got -1");
  CHECK(refusal("\"outputs\":\"classes\"", "\"outputs\":\"colours\"") ==
        ": description.after.outputs must be one that this version knows, got \"colours\"");
}
