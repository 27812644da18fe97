// SPDX-License-Identifier: BSD-3-Clause
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "files.hpp"
#include "named_arrays_equal.hpp"
#include "training_problem.hpp"
#include "xtape/xtape.hpp"

// What the library asks of the system to write a file is defined here, in front of the C library's, so that
// each call of it can be let fail. So are fread and mmap, which ask for the bytes of a file that is read.

#if !defined(__GLIBC__)

TEST_CASE("every write fails once", "[faults]") {
  WARN("skipped: calls to the system can only be let fail with glibc");
  SUCCEED();
}

#else

namespace {

/// Which calls fail, and what they say.
struct Fault {
  std::size_t at = 0;                        // the number of the call, from 1; 0: none
  int reason = 0;                            // errno
  std::size_t most_bytes = ~std::size_t{0};  // of one write, which goes through in part
};

Fault fault;
std::size_t calls = 0;
std::string failed_call;  // its name, if there was one

bool fails(const char* name) {
  if (fault.at == 0 || ++calls != fault.at) return false;
  failed_call = name;
  errno = fault.reason;
  return true;
}

/// The C library's own.
template <class Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto own = original<int(const char*, int, ...)>("open");
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails("open") ? -1 : own(path, flags, mode);
}

int stat(const char* path, struct stat* status) noexcept {
  static const auto own = original<int(const char*, struct stat*)>("stat");
  return fails("stat") ? -1 : own(path, status);
}

int fstat(int file, struct stat* status) noexcept {
  static const auto own = original<int(int, struct stat*)>("fstat");
  return fails("fstat") ? -1 : own(file, status);
}

int fchmod(int file, mode_t mode) noexcept {
  static const auto own = original<int(int, mode_t)>("fchmod");
  return fails("fchmod") ? -1 : own(file, mode);
}

int flock(int file, int operation) noexcept {
  static const auto own = original<int(int, int)>("flock");
  return fails("flock") ? -1 : own(file, operation);
}

ssize_t write(int file, const void* data, std::size_t bytes) {
  static const auto own = original<ssize_t(int, const void*, std::size_t)>("write");
  return fails("write") ? -1 : own(file, data, bytes < fault.most_bytes ? bytes : fault.most_bytes);
}

int fsync(int) { return fails("fsync") ? -1 : 0; }  // No test waits for a disk.

int dup(int file) noexcept {
  static const auto own = original<int(int)>("dup");
  return fails("dup") ? -1 : own(file);
}

int close(int file) {
  static const auto own = original<int(int)>("close");
  const int result = own(file);  // Whatever it reports, the file is closed.
  return fails("close") ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  static const auto own = original<int(const char*, const char*)>("rename");
  return fails("rename") ? -1 : own(from, to);
}

void* mmap(void* at, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  static const auto own = original<void*(void*, std::size_t, int, int, int, off_t)>("mmap");
  return file >= 0 && fails("mmap") ? MAP_FAILED : own(at, bytes, protection, flags, file, offset);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto own = original<int(const char*, mode_t)>("mkdir");
  return fails("mkdir") ? -1 : own(path, mode);
}

/// Where it fails the file is exchanged for one that the system cannot read: this process's memory at the
/// address 0.
std::size_t fread(void* to, std::size_t size, std::size_t count, std::FILE* file) {
  static const auto own = original<std::size_t(void*, std::size_t, std::size_t, std::FILE*)>("fread");
  if (fails("fread")) {
    const int unreadable = ::open("/proc/self/mem", O_RDONLY);
    ::dup2(unreadable, ::fileno(file));
    ::close(unreadable);
  }
  return own(to, size, count, file);
}

}  // extern "C"

using namespace xtape;
using namespace xtape::testing;

namespace {

/// What a call with a fault came to.
struct Outcome {
  std::string call;     // that failed; empty: there were not so many
  std::string message;  // of the FileError; empty: none

