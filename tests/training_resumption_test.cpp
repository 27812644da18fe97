// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "training_problem.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

struct Interruption {};

/// Ends the process, as far as a test can, in the middle of an epoch.
training::Callbacks interrupted_in(std::size_t epoch, std::size_t batch) {
  return {.on_batch = [=](const training::Batch& done) {
    if (done.epoch == epoch && done.number == batch) throw Interruption();
  }};
}

training::Callbacks stopped_after(std::size_t epoch) {
  return {.on_epoch = [=](const training::History& so_far) { return so_far.epochs.size() < epoch; }};
}

template <class T>
struct Ended {
  WholeTraining<T> run;
  training::History history;
  std::string log;

  explicit Ended(std::uint64_t seed) : run(seed) {}
};

template <class T>
void check_same_end(const Ended<T>& a, const Ended<T>& b) {
  CHECK(are_same_bits(a.run.model.state(), b.run.model.state()));
  CHECK(are_same_bits(a.run.optimizer.state(), b.run.optimizer.state()));
  CHECK(are_same_bits(a.run.schedule.state(), b.run.schedule.state()));
  CHECK(a.run.random == b.run.random);
  CHECK(a.history.best_epoch == b.history.best_epoch);
  CHECK(a.history.stopped_early == b.history.stopped_early);
  CHECK(without_seconds(a.log) == without_seconds(b.log));
  REQUIRE(a.history.epochs.size() == b.history.epochs.size());
  for (std::size_t i = 0; i < a.history.epochs.size(); ++i) {
    CHECK(a.history.epochs[i].number == b.history.epochs[i].number);
    CHECK(a.history.epochs[i].training_loss == b.history.epochs[i].training_loss);
    CHECK(a.history.epochs[i].validation_loss == b.history.epochs[i].validation_loss);
    CHECK(a.history.epochs[i].validation_accuracy == b.history.epochs[i].validation_accuracy);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a resumed training ends as one that was never interrupted, bit for bit",
                   "[training][resumption]", float, double) {
  using T = TestType;
  const Clouds<T> clouds(70);
  const TemporaryDirectory directory;
  const auto train = [&](Ended<T>& ended, const std::string& name, const training::Callbacks& callbacks) {
    auto options = ended.run.options(9);
    if (name != "whole") options.checkpoint_directory = directory / name;
    options.log = directory / (name + ".csv");
    ended.history = training::train(ended.run.model, clouds.data, options, callbacks);
    ended.log = read_text(options.log);
  };

  Ended<T> whole(1);
  train(whole, "whole", {});
  CHECK(whole.history.epochs.size() == 9);
  CHECK(whole.run.optimizer.learning_rate() < 0.02);

  // Each life with a model of its own, which begins as it happens to.
  Ended<T> first(1), second(2), third(3), last(4), again(5);
  CHECK_THROWS_AS(train(first, "resumed", interrupted_in(3, 2)), Interruption);
  train(second, "resumed", stopped_after(5));
  CHECK(second.history.stopped_early);
  CHECK(second.history.epochs.size() == 5);
  CHECK_THROWS_AS(train(third, "resumed", interrupted_in(6, 1)), Interruption);
  train(last, "resumed", {});
  check_same_end(last, whole);

  train(again, "resumed", interrupted_in(1, 1));  // nothing is left to do
  check_same_end(again, whole);
  for (std::size_t i = 1; i < 9; ++i) {
    CHECK(again.history.epochs[i].seconds >= again.history.epochs[i - 1].seconds);
  }
}

TEST_CASE("a training that has stopped early stays so, with its best weights", "[training][resumption]") {
  const Clouds<float> clouds(70);
  const TemporaryDirectory directory;
  const auto train = [&](WholeTraining<float>& run, std::size_t epochs) {
    auto options = run.options(epochs);
    options.early_stopping->patience = 2;
    options.early_stopping->minimum_improvement = 0.2;
    options.checkpoint_directory = directory.path();
    return training::train(run.model, clouds.data, options);
  };
  WholeTraining<float> first(1), second(2), third(3);
  const auto history = train(first, 100);
  REQUIRE(history.stopped_early);
  CHECK(history.epochs.size() == history.best_epoch + 2);
  CHECK(train(second, 100).epochs.size() == history.epochs.size());
  CHECK(are_same_bits(first.model.state(), second.model.state()));
  const auto shorter = train(third, history.epochs.size());
  CHECK(shorter.epochs.size() == history.epochs.size());
  CHECK_FALSE(shorter.stopped_early);
}

TEST_CASE("more epochs lengthen a training that has ended", "[training][resumption]") {
  const Clouds<double> clouds(70);
  const TemporaryDirectory directory;
  const auto train = [&](WholeTraining<double>& run, std::size_t epochs, const std::string& checkpoints) {
    auto options = run.options(epochs);
    options.checkpoint_directory = checkpoints;
    training::train(run.model, clouds.data, options);
  };
  WholeTraining<double> whole(1), shorter(1), longer(2);
  train(whole, 6, "");
  train(shorter, 4, directory.path());
  train(longer, 6, directory.path());
  CHECK(are_same_bits(longer.model.state(), whole.model.state()));
}

TEST_CASE("checkpoints come every so many epochs and at the end", "[training][resumption]") {
  const Clouds<float> clouds(70);
  const TemporaryDirectory directory;
  WholeTraining<float> run(1);
  auto options = run.options(8);
  options.checkpoint_directory = directory / "checkpoints";
  options.checkpoint_every = 3;
  options.keep_checkpoints = 2;
  options.log = directory / "log.csv";
  training::train(run.model, clouds.data, options);
  const io::Checkpoints checkpoints(directory / "checkpoints");
  CHECK(checkpoints.epochs() == std::vector<std::uint64_t>{6, 8});

  // As if it had been killed after epoch 7: the line of that goes, and comes again.
  std::filesystem::remove(checkpoints.path(8));
  const std::string log = read_text(directory / "log.csv");
  write_text(directory / "log.csv", log.substr(0, log.rfind("\n8,") + 1));
  WholeTraining<float> other(2);
  auto other_options = other.options(8);
  other_options.checkpoint_directory = options.checkpoint_directory;
  other_options.checkpoint_every = 3;
  other_options.log = options.log;
  training::train(other.model, clouds.data, other_options);
  CHECK(without_seconds(read_text(directory / "log.csv")) == without_seconds(log));
  CHECK(are_same_bits(other.model.state(), run.model.state()));
}

TEST_CASE("a damaged checkpoint is passed over for the one before", "[training][resumption]") {
  const Clouds<float> clouds(70);
  const TemporaryDirectory directory;
  const auto train = [&](WholeTraining<float>& run, std::FILE* progress) {
    auto options = run.options(4);
    options.checkpoint_directory = directory.path();
    options.progress = progress;
    return training::train(run.model, clouds.data, options);
  };
  WholeTraining<float> first(1), second(2);
  train(first, nullptr);
  const std::string newest = io::Checkpoints(directory.path()).path(4);
  std::string bytes = read_text(newest);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  write_text(newest, bytes);

  std::FILE* const progress = std::tmpfile();
  const auto history = train(second, progress);
  REQUIRE(history.damaged_checkpoints.size() == 1);
  CHECK_THAT(history.damaged_checkpoints[0], ContainsSubstring(newest) && ContainsSubstring("damaged"));
  std::rewind(progress);
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), progress));
  std::fclose(progress);
  CHECK_THAT(text, ContainsSubstring("passed over a damaged checkpoint: ") && ContainsSubstring(newest) &&
                       ContainsSubstring("resumed after epoch 3\nepoch 4/4"));
  CHECK(are_same_bits(first.model.state(), second.model.state()));
}

