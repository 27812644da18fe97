// SPDX-License-Identifier: BSD-3-Clause
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "matchers.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;
using io::Checkpoints;
using io::load_checkpoint;
using io::save_checkpoint;

namespace {

NamedArrays small_state(double number = 1.5) {
  NamedArrays state;
  state.add("weight", Array<float>(xt::xarray<float>{{1, 2}, {3, 4}}));
  state.add("mask", AnyArray(Array<bool>(Shape{3})));
  state.add_scalar("number", number);
  return state;
}

std::string error_of(const std::string& path) {
  try {
    load_checkpoint(path);
  } catch (const FileError& error) {
    const std::string message = error.what(), prefix = "load_checkpoint: " + path + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }
  return "no error";
}

double number_in(const Checkpoints& checkpoints) {
  return checkpoints.newest()->state.get_scalar<double>("test", "number");
}

void damage(const std::string& path) {
  std::string text = read_text(path);
  text.back() = static_cast<char>(text.back() ^ 1);
  write_text(path, text);
}

}  // namespace

TEST_CASE("a checkpoint comes back with its metadata and without its marks", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  save_checkpoint(directory / "x", small_state(2.5), {{"epoch", "3"}});
  const auto [state, metadata] = load_checkpoint(directory / "x");
  CHECK(state.size() == 3);
  CHECK(state.get_scalar<double>("test", "number") == 2.5);
  CHECK_THAT(values(state.get<float>("test", "weight", {2, 2})), AllClose({1, 2, 3, 4}, 0));
  CHECK(metadata == io::Metadata{{"epoch", "3"}});
}

TEST_CASE("a checkpoint is a safetensors file that says what it is", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  NamedArrays state;
  state.add_scalar("a", std::uint8_t{7});
  save_checkpoint(directory / "x", state, {{"k", "v"}});
  const auto metadata = io::read_safetensors(directory / "x").metadata;
  CHECK(metadata.at("format") == "xtape-checkpoint");
  CHECK(metadata.at("format_version") == "1");
  // zlib.crc32(b'1:k' b'1:v' b'1:a' b'5:uint8' b'2:()' b'\x07') in Python
  CHECK(metadata.at("checksum") == "crc32:916b36eb");
}

TEST_CASE("a state without arrays, and arrays without elements, are checkpoints", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  save_checkpoint(directory / "x", {});
  CHECK(load_checkpoint(directory / "x").state.size() == 0);
  NamedArrays state;
  state.add("no memory", AnyArray(Array<double>()));
  state.add("nothing", AnyArray(Array<float>(Shape{2, 0})));
  state.add_scalar("after", 1.0f);
  save_checkpoint(directory / "x", state);
  CHECK(load_checkpoint(directory / "x").state["nothing"].shape() == Shape{2, 0});
}

TEST_CASE("the checksum tells contents apart that differ only in where things stand", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  std::vector<std::string> sums;
  const auto add = [&](const NamedArrays& state, const io::Metadata& metadata = {}) {
    save_checkpoint(directory / "x", state, metadata);
    sums.push_back(io::read_safetensors(directory / "x").metadata.at("checksum"));
  };
  const auto with = [](const std::string& name, AnyArray array) {
    NamedArrays state;
    state.add(name, std::move(array));
    return state;
  };
  add({});
  add(with("a", AnyArray(Array<float>(Shape{2, 3}))));
  add(with("a", AnyArray(Array<float>(Shape{3, 2}))));
  add(with("a", AnyArray(Array<float>(Shape{6}))));
  add(with("a", AnyArray(Array<std::int32_t>(Shape{6}))));
  add(with("b", AnyArray(Array<float>(Shape{6}))));
  add({}, {{"ab", "c"}});
  add({}, {{"a", "bc"}});
  std::sort(sums.begin(), sums.end());
  CHECK(std::adjacent_find(sums.begin(), sums.end()) == sums.end());
}

TEST_CASE("files that are no checkpoints, or of another kind, are refused", "[io][checkpoint][errors]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "x";
  const auto error_with = [&](const io::Metadata& metadata) {
    io::write_safetensors(path, small_state(), metadata);
    return error_of(path);
  };
  const std::string none = "it must be a checkpoint, marked \"";
  CHECK(error_with({}) ==
        none + "format\" in its metadata, got no such mark; read_safetensors reads it as it is");
  CHECK(error_with({{"format", "pt"}}) == "its format must be \"xtape-checkpoint\", got \"pt\"");
  CHECK(error_with({{"format", "xtape-checkpoint"}}) ==
        none + "format_version\" in its metadata, got no such mark; read_safetensors reads it as it is");
  CHECK(error_with({{"format", "xtape-checkpoint"}, {"format_version", "2"}}) ==
        "its version must be 1, got \"2\"; a newer xtape may read it");
  CHECK(error_with({{"format", "xtape-checkpoint"}, {"format_version", "1"}}) ==
        none + "checksum\" in its metadata, got no such mark; read_safetensors reads it as it is");
  CHECK_THAT(
      error_with({{"format", "xtape-checkpoint"}, {"format_version", "1"}, {"checksum", "crc32:00000000"}}),
      ContainsSubstring("that of its content, got \"crc32:00000000\": it is damaged"));
  CHECK_THROWS_WITH(load_checkpoint(directory / "y"),
                    "load_checkpoint: " + (directory / "y") +
                        ": the file must be readable, got: No such file or directory");
}