  bool threw() const { return !message.empty(); }
};

template <class Action>
Outcome with_fault(const Fault& wanted, Action action) {
  Outcome outcome;
  failed_call.clear();
  calls = 0;
  fault = wanted;
  try {
    action();
  } catch (const FileError& error) {
    fault = {};
    outcome.message = error.what();
  }
  fault = {};
  outcome.call = failed_call;
  return outcome;
}

/// Something that writes one file.
struct Writer {
  std::string function;  // as messages name it
  std::function<void(const std::string& path)> write;
};

NamedArrays some_arrays() {
  NamedArrays arrays;
  arrays.add("weights", AnyArray(Array<float>(Shape{5, 7})));
  arrays.add("steps", AnyArray(Array<std::int64_t>(Shape{})));
  return arrays;
}

void write_some_report(const std::string& path) {
  const Array<float> logits(Shape{4, 2});
  const Array<std::int64_t> labels(Shape{4});
  training::write_report(path, {}, logits, labels);
}

void save_some_model(const std::string& path) {
  Random random(1);
  nn::Linear<float> model(3, 2, random);
  io::save_model(path, inference::Pipeline<float>{.model = model, .row = {3}});
}

std::vector<Writer> writers() {
  const auto save_weights = [](const std::string& path) {
    Random random(1);
    io::save_weights(path, nn::Linear<float>(3, 2, random));
  };
  return {
      {"write_safetensors", save_weights},
      {"save_model", save_some_model},
      {"save_checkpoint", [](const auto& path) { io::save_checkpoint(path, some_arrays()); }},
      {"write_npy", [](const auto& path) { data::write_npy(path, Array<double>(Shape{9})); }},
      {"write_npz", [](const auto& path) { data::write_npz(path, some_arrays()); }},
      {"write_npz", [](const auto& path) { data::write_npz(path, some_arrays(), {.compress = true}); }},
      {"write_npz", [](const auto& path) { data::write_npz(path, {}); }},
      {"write_report", write_some_report},
  };
}

std::string reason(int error) { return std::strerror(error); }

bool is_in_its_place(const Outcome& outcome) {
  return outcome.message.find("the file is written and in its place") != std::string::npos;
}

/// Whether a signal may end it.
bool is_interruptible(const std::string& call) {
  for (const char* at_once : {"stat", "fstat", "fchmod", "mkdir", "rename"}) {
    if (call == at_once) return false;
  }
  return true;
}

constexpr const char* old_content = "what was there before";

/// What must hold of a file after any attempt to write it, and after the next one.
void check_file(const Writer& writer, const TemporaryDirectory& directory, const Outcome& outcome,
                const std::string& expected, int error) {
  const std::string path = directory / "file";
  if (outcome.threw()) {
    CHECK_THAT(outcome.message, ContainsSubstring(writer.function + ": " + path + ": the file "));
    CHECK_THAT(outcome.message, ContainsSubstring(", got: " + reason(error)));
  }
  const bool is_new = !outcome.threw() || is_in_its_place(outcome);
  CHECK(read_text(path) == (is_new ? expected : old_content));
  CHECK(directory.names() == std::vector<std::string>{"file"});
  writer.write(path);
  CHECK(read_text(path) == expected);
  CHECK(directory.names() == std::vector<std::string>{"file"});
}

/// The content of a file that nothing disturbs.
std::string undisturbed(const Writer& writer) {
  const TemporaryPath path;
  writer.write(path);
  return path.content();
}

}  // namespace

TEST_CASE("every call that writes a file fails once, and the file before it stays", "[faults]") {
  for (const Writer& writer : writers()) {
    const std::string expected = undisturbed(writer);
    for (const int error : {ENOSPC, EIO, EACCES}) {
      std::vector<std::string> refused, passed;
      for (std::size_t at = 1;; ++at) {
        const TemporaryDirectory directory;
        write_text(directory / "file", old_content);
        const Outcome outcome =
            with_fault({.at = at, .reason = error}, [&] { writer.write(directory / "file"); });
        if (outcome.call.empty()) break;
        INFO(writer.function << ", call " << at << ", " << outcome.call << ", " << reason(error) << ": "
                             << outcome.message);
        check_file(writer, directory, outcome, expected, error);
        (outcome.threw() ? refused : passed).push_back(outcome.call);
      }
      CHECK(refused.size() >= 11);
      CHECK(std::ranges::count(refused, "fsync") == 2);
      CHECK(std::ranges::count(refused, "close") == 1);
      CHECK(std::ranges::count(refused, "rename") == 1);
      // A lock need not be had, and a file that is closed for good was asked before.
      for (const std::string& call : passed) CHECK((call == "flock" || call == "close"));
    }
  }
}