TEST_CASE("a checkpoint of another training is refused, and nothing changes",
          "[training][resumption][errors]") {
  const Clouds<float> clouds(70);
  const TemporaryDirectory directory;
  const std::string path = io::Checkpoints(directory.path()).path(1);
  const std::string refusal =
      "train: " + path +
      ": it must be a checkpoint of this training, got one that does not fit; to begin anew give another "
      "checkpoint_directory\n";
  WholeTraining<float> run(1);
  auto options = run.options(1);
  options.checkpoint_directory = directory.path();
  training::train(run.model, clouds.data, options);
  const std::string bytes = read_text(path);

  WholeTraining<float> other(2);
  const NamedArrays model = other.model.state(), optimizer = other.optimizer.state();
  auto without_schedule = other.options(1);
  without_schedule.checkpoint_directory = directory.path();
  without_schedule.schedule = nullptr;
  without_schedule.resume_with_changes = true;
  CHECK_THROWS_WITH(training::train(other.model, clouds.data, without_schedule),
                    refusal +
                        "train: every part of a checkpoint must have its option, got "
                        "'schedule.base_learning_rates' without one");

  // Everything fits but the optimizer, whose turn comes when the model has been loaded.
  optim::SGD<float> sgd(other.model.parameters(), {.momentum = 0.5});
  optim::CurveSchedule of_sgd(sgd, optim::exponential_decay(0.5));
  const auto with = other.options(1);
  const training::Options<float> with_sgd{.optimizer = sgd,
                                          .random = other.random,
                                          .schedule = &of_sgd,
                                          .early_stopping = with.early_stopping,
                                          .weight_average = with.weight_average,
                                          .checkpoint_directory = directory.path(),
                                          .resume_with_changes = true};
  CHECK_THROWS_WITH(training::train(other.model, clouds.data, with_sgd),
                    ContainsSubstring(refusal) && ContainsSubstring("SGD"));
  CHECK(are_same_bits(other.model.state(), model));
  CHECK(are_same_bits(other.optimizer.state(), optimizer));
  CHECK(sgd.learning_rate() == 1e-2);

  Random random(1);
  nn::Sequential<float> narrow;
  narrow.add<nn::Linear>(2, 3, random);
  optim::Adam<float> of_narrow(narrow.parameters());
  CHECK_THROWS_WITH(training::train(narrow, clouds.data,
                                    {.optimizer = of_narrow,
                                     .random = random,
                                     .schedule = with.schedule,
                                     .early_stopping = with.early_stopping,
                                     .weight_average = with.weight_average,
                                     .checkpoint_directory = directory.path(),
                                     .resume_with_changes = true}),
                    ContainsSubstring(refusal));
  CHECK(read_text(path) == bytes);
}

