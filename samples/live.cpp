// SPDX-License-Identifier: BSD-3-Clause
// Answers while it learns: one thread predicts ten thousand times a second, as an audio callback would, and
// another trains the predictor's successor on the rows of data that have come in by then and puts it in its
// place. The thread that answers neither waits nor allocates. Watch the accuracy rise and the times stay.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <span>
#include <thread>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string data = XTAPE_SAMPLE_DATA "/digits.csv";
  double seconds = 3;
  int rate = 10'000;
  std::uint64_t seed = 1;
};

// What one thread predicts with at a time.
struct Serving {
  Serving(nn::Module<float>& model, const Shape& row, int number_of_it)
      : predictor(model, row, 1), workspace(predictor.workspace()), number(number_of_it) {}

  inference::Predictor<float> predictor;
  inference::Predictor<float>::Workspace workspace;
  int number;
};

// Hands a successor over, and what it replaces back to the thread that may free it. Nobody waits.
class Handover {
 public:
  ~Handover() {
    delete next_.load();
    delete retired_.load();
  }

  // By the thread that trains: a successor that was never fetched is freed.
  void offer(std::unique_ptr<Serving> successor) {
    std::unique_ptr<Serving>(next_.exchange(successor.release()));
    std::unique_ptr<Serving>(retired_.exchange(nullptr));
  }

  // By the thread that answers. While the last one that it gave back has not been freed, it goes on with what
  // it has.
  void fetch(std::unique_ptr<Serving>& current) noexcept {
    if (retired_.load(std::memory_order_acquire) != nullptr) return;
    Serving* const successor = next_.exchange(nullptr, std::memory_order_acq_rel);
    if (successor == nullptr) return;
    retired_.store(current.release(), std::memory_order_release);
    current.reset(successor);
  }

 private:
  std::atomic<Serving*> next_{nullptr}, retired_{nullptr};
};

// How long answers took: bins of a tenth of a decade from 10 ns on.
class Times {
 public:
  static constexpr int bin_count = 60;

  void add(Clock::duration time) noexcept {
    constexpr double last_bin = bin_count - 1;
    const double tenths = 10 * std::log10(std::chrono::duration<double, std::nano>(time).count() / 10);
    ++bins_[static_cast<std::size_t>(std::clamp(tenths, 0.0, last_bin))];
    ++count_;
    longest_ = std::max(longest_, time);
  }

  // The upper end of the bin in which that share of them is reached.
  double quantile(double share) const {
    double sum = 0;
    for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
      sum += bins_[bin];
      if (sum >= share * count_) return upper_end(bin);
    }
    return upper_end(bins_.size());
  }

  void print() const {
    const int most = *std::ranges::max_element(bins_);
    for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
      if (bins_[bin] == 0) continue;
      const int width = std::max(1, 60 * bins_[bin] / most);
      fmt::print("{:8.2f} us {:7} {}\n", upper_end(bin) / 1000, bins_[bin],
                 std::string(static_cast<std::size_t>(width), '#'));
    }
  }

  double longest_in_us() const { return std::chrono::duration<double, std::micro>(longest_).count(); }

 private:
  static double upper_end(std::size_t bin) { return 10 * std::pow(10, (static_cast<double>(bin) + 1) / 10); }

  std::array<int, bin_count> bins_{};
  int count_ = 0;
  Clock::duration longest_{};
};

// What the thread that answers has done with each of the models.
struct Answers {
  Times times;
  std::vector<int> asked, right;  // by the number of the model
  int late = 0;
};

