// SPDX-License-Identifier: BSD-3-Clause
// Trains, is killed at random moments and started again until it is done, and must end with the weights and
// the log of a training that was never interrupted. It does so until 50 processes have been killed.
//     killed_training [arrays|mapped|stream]  what is trained on
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "array_stream.hpp"
#include "temporary_directory.hpp"
#include "training_problem.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

constexpr std::size_t epochs = 200;
constexpr int kills_wanted = 50;

std::string kind = "arrays";

training::History train_on(const TemporaryDirectory& directory, Clouds<float>& clouds,
                           nn::Module<float>& model, const training::Options<float>& options) {
  if (kind == "stream") {
    ArrayStream<float> stream(clouds.features, clouds.labels);
    return training::train(model, {.stream = stream, .window = 30, .measured_by = clouds.data}, options);
  }
  if (kind == "mapped") {
    const std::string path = directory / "features.npy";
    data::write_npy(path, clouds.features);
    clouds.data.features = data::map_npy(path);
  }
  return training::train(model, clouds.data, options);
}

/// @param seed  of weights and random numbers, which a resumed run must not depend on
void train_in(const TemporaryDirectory& directory, bool with_checkpoints, std::uint64_t seed) {
  Clouds<float> clouds(120);
  WholeTraining<float> run(seed);
  auto options = run.options(epochs);
  if (with_checkpoints) options.checkpoint_directory = directory / "checkpoints";
  options.log = directory / "log.csv";
  train_on(directory, clouds, run.model, options);
  io::save_weights(directory / "weights.safetensors", run.model);
}

/// A process of its own, started without loading a program: a life may be short.
pid_t start(const TemporaryDirectory& directory, bool with_checkpoints, std::uint64_t seed) {
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("killed_training: no process could be made");
  if (process > 0) return process;
  try {
    train_in(directory, with_checkpoints, seed);
    ::_exit(0);
  } catch (const std::exception& error) {
    fmt::print(stderr, "killed_training: {}\n", error.what());
  }
  ::_exit(1);
}

/// Whether it was killed before it was done.
bool was_killed(pid_t process) {
  int status = 0;
  if (::waitpid(process, &status, 0) != process) throw std::runtime_error("killed_training: no status");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
  throw std::runtime_error("killed_training: a process failed");
}

std::optional<std::uint64_t> last_checkpoint(const TemporaryDirectory& directory) {
  const auto found = io::Checkpoints(directory / "checkpoints").epochs();
  return found.empty() ? std::nullopt : std::optional(found.back());
}

struct Kills {
  int all = 0;
  int after_progress = 0;  // of processes that had written a checkpoint
};

/// Kills until the training is done, but no more than `at_most` times.
Kills kill_until_done(const TemporaryDirectory& directory, int at_most, Random& random) {
  std::uint64_t seed = 1;  // of the first life, and of the others until there is a checkpoint
  double longest = 60, shortest = 10;
  int lives_without_checkpoint = 0;
  for (Kills kills;;) {
    const auto before = last_checkpoint(directory);
    const pid_t process = start(directory, true, before ? ++seed : seed);
    if (kills.all < at_most) {
      std::this_thread::sleep_for(
          std::chrono::duration<double, std::milli>(random.uniform(shortest, longest)));
      ::kill(process, SIGKILL);
    }
    if (!was_killed(process)) return kills;
    ++kills.all;
    const bool has_progressed = last_checkpoint(directory) != before;
    kills.after_progress += has_progressed;
    lives_without_checkpoint = has_progressed ? 0 : lives_without_checkpoint + 1;
    if (lives_without_checkpoint == 5) {  // on a machine that needs longer for an epoch
      longest *= 2, shortest *= 2;
      lives_without_checkpoint = 0;
    }
  }
}

void require_same_end(const TemporaryDirectory& killed, const TemporaryDirectory& whole) {
  if (read_text(killed / "weights.safetensors") != read_text(whole / "weights.safetensors")) {
    throw std::runtime_error("killed_training: the weights differ");
  }
  const std::string log = without_seconds(read_text(killed / "log.csv"));
  const std::string expected = without_seconds(read_text(whole / "log.csv"));
  if (log != expected) {
    throw std::runtime_error(fmt::format("killed_training: the logs differ, got\n{}for\n{}", log, expected));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) kind = arguments[1];
  const auto seed = static_cast<std::uint64_t>(std::random_device()());
  try {
    Random random(seed);
    const TemporaryDirectory whole;
    if (was_killed(start(whole, false, 1))) throw std::runtime_error("killed_training: killed by others");
    if (read_text(whole / "weights.safetensors").empty())
      throw std::runtime_error("killed_training: no weights");

    Kills kills;
    int trainings = 0;
    while (kills.all < kills_wanted) {
      const TemporaryDirectory killed;
      const Kills more = kill_until_done(killed, kills_wanted - kills.all, random);
      kills.all += more.all;
      kills.after_progress += more.after_progress;
      require_same_end(killed, whole);
      ++trainings;
    }
    if (kills.after_progress == 0)
      throw std::runtime_error("killed_training: no kill came after a checkpoint");
    fmt::print(
        "{} kills, {} of them after a new checkpoint, in {} trainings of {} epochs: all ended with the same "
        "bits\n",
        kills.all, kills.after_progress, trainings, epochs);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{} (seed {})\n", error.what(), seed);
    return 1;
  }
}