TEST_CASE("every call that writes a file is made again where a signal interrupts it", "[faults]") {
  for (const Writer& writer : writers()) {
    const std::string expected = undisturbed(writer);
    for (std::size_t at = 1;; ++at) {
      const TemporaryDirectory directory;
      write_text(directory / "file", old_content);
      const Outcome outcome =
          with_fault({.at = at, .reason = EINTR}, [&] { writer.write(directory / "file"); });
      if (outcome.call.empty()) break;
      if (!is_interruptible(outcome.call)) continue;
      INFO(writer.function << ", call " << at << ", " << outcome.call);
      CHECK(outcome.message == "");
      check_file(writer, directory, outcome, expected, EINTR);
    }
  }
}

TEST_CASE("what the system writes in pieces is written to the end", "[faults]") {
  for (const Writer& writer : writers()) {
    const std::string expected = undisturbed(writer);
    const TemporaryPath path;
    const Outcome whole = with_fault({.at = ~std::size_t{0}, .most_bytes = 3}, [&] { writer.write(path); });
    INFO(writer.function << whole.message);
    CHECK(!whole.threw());
    CHECK(path.content() == expected);
  }
}

TEST_CASE("a file whose rest does not fit on the disk leaves the one before it", "[faults]") {
  for (const Writer& writer : writers()) {
    const std::string expected = undisturbed(writer);
    const TemporaryDirectory directory;
    write_text(directory / "file", old_content);
    // Some go through in part, and one of the next does not.
    const std::size_t some = 5 + expected.size() / 6;
    const Outcome outcome = with_fault({.at = 5 + some / 2, .reason = ENOSPC, .most_bytes = 3},
                                       [&] { writer.write(directory / "file"); });
    INFO(writer.function << ": " << outcome.message);
    REQUIRE(outcome.call == "write");
    CHECK(outcome.threw());
    check_file(writer, directory, outcome, expected, ENOSPC);
  }
}

namespace {

constexpr std::size_t epochs = 3;

/// A training in a directory, with or without checkpoints, and with the weights that it ends with.
NamedArrays train_in(const std::string& directory, bool with_checkpoints) {
  static const Clouds<float> clouds(48);
  WholeTraining<float> run(1);
  auto options = run.options(epochs);
  if (with_checkpoints) options.checkpoint_directory = directory + "/checkpoints";
  options.log = directory + "/log.csv";
  training::train(run.model, clouds.data, options);
  return run.model.state();
}

std::string log_of(const TemporaryDirectory& directory) {
  return without_seconds(read_text(directory / "log.csv"));
}

/// The calls that failed while a training wrote, each once, and what holds after each.
template <class Check>
std::vector<std::string> failed_calls_of_training(bool with_checkpoints, int error, Check check) {
  std::vector<std::string> failed;
  for (std::size_t at = 1;; ++at) {
    const TemporaryDirectory directory;
    const Outcome outcome =
        with_fault({.at = at, .reason = error}, [&] { train_in(directory.path(), with_checkpoints); });
    if (outcome.call.empty()) return failed;
    INFO("call " << at << ", " << outcome.call << ", " << reason(error) << ": " << outcome.message);
    if (outcome.threw()) CHECK_THAT(outcome.message, ContainsSubstring(", got: " + reason(error)));
    if (error == EINTR && is_interruptible(outcome.call)) CHECK(!outcome.threw());
    check(directory, outcome);
    failed.push_back(outcome.call);
  }
}

}  // namespace

TEST_CASE("every call that writes the log of a training fails once, and leaves no part of a line",
          "[faults]") {
  const TemporaryDirectory whole;
  const NamedArrays weights = train_in(whole.path(), false);
  const std::string expected = log_of(whole);
  for (const int error : {ENOSPC, EINTR}) {
    const auto failed =
        failed_calls_of_training(false, error, [&](const auto& directory, const auto& outcome) {
          if (outcome.threw()) {
            CHECK_THAT(outcome.message, ContainsSubstring("train: " + (directory / "log.csv") + ": the "));
          }
          const std::string log = log_of(directory);
          CHECK(expected.substr(0, log.size()) == log);
          CHECK((log.empty() || log.back() == '\n'));
          for (const std::string& name : directory.names()) CHECK(name == "log.csv");
          CHECK(are_same_bits(train_in(directory.path(), false), weights));
          CHECK(log_of(directory) == expected);
        });
    CHECK(std::ranges::count(failed, "write") >= 1 + static_cast<int>(epochs));
  }
}

