// SPDX-License-Identifier: BSD-3-Clause
// The training of samples/digits.cpp with libtorch: the same data, network, batches, optimizer and output.
#include <fmt/core.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

extern "C" void openblas_set_num_threads(int threads);

namespace {

constexpr std::int64_t classes = 10, hidden = 256, batch_size = 32;
constexpr double learning_rate = 5e-3;

struct Options {
  std::string data = XTAPE_SAMPLE_DATA "/digits.csv";
  int epochs = 50;
  int threads = at::get_num_threads();
};

struct Rows {
  torch::Tensor features, labels;

  Rows at(const torch::Tensor& indices) const {
    return {features.index_select(0, indices), labels.index_select(0, indices)};
  }
};

// The pixels from 0 to 1, and the digit, which is the last column.
Rows read_csv(const std::string& path) {
  std::ifstream file(path);
  std::string names;
  if (!std::getline(file, names)) throw std::runtime_error(path + ": the file must be readable");
  const std::string text{std::istreambuf_iterator<char>(file), {}};

  std::vector<float> numbers;
  const char* const last = text.data() + text.size();
  for (const char* next = text.data(); next != last;) {
    const auto [end, error] = std::from_chars(next, last, numbers.emplace_back());
    if (error != std::errc{}) throw std::runtime_error(path + ": the file must hold numbers");
    next = end == last ? last : end + 1;  // past the comma or the end of the line
  }
  const auto columns = std::count(names.begin(), names.end(), ',') + 1;
  const torch::Tensor table = torch::tensor(numbers).reshape({-1, columns});
  return {table.narrow(1, 0, columns - 1) / 16, table.select(1, columns - 1).to(torch::kLong)};
}

struct Evaluation {
  double loss;
  torch::Tensor predicted;
  double accuracy;
};

Evaluation evaluate(torch::nn::Sequential& model, const Rows& rows) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor logits = model->forward(rows.features);
  const torch::Tensor predicted = logits.argmax(1);
  return {torch::nn::functional::cross_entropy(logits, rows.labels).item<double>(), predicted,
          predicted.eq(rows.labels).to(torch::kDouble).mean().item<double>()};
}

void print_confusion(const torch::Tensor& truth, const torch::Tensor& predicted) {
  const torch::Tensor table = torch::bincount(truth * classes + predicted, {}, classes * classes);
  const auto counts = table.accessor<std::int64_t, 1>();
  fmt::print("\nconfusion matrix: a row per true digit, a column per prediction\n     ");
  for (std::int64_t j = 0; j < classes; ++j) fmt::print("{:4}", j);
  for (std::int64_t i = 0; i < classes; ++i) {
    fmt::print("\n{:4} ", i);
    for (std::int64_t j = 0; j < classes; ++j) fmt::print("{:4}", counts[i * classes + j]);
  }
  fmt::print("\n\n");
}

// One pass over the shuffled rows. They are gathered once: a batch is a view of them.
double train_epoch(torch::nn::Sequential& model, torch::optim::Optimizer& optimizer, const Rows& rows) {
  const Rows shuffled = rows.at(torch::randperm(rows.labels.size(0)));
  const std::vector<torch::Tensor> features = shuffled.features.split(batch_size);
  const std::vector<torch::Tensor> labels = shuffled.labels.split(batch_size);
  double loss_sum = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const torch::Tensor loss = torch::nn::functional::cross_entropy(model->forward(features[i]), labels[i]);
    loss.backward();
    optimizer.step();
    model->zero_grad(true);  // frees them: cheaper than optimizer.zero_grad()
    loss_sum += loss.item<double>() * static_cast<double>(labels[i].size(0));
  }
  return loss_sum / static_cast<double>(rows.labels.size(0));
}

void train(const Options& options) {
  at::set_num_threads(options.threads);
  openblas_set_num_threads(options.threads);
  torch::manual_seed(1);
  const Rows rows = read_csv(options.data);
  const std::int64_t count = rows.labels.size(0), pixels = rows.features.size(1);

  const torch::Tensor order = torch::randperm(count);
  const std::int64_t test_count = std::lround(0.2 * static_cast<double>(count));
  const Rows for_test = rows.at(order.narrow(0, 0, test_count));
  const Rows for_training = rows.at(order.narrow(0, test_count, count - test_count));

  torch::nn::Sequential model(torch::nn::Linear(pixels, hidden), torch::nn::ReLU(),
                              torch::nn::Linear(hidden, classes));
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(learning_rate));
  std::int64_t parameters = 0;
  for (const torch::Tensor& parameter : model->parameters()) parameters += parameter.numel();
  fmt::print("{}-{}-{} network, {} parameters; {} rows to train on, {} to test on\n", pixels, hidden, classes,
             parameters, count - test_count, test_count);

  const auto start = std::chrono::steady_clock::now();
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const double training_loss = train_epoch(model, optimizer, for_training);
    const Evaluation test = evaluate(model, for_test);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    fmt::print("epoch {:3}/{}  training loss {:.4f}  test loss {:.4f}  test accuracy {:.3f}  {:.2f} s\n",
               epoch, options.epochs, training_loss, test.loss, test.accuracy, elapsed.count());
  }

  const Evaluation test = evaluate(model, for_test);
  print_confusion(for_test.labels, test.predicted);
  fmt::print("test accuracy {:.3f}\n", test.accuracy);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains the network of samples/digits.cpp with libtorch.");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", options.data, "CSV file: 64 pixels from 0 to 16, then the digit");
  app.add_option("--epochs", options.epochs, "passes over the training rows")->check(CLI::Range(1, 1000000));
  app.add_option("--threads", options.threads, "of libtorch and of OpenBLAS")->check(CLI::Range(1, 1024));
  CLI11_PARSE(app, argc, argv);
  try {
    train(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "torch_digits: {}\n", error.what());
    return 1;
  }
}