namespace {

// A small training whose learning rate falls from 0.1 along a cosine over so many epochs.
struct CosineTraining {
  Random random;
  nn::Sequential<double> model;
  optim::SGD<double> optimizer;
  optim::CurveSchedule schedule;

  CosineTraining(std::size_t steps, std::uint64_t seed)
      : random(seed),
        optimizer(build(model, random).parameters(), {.learning_rate = 0.1}),
        schedule(optimizer, optim::cosine_decay({.steps = steps})) {}

  std::vector<double> train(const Clouds<double>& clouds, std::size_t epochs, const std::string& checkpoints,
                            const training::Callbacks& callbacks = {}) {
    const auto history = training::train(model, clouds.data,
                                         {.optimizer = optimizer,
                                          .random = random,
                                          .epochs = epochs,
                                          .schedule = &schedule,
                                          .checkpoint_directory = checkpoints},
                                         callbacks);
    std::vector<double> rates;
    for (const training::Epoch& epoch : history.epochs) rates.push_back(epoch.learning_rate);
    return rates;
  }

  // Sets the learning rate by hand when so many epochs are over.
  training::Callbacks setting_rate_after(std::size_t epoch, double rate) {
    return {.on_epoch = [this, epoch, rate](const training::History& so_far) {
      if (so_far.epochs.size() == epoch) optimizer.set_learning_rate(rate);
      return true;
    }};
  }