TEST_CASE("every call that writes a checkpoint fails once, and the training goes on from whole ones",
          "[faults]") {
  const TemporaryDirectory whole;
  const NamedArrays weights = train_in(whole.path(), false);
  for (const int error : {ENOSPC, EIO, EACCES, EINTR}) {
    const auto failed = failed_calls_of_training(true, error, [&](const auto& directory, const auto&) {
      const io::Checkpoints checkpoints(directory / "checkpoints");
      for (const std::uint64_t epoch : checkpoints.epochs())
        CHECK(io::load_checkpoint(checkpoints.path(epoch)).state.size() > 0);
      CHECK(are_same_bits(train_in(directory.path(), true), weights));
      CHECK(log_of(directory) == log_of(whole));
      std::size_t files = 0;
      for (const auto& entry : std::filesystem::directory_iterator(directory / "checkpoints")) {
        CHECK(entry.path().extension() == ".safetensors");
        ++files;
      }
      CHECK(files == epochs);
    });
    CHECK(std::ranges::count(failed, "mkdir") >= 1);
    CHECK(std::ranges::count(failed, "rename") == 1 + static_cast<int>(epochs));
  }
}

TEST_CASE("a training goes on where nobody reads its progress any more", "[faults]") {
  const Clouds<float> clouds(48);
  WholeTraining<float> run(1), quiet(1);
  auto options = run.options(2);
  std::FILE* const full = std::fopen("/dev/full", "w");
  std::setvbuf(full, nullptr, _IONBF, 0);
  options.progress = full;
  const auto history = training::train(run.model, clouds.data, options);
  std::fclose(full);
  CHECK(history.epochs.size() == 2);
  training::train(quiet.model, clouds.data, quiet.options(2));
  CHECK(are_same_bits(run.model.state(), quiet.model.state()));
}

