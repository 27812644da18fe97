// SPDX-License-Identifier: BSD-3-Clause
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "array_stream.hpp"
#include "files.hpp"
#include "named_arrays_equal.hpp"
#include "training_problem.hpp"
#include "xtape/xtape.hpp"

// Every form of operator new is defined here, and lets a chosen allocation fail. What is not given back
// shows, as all are counted. So are malloc and its relatives, of which zlib and libzip take their memory.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define XTAPE_MALLOC_BELONGS_TO_OTHERS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define XTAPE_MALLOC_BELONGS_TO_OTHERS
#endif
#endif

namespace {

/// Which allocations fail: one, or with it all that come after it.
struct Fault {
  std::size_t at = 0;  // from 1; 0: none
  bool and_all_after = false;
  bool of_malloc = false;     // of all there are, those of C libraries too; otherwise of new
  std::size_t alignment = 1;  // of those that count, at least
};

std::atomic<std::size_t> fault_at{0};
std::atomic<bool> fault_lasts{false};
std::atomic<bool> fault_of_malloc{false};
std::atomic<std::size_t> least_alignment{1};
std::atomic<std::size_t> requests{0};
std::atomic<std::size_t> failures{0};
std::atomic<std::size_t> live{0};

bool is_to_fail(bool of_malloc, std::size_t alignment) {
  const std::size_t at = fault_at;
  if (at == 0 || of_malloc != fault_of_malloc || alignment < least_alignment) return false;
  const std::size_t request = ++requests;
  if (request != at && !(fault_lasts && request > at)) return false;
  ++failures;
  return true;
}

void* take(std::size_t bytes, std::size_t alignment) noexcept {
  if (is_to_fail(false, alignment)) return nullptr;
  bytes = std::max<std::size_t>(1, bytes);
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(bytes)
                           : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  live += memory != nullptr;
  return memory;
}

void* take_or_throw(std::size_t bytes, std::size_t alignment) {
  void* const memory = take(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory) noexcept {
  live -= memory != nullptr;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return take_or_throw(bytes, 1); }
void* operator new[](std::size_t bytes) { return take_or_throw(bytes, 1); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes, 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return take_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return take_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return take(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return take(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

#ifdef XTAPE_MALLOC_BELONGS_TO_OTHERS

namespace {

constexpr bool malloc_can_fail = false;

}  // namespace

#else

namespace {

constexpr bool malloc_can_fail = true;

bool malloc_is_to_fail() {
  if (!is_to_fail(true, 1)) return false;
  errno = ENOMEM;
  return true;
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) { return malloc_is_to_fail() ? nullptr : __libc_malloc(bytes); }

void* calloc(std::size_t elements, std::size_t bytes) {
  return malloc_is_to_fail() ? nullptr : __libc_calloc(elements, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  return malloc_is_to_fail() ? nullptr : __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return malloc_is_to_fail() ? nullptr : __libc_memalign(alignment, bytes);
}

}  // extern "C"

#endif

/// No test waits for a disk.
extern "C" int fsync(int) { return 0; }

using namespace xtape;
using namespace xtape::testing;

namespace {

/// What an action with a fault came to.
enum class Outcome {
  undisturbed,  // it took fewer allocations
  survived,     // one failed, and it did its work all the same
  refused,      // it threw bad_alloc, or FileError with that for its reason
  lied          // it threw another error
};

template <class Action>
Outcome with_fault(const Fault& fault, Action action) {
  bool threw = false, is_memory = true;
  requests = failures = 0;
  fault_lasts = fault.and_all_after;
  fault_of_malloc = fault.of_malloc;
  least_alignment = fault.alignment;
  fault_at = fault.at;
  try {
    action();
    fault_at = 0;
  } catch (const std::bad_alloc&) {
    fault_at = 0;
    threw = true;
  } catch (const FileError& error) {
    fault_at = 0;
    threw = true;
    is_memory = std::string(error.what()).find("Cannot allocate memory") != std::string::npos;
  } catch (const Error&) {
    fault_at = 0;
    threw = true;
    is_memory = false;
  }
  if (threw) return is_memory && failures > 0 ? Outcome::refused : Outcome::lied;
  return failures > 0 ? Outcome::survived : Outcome::undisturbed;
}

/// What went wrong, in the words of a test; null if nothing did.
using Complaint = const char*;

/// Calls trial(fault) for each allocation that it makes until none fails any more: `fault` is to be given to
/// with_fault, whose outcome it returns with its complaint.
template <class Trial>
void check_every_allocation(const std::string& what, Trial trial, std::size_t stride = 1,
                            bool of_malloc = false) {
  CHECK(trial(Fault{}).second == nullptr);  // And what stays allocated for good is, from here on.
  for (const bool all_after : {false, true}) {
    std::size_t refused = 0;
    for (std::size_t at = 1;; at += stride) {
      const std::size_t before = live;
      const auto [outcome, complaint] =
          trial(Fault{.at = at, .and_all_after = all_after, .of_malloc = of_malloc});
      const std::size_t kept = live - before;
      INFO(what << ", allocation " << at << (all_after ? " and all after it" : ""));
      CHECK(outcome != Outcome::lied);
      CHECK(kept == 0);
      if (complaint != nullptr) FAIL_CHECK(complaint);
      if (outcome == Outcome::undisturbed) break;
      refused += outcome == Outcome::refused;
    }
    INFO(what);
    CHECK(refused > 0);
  }
}

/// The same, and of C libraries too where malloc can be let fail.
template <class Trial>
void check_every_allocation_and_malloc(const std::string& what, Trial trial) {
  check_every_allocation(what, trial);
  if (malloc_can_fail) check_every_allocation(what + ", malloc", trial, 1, true);
}

Array<float> random_array(const Shape& shape, Random& random) {
  Array<float> array(shape);
  for (float& x : array) x = static_cast<float>(random.normal());
  return array;
}

enum class Kind { sgd, adam, adamw, rmsprop, adagrad };
constexpr Kind kinds[] = {Kind::sgd, Kind::adam, Kind::adamw, Kind::rmsprop, Kind::adagrad};

std::unique_ptr<optim::Optimizer<float>> make_optimizer(Kind kind,
                                                        const std::vector<Parameter<float>*>& parameters) {
  switch (kind) {
    case Kind::sgd:
      return std::make_unique<optim::SGD<float>>(
          parameters, optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
    case Kind::adam:
      return std::make_unique<optim::Adam<float>>(parameters);
    case Kind::adamw:
      return std::make_unique<optim::AdamW<float>>(parameters);
    case Kind::rmsprop:
      return std::make_unique<optim::RMSprop<float>>(
          parameters, optim::RMSpropOptions{.momentum = 0.9, .centered = true});
    case Kind::adagrad:
      break;
  }
  return std::make_unique<optim::Adagrad<float>>(parameters);
}

constexpr std::size_t few = 8, many = 256;  // of which layers are shared between threads

/// A training with all that a step changes.
class Training {
 public:
  /// @param width  of the hidden layer: few or `many`
  explicit Training(Kind kind, std::size_t width = few)
      : random_(1), images_(random_array({rows(width), 1, 8, 8}, random_)), labels_(Shape{rows(width)}) {
    for (std::size_t i = 0; i < labels_.size(); ++i) labels_[i] = static_cast<std::int64_t>(i % 3);
    model_.add<nn::Conv2d>(1, 4, 3, random_, nn::Conv2dOptions<float>{.padding = 1}).add<nn::BatchNorm2d>(4);
    model_.add<nn::LeakyRelu>().add<nn::MaxPool2d>(2).add<nn::Conv2d>(4, 6, 2, random_).add<nn::Elu>();
    model_.add<nn::AvgPool2d>(2).add<nn::Flatten>().add<nn::LayerNorm>(Shape{6});
    model_.add<nn::Linear>(6, width, random_).add<nn::Relu>().add<nn::Dropout>(0.25, random_);
    model_.add<nn::BatchNorm1d>(width).add<nn::Gelu>().add<nn::Linear>(width, 3, random_);
    optimizer_ = make_optimizer(kind, model_.parameters());
    curve_.emplace(*optimizer_, optim::cosine_decay({.steps = 9}));
    plateau_.emplace(*optimizer_, optim::ReduceOnPlateauOptions{.patience = 1});
    average_.emplace(model_.parameters());
  }

  void step() {
    const auto frame = tape_.frame();
    const auto logits = model_(tape_.borrow(images_));
    const std::vector<double> weights{1, 2, 3};
    const auto loss =
        losses::softmax_cross_entropy(logits, labels_, {.class_weights = weights, .label_smoothing = 0.1});
    loss.backward();
    optim::clip_gradient_norm(optimizer_->parameters(), 0.1);
    optim::clip_gradient_value(optimizer_->parameters(), 0.5);
    optimizer_->step();
    optimizer_->zero_grad();
    curve_->step();
    plateau_->step(static_cast<double>(loss.item()));
    stopping_.step(static_cast<double>(loss.item()));
    average_->update();
  }

  NamedArrays state() const {
    NamedArrays state;
    state.add("model.", model_.state());
    state.add("optimizer.", optimizer_->state());
    state.add("curve.", curve_->state());
    state.add("plateau.", plateau_->state());
    state.add("stopping.", stopping_.state());
    state.add("average.", average_->state());
    state.add("random.", random_.state());
    return state;
  }

  void load_state(const NamedArrays& state) {
    model_.load_state(state.with_prefix("model."));
    optimizer_->load_state(state.with_prefix("optimizer."));
    curve_->load_state(state.with_prefix("curve."));
    plateau_->load_state(state.with_prefix("plateau."));
    stopping_.load_state(state.with_prefix("stopping."));
    average_->load_state(state.with_prefix("average."));
    random_.load_state(state.with_prefix("random."));
  }

  bool gradients_are_zero() {
    return std::ranges::all_of(model_.parameters(), [](Parameter<float>* parameter) {
      return std::ranges::all_of(parameter->gradients(), [](float g) { return g == 0; });
    });
  }

  nn::Module<float>& model() { return model_; }
  optim::Optimizer<float>& optimizer() { return *optimizer_; }
  optim::CurveSchedule& curve() { return *curve_; }
  optim::WeightAverage<float>& average() { return *average_; }

 private:
  static std::size_t rows(std::size_t width) { return width < many ? 6 : 160; }

  Random random_;
  Array<float> images_;
  Array<std::int64_t> labels_;
  nn::Sequential<float> model_;
  std::unique_ptr<optim::Optimizer<float>> optimizer_;
  std::optional<optim::CurveSchedule> curve_;
  std::optional<optim::ReduceOnPlateau> plateau_;
  optim::EarlyStopping stopping_;
  std::optional<optim::WeightAverage<float>> average_;
  Tape<float> tape_;
};

/// Of two states, without what the layers of a model change before a later one throws.
bool have_same_weights_and_moments(const NamedArrays& a, const NamedArrays& b) {
  return std::ranges::all_of(a, [&](const auto& named) {
    const std::string& name = named.first;
    const bool changes_early = name.starts_with("random.") || name.find("running_") != std::string::npos ||
                               name.find("num_batches") != std::string::npos;
    return changes_early || are_same_bits(a.with_prefix(name), b.with_prefix(name));
  });
}

/// The same for the same bits.
std::string fingerprint(const NamedArrays& state) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const auto add = [&hash](const void* data, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
      hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3;
  };
  for (const auto& [name, array] : state) {
    add(name.data(), name.size());
    array.visit([&](const auto& of_type) { add(of_type.data(), of_type.size() * sizeof(*of_type.data())); });
  }
  return std::to_string(hash);
}

/// A step with a fault, and the same step without one.
std::pair<Outcome, Complaint> try_step(const Fault& fault, Kind kind, std::size_t width,
                                       const NamedArrays& expected) {
  Training training(kind, width);
  const NamedArrays before = training.state();
  const Outcome outcome = with_fault(fault, [&] { training.step(); });
  if (outcome == Outcome::refused) {
    if (!have_same_weights_and_moments(training.state(), before)) return {outcome, "half a step was taken"};
    if (!training.gradients_are_zero()) return {outcome, "gradients stayed"};
    training.load_state(before);
    training.step();
  }
  return {outcome, are_same_bits(training.state(), expected) ? nullptr : "the step gave other bits"};
}

NamedArrays state_after_a_step(Kind kind, std::size_t width) {
  Training training(kind, width);
  training.step();
  return training.state();
}

/// What f() says in a process of its own, that begins as this one is now.
template <class Function>
std::string in_a_process_of_its_own(Function f) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t process = ::fork();
  if (process == 0) {
    const std::string text = f();
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text(1000, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), text.size()))));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "the process ended on its own";
}

}  // namespace

namespace {

/// Calls trial(fault), each time in a process of its own, until it says "done"; before that it must say "".
template <class Trial>
void check_every_allocation_of_a_process(Trial trial) {
  for (const bool all_after : {false, true}) {
    std::size_t processes = 0;
    for (std::size_t at = 1;; ++at, ++processes) {
      const std::string text =
          in_a_process_of_its_own([&] { return trial(Fault{.at = at, .and_all_after = all_after}); });
      if (text == "done") break;
      INFO("allocation " << at << (all_after ? " and all after it" : ""));
      CHECK(text == "");
    }
    CHECK(processes > 20);
  }
}

/// Makes a Task, and lets each allocation of its run() fail, in a process that runs one for the first time.
template <class Task>
void check_every_allocation_of_the_first() {
  const auto undisturbed = [] {
    Task task;
    task.run();
    return fingerprint(task.result());
  };
  const std::string expected = in_a_process_of_its_own(undisturbed);
  check_every_allocation_of_a_process([&](const Fault& fault) -> std::string {
    Task task;
    const Outcome outcome = with_fault(fault, [&] { task.run(); });
    if (outcome == Outcome::lied) return "another error";
    if (outcome == Outcome::refused) return undisturbed() == expected ? "" : "other bits afterwards";
    if (fingerprint(task.result()) != expected) return "other bits";
    return outcome == Outcome::undisturbed ? "done" : "";
  });
}

struct Step {
  Training training{Kind::adam, many};

  void run() {
    set_num_threads(2);
    training.step();
  }
  NamedArrays result() const { return training.state(); }
};

struct Product {
  static constexpr std::size_t n = 144;  // so that threads share it
  Random random{1};
  Array<float> x = random_array({n, n}, random);
  Parameter<float> weight{"weight", random_array({n, n}, random)};
  Tape<float> tape;

  void run() {
    set_num_threads(2);
    sum(square(linear(tape.borrow(x), tape.watch(weight)))).backward();
  }
  NamedArrays result() {
    NamedArrays result;
    result.add("gradient", weight.gradients());
    return result;
  }
};

}  // namespace

// Those three are the first of all, so that in each process everything happens for the first time.
TEST_CASE("every allocation of the first step of a process fails once", "[faults]") {
  check_every_allocation_of_the_first<Step>();
}

TEST_CASE("every allocation of the first matrix product of a process fails once", "[faults]") {
  check_every_allocation_of_the_first<Product>();
}

TEST_CASE("whatever memory runs out, an optimizer takes the first step of a process as a whole", "[faults]") {
  check_every_allocation_of_a_process([](const Fault& fault) -> std::string {
    Parameter<float> small("small", Shape{4}), large("large", Shape{40'000});  // which threads share
    optim::Adam<float> optimizer({&small, &large}, {.learning_rate = 1});
    for (Parameter<float>* parameter : {&small, &large}) std::ranges::fill(parameter->gradients(), 5.0F);
    const Outcome outcome = with_fault(fault, [&] { optimizer.step(); });
    if (outcome == Outcome::refused || outcome == Outcome::lied) return "it was refused";
    // Adam's first step is as long as the learning rate, whatever the gradient.
    const auto is_moved = [](float x) { return std::abs(x + 1) < 1e-6F; };
    const bool is_whole =
        std::ranges::all_of(small.values(), is_moved) && std::ranges::all_of(large.values(), is_moved);
    if (!is_whole) return "half a step";
    return outcome == Outcome::undisturbed ? "done" : "";
  });
}

TEST_CASE("every allocation of a step fails once, and the step is taken again with the same bits",
          "[faults]") {
  for (const Kind kind : kinds) {
    const NamedArrays expected = state_after_a_step(kind, few);
    check_every_allocation("a step of optimizer " + std::to_string(static_cast<int>(kind)),
                           [&](const Fault& fault) { return try_step(fault, kind, few, expected); });
  }
}

TEST_CASE("every allocation fails once while a model and what trains it are made, and nothing is lost",
          "[faults]") {
  for (const Kind kind : kinds) {
    check_every_allocation("making", [&](const Fault& fault) {
      return std::pair(with_fault(fault, [&] { const Training training(kind); }), Complaint());
    });
  }
}

TEST_CASE("every allocation fails once while a state is taken or loaded, and nothing has changed",
          "[faults]") {
  Training trained(Kind::adam);
  trained.step();
  const NamedArrays after = trained.state();
  check_every_allocation("state", [&](const Fault& fault) {
    const Outcome outcome = with_fault(fault, [&] { const NamedArrays state = trained.state(); });
    return std::pair(outcome, are_same_bits(trained.state(), after) ? nullptr : "it has changed");
  });
  const auto check_load = [&](const char* what, auto load) {
    check_every_allocation(what, [&](const Fault& fault) {
      Training fresh(Kind::adam);
      const NamedArrays before = fresh.state();
      const Outcome outcome = with_fault(fault, [&] { load(fresh); });
      const bool has_changed = !are_same_bits(fresh.state(), before);
      if (has_changed != (outcome != Outcome::refused)) return std::pair(outcome, "it is half loaded");
      return std::pair(outcome, Complaint());
    });
  };
  const NamedArrays of_model = after.with_prefix("model."), of_optimizer = after.with_prefix("optimizer."),
                    of_curve = after.with_prefix("curve."), of_average = after.with_prefix("average.");
  check_load("Module", [&](Training& fresh) { fresh.model().load_state(of_model); });
  check_load("Optimizer", [&](Training& fresh) { fresh.optimizer().load_state(of_optimizer); });
  check_load("CurveSchedule", [&](Training& fresh) { fresh.curve().load_state(of_curve); });
  check_load("WeightAverage", [&](Training& fresh) { fresh.average().load_state(of_average); });
  const TemporaryPath weights;
  io::save_weights(weights, trained.model());
  check_load("load_weights", [&](Training& fresh) { io::load_weights(weights, fresh.model()); });
}

TEST_CASE("every allocation fails once while a layer is added, and the model is as before", "[faults]") {
  check_every_allocation("Sequential::add", [](const Fault& fault) {
    Random random(1);
    nn::Sequential<float> model;
    model.add<nn::Linear>(2, 3, random);
    const Outcome outcome =
        with_fault(fault, [&] { model.add<nn::BatchNorm1d>(3).add<nn::Linear>(3, 2, random); });
    // A layer that is only half there would be read here.
    const std::size_t layers = model.size(), modules = model.named_modules().size();
    return std::pair(outcome, modules == layers + 1 ? nullptr : "a layer is half there");
  });
}

namespace {

using Loss = std::function<Variable<float>(Variable<float> x)>;

constexpr std::size_t samples = 4, classes = 14;

struct NamedLoss {
  const char* name;
  Loss loss;
};

/// Every family, with options that take memory.
std::vector<NamedLoss> all_losses() {
  static Random random(2);
  static const std::vector<double> weights(classes, 0.5);
  static const Array<std::int64_t> labels = [] {
    Array<std::int64_t> array(Shape{samples});
    for (std::size_t i = 0; i < samples; ++i) array[i] = static_cast<std::int64_t>(3 * i);
    return array;
  }();
  static const Array<float> yes_or_no = [] {
    Array<float> array(Shape{samples, classes});
    for (float& y : array) y = static_cast<float>(random.below(2));
    return array;
  }();
  static const Array<float> linear_weight = random_array({20, classes}, random);
  static const Array<double> all_weights(Shape{samples, classes});
  const auto p = [](auto x) { return softmax(x, 1); };
  return {
      {"softmax_cross_entropy",
       [](auto x) {
         return losses::softmax_cross_entropy(
             x, labels, {.class_weights = weights, .ignore_index = 3, .label_smoothing = 0.1});
       }},
      {"softmax_cross_entropy of soft labels",
       [p](auto x) { return losses::softmax_cross_entropy(x, p(-x), {.mask = true, .z_loss = 0.1}); }},
      {"sigmoid_cross_entropy",
       [](auto x) { return losses::sigmoid_cross_entropy(x, yes_or_no, {.pos_weight = weights}); }},
      {"binary_cross_entropy",
       [](auto x) {
         return losses::binary_cross_entropy(sigmoid(x), yes_or_no, {.class_weights = weights});
       }},
      {"sigmoid_focal", [](auto x) { return losses::sigmoid_focal(x, yes_or_no, {.alpha = 0.25}); }},
      {"binary_focal", [](auto x) { return losses::binary_focal(sigmoid(x), yes_or_no); }},
      {"softmax_focal", [](auto x) { return losses::softmax_focal(x, labels, {.alpha = weights}); }},
      {"categorical_focal",
       [p](auto x) { return losses::categorical_focal(p(x), labels, {.alpha = weights}); }},
      {"nll", [](auto x) { return losses::nll(log_softmax(x), labels, {.class_weights = weights}); }},
      {"categorical_cross_entropy",
       [p](auto x) { return losses::categorical_cross_entropy(p(x), labels, {.class_weights = weights}); }},
      {"kl_divergence", [p](auto x) { return losses::kl_divergence(p(x), p(-x)); }},
      {"kl_divergence_from_log",
       [p](auto x) { return losses::kl_divergence_from_log(log_softmax(x), p(-x), {.axis = 1}); }},
      {"generalized_cross_entropy",
       [p](auto x) { return losses::generalized_cross_entropy(p(x), labels, {.class_weights = weights}); }},
      {"poly_cross_entropy",
       [](auto x) { return losses::poly_cross_entropy(x, labels, {.class_weights = weights}); }},
      {"soft_margin", [](auto x) { return losses::soft_margin(x, 2 * view(yes_or_no) - 1); }},
      {"squared_error",
       [](auto x) { return losses::squared_error(x, yes_or_no, {.axis = 0, .sample_weights = weights}); }},
      {"huber", [](auto x) { return losses::huber(x, tanh(x), {.mask = true}); }},
      {"ordinal_cross_entropy",
       [](auto x) {
         return losses::ordinal_cross_entropy(max(x, 1), x.tape().variable(xt::arange<float>(9)), labels,
                                              {.ignore_index = 3});
       }},
      {"linear_softmax_cross_entropy",
       [](auto x) {
         return losses::linear_softmax_cross_entropy(x, x.tape().borrow(linear_weight), labels,
                                                     {.label_smoothing = 0.1});
       }},
      {"reduce",
       [](auto x) {
         return losses::reduce(square(x), {.sample_weights = losses::by_reference(all_weights)});
       }},
  };
}

const Array<float>& scores() {
  static const Array<float> array = [] {
    Random random(3);
    return random_array({samples, classes}, random);
  }();
  return array;
}

/// The value of a loss and its gradient, on a tape that may have served before.
std::vector<float> value_and_gradient(Tape<float>& tape, const Loss& loss) {
  const auto frame = tape.frame();
  const auto x = tape.variable(scores());
  const auto y = loss(x);
  y.backward();
  std::vector<float> result(x.gradients().begin(), x.gradients().end());
  result.push_back(y.item());
  return result;
}

}  // namespace

TEST_CASE("every allocation of a loss and of its gradient fails once, and the tape serves again",
          "[faults]") {
  for (const NamedLoss& named : all_losses()) {
    Tape<float> untouched;
    const std::vector<float> expected = value_and_gradient(untouched, named.loss);
    check_every_allocation(named.name, [&](const Fault& fault) {
      Tape<float> tape;
      tape.check_finite();
      tape.check_logits();
      const Outcome outcome = with_fault(fault, [&] { value_and_gradient(tape, named.loss); });
      if (tape.statistics().nodes != 0) return std::pair(outcome, "nodes stayed");
      return std::pair(outcome,
                       value_and_gradient(tape, named.loss) == expected ? nullptr : "other bits afterwards");
    });
  }
}

namespace {

// By which the memory of a tape is known.
constexpr std::size_t tape_alignment = 64;

}  // namespace

TEST_CASE("wherever the memory of a tape ends, a loss is computed whole or not at all", "[faults]") {
  for (const NamedLoss& named : all_losses()) {
    Tape<float> tape;
    const std::vector<float> expected = value_and_gradient(tape, named.loss);
    std::size_t refused = 0;
    for (std::size_t room = 64; room < 20'000; room += 8) {
      Outcome outcome;
      {
        const auto frame = tape.frame();
        const auto x = tape.variable(scores());
        // The tape has taken memory twice, as much for values as for gradients.
        const TapeStatistics now = tape.statistics();
        tape.allocate<char>(Shape{now.reserved_bytes / 2 - now.bytes_in_use - room});
        outcome = with_fault({.at = 1, .and_all_after = true, .alignment = tape_alignment},
                             [&] { named.loss(x).backward(); });
      }
      INFO(named.name << " with " << room << " bytes left");
      CHECK(outcome != Outcome::lied);
      CHECK(value_and_gradient(tape, named.loss) == expected);
      if (outcome == Outcome::undisturbed) break;
      ++refused;
    }
    INFO(named.name);
    CHECK(refused > 10);
  }
}

TEST_CASE("wherever the memory for gradients ends, backward leaves none", "[faults]") {
  Random random(4);
  Parameter<float> weight("weight", random_array({30, 20}, random)), bias("bias", Shape{30});
  const Array<float> features = random_array({10, 20}, random);
  std::size_t refused = 0;
  constexpr std::size_t chunk = (std::size_t{1} << 16) / sizeof(float);
  for (std::size_t padding = chunk - 16;; padding -= 16) {
    Tape<float> tape;
    if (refused > 0)
      tape.variable(1).backward();  // takes the first memory for gradients; at first there is none
    // Its gradient is the first that backward takes memory for.
    const auto pad = tape.variable(Array<float>(Shape{padding}));
    const auto x = tape.variable(features);
    const auto y = tanh(linear(tanh(x), tape.watch(weight), tape.watch(bias)));
    const auto loss = mean(y * y) + mean(exp(y)) + sum(pad);
    std::ranges::fill(weight.gradients(), 1.0F);
    const Outcome outcome =
        with_fault({.at = 1, .and_all_after = true, .alignment = tape_alignment}, [&] { loss.backward(); });
    INFO("a padding of " << padding);
    REQUIRE(outcome != Outcome::lied);
    if (outcome == Outcome::undisturbed) break;
    ++refused;
    CHECK_THROWS_AS(x.gradients(), TapeError);
    CHECK(std::ranges::all_of(weight.gradients(), [](float g) { return g == 0; }));
    loss.backward();
    CHECK(x.gradients().size() == 200);
  }
  CHECK(refused > 10);
}

namespace {

NamedArrays some_arrays() {
  Random random(5);
  NamedArrays arrays;
  arrays.add("weights", AnyArray(random_array({5, 7}, random)));
  arrays.add("steps", AnyArray(Array<std::int64_t>(Shape{})));
  return arrays;
}

/// Something that writes a file, and what reads it.
struct Format {
  const char* name;
  std::function<void(const std::string& path)> write;
  std::function<NamedArrays(const std::string& path)> read;
  bool is_ours = true;  // to write
};

NamedArrays as_named(AnyArray array) {
  NamedArrays arrays;
  arrays.add("array", std::move(array));
  return arrays;
}

void write_some_report(const std::string& path) {
  const Array<float> logits(Shape{4, 2});
  const Array<std::int64_t> labels(Shape{4});
  training::write_report(path, {}, logits, labels);
}

std::vector<Format> formats() {
  const auto save_weights = [](const std::string& path) {
    Random random(1);
    io::save_weights(path, nn::Linear<float>(3, 2, random));
  };
  const auto load_weights = [](const std::string& path) {
    Random random(2);
    nn::Linear<float> model(3, 2, random);
    io::load_weights(path, model);
    return model.state();
  };
  const auto read_pieces = [](const std::string& path) {
    data::CsvRows rows(path);
    NamedArrays arrays;
    while (const auto piece = rows.next(1)) {
      arrays.add(std::to_string(arrays.size()), piece->take_columns<float>(piece->feature_columns("label")));
    }
    return arrays;
  };
  const auto read_stream = [](const std::string& path) {
    data::CsvStream<float> stream(data::CsvRows(path), "name");
    Array<float> features(Shape{2, 2}), targets(Shape{2});
    stream.read(2, {features.data(), 4}, {targets.data(), 2}, {});
    NamedArrays arrays = as_named(std::move(features));
    arrays.add("targets", std::move(targets));
    return arrays;
  };
  const auto map = [](const std::string& path) {
    return data::map_npy(path).visit(
        []<class T>(const ArrayInput<T>& array) { return as_named(AnyArray(Array<T>(array))); });
  };
  const auto read_table = [](const std::string& path) {
    const auto table = data::read_csv(path);
    return as_named(table.features<float>("name"));
  };
  const auto save_model = [](const std::string& path) {
    Random random(1);
    nn::Sequential<float> model;
    model.add<nn::Linear>(3, 2, random).add<nn::BatchNorm1d>(2);
    data::Standardizer<float> standardizer;
    standardizer.fit(Array<float>(Shape{2, 3}));
    io::save_model(path, inference::Pipeline<float>{.model = model,
                                                    .row = {3},
                                                    .standardizer = standardizer,
                                                    .class_names = {"no", "yes"},
                                                    .card = {.rows = {{"train", 2}}}});
  };
  return {
      {"weights", save_weights, load_weights},
      {"model", save_model, [](auto path) { return io::load_model<float>(path).model->state(); }},
      {"checkpoint",
       [](auto path) {
         io::save_checkpoint(path, some_arrays(), {{"a", "b"}});
       },
       [](auto path) { return io::load_checkpoint(path).state; }},
      {"npy", [](auto path) { data::write_npy(path, Array<double>(Shape{9})); },
       [](auto path) { return as_named(data::read_npy(path)); }},
      {"npz", [](auto path) { data::write_npz(path, some_arrays()); },
       [](auto path) { return data::read_npz(path); }},
      {"compressed npz", [](auto path) { data::write_npz(path, some_arrays(), {.compress = true}); },
       [](auto path) { return data::read_npz(path); }},
      {"report", write_some_report,
       [](auto path) {
         return as_named(Array<std::uint64_t>(ArrayView<const std::uint64_t>(
             std::vector<std::uint64_t>{read_text(path).size()}.data(), Shape{1})));
       }},
      {"packed idx",
       [](const std::string& path) {
         const std::string content = from_hex("00000801 00002710") + std::string(10'000, '\7');
         const gzFile file = gzopen(path.c_str(), "wb");
         gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
         gzclose(file);
       },
       [](const std::string& path) { return as_named(data::read_idx(path)); }, false},
      {"table", [](auto path) { write_text(path, "width,name,label\n1,a,0\n2,b,1\n"); }, read_table, false},
      {"table in pieces", [](auto path) { write_text(path, "width,name,label\n1,a,0\n2,b,1\n"); },
       read_pieces, false},
      {"table as a stream", [](auto path) { write_text(path, "width,name,label\n1,a,0\n2,b,1\n"); },
       read_stream, false},
      {"mapped npy", [](auto path) { data::write_npy(path, Array<double>(Shape{9})); }, map, false},
  };
}

constexpr const char* old_content = "what was there before";

}  // namespace

TEST_CASE("every allocation fails once while a file is written, and there is the old one or the new",
          "[faults]") {
  for (const Format& format : formats()) {
    if (!format.is_ours) continue;
    const TemporaryPath undisturbed;
    format.write(undisturbed);
    const std::string expected = undisturbed.content();
    check_every_allocation_and_malloc(format.name, [&](const Fault& fault) {
      const TemporaryDirectory directory;
      const std::string path = directory / "file";
      write_text(path, old_content);
      const Outcome outcome = with_fault(fault, [&] { format.write(path); });
      if (read_text(path) != (outcome == Outcome::refused ? old_content : expected))
        return std::pair(outcome, "the file is neither the old one nor the new");
      if (directory.names().size() != 1) return std::pair(outcome, "another file stayed");
      format.write(path);
      return std::pair(outcome, read_text(path) == expected ? nullptr : "the next try failed");
    });
  }
}

TEST_CASE("every allocation fails once while a file is read, and it is not called damaged", "[faults]") {
  for (const Format& format : formats()) {
    const TemporaryPath path;
    format.write(path);
    const NamedArrays expected = format.read(path);
    check_every_allocation_and_malloc(format.name, [&](const Fault& fault) {
      const Outcome outcome = with_fault(fault, [&] { format.read(path); });
      return std::pair(outcome, are_same_bits(format.read(path), expected) ? nullptr : "the next try failed");
    });
  }
}

TEST_CASE("every allocation fails once while the newest checkpoint is looked for, and it is not passed over",
          "[faults]") {
  const TemporaryDirectory directory;
  io::Checkpoints checkpoints(directory / "checkpoints");
  for (const std::uint64_t epoch : {1U, 2U}) checkpoints.save(epoch, some_arrays());
  check_every_allocation("newest", [&](const Fault& fault) {
    std::uint64_t found = 2;
    const Outcome outcome = with_fault(fault, [&] { found = checkpoints.newest()->epoch; });
    return std::pair(outcome, found == 2 ? nullptr : "an older one was taken");
  });
}

namespace {

constexpr std::size_t epochs = 3;

/// A training as a new process would begin it or go on with it, and the weights that it ends with.
NamedArrays train_in(const std::string& directory, bool is_streamed) {
  static const Clouds<float> clouds(48);
  WholeTraining<float> run(1);
  auto options = run.options(epochs);
  options.checkpoint_directory = directory + "/checkpoints";
  options.log = directory + "/log.csv";
  if (is_streamed) {
    ArrayStream<float> stream(clouds.features, clouds.labels);
    training::train(run.model, {.stream = stream, .window = 30, .measured_by = clouds.data}, options);
  } else {
    training::train(run.model, clouds.data, options);
  }
  return run.model.state();
}

Complaint complaint_about_checkpoints(const std::string& directory) {
  std::size_t whole = 0;
  const io::Checkpoints checkpoints(directory);
  for (const std::uint64_t epoch : checkpoints.epochs()) {
    try {
      whole += io::load_checkpoint(checkpoints.path(epoch)).state.size() > 0;
    } catch (const Error&) {
      return "a checkpoint is damaged";
    }
  }
  if (!std::filesystem::exists(directory)) return nullptr;
  const std::filesystem::directory_iterator files(directory);
  return std::distance(begin(files), end(files)) == static_cast<std::ptrdiff_t>(whole)
             ? nullptr
             : "another file stayed";
}

void check_allocations_of_training(const char* name, bool is_streamed) {
  const TemporaryDirectory undisturbed;
  const NamedArrays expected = train_in(undisturbed.path(), is_streamed);
  const std::string log = without_seconds(read_text(undisturbed / "log.csv"));
  const auto trial = [&](const Fault& fault) {
    const TemporaryDirectory directory;
    const Outcome outcome = with_fault(fault, [&] { train_in(directory.path(), is_streamed); });
    const Complaint complaint = complaint_about_checkpoints(directory / "checkpoints");
    if (complaint != nullptr) return std::pair(outcome, complaint);
    if (!are_same_bits(train_in(directory.path(), is_streamed), expected))
      return std::pair(outcome, "other bits afterwards");
    const bool is_same_log = without_seconds(read_text(directory / "log.csv")) == log;
    return std::pair(outcome, is_same_log ? nullptr : "another log");
  };
  constexpr std::size_t some = 11;  // All of them take a minute.
  check_every_allocation(name, trial, some);
}

}  // namespace

TEST_CASE("allocations of a training fail, and it goes on from whole checkpoints with the same bits",
          "[faults]") {
  check_allocations_of_training("train", false);
}

TEST_CASE(
    "allocations of a training on a stream fail, and it goes on from whole checkpoints with the same bits",
    "[faults]") {
  check_allocations_of_training("train on a stream", true);
}
