// SPDX-License-Identifier: BSD-3-Clause
// From trained to used: trains on the handwritten digits, writes the whole model as one file, and has a
// second process read it and name the digits of a table. Then the same model as ONNX and as plain C, and what
// all of them say of the rows that it was not trained on.
#include <dlfcn.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "xtape/xtape.hpp"
#ifdef XTAPE_SAMPLE_ONNX
#include "xtape/onnx.hpp"
#endif

extern char** environ;

namespace {

using namespace xtape;

struct Options {
  std::string data = XTAPE_SAMPLE_DATA "/digits.csv";
  std::string directory = "deployed";
  std::string use, rows;  // the second process
  std::size_t epochs = 30;
  std::uint64_t seed = 1;
};

// All that a program needs in order to use a model.
void name_rows(const std::string& model, const std::string& rows) {
  const auto pipeline = io::load_model<float>(model);
  for (const std::string& name : pipeline.names(pipeline.read_features(rows))) fmt::print("{}\n", name);
}

// The rows as a file of their own, with the header.
void write_rows(const std::string& from, const std::vector<std::size_t>& rows, const std::string& to) {
  std::ifstream in(from);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::ofstream out(to);
  out << lines[0] << '\n';
  for (const std::size_t row : rows) out << lines[row + 1] << '\n';
}

// The lines that a program prints, where it ends well. No shell reads its arguments: paths may hold anything.
std::optional<std::vector<std::string>> printed_by(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends;
  if (::pipe(ends.data()) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addclose(&actions, ends[0]);
  ::posix_spawn_file_actions_addclose(&actions, ends[1]);
  pid_t child = 0;
  const bool runs = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> part;
  for (ssize_t count; runs && (count = ::read(ends[0], part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  if (!runs || ::waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void compare(const char* way, const std::vector<std::string>& names, const std::vector<std::string>& wanted,
             const std::vector<std::string>& of_model) {
  int right = 0, same = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    right += names[i] == wanted[i];
    same += names[i] == of_model[i];
  }
  fmt::print("{:24} {} of {} digits right, {} as the model says\n", way, right, wanted.size(), same);
}

// What the exported C says, compiled by the compiler that there is; nothing where there is none.
std::vector<std::string> named_by_c(const std::string& directory, const std::string& name,
                                    const Array<float>& features, const std::vector<std::string>& names) {
  const std::string source = directory + "/" + name + ".c", library = directory + "/" + name + ".so";
  if (!printed_by({"cc", "-std=c99", "-O2", "-shared", "-fPIC", source, "-o", library, "-lm"})) return {};
  const std::unique_ptr<void, int (*)(void*)> loaded(::dlopen(library.c_str(), RTLD_NOW), ::dlclose);
  using Predict = int(const float* in, float* out);
  if (loaded == nullptr) return {};
  auto* const predict = reinterpret_cast<Predict*>(::dlsym(loaded.get(), (name + "_predict").c_str()));
  std::vector<std::string> result;
  std::array<float, 10> probabilities;
  const std::size_t width = features.shape()[1];
  for (std::size_t row = 0; row < features.shape()[0]; ++row) {
    predict(features.data() + row * width, probabilities.data());
    result.push_back(
        names[static_cast<std::size_t>(std::ranges::max_element(probabilities) - probabilities.begin())]);
  }
  return result;
}

void deploy(const Options& options, const std::string& program) {
  const data::CsvTable table = data::read_csv(options.data);
  const auto columns = table.feature_columns("digit");
  const Array<float> features = table.take_columns<float>(columns);
  const Array<std::int64_t> labels = table.labels("digit");
  Random random(options.seed);
  const data::Split split = data::stratified_train_test_split(labels, 0.2, random);
  nn::Sequential<float> model;
  model.add<nn::Linear>(columns.size(), 64, random).add<nn::Relu>().add<nn::Linear>(64, 10, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 5e-3});
  const training::Dataset<float> dataset{.features = data::Rows<float>(features).scaled(1.0 / 16),
                                         .targets = labels,
                                         .train = split.train,
                                         .validation = {}};
  training::train(model, dataset, {.optimizer = optimizer, .random = random, .epochs = options.epochs});
  const auto measured = training::evaluate(model, dataset, {.rows = split.test});

  inference::Pipeline<float> pipeline{
      .model = model,
      .row = {columns.size()},
      .columns = columns,
      .factor = 1.0 / 16,
      .class_names = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"},
      .card = {.description = "handwritten digits of 8 x 8 pixels",
               .data = "Optical Recognition of Handwritten Digits",
               .rows = {{"train", split.train.size()}, {"test", split.test.size()}},
               .metrics = {{"accuracy", measured.accuracy}},
               .settings = {{"epochs", fmt::format("{}", options.epochs)}}}};
  const std::string directory = std::filesystem::absolute(options.directory);
  std::filesystem::create_directories(directory);
  const std::string file = directory + "/digits.xtape", rows = directory + "/rows.csv";
  io::save_model(file, pipeline);
  write_rows(options.data, split.test, rows);

  const Array<float> tested = pipeline.read_features(rows);
  const std::string some_rows = directory + "/known_rows.csv";  // whose ranges int8 is to hold
  write_rows(options.data, {split.train.begin(), split.train.begin() + 300}, some_rows);
  const Array<float> known = pipeline.read_features(some_rows);
  const std::vector<std::string> of_model = pipeline.names(tested);
  std::vector<std::string> wanted;
  for (const std::size_t row : split.test)
    wanted.push_back(pipeline.class_names[static_cast<std::size_t>(labels[row])]);
  compare("the model", of_model, wanted, of_model);
  const auto printed = printed_by({program, "--use", file, "--rows", rows});
  if (!printed) throw std::runtime_error("the second process must name the digits, but could not");
  compare("a second process", *printed, wanted, of_model);
#ifdef XTAPE_SAMPLE_ONNX
  io::export_onnx(directory + "/digits.onnx", pipeline);
  compare("as ONNX", io::import_onnx<float>(directory + "/digits.onnx").names(tested), wanted, of_model);
#else
  fmt::print("as ONNX: left out, since this was built without Protocol Buffers\n");
#endif
  for (const auto& [name, way, numbers] : {std::tuple("digits", "as C", io::CNumbers::float32),
                                           std::tuple("digits_int8", "as C, in int8", io::CNumbers::int8)}) {
    io::export_c(directory, name, pipeline, {.numbers = numbers, .calibration = known});
    const auto named = named_by_c(directory, name, tested, pipeline.class_names);
    if (named.empty()) {
      fmt::print("{}: left out, since there is no C compiler\n", way);
    } else {
      compare(way, named, wanted, of_model);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains, and uses what it trained in another process, as ONNX and as plain C.");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", options.data, "CSV file: 64 pixels from 0 to 16, then the digit");
  app.add_option("--directory", options.directory, "where what it writes goes");
  app.add_option("--epochs", options.epochs, "passes over the training rows")->check(CLI::Range(1, 1000000));
  app.add_option("--seed", options.seed, "of split, weights and order")->check(CLI::Range(0, 1000000000));
  auto* const rows = app.add_option("--rows", options.rows, "CSV file of digits to name");
  app.add_option("--use", options.use, "a model file, to name the digits of --rows")->needs(rows);
  CLI11_PARSE(app, argc, argv);
  try {
    if (!options.use.empty()) {
      name_rows(options.use, options.rows);
    } else {
      deploy(options, argv[0]);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "deploy: {}\n", error.what());
    return 1;
  }
}
