// SPDX-License-Identifier: BSD-3-Clause
// What one call of a model costs: of a Predictor, through the tape, and of libtorch, ONNX Runtime and
// RTNeural where they are there; and what a second thread that shares the predictor gives.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "inference_networks.hpp"
#include "multiply_adds.hpp"
#include "xtape/xtape.hpp"
#ifdef XTAPE_BENCHMARK_ONNX_RUNTIME
#include "xtape/onnx.hpp"
#endif

namespace {

using namespace xtape;
using benchmarks::InferenceNetwork;
using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

void add_layers(nn::Sequential<float>& model, InferenceNetwork network) {
  Random random(1);
  const nn::Conv2dOptions<float> padded{.padding = 1};
  switch (network) {
    case InferenceNetwork::dense_784_10:
      model.add<nn::Linear>(784, 10, random);
      break;
    case InferenceNetwork::dense_64_128_10:
      model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
      break;
    case InferenceNetwork::digits_cnn:
      model.add<nn::Conv2d>(1, 16, 3, random, padded).add<nn::BatchNorm2d>(16).add<nn::Relu>();
      model.add<nn::Conv2d>(16, 32, 3, random, padded).add<nn::BatchNorm2d>(32).add<nn::Relu>();
      model.add<nn::MaxPool2d>(2).add<nn::Flatten>().add<nn::Dropout>(0.3, random);
      model.add<nn::Linear>(32 * 4 * 4, 10, random);
      break;
  }
  model.eval();
}

// A model, what is called of it, and what the calls took, in nanoseconds.
class Contest {
 public:
  Contest(std::string name, InferenceNetwork network, const Shape& row, double aim)
      : name_(std::move(name)), aim_(aim), input_(batch_of_one(row)) {
    add_layers(model_, network);
    for (std::size_t i = 0; i < input_.size(); ++i) input_[i] = static_cast<float>(i % 17) / 16;
    predictor_.emplace(model_, row, 1);
#ifdef XTAPE_BENCHMARK_LIBTORCH
    torch_.call = benchmarks::with_torch::inference(network);
#endif
#ifdef XTAPE_BENCHMARK_ONNX_RUNTIME
    onnx_runtime_.call = exported(row);
#endif
#ifdef XTAPE_BENCHMARK_RTNEURAL
    rtneural_.call = benchmarks::with_rtneural::inference(network);
#endif
  }

  void take_turn() {
    predictor_ns_.push_back(ns_of_prediction(predictor_->workspace()));
    measure_calls();
    tape_ns_.push_back(ns_of([this] { pass_tape(); }));
    for (Rival* rival : {&torch_, &onnx_runtime_, &rtneural_}) {
      if (rival->call) rival->ns.push_back(ns_of(rival->call));
    }
    for (const std::size_t threads : {1U, 2U}) thread_ns_[threads - 1].push_back(ns_on(threads));
  }

  nlohmann::ordered_json figures(double ceiling) const {
    nlohmann::ordered_json entry{{"name", name_},
                                 {"predictor_ns", median(predictor_ns_)},
                                 {"aim_ns", nullptr},
                                 {"p999_of_median", median(tails_)},
                                 {"tape_ns", median(tape_ns_)},
                                 {"libtorch_ns", median_of(torch_)},
                                 {"onnx_runtime_ns", median_of(onnx_runtime_)},
                                 {"rtneural_ns", median_of(rtneural_)},
                                 {"speed_up_of_2_threads", speed_up()},
                                 {"of_ceiling", speed_up() / ceiling}};
    if (aim_ > 0) entry["aim_ns"] = aim_;
    if (aim_ == 0 && torch_.call) entry["aim_ns"] = median(torch_.ns) / 3;
    return entry;
  }

 private:
  struct Rival {
    std::function<void()> call;  // none: it is not there
    std::vector<double> ns;
  };

  static Array<float> batch_of_one(const Shape& row) {
    Shape shape{1};
    for (const std::size_t extent : row) shape.append(extent);
    return Array<float>(shape);
  }

  static double median(std::vector<double> x) {
    std::ranges::sort(x);
    return x[x.size() / 2];
  }

  static nlohmann::ordered_json median_of(const Rival& rival) {
    return rival.call ? nlohmann::ordered_json(median(rival.ns)) : nlohmann::ordered_json();
  }

#ifdef XTAPE_BENCHMARK_ONNX_RUNTIME
  std::function<void()> exported(const Shape& row) {
    const std::string file =
        (std::filesystem::temp_directory_path() / "xtape_predictor_benchmark.onnx").string();
    io::export_onnx<float>(file,
                           {.model = model_, .row = row, .outputs_are = inference::OutputKind::numbers});
    const Shape& shape = input_.shape();
    const auto call = benchmarks::with_onnx_runtime::inference(file, {shape.begin(), shape.end()});
    std::filesystem::remove(file);
    return call;
  }
#endif

  // The least of both, as another program that runs only makes them longer.
  double speed_up() const { return 2 * std::ranges::min(thread_ns_[0]) / std::ranges::min(thread_ns_[1]); }

  // Of one of many calls, after as many to warm up.
  template <class Call>
  static double ns_of(Call call) {
    constexpr double half = 5e6;
    std::size_t calls = 0;
    for (const auto start = Clock::now(); ns_since(start) < half; ++calls) call();
    const auto start = Clock::now();
    for (std::size_t i = 0; i < calls; ++i) call();
    return ns_since(start) / static_cast<double>(calls);
  }

