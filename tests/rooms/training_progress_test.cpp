// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "matchers.hpp"
#include "training/progress.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

constexpr training::Epoch third{.number = 3,
                                .learning_rate = 1.25e-3,
                                .training_loss = 0.51234,
                                .training_accuracy = 0.875,
                                .validation_loss = 0.625,
                                .validation_accuracy = 0.75,
                                .seconds = 12.34};

constexpr const char* line_of_third =
    "epoch  3/20  loss 0.5123  accuracy 0.8750  validation loss 0.6250  accuracy 0.7500  learning rate "
    "0.00125  "
    "12.3 s\n";

training::Tally half_right() {
  training::Tally tally;
  tally.add(0.75, {.value = 2, .grows_with_samples = true}, {.rows = 2, .right = 1});
  return tally;
}

/// What a stream is given.
template <class Write>
std::string written_to_file(Write write) {
  std::FILE* const file = std::tmpfile();
  write(file);
  std::string text(1000, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

template <class Write>
std::string written_to_terminal(Write write) {
  const int controller = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (controller < 0 || ::grantpt(controller) != 0 || ::unlockpt(controller) != 0) return "no terminal";
  const int terminal = ::open(::ptsname(controller), O_RDWR | O_NOCTTY);
  termios settings{};
  ::tcgetattr(terminal, &settings);
  ::cfmakeraw(&settings);
  ::tcsetattr(terminal, TCSANOW, &settings);
  std::FILE* const file = ::fdopen(terminal, "w");
  write(file);
  std::fclose(file);
  std::string text;
  char character = 0;
  while (::read(controller, &character, 1) == 1) text += character;
  ::close(controller);
  return text;
}

}  // namespace

TEST_CASE("a file gets a line an epoch and nothing else", "[training][progress]") {
  CHECK(written_to_file([](std::FILE* file) {
          training::Progress progress(file, 20);
          progress.on_batch({.epoch = 3, .number = 1, .count = 4, .loss = 1}, half_right());
          progress.on_epoch(third);
        }) == line_of_third);
}

TEST_CASE("a line leaves out the validation where there was none", "[training][progress]") {
  CHECK(written_to_file([](std::FILE* file) {
          training::Progress progress(file, 5);
          progress.on_resumption(1);
          progress.on_epoch({.number = 2, .learning_rate = 0.5, .training_loss = 1, .training_accuracy = 1});
        }) == "resumed after epoch 1\nepoch 2/5  loss 1.0000  accuracy 1.0000  learning rate 0.5  0.0 s\n");
}

TEST_CASE("a terminal gets a bar, which the line of the epoch replaces", "[training][progress]") {
  const std::string text = written_to_terminal([](std::FILE* file) {
    training::Progress progress(file, 20);
    progress.on_batch({.epoch = 3, .number = 1, .count = 4, .loss = 1}, half_right());
    progress.on_batch({.epoch = 3, .number = 2, .count = 4, .loss = 1},
                      half_right());  // too soon to be drawn
    progress.on_epoch(third);
  });
  const std::string cleared = "\r\x1b[K";
  CHECK(text == cleared + "epoch  3/20 [======                  ]  25%  loss 0.7500  accuracy 0.5000" +
                    cleared + line_of_third);
}

TEST_CASE("a terminal gets the number of a batch where it is not known how many there are",
          "[training][progress]") {
  for (const std::size_t count : {0U, 7U}) {  // and where more come than there were
    const std::string text = written_to_terminal([count](std::FILE* file) {
      training::Progress progress(file, 20);
      progress.on_batch({.epoch = 3, .number = 8, .count = count, .loss = 1}, half_right());
    });
    CHECK(text == "\r\x1b[Kepoch  3/20 batch 8  loss 0.7500  accuracy 0.5000");
  }
}

TEST_CASE("without a stream progress is quiet", "[training][progress]") {
  training::Progress progress(nullptr, 20);
  progress.on_resumption(1);
  progress.on_damaged_checkpoint("");
  progress.on_batch({.epoch = 3, .number = 1, .count = 4, .loss = 1}, half_right());
  progress.on_epoch(third);
  SUCCEED("no stream was written to");
}