 private:
  static nn::Module<double>& build(nn::Sequential<double>& model, Random& random) {
    return model.add<nn::Linear>(2, 3, random);
  }
};

// The learning rate of each epoch from the first, in which no step has been done.
double cosine(std::size_t steps_done, double steps) {
  return 0.1 * 0.5 * (1 + std::cos(3.14159265358979323846 * static_cast<double>(steps_done) / steps));
}

}  // namespace

TEST_CASE("a finished training that is lengthened goes on along the longer curve",
          "[training][resumption][schedule]") {
  const Clouds<double> clouds(40);
  const TemporaryDirectory directory;
  CosineTraining finished(10, 1), lengthened(20, 2);
  const auto before = finished.train(clouds, 10, directory.path());
  CHECK_THAT(before[9], WithinAbs(cosine(9, 10), 1e-15));
  CHECK(finished.optimizer.learning_rate() == 0);  // the curve has come to its end
  const auto rates = lengthened.train(clouds, 20, directory.path());
  REQUIRE(rates.size() == 20);
  for (std::size_t epoch = 0; epoch < 10; ++epoch) CHECK(rates[epoch] == before[epoch]);
  for (std::size_t epoch = 10; epoch < 20; ++epoch)
    CHECK_THAT(rates[epoch], WithinAbs(cosine(epoch, 20), 1e-15));
  CHECK_THAT(rates[10], WithinAbs(0.05, 1e-15));  // half-way
}

TEST_CASE("a training killed on its way along a curve has the rates of one that was not, bit for bit",
          "[training][resumption][schedule]") {
  const Clouds<double> clouds(40);
  const TemporaryDirectory directory;
  CosineTraining whole(20, 1), killed(20, 1), resumed(20, 2);
  const auto expected = whole.train(clouds, 20, "");
  CHECK_THROWS_AS(killed.train(clouds, 20, directory.path(), interrupted_in(11, 1)), Interruption);
  CHECK(resumed.train(clouds, 20, directory.path()) == expected);
  CHECK(are_same_bits(resumed.model.state(), whole.model.state()));
}

TEST_CASE("a learning rate set by hand survives a kill until the schedule's next step",
          "[training][resumption][schedule]") {
  const Clouds<double> clouds(40);
  const TemporaryDirectory directory;
  CosineTraining whole(20, 1), killed(20, 1), resumed(20, 2);
  const auto expected = whole.train(clouds, 20, "", whole.setting_rate_after(10, 0.03));
  CHECK(expected[10] == 0.03);
  CHECK_THAT(expected[11], WithinAbs(cosine(11, 20), 1e-15));
  auto callbacks = killed.setting_rate_after(10, 0.03);
  callbacks.on_batch = interrupted_in(11, 1).on_batch;
  CHECK_THROWS_AS(killed.train(clouds, 20, directory.path(), callbacks), Interruption);
  CHECK(resumed.train(clouds, 20, directory.path()) == expected);
  CHECK(are_same_bits(resumed.model.state(), whole.model.state()));
}

TEST_CASE("a training lengthened after its rate was set by hand has that for one epoch more",
          "[training][resumption][schedule]") {
  const Clouds<double> clouds(40);
  const TemporaryDirectory directory;
  CosineTraining finished(10, 1), lengthened(20, 2);
  finished.train(clouds, 10, directory.path(), finished.setting_rate_after(10, 0.03));
  const auto rates = lengthened.train(clouds, 12, directory.path());
  CHECK(rates[10] == 0.03);
  CHECK_THAT(rates[11], WithinAbs(cosine(11, 20), 1e-15));
}