namespace {

/// Something that reads a file, and one that it reads.
struct Reader {
  std::string function;
  std::string content;
  std::function<void(const std::string& path)> read;
};

std::string content_of(const std::function<void(const std::string& path)>& write) {
  const TemporaryPath path;
  write(path);
  return path.content();
}

std::vector<Reader> readers() {
  const std::string npy = content_of([](auto path) { data::write_npy(path, Array<double>(Shape{4000})); });
  const std::string npz = content_of([](auto path) { data::write_npz(path, some_arrays()); });
  const std::string safetensors = content_of([](auto path) { io::save_checkpoint(path, some_arrays()); });
  const std::string idx = from_hex("00000801 00002710") + std::string(10'000, '\1');
  return {
      {"read_csv", "a,b\n1,2\n", [](const auto& path) { data::read_csv(path); }},
      {"CsvRows", "a,b\n1,2\n", [](const auto& path) { data::CsvRows(path).next(1); }},
      {"read_npy", npy, [](const auto& path) { data::read_npy(path); }},
      {"read_npz", npz, [](const auto& path) { data::read_npz(path); }},
      {"list_npz", npz, [](const auto& path) { data::list_npz(path); }},
      {"read_idx", idx, [](const auto& path) { data::read_idx(path); }},
      {"read_safetensors", safetensors, [](const auto& path) { io::read_safetensors(path); }},
      {"load_model", content_of(save_some_model), [](const auto& path) { io::load_model<float>(path); }},
      {"load_checkpoint", safetensors, [](const auto& path) { io::load_checkpoint(path); }},
  };
}

/// What a read with a fault says, if it throws what it must.
template <class Action>
Outcome unreadable(const Fault& wanted, Action action) {
  return with_fault(wanted, [&] {
    try {
      action();
    } catch (const UnreadableFileError&) {
      throw;
    } catch (const Error& error) {
      throw FileError(std::string("no UnreadableFileError: ") + error.what());
    }
  });
}

}  // namespace

TEST_CASE("every call that reads a file fails once, and the file is not called damaged", "[faults]") {
  for (const Reader& reader : readers()) {
    const TemporaryPath path(reader.content);
    std::vector<std::string> refused;
    for (std::size_t at = 1;; ++at) {
      const Outcome outcome = unreadable({.at = at, .reason = EIO}, [&] { reader.read(path); });
      if (outcome.call.empty()) break;
      INFO(reader.function << ", call " << at << ", " << outcome.call);
      // What is in a buffer already is read without the system.
      if (!outcome.threw() && (outcome.call == "fread" || outcome.call == "close")) continue;
      CHECK_THAT(outcome.message, ContainsSubstring(reader.function + ": " + std::string(path)));
      CHECK_THAT(outcome.message, ContainsSubstring(": the file must be readable, got: Input/output error"));
      refused.push_back(outcome.call);
    }
    INFO(reader.function);
    for (const char* call : {"open", "fstat", "fread"}) CHECK(std::ranges::count(refused, call) >= 1);
    reader.read(path);
  }
}

TEST_CASE("every call that maps a file fails once, and the file is not called damaged", "[faults]") {
  const std::vector<Reader> mappers{
      {"map_npy", content_of([](auto path) { data::write_npy(path, Array<double>(Shape{4000})); }),
       [](const auto& path) { data::map_npy(path); }},
      {"map_idx", from_hex("00000801 00000002 0102"), [](const auto& path) { data::map_idx(path); }},
  };
  for (const Reader& mapper : mappers) {
    const TemporaryPath path(mapper.content);
    std::vector<std::string> refused;
    for (std::size_t at = 1;; ++at) {
      const Outcome outcome = unreadable({.at = at, .reason = EIO}, [&] { mapper.read(path); });
      if (outcome.call.empty()) break;
      INFO(mapper.function << ", call " << at << ", " << outcome.call << ": " << outcome.message);
      // What takes the file's place where fread fails is mapped no more than it is read.
      const std::string error = outcome.call == "fread" ? "" : reason(EIO);
      const std::string other_way = outcome.call == "mmap" ? " where it is mapped; read_" : "";
      if (outcome.call == "close") continue;
      CHECK_THAT(outcome.message,
                 Catch::Matchers::StartsWith(mapper.function + ": " + std::string(path) +
                                             ": the file must be readable, got: " + error + other_way));
      refused.push_back(outcome.call);
    }
    for (const char* call : {"open", "fstat", "fread", "mmap"}) CHECK(std::ranges::count(refused, call) >= 1);
    mapper.read(path);
  }
}

TEST_CASE("rows that could not be read come at the next try", "[faults]") {
  std::string text = "a\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  const TemporaryPath path(text);
  std::size_t refused = 0;
  for (std::size_t at = 1;; ++at) {
    data::CsvRows rows(path);
    double sum = 0;
    const auto add_up = [&] {
      while (const auto table = rows.next(7'000))
        for (const double value : table->values()) sum += value;
    };
    const Outcome outcome = unreadable({.at = at, .reason = EIO}, add_up);
    if (outcome.call.empty()) break;
    if (outcome.call == "fread") continue;  // Behind it the file is another one.
    INFO("call " << at << ", " << outcome.call);
    CHECK(outcome.threw());
    ++refused;
    add_up();
    CHECK(sum == 100'000.0 * 99'999 / 2);
  }
  CHECK(refused >= 3);
}

TEST_CASE("a checkpoint that cannot be read is neither passed over nor lost", "[faults]") {
  const TemporaryDirectory directory;
  io::Checkpoints checkpoints(directory / "checkpoints");
  for (const std::uint64_t epoch : {1U, 2U}) checkpoints.save(epoch, some_arrays());
  for (std::size_t at = 1;; ++at) {
    std::uint64_t found = 0;
    const Outcome outcome =
        unreadable({.at = at, .reason = EIO}, [&] { found = checkpoints.newest()->epoch; });
    if (outcome.call.empty()) break;
    INFO(outcome.call << ": " << outcome.message);
    CHECK((outcome.threw() || found == 2));
    CHECK(checkpoints.epochs() == std::vector<std::uint64_t>{1, 2});
  }
}

TEST_CASE("a read that a signal interrupts goes on", "[faults]") {
  struct sigaction before_test {
  }, interrupting{};
  interrupting.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(SIGUSR1, &interrupting, &before_test);
  const auto npy = content_of([](auto path) { data::write_npy(path, std::vector<double>{1, 2, 3}); });
  const TemporaryDirectory directory;
  const std::string pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  const pthread_t reader = ::pthread_self();
  std::thread writer([&] {
    const int end = ::open(pipe.c_str(), O_WRONLY);
    for (const char byte : npy) {
      // It comes while the other side waits for the next byte, or at least often enough.
      for (int signal = 0; signal < 3; ++signal) {
        ::pthread_kill(reader, SIGUSR1);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      if (::write(end, &byte, 1) != 1) break;
    }
    ::close(end);
  });
  const AnyArray array = data::read_npy(pipe);
  writer.join();
  ::sigaction(SIGUSR1, &before_test, nullptr);
  CHECK(numbers(array) == std::vector<double>{1, 2, 3});
}

#endif
