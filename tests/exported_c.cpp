// SPDX-License-Identifier: BSD-3-Clause
// exported_c DIRECTORY
// Exports many models as C, and writes a program in C, all.c, that includes them and their self-tests,
// gives them rows, and compares with what the library gives: see exported_c.cmake.
#include <fmt/core.h>

#include <cstdio>
#include <exception>

#include "every_layer.hpp"
#include "temporary_directory.hpp"
#include "xtape/xtape.hpp"

using namespace xtape;
using namespace xtape::testing;
using inference::OutputKind;
using inference::Pipeline;

namespace {

std::string c_floats(const std::string& name, const std::vector<double>& numbers) {
  std::string text = fmt::format("static const float {}[{}] = {{", name, numbers.size());
  for (const double number : numbers)
    text += std::isnan(number) ? "NAN, " : fmt::format("{:a}f, ", static_cast<float>(number));
  text.resize(text.size() - 2);
  return text + "};\n";
}

// The program in C, of which each model is a part.
class AllModels {
 public:
  explicit AllModels(std::string directory) : directory_(std::move(directory)) {}

  // What C gives must differ from what the library gives by at most `tolerance` times the largest output.
  // Gives the name of it in C.
  template <class T>
  std::string add(const std::string& about, const Pipeline<T>& pipeline, const Array<T>& rows,
                  double tolerance = 1e-6, const io::ExportCOptions<T>& options = {}) {
    const std::string name = fmt::format("model_{}", count_++);
    io::export_c(directory_, name, pipeline, options);
    include(name, name + ".c");
    const bool numbers = pipeline.outputs_are == OutputKind::numbers;
    const auto outputs =
        numbers ? to_doubles(pipeline.outputs(rows)) : to_doubles(pipeline.probabilities(rows));
    compare(about, name, name, to_doubles(rows), outputs, tolerance);
    return name;
  }

  // Once more, in int8, where nobody promises as much.
  template <class T>
  std::string add_int8(const std::string& about, const Pipeline<T>& pipeline, const Array<T>& rows,
                       double tolerance) {
    return add(about + " in int8", pipeline, rows, tolerance,
               {.numbers = io::CNumbers::int8, .calibration = rows});
  }

  // A model with another first number in an array, which its self-test must find.
  void add_changed(const std::string& model, const std::string& array, const char* number) {
    std::string text = read_text(directory_ + "/" + model + ".c");
    const std::size_t weight = text.find("] = {\n", text.find(" " + array + "[")) + 6,
                      end = text.find(',', weight);
    if (end == text.npos) throw std::runtime_error("there is no weight to change");
    text.replace(weight, end - weight, number);
    const std::string changed = "changed_" + model;
    write_text(directory_ + "/" + changed + ".c", text);
    include(model, changed + ".c", changed);
    calls_ += fmt::format("  wrong += {}_main() != 1;\n", changed);
  }

  // How many of these rows are of their class.
  template <class T>
  void add_accuracy(const std::string& name, const Pipeline<T>& pipeline, const Array<T>& rows,
                    const std::vector<std::int64_t>& labels, const io::ExportCOptions<T>& options) {
    io::export_c(directory_, name, pipeline, options);
    include(name, name + ".c");
    constants_ += c_floats(name + "_in", to_doubles(rows));
    constants_ += fmt::format("static const int {}_labels[{}] = {{{}", name, labels.size(), labels[0]);
    for (std::size_t i = 1; i < labels.size(); ++i) constants_ += fmt::format(", {}", labels[i]);
    constants_ += "};\n";
    calls_ += fmt::format(
        "  wrong += {0}_main();\n  right_{0} = right({0}_predict, {0}_in, {0}_labels, {1}, {2});\n", name,
        labels.size(), rows.shape()[1]);
    constants_ += fmt::format("static int right_{};\n", name);
  }

  void add_call(const std::string& line) { calls_ += "  " + line + "\n"; }

  void write() const {
    write_text(directory_ + "/all.c", start + constants_ + "int main(void) {\n" + calls_ +
                                          "  printf(\"%d models, %d wrong\\n\", " + std::to_string(count_) +
                                          ", wrong);\n  return wrong != 0;\n}\n");
  }