  double ns_of_prediction(inference::Predictor<float>::Workspace workspace) const {
    std::vector<float> out(10);
    const std::span<const float> in(input_.data(), input_.size());
    constexpr std::size_t calls = 20000;
    const auto run = [&] {
      for (std::size_t i = 0; i < calls; ++i) {
        predictor_->predict(in, out, workspace);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
      }
    };
    run();
    const auto start = Clock::now();
    run();
    return ns_since(start) / static_cast<double>(calls);
  }

  // Each alone, with what a look at the clock takes.
  void measure_calls() {
    auto workspace = predictor_->workspace();
    std::vector<float> out(10);
    std::vector<double> ns(20000);
    for (int round = 0; round < 2; ++round) {
      for (double& of_call : ns) {
        const auto start = Clock::now();
        predictor_->predict({input_.data(), input_.size()}, out, workspace);
        of_call = ns_since(start);
      }
    }
    std::ranges::sort(ns);
    tails_.push_back(ns[ns.size() * 999 / 1000] / ns[ns.size() / 2]);
  }

  void pass_tape() {
    const auto no_grad = tape_.no_grad();
    const auto frame = tape_.frame();
    const Variable<float> y = model_(tape_.borrow(input_));
    benchmark::DoNotOptimize(y.data());
  }

  // Of each thread's calls, all at once.
  double ns_on(std::size_t threads) const {
    constexpr std::size_t calls = 20000;
    std::barrier together(static_cast<std::ptrdiff_t>(threads));
    std::vector<double> ns(threads);
    const auto work = [&](std::size_t thread) {
      auto workspace = predictor_->workspace();
      std::vector<float> out(10);
      for (int round = 0; round < 2; ++round) {
        together.arrive_and_wait();
        const auto start = Clock::now();
        for (std::size_t i = 0; i < calls; ++i) {
          predictor_->predict({input_.data(), input_.size()}, out, workspace);
          benchmark::ClobberMemory();
        }
        ns[thread] = ns_since(start) / static_cast<double>(calls);
      }
    };
    {
      std::vector<std::jthread> others;
      for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
      work(0);
    }
    return std::ranges::max(ns);
  }

  std::string name_;
  double aim_;  // 0: a third of libtorch's time
  Array<float> input_;
  nn::Sequential<float> model_;
  std::optional<inference::Predictor<float>> predictor_;
  Tape<float> tape_;
  Rival torch_, onnx_runtime_, rtneural_;
  std::vector<double> predictor_ns_, tails_, tape_ns_, thread_ns_[2];
};

double ceiling_of_two_threads(std::size_t rounds) {
  double best[2] = {1e9, 1e9};
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const std::size_t threads : {1U, 2U})
      best[threads - 1] = std::min(best[threads - 1], benchmarks::seconds_of_multiply_adds(threads));
  }
  return 2 * best[0] / best[1];
}

void print(const nlohmann::ordered_json& table) {
  const auto number = [](const nlohmann::ordered_json& x) {
    return x.is_null() ? std::string("-") : fmt::format("{:.1f}", x.get<double>());
  };
  fmt::print("{:>16} {:>13} {:>8} {:>12} {:>8} {:>12} {:>16} {:>12} {:>10} {:>10}\n", "float, one row",
             "predictor ns", "aim", "p99.9/median", "tape ns", "libtorch ns", "ONNX Runtime ns",
             "RTNeural ns", "2 threads", "of ceiling");
  for (const auto& row : table) {
    fmt::print("{:>16} {:>13} {:>8} {:12.2f} {:>8} {:>12} {:>16} {:>12} {:10.2f} {:10.2f}\n",
               row["name"].get<std::string>(), number(row["predictor_ns"]), number(row["aim_ns"]),
               row["p999_of_median"].get<double>(), number(row["tape_ns"]), number(row["libtorch_ns"]),
               number(row["onnx_runtime_ns"]), number(row["rtneural_ns"]),
               row["speed_up_of_2_threads"].get<double>(), row["of_ceiling"].get<double>());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "predictor.json";
  std::size_t rounds = 15;
  CLI::App app("Times single predictions. Prints a table of medians and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--rounds", rounds, "of which the medians are taken")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  try {
    set_num_threads(1);
    Contest contests[] = {{"784-10", InferenceNetwork::dense_784_10, {784}, 150},
                          {"64-128-10, relu", InferenceNetwork::dense_64_128_10, {64}, 250},
                          {"digits_cnn", InferenceNetwork::digits_cnn, {1, 8, 8}, 0}};
    for (std::size_t round = 0; round < rounds; ++round) {
      for (Contest& contest : contests) contest.take_turn();
    }
    const double ceiling = ceiling_of_two_threads(rounds);
    auto table = nlohmann::ordered_json::array();
    for (const Contest& contest : contests) table.push_back(contest.figures(ceiling));
    print(table);
    fmt::print("{:>20} {:>102.2f}\n", "two threads at most", ceiling);
    std::ofstream out(file);
    out << table.dump(2) << '\n';
    if (!out.flush()) throw Error(file + ": the file must be writable");
  } catch (const std::exception& error) {
    fmt::print(stderr, "predictor_benchmark: {}\n", error.what());
    return 1;
  }
}