namespace training_resumption_test {
namespace {

/// Rows whose labels are noise, and a training of them that is stopped after two epochs and started again.
struct Interrupted {
  Array<double> features{Shape{80, 3}};
  std::vector<std::int64_t> labels{std::vector<std::int64_t>(80)};
  std::vector<std::size_t> train, validation;
  std::size_t batch_size = 8;
  bool drop_last = false, resume_with_changes = false, tanh = false;
  double learning_rate = 0.01, smoothing = 0, factor = 1, weight_decay = 0;
  std::optional<double> max_gradient_norm;
  TemporaryDirectory directory;
  NamedArrays model_at_the_end;
  double rate_at_the_end = 0;

  Interrupted() {
    Random random(5);
    for (double& x : features) x = random.normal();
    for (std::int64_t& y : labels) y = static_cast<std::int64_t>(random.below(2));
    for (std::size_t row = 0; row < 80; ++row) (row % 4 == 0 ? validation : train).push_back(row);
    run(2);
  }

  training::History run(std::size_t epochs) {
    Random random(1);
    nn::Sequential<double> model;
    model.add<nn::Linear>(3, 8, random);
    if (tanh) {
      model.add<nn::Tanh>();
    } else {
      model.add<nn::Relu>();
    }
    model.add<nn::Linear>(8, 2, random);
    optim::AdamW<double> optimizer(model.parameters(),
                                   {.learning_rate = learning_rate, .weight_decay = weight_decay});
    const auto history = training::train(
        model, {.features = features, .targets = labels, .train = train, .validation = validation},
        {.optimizer = optimizer,
         .random = random,
         .epochs = epochs,
         .batch_size = batch_size,
         .drop_last = drop_last,
         .loss =
             [smoothing = smoothing, factor = factor](auto logits, auto of_batch) {
               return losses::softmax_cross_entropy(logits, of_batch, {.label_smoothing = smoothing}) *
                      factor;
             },
         .max_gradient_norm = max_gradient_norm,
         .checkpoint_directory = directory.path(),
         .resume_with_changes = resume_with_changes});
    model_at_the_end = model.state();
    rate_at_the_end = optimizer.learning_rate();
    return history;
  }