 private:
  static constexpr const char* start = R"(#include <math.h>
#include <stdio.h>

static int wrong = 0;

typedef int (*Predict)(const float*, float*);

static int differ(const char* model, Predict predict, int rows, int in, int out, const float* x,
                  const float* y, double tolerance) {
  static float given[4096];
  double largest = 0, worst = 0;
  for (int i = 0; i < rows * out; ++i) largest = fmax(largest, fabs((double)y[i]));
  for (int row = 0; row < rows; ++row) {
    if (predict(x + row * in, given) != 0) worst = INFINITY;
    for (int i = 0; i < out; ++i) {
      const double difference = fabs((double)given[i] - (double)y[row * out + i]) / largest;
      worst = difference <= worst ? worst : difference;
    }
  }
  if (worst <= tolerance) return 0;
  printf("%s: %g of the largest output, must be %g\n", model, worst, tolerance);
  return 1;
}

static int right(Predict predict, const float* x, const int* labels, int rows, int in) {
  int count = 0;
  for (int row = 0; row < rows; ++row) {
    float given[10];
    int best = 0;
    predict(x + row * in, given);
    for (int c = 1; c < 10; ++c) best = given[c] > given[best] ? c : best;
    count += best == labels[row];
  }
  return count;
}

)";

  template <class T>
  static std::vector<double> to_doubles(const Array<T>& values) {
    return {values.begin(), values.end()};
  }

  // A program of its own, whose main is a function here.
  void include(const std::string& name, const std::string& file, const std::string& as = {}) {
    std::string upper = name;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    const std::string called = as.empty() ? name : as;
    std::string text = fmt::format("#define {}_TEST\n#define main {}_main\nint main(void);\n", upper, called);
    if (!as.empty()) text += fmt::format("#define {}_predict {}_predict\n", name, as);
    write_text(directory_ + "/part_" + called + ".c", text + fmt::format("#include \"{}\"\n", file));
    constants_ += fmt::format("int {0}_main(void);\nint {0}_predict(const float*, float*);\n", called);
  }

  void compare(const std::string& about, const std::string& name, const std::string& function,
               const std::vector<double>& rows, const std::vector<double>& outputs, double tolerance) {
    constants_ += c_floats(name + "_in", rows) + c_floats(name + "_out", outputs);
    const std::size_t count = 16;
    calls_ += fmt::format("  wrong += {}_main() != 0;\n", function);
    calls_ +=
        fmt::format("  wrong += differ(\"{}\", {}_predict, {}, {}, {}, {}_in, {}_out, {});\n", about,
                    function, count, rows.size() / count, outputs.size() / count, name, name, tolerance);
  }

  std::string directory_, constants_, calls_;
  int count_ = 0;
};

// relu(x + inner(x)) times x, with two values that live long.
template <class T>
struct Branching : nn::Module<T> {
  Branching(std::size_t width, Random& random) : first(width, width, random), second(width, width, random) {
    this->add("first", first);
    this->add("second", second);
  }
  Variable<T> forward(Variable<T> x) override {
    const auto y = relu(first(x));
    return relu(y + second(y)) * tanh(y);
  }
  nn::GraphValue add_to(nn::Graph<T>& graph, nn::GraphValue x) const override {
    using namespace nn::operations;
    const Activation<T> relu{Function::relu};
    const auto y = graph.apply(relu, {first.add_to(graph, x)});
    const auto sum = graph.apply(Add(), {y, second.add_to(graph, y)});
    return graph.apply(Multiply(),
                       {graph.apply(relu, {sum}), graph.apply(Activation<T>{Function::tanh}, {y})});
  }
  nn::Linear<T> first, second;
};

// How far int8 is from the model, of the largest output, with random weights.
constexpr double int8_tolerance = 0.04;

void add_every_layer(AllModels& all) {
  Random random(1);
  for (auto& of : every_layer<float>(random)) {
    const Pipeline<float> pipeline{.model = *of.model, .row = of.row, .outputs_are = OutputKind::numbers};
    const Array<float> rows = random_rows(of, 16, random);
    all.add(of.name, pipeline, rows);
    const bool has_scheme = of.model->parameters().size() > 0;
    if (has_scheme) all.add_int8(of.name, pipeline, rows, int8_tolerance);
  }
}

// Logits far apart behind floats that another libm rounds otherwise: the probabilities must be looked at as
// closely as the whole numbers allow.
void add_rough_probabilities(AllModels& all) {
  Random random(7);
  nn::Sequential<float> model;
  model.add<nn::Linear>(6, 8, random).add<nn::Tanh>().add<nn::Linear>(8, 3, random);
  for (float& weight : dynamic_cast<nn::Linear<float>&>(model[2]).weight.values()) weight *= 20;
  Array<float> rows(Shape{16, 6});
  for (float& x : rows) x = static_cast<float>(random.normal());
  const Pipeline<float> pipeline{.model = model, .row = {6}};
  const std::string name = all.add_int8("logits far apart", pipeline, rows, 1);
  all.add_changed(name, "weight_6", "0");
}

