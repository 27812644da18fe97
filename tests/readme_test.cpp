// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <fstream>

#include "matchers.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("the README's way from a file to a report", "[training][readme]") {
  const TemporaryDirectory directory;
  const auto in = [&](const char* name) { return directory / name; };
  Random random(1);
  {
    std::ofstream file(in("flowers.csv"));
    file << "petal_length,petal_width,species\n";
    for (int i = 0; i < 60; ++i) {
      const double size = 1 + i % 3 + 0.2 * random.normal();
      file << 2 * size << ',' << size << ','
           << (i % 3 == 0   ? "setosa"
               : i % 3 == 1 ? "versicolor"
                            : "virginica")
           << '\n';
    }
  }
  nn::Sequential<float> model;
  model.add<nn::Linear>(2, 16, random).add<nn::Tanh>().add<nn::Linear>(16, 3, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 0.05});
  Tape<float> tape;

  const auto table = data::read_csv(in("flowers.csv"));
  auto features = table.features<float>("species");
  const auto [labels, names] = table.class_labels("species");
  const auto split = data::stratified_train_test_split(labels, 0.2, random);
  data::Standardizer<float> standardizer;
  standardizer.fit(features, split.train);
  standardizer.apply(features);

  const auto history = training::train(model, {features, labels, split.train, split.test},
                                       {.optimizer = optimizer,
                                        .random = random,
                                        .epochs = 60,
                                        .early_stopping = optim::EarlyStoppingOptions{.patience = 10},
                                        .checkpoint_directory = in("flowers")});
  const auto tested = data::take_rows(tape, features, split.test);
  training::write_report(in("flowers.html"), history, model(tested),
                         data::take_rows(tape, labels, split.test), tested, {.class_names = names});
  io::save_weights(in("flowers.safetensors"), model);

  CHECK(history.epochs.back().validation_accuracy > 0.8);
  CHECK(names == std::vector<std::string>{"setosa", "versicolor", "virginica"});
  CHECK(std::filesystem::exists(in("flowers.html")));
  CHECK(io::read_safetensors(in("flowers.safetensors")).arrays.contains("0.weight"));
  CHECK(io::Checkpoints(in("flowers")).newest()->epoch == history.epochs.size());
}