TEST_CASE("metadata that would hide the marks is refused, and the file stays", "[io][checkpoint][errors]") {
  const TemporaryDirectory directory;
  save_checkpoint(directory / "x", small_state(2));
  for (const std::string mark : {"format", "format_version", "checksum"}) {
    CHECK_THROWS_AS(save_checkpoint(directory / "x", small_state(), {{mark, "mine"}}), ArgumentError);
    CHECK_THROWS_WITH(save_checkpoint(directory / "x", small_state(), {{mark, "mine"}}),
                      "save_checkpoint: metadata must leave \"" + mark + "\" to the checkpoint, got it");
  }
  CHECK(load_checkpoint(directory / "x").state.get_scalar<double>("test", "number") == 2);
}

TEST_CASE("a directory keeps the newest checkpoints and gives the last", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  Checkpoints checkpoints(directory / "runs/digits", {.keep = 3});
  CHECK_FALSE(checkpoints.newest());
  CHECK(checkpoints.epochs().empty());
  for (std::uint64_t epoch = 0; epoch < 12; ++epoch) {
    checkpoints.save(epoch, small_state(static_cast<double>(epoch)), {{"note", "n"}});
    CHECK(checkpoints.epochs().back() == epoch);
    CHECK(checkpoints.epochs().size() == std::min<std::uint64_t>(epoch + 1, 3));
  }
  CHECK(checkpoints.epochs() == std::vector<std::uint64_t>{9, 10, 11});
  CHECK(std::filesystem::exists(directory / "runs/digits/epoch-000009.safetensors"));

  const auto newest = Checkpoints(directory / "runs/digits").newest();
  REQUIRE(newest);
  CHECK(newest->epoch == 11);
  CHECK(newest->state.get_scalar<double>("test", "number") == 11);
  CHECK(newest->metadata == io::Metadata{{"note", "n"}});
  CHECK(newest->damaged.empty());
}

TEST_CASE("epochs of any size are told apart and sorted as numbers", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  Checkpoints checkpoints(directory.path(), {.keep = 10});
  const std::vector<std::uint64_t> epochs{0, 999'999, 1'000'000, ~std::uint64_t{0}};
  for (const std::uint64_t epoch : epochs) checkpoints.save(epoch, small_state());
  for (const char* other :
       {"epoch-5.safetensors", "epoch-.safetensors", "epoch-000005.safetensors.tmp-1-2",
        "epoch-99999999999999999999999.safetensors", "notes.txt", "best-000005.safetensors"}) {
    write_text(directory / other, "none of ours");
  }
  CHECK(checkpoints.epochs() == epochs);
}

TEST_CASE("checkpoints that are damaged are passed over and told", "[io][checkpoint][errors]") {
  const TemporaryDirectory directory;
  Checkpoints checkpoints(directory.path());
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch)
    checkpoints.save(epoch, small_state(static_cast<double>(epoch)));
  damage(checkpoints.path(3));
  write_text(checkpoints.path(2), "");
  const auto newest = checkpoints.newest();
  REQUIRE(newest);
  CHECK(newest->epoch == 1);
  REQUIRE(newest->damaged.size() == 2);
  CHECK_THAT(newest->damaged[0],
             ContainsSubstring(checkpoints.path(3)) && ContainsSubstring("it is damaged"));
  CHECK(newest->damaged[1] ==
        "load_checkpoint: " + checkpoints.path(2) + ": byte 0: there must be 8 bytes of header size, got 0");

  damage(checkpoints.path(1));
  CHECK_THROWS_AS(checkpoints.newest(), FileError);
  CHECK_THROWS_WITH(checkpoints.newest(),
                    ContainsSubstring("Checkpoints::newest: " + directory.path() +
                                      ": one of 3 checkpoints must load, got none:\n") &&
                        ContainsSubstring(checkpoints.path(1)) && ContainsSubstring(checkpoints.path(3)));
}

TEST_CASE("a checkpoint that the system does not read is an error, and not passed over as damaged",
          "[io][checkpoint][errors]") {
  const TemporaryDirectory directory;
  Checkpoints checkpoints(directory.path());
  checkpoints.save(1, small_state(1));
  std::filesystem::create_directory(checkpoints.path(2));
  CHECK_THROWS_AS(checkpoints.newest(), UnreadableFileError);
  CHECK_THROWS_WITH(checkpoints.newest(), "load_checkpoint: " + checkpoints.path(2) +
                                              ": the file must be readable, got: Is a directory");
}