// Asks one row after the other at a fixed rate.
Answers answer(Handover& handover, std::unique_ptr<Serving> current, const Options& options,
               ArrayView<const float> features, ArrayView<const std::int64_t> labels, std::size_t most_models,
               const std::atomic<bool>& is_wanted) {
  Answers answers{
      .times = {}, .asked = std::vector<int>(most_models), .right = std::vector<int>(most_models)};
  const std::size_t width = features.shape()[1];
  std::array<float, 10> logits;
  const auto period = std::chrono::nanoseconds(1'000'000'000 / options.rate);
  const auto begin = Clock::now();
  const auto count = static_cast<std::size_t>(options.seconds * options.rate);
  for (std::size_t i = 0; i < count && is_wanted; ++i) {
    const auto due = begin + static_cast<long>(i) * period;
    std::this_thread::sleep_until(due);
    const auto asked = Clock::now();
    handover.fetch(current);
    const std::size_t row = i % labels.size();
    const bool fits = current->predictor.predict(std::span(features.data() + row * width, width), logits,
                                                 current->workspace);
    const auto answered = Clock::now();
    answers.times.add(answered - asked);
    answers.late += answered > due + period;
    const auto model = static_cast<std::size_t>(current->number);
    ++answers.asked[model];
    answers.right[model] += fits && std::ranges::max_element(logits) - logits.begin() == labels[row];
  }
  return answers;
}

// Whatever happens to the thread that trains, the other one ends before what it uses.
struct JoinAtEnd {
  ~JoinAtEnd() {
    is_wanted = false;
    if (thread.joinable()) thread.join();
  }
  std::thread& thread;
  std::atomic<bool>& is_wanted;
};

void run(const Options& options) {
  set_num_threads(1);  // the other core answers
  const data::CsvTable table = data::read_csv(options.data);
  Array<float> features = table.features<float>("digit");
  for (float& pixel : features) pixel /= 16;
  const Array<std::int64_t> labels = table.labels("digit");
  Random random(options.seed);
  const data::Split split = data::stratified_train_test_split(labels, 0.2, random);
  Tape<float> tape;
  const auto frame = tape.frame();
  const auto asked = data::take_rows(tape, features, split.test);
  const auto answers_wanted = data::take_rows(tape, labels, split.test);

  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
  optim::Adam<float> optimizer(model.parameters());
  Handover handover;
  constexpr std::size_t most_models = 1000;
  std::atomic<bool> is_done = false;
  Answers answers;
  std::atomic<bool> is_wanted = true;
  std::thread live([&, first = std::make_unique<Serving>(model, Shape{64}, 0)]() mutable {
    answers =
        answer(handover, std::move(first), options, asked.values(), answers_wanted, most_models, is_wanted);
    is_done = true;
  });
  const JoinAtEnd until_the_end{live, is_wanted};
  int number = 0;
  while (!is_done && number + 1 < static_cast<int>(most_models)) {
    // Ever more rows have come in.
    const std::size_t rows = std::min(split.train.size(), std::size_t{100} << std::min(number / 4, 4));
    const std::vector<std::size_t> known(split.train.begin(),
                                         split.train.begin() + static_cast<std::ptrdiff_t>(rows));
    training::train(model, {.features = features, .targets = labels, .train = known, .validation = {}},
                    {.optimizer = optimizer, .random = random, .epochs = 2});
    handover.offer(std::make_unique<Serving>(model, Shape{64}, ++number));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until more have come
  }
  live.join();

  int models = 0, best = 0;
  for (std::size_t i = 0; i < most_models; ++i) {
    if (answers.asked[i] == 0) continue;
    ++models;
    best = static_cast<int>(i);
  }
  const auto accuracy = [&](int i) {
    const auto at = static_cast<std::size_t>(i);
    return static_cast<double>(answers.right[at]) / answers.asked[at];
  };
  answers.times.print();
  fmt::print("median {:.2f} us, 99.9 % below {:.2f} us, longest {:.1f} us, {} late\n",
             answers.times.quantile(0.5) / 1000, answers.times.quantile(0.999) / 1000,
             answers.times.longest_in_us(), answers.late);
  fmt::print("{} models took turns: the first right in {:.3f}, the last in {:.3f}\n", models, accuracy(0),
             accuracy(best));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Answers ten thousand times a second while another thread trains the next model.");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", options.data, "CSV file: 64 pixels from 0 to 16, then the digit");
  app.add_option("--seconds", options.seconds, "how long")->check(CLI::Range(0.01, 1e5));
  app.add_option("--rate", options.rate, "answers a second")->check(CLI::Range(1, 1'000'000));
  app.add_option("--seed", options.seed, "of split, weights and order")->check(CLI::Range(0, 1000000000));
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "live: {}\n", error.what());
    return 1;
  }
}