// Rounded to floats.
void add_doubles(AllModels& all) {
  Random random(1);
  for (auto& of : every_layer<double>(random)) {
    if (!of.name.starts_with("a ")) continue;
    all.add(of.name + " of doubles",
            Pipeline<double>{.model = *of.model, .row = of.row, .outputs_are = OutputKind::numbers},
            random_rows(of, 16, random));
  }
}

// What follows a convolution in whole numbers.
void add_pools(AllModels& all) {
  Random random(4);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(2, 4, 3, random, nn::Conv2dOptions<float>{.padding = 1, .groups = 2});
  model.add<nn::MaxPool2d>(3, MaxPool2dOptions{.stride = {1, 2}, .padding = 1}).add<nn::Relu>();
  model.add<nn::AvgPool2d>(2, AvgPool2dOptions{.stride = 1, .padding = 1});
  model.add<nn::AvgPool2d>(3, AvgPool2dOptions{.stride = 2, .padding = 1, .count_include_pad = false});
  Array<float> rows(Shape{16, 2, 9, 9});
  for (float& x : rows) x = static_cast<float>(random.normal());
  const Pipeline<float> pipeline{.model = model, .row = {2, 9, 9}, .outputs_are = OutputKind::numbers};
  all.add("pools", pipeline, rows);
  all.add_int8("pools", pipeline, rows, int8_tolerance);
}

template <class T>
void add_pipelines(AllModels& all) {
  Random random(2);
  const std::size_t width = 6;
  Array<T> rows(Shape{16, width});
  for (std::size_t i = 0; i < rows.size(); ++i)  // of floats; one column is far from 0
    rows[i] = static_cast<float>(i % width == 0 ? 1e5 + random.normal() : 3 * random.normal() + 1);
  data::Standardizer<T> standardizer;
  standardizer.fit(rows);
  data::MeanImputer<T> imputer;
  imputer.fit(rows);
  for (const std::size_t hole : {2u, 31u, 90u}) rows[hole] = std::numeric_limits<T>::quiet_NaN();
  nn::Sequential<T> three, one;
  three.template add<nn::Linear>(width, 8, random)
      .template add<nn::Tanh>()
      .template add<nn::Linear>(8, 3, random);
  one.template add<nn::Linear>(width, 1, random);
  Branching<T> branching(width, random);
  Pipeline<T> pipeline{.model = three,
                       .row = {width},
                       .imputer = imputer,
                       .standardizer = standardizer,
                       .factor = 0.75,
                       .shift = -0.25,
                       .temperature = 1.5,
                       .class_names = {"a \"b\"?", "c\\d",
                                       "\xc3\xa9"
                                       "1 */"}};
  pipeline.card.description = "what /* comments */ may not \n hold ?\?/";
  const auto add = [&](const char* about) {
    all.add(about, pipeline, rows);
    all.add_int8(about, pipeline, rows, int8_tolerance);
  };
  add("classes");
  pipeline.outputs_are = OutputKind::multilabel;
  add("labels");
  pipeline.class_names = {"no", "yes"};
  pipeline.outputs_are = OutputKind::binary;
  pipeline.model = one;
  add("yes or no");
  pipeline.model = branching;
  pipeline.class_names = {};
  pipeline.outputs_are = OutputKind::numbers;
  add("branches");
}

void add_digits(AllModels& all, const std::string& file) {
  const data::CsvTable table = data::read_csv(file);
  const Array<float> features = table.features<float>("digit");
  const Array<std::int64_t> labels = table.labels("digit");
  Random random(1);
  const data::Split split = data::stratified_train_test_split(labels, 0.2, random);
  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 32, random)
      .add<nn::BatchNorm1d>(32)
      .add<nn::Relu>()
      .add<nn::Linear>(32, 10, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 1e-2});
  Array<float> scaled{ArrayView<const float>(features)};
  for (float& pixel : scaled) pixel /= 16;
  training::train(model,
                  {.features = scaled, .targets = labels, .train = split.train, .validation = split.test},
                  {.optimizer = optimizer, .random = random, .epochs = 8, .batch_size = 32});
  const Pipeline<float> pipeline{.model = model, .row = {64}, .factor = 1.0 / 16};
  const auto rows_of = [&](const std::vector<std::size_t>& rows) {
    Array<float> taken(Shape{rows.size(), 64});
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(features.data() + rows[i] * 64, 64, taken.data() + i * 64);
    return taken;
  };
  std::vector<std::int64_t> truth;
  for (const std::size_t row : split.test) truth.push_back(labels[row]);
  const Array<float> test = rows_of(split.test), calibration = rows_of(split.train);
  all.add_accuracy("digits", pipeline, test, truth, {});
  all.add_accuracy("digits_int8", pipeline, test, truth,
                   {.numbers = io::CNumbers::int8, .calibration = calibration});
  all.add_call(
      fmt::format("printf(\"digits: %d of {0} in floats, %d in int8\\n\", right_digits, right_digits_int8);",
                  truth.size()));
  // Half a point, and more than most would guess.
  all.add_call(fmt::format("wrong += right_digits < {} || right_digits - right_digits_int8 > {};",
                           truth.size() * 95 / 100, truth.size() / 200));
}