TEST_CASE("what was just saved stays, also beside later epochs", "[io][checkpoint]") {
  const TemporaryDirectory directory;
  Checkpoints checkpoints(directory.path(), {.keep = 1});
  checkpoints.save(7, small_state(7));
  checkpoints.save(9, small_state(9));
  damage(checkpoints.path(9));
  checkpoints.save(8, small_state(8));
  CHECK(checkpoints.epochs() == std::vector<std::uint64_t>{8, 9});
  CHECK(number_in(checkpoints) == 8);
  checkpoints.save(9, small_state(9.5));
  CHECK(checkpoints.epochs() == std::vector<std::uint64_t>{9});
  CHECK(number_in(checkpoints) == 9.5);
}

TEST_CASE("a directory that cannot be used, and one that keeps nothing, are refused",
          "[io][checkpoint][errors]") {
  const TemporaryDirectory directory;
  write_text(directory / "file", "");
  CHECK_THROWS_WITH(Checkpoints(directory.path(), {.keep = 0}),
                    "Checkpoints: options.keep must be at least 1, got 0");
  CHECK_THROWS_AS(Checkpoints(directory / "file").save(1, small_state()), FileError);
  CHECK_THROWS_WITH(Checkpoints(directory / "file").save(1, small_state()),
                    ContainsSubstring("Checkpoints::save: " + (directory / "file") +
                                      ": the directory must be there or be made, got: "));
  CHECK_THROWS_WITH(
      Checkpoints(directory / "file").newest(),
      "Checkpoints: " + (directory / "file") + ": the directory must be readable, got: Not a directory");
}

namespace {

// Saves one epoch after the other, and tells each when it is safe, until it is killed.
[[noreturn]] void save_until_killed(Checkpoints checkpoints, int pipe) {
  try {
    for (std::uint64_t epoch = checkpoints.newest()->epoch + 1;; ++epoch) {
      Array<float> large(Shape{100, 1000});
      std::fill(large.begin(), large.end(), static_cast<float>(epoch));
      NamedArrays state;
      state.add("large", AnyArray(std::move(large)));
      checkpoints.save(epoch, state);
      if (::write(pipe, &epoch, sizeof epoch) != sizeof epoch) ::_exit(1);
    }
  } catch (const std::exception&) {
    ::_exit(2);
  }
}

}  // namespace

TEST_CASE("a process killed at any moment loses no checkpoint that was saved", "[io][checkpoint][killed]") {
  using namespace std::chrono_literals;
  const TemporaryDirectory directory;
  Checkpoints checkpoints(directory.path(), {.keep = 2});
  NamedArrays first;
  first.add("large", AnyArray(Array<float>(Shape{100, 1000})));
  const auto start = std::chrono::steady_clock::now();
  checkpoints.save(0, first);
  const std::chrono::microseconds longest = 5ms + std::chrono::duration_cast<std::chrono::microseconds>(
                                                      3 * (std::chrono::steady_clock::now() - start));
  Random random(std::random_device{}());
  std::uint64_t last_saved = 0;
  int killed_within_a_save = 0;
  for (int run = 0; run < 50; ++run) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();  // Of this one thread, and it only saves.
    REQUIRE(child >= 0);
    if (child == 0) save_until_killed(checkpoints, pipe[1]);
    ::close(pipe[1]);
    // Some die in their first save; the others have one behind them, however slow the machine.
    if (run % 2 == 1) REQUIRE(::read(pipe[0], &last_saved, sizeof last_saved) == sizeof last_saved);
    std::this_thread::sleep_for(
        std::chrono::microseconds(random.below(static_cast<std::uint64_t>(longest.count()))));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    while (::read(pipe[0], &last_saved, sizeof last_saved) == sizeof last_saved) {
    }
    ::close(pipe[0]);

    const auto newest = checkpoints.newest();
    REQUIRE(newest);
    REQUIRE(newest->epoch >= last_saved);
    REQUIRE(newest->damaged.empty());
    const auto numbers = newest->state.get<float>("test", "large", {100, 1000});
    const bool of_its_epoch = std::all_of(numbers.begin(), numbers.end(),
                                          [&](float x) { return x == static_cast<float>(newest->epoch); });
    REQUIRE(of_its_epoch);
    const auto names = directory.names();
    const auto begun = std::count_if(names.begin(), names.end(), [](const std::string& name) {
      return name.find(".tmp-") != std::string::npos;
    });
    REQUIRE(begun <= 1);
    killed_within_a_save += begun == 1;
  }
  CHECK(last_saved > 0);
  CHECK(killed_within_a_save > 0);
  checkpoints.save(checkpoints.newest()->epoch + 1, small_state());
  CHECK(directory.names().size() == 2);
}
