// SPDX-License-Identifier: BSD-3-Clause
// Learns to spell: the next letter of a first name from the last three, each looked up in an embedding, by a
// perceptron over all three. Watch the loss on names that were held out, in nats a letter: 3.3 is a guess
// among 26 letters and the end, 2.45 what the last letter alone can tell. Then read the names that it makes
// up.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <fstream>

#include "xtape/xtape.hpp"

using namespace xtape;

constexpr std::size_t context = 3,
                      letters = 27;  // 0 ends a name, and stands for what is before its beginning

struct Examples {
  std::vector<float> contexts;  // (rows, context)
  std::vector<std::int64_t> next;
  std::vector<std::size_t> train, test;
};

std::vector<std::string> read_names(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> names;
  for (std::string name; file >> name;) names.push_back(name);
  if (names.empty()) throw FileError(path + ": the file must hold names, got none");
  return names;
}

// A row for each letter of each name and for its end; a tenth of the names is held out.
Examples make_examples(std::vector<std::string> names, Random& random) {
  random.shuffle(names);
  Examples examples;
  for (std::size_t n = 0; n < names.size(); ++n) {
    std::vector<float> before(context, 0);
    for (const char letter : names[n] + "`") {  // which is before 'a'
      const int index = letter - '`';
      (n < names.size() / 10 ? examples.test : examples.train).push_back(examples.next.size());
      examples.contexts.insert(examples.contexts.end(), before.end() - context, before.end());
      examples.next.push_back(index);
      before.push_back(static_cast<float>(index));
    }
  }
  return examples;
}

std::string make_up(nn::Module<float>& model, Random& random) {
  Tape<float> tape;
  const auto no_grad = tape.no_grad();
  std::vector<float> written(context, 0);
  for (std::string name;;) {
    const std::vector<float> last(written.end() - context, written.end());
    const auto chances = softmax(model(tape.constant(xt::adapt(last, {std::size_t{1}, context}))));
    double draw = random.uniform();
    std::size_t letter = 0;
    while (letter + 1 < letters && (draw -= chances.values()[letter]) >= 0) ++letter;
    if (letter == 0 || name.size() == 20) return name;
    name += static_cast<char>('`' + letter);
    written.push_back(static_cast<float>(letter));
  }
}

int main(int argc, char** argv) {
  std::size_t epochs = 10;
  CLI::App app("Learns to spell first names and makes up new ones.");
  app.add_option("--epochs", epochs, "passes over the names")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  Random random(1);
  const Examples examples = make_examples(read_names(XTAPE_SAMPLE_DATA "/names.txt"), random);
  nn::Sequential<float> model;
  model.add<nn::Embedding>(letters, 16, random).add<nn::Flatten>();
  model.add<nn::Linear>(context * 16, 256, random).add<nn::Tanh>().add<nn::Linear>(256, letters, random);

  constexpr std::size_t batch_size = 256;
  optim::AdamW<float> optimizer(model.parameters(), {.learning_rate = 4e-3});
  optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = epochs}));
  const ArrayView<const float> contexts(examples.contexts.data(), {examples.next.size(), context});
  training::train(model, {contexts, examples.next, examples.train, examples.test},
                  {.optimizer = optimizer,
                   .random = random,
                   .epochs = epochs,
                   .batch_size = batch_size,
                   .schedule = &schedule,
                   .progress = stdout});

  fmt::print("\nnames that are not in the list, most of them:\n");
  for (int i = 0; i < 20; ++i) fmt::print("  {}\n", make_up(model, random));
}