// Long sums, in which the errors of plain ones would show.
void add_long_sums(AllModels& all) {
  Random random(5);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(64, 8, 3, random).add<nn::Flatten>().add<nn::Linear>(8 * 36, 5, random);
  Array<float> rows(Shape{16, 64, 8, 8});
  for (float& x : rows) x = static_cast<float>(1 + random.normal());
  all.add("long sums", Pipeline<float>{.model = model, .row = {64, 8, 8}, .outputs_are = OutputKind::numbers},
          rows);
}

// What the guide says of int8: a number is within half a step of each rounding, a step is a 255th of the
// range in the calibration rows, one large number among those makes all steps as large, and nothing leaves
// the range.
void add_steps(AllModels& all) {
  Random random(8);
  nn::Linear<float> same(1, 1, random);
  same.weight.values()[0] = 1;
  same.bias.values()[0] = 0;
  const Pipeline<float> pipeline{.model = same, .row = {1}, .outputs_are = OutputKind::numbers};
  for (const float largest : {1.0f, 100.0f}) {
    Array<float> rows(Shape{16, 1});
    for (std::size_t i = 0; i < 16; ++i) rows[i] = static_cast<float>(i) / 16;
    rows[15] = largest;
    const std::string model = all.add_int8(fmt::format("steps up to {}", largest), pipeline, rows, 1.0 / 255);
    all.add_call(
        fmt::format("{{ float worst = 0.0f; for (int i = 0; i < 1000; ++i) {{ const float in = (float)i / "
                    "1000.0f; float out;"
                    " wrong += {0}_predict(&in, &out); worst = fmaxf(worst, fabsf(out - in)); }}\n"
                    "    wrong += worst > {1:.8f}f || worst < {2:.8f}f;\n"
                    "    const float beyond = 1e6f; float out; wrong += {0}_predict(&beyond, &out) != 0 || "
                    "fabsf(out - {3:.8f}f) > {1:.8f}f; }}",
                    model, largest / 255 * 1.001f, largest / 255 * 0.4f, largest));
  }
}

// Indices that are none, and what is no number.
void add_refusals(AllModels& all) {
  Random random(3);
  nn::Embedding<float> words(10, 4, random);
  nn::Linear<float> linear(2, 2, random);
  const Array<float> rows(Shape{16, 2});
  const auto refuses = [&](const std::string& model, const char* in, int status) {
    all.add_call(
        fmt::format("{{ const float in[2] = {{{}}}; float out[8]; wrong += {}_predict(in, out) != {}; }}", in,
                    model, status));
  };
  const std::string indices = all.add(
      "indices", Pipeline<float>{.model = words, .row = {2}, .outputs_are = OutputKind::numbers}, rows);
  refuses(indices, "0, 9", 0);
  for (const char* in : {"9, 10", "-1, 9", "0.5f, 9", "9, NAN", "9, INFINITY"}) refuses(indices, in, 1);
  Array<float> numbers(rows.shape());
  for (float& x : numbers) x = static_cast<float>(random.normal());
  const std::string whole = all.add_int8(
      "numbers", Pipeline<float>{.model = linear, .row = {2}, .outputs_are = OutputKind::numbers}, numbers,
      int8_tolerance);
  refuses(whole, "-INFINITY, INFINITY", 0);
  refuses(whole, "0, NAN", 2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: exported_c DIRECTORY digits.csv\n");
    return 2;
  }
  try {
    AllModels all(argv[1]);
    add_every_layer(all);
    all.add_changed("model_0", "weight_1", "0.015625f");
    add_rough_probabilities(all);
    add_doubles(all);
    add_pools(all);
    add_long_sums(all);
    add_pipelines<float>(all);
    add_pipelines<double>(all);
    add_steps(all);
    add_refusals(all);
    add_digits(all, argv[2]);
    all.write();
  } catch (const std::exception& error) {
    fmt::print(stderr, "exported_c: {}\n", error.what());
    return 1;
  }
}
