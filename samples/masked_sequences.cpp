// SPDX-License-Identifier: BSD-3-Clause
// Names of different lengths in one array, padded at the end: the labels of the padding are -1, and
// ignore_index leaves it out of the loss, of its mean and of the gradient. A bigram model, the next letter
// from this one, learns from it. Look at its loss beside the best that any bigram model can reach, which
// follows from counting pairs of letters, and at what the loss says where padding counts as letters.
#include <fmt/core.h>

#include <cmath>
#include <fstream>

#include "xtape/xtape.hpp"

using namespace xtape;

constexpr std::int64_t padding = -1;
constexpr std::size_t letters = 27;  // 0 is before a name and after it

struct Sequences {
  Array<std::int64_t> tokens, next;  // (names, length)
};

Sequences read_padded(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> names;
  std::size_t length = 0;
  for (std::string name; file >> name; length = std::max(length, name.size() + 1)) names.push_back(name);
  const Shape shape{names.size(), length};
  Sequences result{Array<std::int64_t>(shape), Array<std::int64_t>(shape)};
  for (std::size_t n = 0; n < names.size(); ++n) {
    for (std::size_t i = 0; i < length; ++i) {
      const auto letter = [&](std::size_t at) { return at < names[n].size() ? names[n][at] - '`' : 0; };
      result.tokens[n * length + i] = i == 0 ? 0 : letter(i - 1);
      result.next[n * length + i] = i <= names[n].size() ? letter(i) : padding;
    }
  }
  return result;
}

// The mean over all pairs of letters of -log(how often the second follows the first).
double best_bigram_loss(const Sequences& names) {
  std::vector<double> pairs(letters * letters), firsts(letters);
  double count = 0, loss = 0;
  for (std::size_t i = 0; i < names.next.size(); ++i) {
    if (names.next[i] == padding) continue;
    const auto first = static_cast<std::size_t>(names.tokens[i]),
               second = static_cast<std::size_t>(names.next[i]);
    ++pairs[first * letters + second], ++firsts[first], ++count;
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i] > 0) loss -= pairs[i] / count * std::log(pairs[i] / firsts[i / letters]);
  }
  return loss;
}

int main() {
  const Sequences names = read_padded(XTAPE_SAMPLE_DATA "/names.txt");
  const Shape shape = names.tokens.shape();
  fmt::print("{} names in an array of {} x {}\n", shape[0], shape[0], shape[1]);

  Random random(1);
  nn::Embedding<float> logits_of(letters, letters, random);
  optim::Adam<float> optimizer(logits_of.parameters(), {.learning_rate = 0.1});
  data::Batches batches(
      [&] {
        std::vector<std::size_t> all(shape[0]);
        for (std::size_t n = 0; n < all.size(); ++n) all[n] = n;
        return all;
      }(),
      1024);

  Tape<float> tape;
  for (int epoch = 1; epoch <= 5; ++epoch) {
    batches.shuffle(random);
    for (const auto rows : batches) {
      auto frame = tape.frame();
      const auto logits = logits_of(tape, data::take_rows(tape, names.tokens, rows));
      losses::softmax_cross_entropy(logits, data::take_rows(tape, names.next, rows),
                                    {.ignore_index = padding})
          .backward();
      optimizer.step();
      optimizer.zero_grad();
    }
    optimizer.set_learning_rate(optimizer.learning_rate() / 2);
    auto frame = tape.frame();
    auto no_grad = tape.no_grad();
    const auto loss =
        losses::softmax_cross_entropy(logits_of(tape, names.tokens), names.next, {.ignore_index = padding});
    fmt::print("epoch {}  loss {:.4f}\n", epoch, loss.item());
  }
  fmt::print("the best of any bigram model: {:.4f}\n", best_bigram_loss(names));

  auto frame = tape.frame();
  const auto logits = tape.variable(logits_of(tape, names.tokens).value());
  Array<std::int64_t> with_padding(names.next.shape());
  for (std::size_t i = 0; i < with_padding.size(); ++i)
    with_padding[i] = std::max<std::int64_t>(0, names.next[i]);
  fmt::print("where padding counts as ends of names: {:.4f}\n",
             losses::softmax_cross_entropy(logits, with_padding).item());
  losses::softmax_cross_entropy(logits, names.next, {.ignore_index = padding}).backward();
  double of_padding = 0;
  for (std::size_t i = 0; i < names.next.size() * letters; ++i) {
    if (names.next[i / letters] == padding) of_padding += std::abs(logits.gradients()[i]);
  }
  fmt::print("the gradient of all padding together: {}\n", of_padding);
}
