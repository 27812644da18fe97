// SPDX-License-Identifier: BSD-3-Clause
// How long programs take from their start to the first prediction of a model that they read, and their sizes.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "figures.hpp"
#include "xtape/xtape.hpp"

extern char** environ;

namespace {

using namespace benchmarks;
using namespace xtape;
using Clock = std::chrono::steady_clock;

constexpr double aim_microseconds = 5000;

void write_model(const std::string& file) {
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
  io::save_model<float>(file, {.model = model, .row = {64}});
}

// Runs `program model`. @return the seconds until it has written its first byte.
double seconds_to_first_byte(const std::string& program, const std::string& model) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw Error("there must be a pipe to be had");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  const std::array<const char*, 3> arguments{program.c_str(), model.c_str(), nullptr};
  pid_t child{};
  const auto start = Clock::now();
  const int error = ::posix_spawn(&child, program.c_str(), &actions, nullptr,
                                  const_cast<char* const*>(arguments.data()), environ);
  ::close(pipe[1]);
  char first{};
  const bool came = error == 0 && ::read(pipe[0], &first, 1) == 1;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  ::close(pipe[0]);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) ::waitpid(child, nullptr, 0);
  if (!came) throw Error(program + ": the program must print a prediction");
  return seconds;
}

struct Program {
  std::string path;
  std::vector<double> seconds = {};

  double median() {
    const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
    std::ranges::nth_element(seconds, middle);
    return *middle;
  }
};

nlohmann::ordered_json measure(std::vector<Program> programs, const std::string& model, std::size_t runs) {
  for (std::size_t run = 0; run < runs; ++run) {
    for (Program& program : programs) program.seconds.push_back(seconds_to_first_byte(program.path, model));
  }
  auto rows = nlohmann::ordered_json::array();
  fmt::print("{:28} {:>30} {:>8}\n", "", "ms to its first prediction (5)", "MB");
  for (Program& program : programs) {
    const std::filesystem::path path(program.path);
    const auto bytes = std::filesystem::file_size(path);
    Figure figure{path.filename().string(), 1, program.median(), {}, {}, {}, {}};
    figure.aims.microseconds = aim_microseconds;
    rows.push_back(json_row(figure));
    rows.back()["bytes"] = bytes;
    fmt::print("{:28} {:30.2f} {:8.2f}\n", figure.name, figure.xtape * 1e3, static_cast<double>(bytes) / 1e6);
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  std::vector<std::string> paths;
  std::size_t runs = 50;
  CLI::App app(
      "Times programs from their start to the first prediction. Prints a table of medians and writes it.");
  app.add_option("file", file, "where the table goes, as JSON")->required();
  app.add_option("programs", paths, "each is given a model file, and prints a prediction")->required();
  app.add_option("--runs", runs, "of each program, in turns")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    const std::string model =
        (std::filesystem::temp_directory_path() / fmt::format("start_benchmark_{}.xtape", ::getpid()))
            .string();
    write_model(model);
    std::vector<Program> programs;
    for (const std::string& path : paths) programs.push_back({path});
    const auto rows = measure(programs, model, runs);
    std::filesystem::remove(model);
    write_json(file, rows);
  } catch (const std::exception& error) {
    fmt::print(stderr, "start_benchmark: {}\n", error.what());
    return 1;
  }
}