  std::string refusal() {
    try {
      run(3);
    } catch (const FileError& error) {
      return error.what();
    }
    return "not refused";
  }
};

}  // namespace

TEST_CASE("a resumption with other rows or options is refused, with both values",
          "[training][resumption][errors]") {
  Interrupted run;
  const std::string path = io::Checkpoints(run.directory.path()).path(2);
  SECTION("another batch size and learning rate") {
    run.batch_size = 16;
    run.learning_rate = 1e-4;
    CHECK(run.refusal() ==
          "train: " + path +
              ": it must be a checkpoint of this training, got one of another:\n"
              "  options.batch_size: 8 in the checkpoint, 16 now\n"
              "  options.optimizer, learning rates: 0.01 in the checkpoint, 0.0001 now\n"
              "to go on all the same set options.resume_with_changes = true, to begin anew give another "
              "checkpoint_directory");
  }
  SECTION("validation rows that were trained on") {
    std::swap(run.train[0], run.validation[0]);
    const std::string refusal = run.refusal();
    CHECK_THAT(refusal, ContainsSubstring("\n  features of data.train: 60 rows of (3), CRC-32 ") &&
                            ContainsSubstring("\n  features of data.validation: 20 rows of (3), CRC-32 "));
  }
  SECTION("fewer rows") {
    run.train.resize(40);
    CHECK_THAT(run.refusal(), ContainsSubstring("\n  targets of data.train: 60 rows, CRC-32 ") &&
                                  ContainsSubstring(" in the checkpoint, 40 rows, CRC-32 "));
  }
  SECTION("another label") {
    run.labels[1] = 1 - run.labels[1];
    CHECK_THAT(run.refusal(),
               ContainsSubstring("\n  targets of data.train: ") && !ContainsSubstring("features of"));
  }
  SECTION("another feature") {
    run.features[0] += 1;
    CHECK_THAT(run.refusal(),
               ContainsSubstring("\n  features of data.validation: ") && !ContainsSubstring("data.train:"));
  }
  SECTION("drop_last") {
    run.drop_last = true;
    CHECK_THAT(run.refusal(),
               ContainsSubstring("\n  options.drop_last: false in the checkpoint, true now\n"));
  }
  SECTION("clipping") {
    run.max_gradient_norm = 0.5;
    CHECK_THAT(run.refusal(),
               ContainsSubstring("\n  options.max_gradient_norm: none in the checkpoint, 0.5 now\n"));
  }
  SECTION("an option of the optimizer") {
    run.weight_decay = 0.1;
    CHECK_THAT(run.refusal(), ContainsSubstring("\n  options.optimizer: AdamW: ") &&
                                  ContainsSubstring("weight_decay = 0 in the checkpoint, ") &&
                                  ContainsSubstring("weight_decay = 0.1 now\n"));
  }
  SECTION("a loss that is infinite") {
    run.factor = std::numeric_limits<double>::infinity();
    CHECK_THAT(run.refusal(),
               ContainsSubstring(" in the checkpoint, inf now; options.loss, or what the model"));
  }
  SECTION("another loss") {
    run.smoothing = 0.3;
    CHECK_THAT(run.refusal(), ContainsSubstring("\n  the loss of data.validation by its weights: 0.") &&
                                  ContainsSubstring("options.loss, or what the model computes, is another"));
  }
  SECTION("another loss without validation rows") {
    Interrupted without;
    std::filesystem::remove_all(without.directory.path());
    without.validation.clear();
    without.run(2);
    without.smoothing = 0.3;
    CHECK_THAT(without.refusal(),
               ContainsSubstring("\n  the loss of the first rows of data.train by its weights: "));
  }
  SECTION("another activation") {
    run.tanh = true;
    CHECK_THAT(run.refusal(), ContainsSubstring("\n  the loss of data.validation by its weights: 0."));
  }
}

TEST_CASE("a resumption that says so takes what differs", "[training][resumption]") {
  Interrupted run;
  run.resume_with_changes = true;
  run.batch_size = 16;
  run.learning_rate = 1e-3;
  run.smoothing = 0.3;
  CHECK(run.run(3).epochs.size() == 3);
  CHECK(run.rate_at_the_end == 1e-3);
  // And is then a training like any other.
  run.resume_with_changes = false;
  CHECK(run.run(4).epochs.size() == 4);
  run.batch_size = 8;
  CHECK_THAT(run.refusal(), ContainsSubstring("options.batch_size: 16 in the checkpoint, 8 now"));
}

TEST_CASE("what ends a training, shows it and keeps it may change", "[training][resumption]") {
  const Clouds<double> clouds(70);
  const TemporaryDirectory directory;
  WholeTraining<double> first(1), second(2);
  auto options = first.options(3);
  options.checkpoint_directory = directory / "checkpoints";
  training::train(first.model, clouds.data, options);
  auto changed = second.options(5);
  changed.checkpoint_directory = directory / "checkpoints";
  changed.validation_rows_at_a_time = 7;
  changed.early_stopping->patience = 50;
  changed.checkpoint_every = 2;
  changed.keep_checkpoints = 1;
  changed.log = directory / "log.csv";
  CHECK(training::train(second.model, clouds.data, changed).epochs.size() == 5);
}

TEST_CASE("a training goes on in its own process with the rate it has reached", "[training][resumption]") {
  const Clouds<double> clouds(70);
  const TemporaryDirectory directory;
  WholeTraining<double> run(1);
  auto options = run.options(3);
  options.checkpoint_directory = directory.path();
  training::train(run.model, clouds.data, options);
  CHECK(run.optimizer.learning_rate() < 0.02);
  options.epochs = 4;
  CHECK(training::train(run.model, clouds.data, options).epochs.size() == 4);
  WholeTraining<double> anew(2);
  auto of_new = anew.options(5);
  of_new.checkpoint_directory = directory.path();
  CHECK(training::train(anew.model, clouds.data, of_new).epochs.size() == 5);
}

}  // namespace training_resumption_test
