// SPDX-License-Identifier: BSD-3-Clause
#include <zlib.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "array_stream.hpp"
#include "catch.hpp"
#include "files.hpp"
#include "xtape/xtape.hpp"

// Every way to take heap memory is counted: malloc and its relatives are defined here, in front of the C
// library's, and every form of operator new ends in one of them.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XTAPE_MALLOC_BELONGS_TO_A_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define XTAPE_MALLOC_BELONGS_TO_A_SANITIZER
#endif
#endif

#if !defined(__GLIBC__) || defined(XTAPE_MALLOC_BELONGS_TO_A_SANITIZER)

TEST_CASE("training allocates nothing after its second step", "[allocations]") {
  WARN("skipped: allocations can only be counted with glibc's malloc and without a sanitizer");
  SUCCEED();
}

#else

namespace {

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> largest_allocation{0};

void count(std::size_t bytes) {
  ++allocations;
  std::size_t largest = largest_allocation;
  while (bytes > largest && !largest_allocation.compare_exchange_weak(largest, bytes)) {
  }
}

template <class Action>
std::size_t allocations_during(Action action) {
  const std::size_t before = allocations;
  action();
  return allocations - before;
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  count(bytes);
  return __libc_malloc(bytes);
}

void* calloc(std::size_t elements, std::size_t bytes) {
  count(elements * bytes);
  return __libc_calloc(elements, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  count(bytes);
  return __libc_realloc(memory, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
  count(bytes);
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

using namespace xtape;

namespace {

// The memory passes through a volatile pointer, so that no allocation is optimised away.
template <class T>
T* kept(T* memory) {
  T* volatile place = memory;
  return place;
}

// One entry a step: how many allocations it made.
template <class Step>
std::vector<std::size_t> allocations_of_steps(std::size_t count, Step step) {
  std::vector<std::size_t> result(count);
  for (std::size_t& allocated : result) allocated = allocations_during(step);
  return result;
}

std::vector<std::size_t> after_the_second(std::vector<std::size_t> steps) {
  steps.erase(steps.begin(), steps.begin() + 2);
  return steps;
}

Array<float> random_array(const Shape& shape, Random& random) {
  Array<float> array(shape);
  for (float& x : array) x = static_cast<float>(random.normal());
  return array;
}

}  // namespace

TEST_CASE("the counter sees every form of new", "[allocations]") {
  CHECK(allocations_during([] {}) == 0);
  CHECK(allocations_during([] { delete kept(new int); }) == 1);
  CHECK(allocations_during([] { delete[] kept(new int[9]); }) == 1);
  CHECK(allocations_during([] { delete kept(new (std::nothrow) int); }) == 1);
  const std::align_val_t alignment{64};
  CHECK(allocations_during([&] { operator delete(kept(operator new(9, alignment)), alignment); }) == 1);
  CHECK(allocations_during([&] { operator delete[](kept(operator new[](9, alignment)), alignment); }) == 1);
}

TEST_CASE("the counter sees malloc and its relatives", "[allocations]") {
  CHECK(allocations_during([] { std::free(kept(std::malloc(9))); }) == 1);
  CHECK(allocations_during([] { std::free(kept(std::calloc(9, 9))); }) == 1);
  CHECK(allocations_during([] { std::free(kept(std::realloc(kept(std::malloc(9)), 99))); }) == 2);
  CHECK(allocations_during([] { std::free(kept(std::aligned_alloc(64, 64))); }) == 1);
  CHECK(allocations_during([] {
          void* memory = nullptr;
          if (posix_memalign(&memory, 64, 9) == 0) std::free(kept(memory));
        }) == 1);
}

TEST_CASE("training a digits network allocates nothing after its second step", "[allocations]") {
  Random random(1);
  const Array<float> features = random_array({200, 64}, random);
  Array<std::int64_t> labels(Shape{200});
  std::vector<std::size_t> rows(200);
  for (std::size_t row = 0; row < 200; ++row) {
    rows[row] = row;
    labels[row] = static_cast<std::int64_t>(random.below(10));
  }

  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
  optim::Adam<float> optimizer(model.parameters());
  data::Batches batches(rows, 32);  // the last one has 8 rows
  Tape<float> tape;
  auto batch = batches.end();
  float loss_value = 0;
  const auto steps = allocations_of_steps(30, [&] {
    if (batch == batches.end()) {
      batches.shuffle(random);
      batch = batches.begin();
    }
    const auto frame = tape.frame();
    const auto x = data::take_rows(tape, features, *batch);
    const auto y = data::take_rows(tape, labels, *batch);
    const auto loss = losses::softmax_cross_entropy(model(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
    loss_value = loss.item();
    ++batch;
  });
  CHECK(steps[0] > 0);
  CHECK(after_the_second(steps) == std::vector<std::size_t>(28, 0));
  CHECK(loss_value > 0);
}

TEST_CASE("training that keeps no gradients allocates nothing after its second step", "[allocations]") {
  Random random(4);
  const Array<float> features = random_array({48, 20}, random);
  nn::Sequential<float> model;
  model.add<nn::Linear>(20, 30, random).add<nn::Relu>().add<nn::Linear>(30, 30, random).add<nn::Tanh>();
  optim::SGD<float> optimizer(model.parameters());
  Tape<float> tape;
  tape.keep_gradients(false);
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    const auto y = model(tape.borrow(features));
    (mean(square(y)) + mean(y)).backward();
    optimizer.step();
    optimizer.zero_grad();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

TEST_CASE("training on gradients collected apart allocates nothing after its second step", "[allocations]") {
  Random random(6);
  const Array<float> features = random_array({48, 20}, random);
  nn::Sequential<float> model;
  model.add<nn::Linear>(20, 30, random).add<nn::Tanh>();
  optim::SGD<float> optimizer(model.parameters());
  Gradients<float> apart(model.parameters());
  Tape<float> tape;
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    mean(square(model(tape.borrow(features)))).backward(apart);
    apart.add_to(optimizer.parameters());
    optimizer.step();
    optimizer.zero_grad();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

TEST_CASE("sums in order allocate nothing after the first one", "[allocations]") {
  distributed::SingleProcess alone;
  distributed::OrderedSum<float> sum(alone, 7, 1000);
  std::vector<float> part(1000, 1);
  const auto steps = allocations_of_steps(4, [&] {
    for (int i = 0; i < 7; ++i) sum.add(part);
    sum.finish(part);
  });
  CHECK(steps[0] > 0);
  CHECK(std::vector(steps.begin() + 1, steps.end()) == std::vector<std::size_t>(3, 0));
}

TEST_CASE("a loop of many operations allocates nothing after its second step", "[allocations]") {
  Random random(2);
  const Array<float> features = random_array({48, 20}, random), targets = random_array({48, 5}, random);
  Parameter<float> weight("weight", random_array({5, 20}, random)), bias("bias", Shape{5});
  optim::SGD<float> optimizer({&weight, &bias}, {.learning_rate = 0.01, .momentum = 0.9});
  Tape<float> tape;
  std::vector<float> training_losses, evaluated;
  training_losses.reserve(10), evaluated.reserve(10);
  const auto steps = allocations_of_steps(10, [&] {
    {
      const auto frame = tape.frame();
      const auto x = tape.borrow(features);
      const auto logits = linear(x, tape.watch(weight), tape.watch(bias));
      const auto soft_labels = softmax(tape.borrow(targets));
      const auto penalty = 0.01F * (sum(square(tape.watch(weight))) + mean(abs(logits - max(logits))));
      const auto smooth = mean(tanh(logits) * sigmoid(-logits) / (1.5F + exp(-abs(logits))), 1);
      const auto loss = losses::softmax_cross_entropy(logits, soft_labels) +
                        losses::sigmoid_cross_entropy(logits, tape.borrow(targets)) + penalty +
                        sum(smooth, {0}) + mean(log_sum_exp(transpose(logits), 0)) -
                        mean(log_softmax(logits));
      loss.backward();
      optimizer.step();
      optimizer.zero_grad();
      training_losses.push_back(loss.item());
    }
    const auto frame = tape.frame();
    const auto no_grad = tape.no_grad();
    const auto logits = linear(tape.borrow(features), tape.watch(weight), tape.watch(bias));
    evaluated.push_back(losses::sigmoid_cross_entropy(logits, tape.borrow(targets)).item());
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
  CHECK(training_losses.back() < training_losses.front());
  CHECK(evaluated.size() == 10);
}

TEST_CASE("training a convolutional network allocates nothing after its second step", "[allocations]") {
  // Small, so that all work stays on the calling thread: others allocate memory when they first take part.
  Random random(5);
  const Array<float> images = random_array({3, 1, 8, 8}, random);
  const std::vector<int> labels{0, 1, 2};
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 4, 3, random, nn::Conv2dOptions<float>{.padding = 1}).add<nn::BatchNorm2d>(4);
  model.add<nn::LeakyRelu>().add<nn::MaxPool2d>(2).add<nn::Conv2d>(4, 6, 2, random).add<nn::Elu>();
  model.add<nn::AvgPool2d>(2).add<nn::Flatten>().add<nn::LayerNorm>(Shape{6}).add<nn::Dropout>(0.25, random);
  model.add<nn::BatchNorm1d>(6).add<nn::Linear>(6, 3, random);
  nn::Embedding<float> embedding(3, 3, random);
  optim::Adam<float> optimizer(model.parameters());
  Tape<float> tape;
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    const auto classes = tape.constant(labels);
    losses::softmax_cross_entropy(model(tape.borrow(images)) + embedding(classes), labels).backward();
    optimizer.step();
    optimizer.zero_grad();
    model.eval();
    const auto no_grad = tape.no_grad();
    model(tape.borrow(images));
    model.train();
  });
  CHECK(steps[0] > 0);
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

TEST_CASE("training an embedding allocates nothing after its second step, whichever rows are looked up",
          "[allocations]") {
  Random random(5);
  nn::Embedding<float> embedding(200, 3, random);
  const std::vector<Parameter<float>*> parameters = embedding.parameters();
  optim::Adam<float> optimizer(parameters);
  Gradients<float> apart(parameters);
  Tape<float> tape;
  std::size_t count = 0;
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    const auto tokens = tape.allocate<std::int64_t>({20});
    ++count;
    for (int backward = 0; backward < 3; ++backward) {
      for (std::int64_t& token : tokens) token = static_cast<std::int64_t>(random.below(20 * count));
      const auto inner = tape.frame();
      sum(square(embedding(tape, tokens))).backward(apart);
    }
    apart.add_to(parameters);
    optim::clip_gradient_norm(parameters, 1);
    optimizer.step();
    optimizer.zero_grad();
  });
  CHECK(steps[0] > 0);
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

TEST_CASE("optimizers, schedules, clipping and averages allocate nothing after their second step",
          "[allocations]") {
  Random random(5);
  Parameter<float> first("first", random_array({30, 20}, random)), second("second", Shape{7});
  const std::vector<Parameter<float>*> parameters{&first, &second};
  optim::SGD<float> sgd(
      {{{&first}, {}}, {{&second}, {.momentum = 0.9, .weight_decay = 0.1, .nesterov = true}}});
  optim::Adam<float> adam(parameters, {.weight_decay = 0.1});
  optim::AdamW<float> adamw(parameters);
  optim::RMSprop<float> rmsprop(parameters, {.momentum = 0.9, .centered = true});
  optim::Adagrad<float> adagrad(parameters);
  optim::CurveSchedule curve(sgd, optim::warm_up({.steps = 3}, optim::cosine_decay({.steps = 9})));
  optim::ReduceOnPlateau plateau(adam, {.patience = 1});
  optim::EarlyStopping stopping;
  optim::WeightAverage<float> average(parameters);
  double norm = 0;
  const auto steps = allocations_of_steps(10, [&] {
    for (Parameter<float>* parameter : parameters) {
      for (float& g : parameter->gradients()) g = static_cast<float>(random.normal());
    }
    norm = optim::clip_gradient_norm(sgd.parameters(), 1);
    optim::clip_gradient_value(sgd.parameters(), 0.5);
    sgd.step(), adam.step(), adamw.step(), rmsprop.step(), adagrad.step();
    curve.step();
    plateau.step(norm);
    stopping.step(norm);
    average.update();
    const auto averaged = average.apply();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
  CHECK(norm > 1);
}

TEST_CASE("train allocates nothing from its second epoch on, except where an epoch ends", "[allocations]") {
  Random random(6);
  const Array<float> features = random_array({120, 4}, random);
  training::Dataset<float> data{.features = features, .targets = {}};
  std::vector<std::int64_t> labels(120);
  for (std::size_t row = 0; row < 120; ++row) {
    labels[row] = static_cast<std::int64_t>(random.below(3));
    (row < 90 ? data.train : data.validation).push_back(row);
  }
  data.targets = labels;
  nn::Sequential<float> model;
  model.add<nn::Linear>(4, 8, random).add<nn::BatchNorm1d>(8).add<nn::Relu>().add<nn::Dropout>(0.2, random);
  model.add<nn::Linear>(8, 3, random);
  optim::Adam<float> optimizer(model.parameters());
  optim::CurveSchedule schedule(optimizer, optim::exponential_decay(0.99));
  std::vector<std::size_t> during_steps(4);  // of each epoch
  std::size_t before = 0;
  const std::size_t in_all = allocations_during([&] {
    training::train(model, data,
                    {.optimizer = optimizer,
                     .random = random,
                     .epochs = 4,
                     .batch_size = 16,
                     .schedule = &schedule,
                     .schedule_every = training::Every::batch,
                     .max_gradient_norm = 1.0,
                     .weight_average = optim::WeightAverageOptions{}},
                    {.on_batch = [&](const training::Batch& batch) {
                      if (batch.number > 1) during_steps[batch.epoch - 1] += allocations - before;
                      before = allocations;
                    }});
  });
  CHECK(in_all > 0);
  during_steps.erase(during_steps.begin());
  CHECK(during_steps == std::vector<std::size_t>(3, 0));
}

TEST_CASE("train on a stream allocates nothing from its second epoch on, except where an epoch ends",
          "[allocations]") {
  Random random(6);
  const Array<float> features = random_array({120, 4}, random);
  Array<std::int64_t> labels(Shape{120});
  for (std::int64_t& label : labels) label = static_cast<std::int64_t>(random.below(3));
  testing::ArrayStream<float> stream(features, labels, std::vector<double>(120, 1));
  nn::Linear<float> model(4, 3, random);
  optim::Adam<float> optimizer(model.parameters());
  std::vector<std::size_t> during_steps(4);  // of each epoch, on both threads
  std::size_t before = 0;
  const std::size_t in_all = allocations_during([&] {
    training::train(model, {.stream = stream, .window = 50},
                    {.optimizer = optimizer, .random = random, .epochs = 4, .batch_size = 16},
                    {.on_batch = [&](const training::Batch& batch) {
                      if (batch.number > 1) during_steps[batch.epoch - 1] += allocations - before;
                      before = allocations;
                    }});
  });
  CHECK(in_all > 0);
  during_steps.erase(during_steps.begin());
  CHECK(during_steps == std::vector<std::size_t>(3, 0));
}

TEST_CASE("a profiled loop allocates nothing after its second step", "[allocations]") {
  Random random(5);
  const Array<float> features = random_array({48, 20}, random);
  Parameter<float> weight("weight", random_array({30, 20}, random));
  Tape<float> tape;
  tape.profile();
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    mean(tanh(linear(tape.borrow(features), tape.watch(weight)))).backward();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
  CHECK(tape.profile_report().rows.size() == 3);
}

TEST_CASE("options of numbers, views, references and small arrays take no heap memory", "[allocations]") {
  const std::vector<double> memory{1, 2, 3}, twelve(12, 1.0), thirteen(13, 1.0);
  const std::vector<int> flags(96, 1);
  const xt::xarray<double> array{1, 2, 3};
  CHECK(allocations_during([&] {
          losses::ReduceOptions options{.sample_weights = 0.5, .mask = true};
          options.sample_weights = ArrayView<const double>(memory);
          options.sample_weights = memory;  // has a name
          options.sample_weights = twelve;
          options.sample_weights = array;
          options.sample_weights = array + 1;
          options.sample_weights = losses::by_reference(thirteen);
          options.mask = flags;
          const losses::ReduceOptions copy = options;
        }) == 0);
  CHECK(allocations_during([&] { const losses::Weights weights = thirteen; }) > 0);
}

TEST_CASE("a loop of losses with options allocates nothing after its second step", "[allocations]") {
  Random random(3);
  const Array<float> scores = random_array({6, 5, 4}, random);
  const std::vector<double> weights{1, 2, 3, 4, 5};
  const Array<std::int64_t> classes(Shape{6, 4});
  Tape<float> tape;
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    const auto x = tape.variable(scores), p = softmax(x, 1);
    const auto loss =
        losses::softmax_focal(x, classes,
                              {.alpha = weights, .axis = 1, .mask = true, .label_smoothing = 0.1}) +
        losses::poly_cross_entropy(x, p, {.axis = 1, .class_weights = weights, .sample_weights = 2}) +
        losses::categorical_cross_entropy(p, classes, {.axis = 1, .ignore_index = 1}) +
        losses::generalized_cross_entropy(p, classes, {.axis = 1}) +
        losses::kl_divergence(p, p, {.axis = 1}) + losses::sigmoid_focal(x, p, {.axis = 1}) +
        losses::soft_margin(x, tanh(x)) + losses::binary_cross_entropy(p, p, {.pos_weight = 3}) +
        losses::reduce(square(x), {.sample_weights = 0.5});
    loss.backward();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

TEST_CASE("a loop of losses of errors and of grades allocates nothing after its second step",
          "[allocations]") {
  Random random(3);
  const Array<float> numbers = random_array({40, 4}, random), targets = random_array({40, 4}, random);
  const Array<std::int64_t> grades(Shape{40, 4});
  nn::Ordinal<float> ordinal(5);
  Tape<float> tape;
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    const auto x = tape.variable(numbers);
    const auto loss = losses::squared_error(x, targets, {.axis = 1, .mask = true}) +
                      losses::huber(x, tanh(x), {.delta = 0.5, .sample_weights = 2}) +
                      losses::ordinal_cross_entropy(x, ordinal.thresholds(tape), grades, {.ignore_index = 1});
    loss.backward();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

TEST_CASE("a loop of linear_softmax_cross_entropy allocates nothing after its second step", "[allocations]") {
  // Blocks of 64 samples: for smaller products OpenBLAS takes heap memory itself, and larger ones are shared
  // between threads, of which each allocates memory when it first takes part.
  constexpr std::size_t workspace = 145'000;
  Random random(4);
  const Array<float> features = random_array({128, 32}, random);
  Parameter<float> weight("weight", random_array({500, 32}, random)), bias("bias", Shape{500});
  const Array<std::int64_t> classes(Shape{128});
  Tape<float> tape;
  const auto steps = allocations_of_steps(10, [&] {
    const auto frame = tape.frame();
    const auto x = tape.variable(features), w = tape.watch(weight), b = tape.watch(bias);
    const auto loss =
        losses::linear_softmax_cross_entropy(x, w, b, classes, {.workspace_bytes = workspace}) +
        losses::linear_softmax_cross_entropy(
            x, w, classes, {.ignore_index = 1, .label_smoothing = 0.1, .workspace_bytes = workspace}) +
        mean(losses::linear_softmax_cross_entropy(
            x, w, b, classes,
            {.mask = true, .reduction = losses::Reduction::none, .workspace_bytes = workspace}));
    loss.backward();
  });
  CHECK(after_the_second(steps) == std::vector<std::size_t>(8, 0));
}

namespace {

// The largest piece of memory that is taken while `read` refuses a file.
template <class Read>
std::size_t largest_while_refusing(const std::string& content, Read read) {
  const testing::TemporaryPath path(content);
  largest_allocation = 0;
  CHECK_THROWS_AS(read(std::string(path)), FileError);
  return largest_allocation;
}

std::string npy_header(const std::string& shape) {
  const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}";
  return "\x93NUMPY" + std::string{'\1', '\0', static_cast<char>(header.size()), '\0'} + header;
}

// A little more than the pieces in which files are read.
constexpr std::size_t some_buffers = std::size_t{1} << 18;

}  // namespace

TEST_CASE("a file that claims to be larger than it is takes no memory for what it claims", "[allocations]") {
  const auto read_npy = [](const std::string& path) { data::read_npy(path); };
  const auto read_idx = [](const std::string& path) { data::read_idx(path); };
  for (const char* shape :
       {"(100000,)", "(1099511627776,)", "(1152921504606846976,)", "(4294967296, 4294967296, 0)"}) {
    CHECK(largest_while_refusing(npy_header(shape), read_npy) < some_buffers);
  }
  // 4 GiB of header.
  CHECK(largest_while_refusing("\x93NUMPY\2" + std::string(1, '\0') + "\xff\xff\xff\xff{", read_npy) <
        some_buffers);
  // 2^24 x 2^8 bytes.
  CHECK(largest_while_refusing(testing::from_hex("00000802 01000000 00000100"), read_idx) < some_buffers);
}

TEST_CASE("a mapped array takes no memory for its elements", "[allocations]") {
  const testing::TemporaryPath path;
  data::write_npy(path, Array<float>(Shape{1 << 20}));
  largest_allocation = 0;
  const auto mapped = data::map_npy(path).get<float>();
  CHECK(mapped.size() == 1 << 20);
  CHECK(largest_allocation < some_buffers);
}

TEST_CASE("rows of a file take memory for those of a piece, and no more for more pieces", "[allocations]") {
  std::string text = "number,name\n";
  while (text.size() < 1 << 23) text += "12345.678901234567,name " + std::to_string(text.size() % 97) + "\n";
  const testing::TemporaryPath path(text);
  largest_allocation = 0;
  data::CsvRows rows(path);
  while (const auto piece = rows.next(1000)) CHECK_FALSE(piece->is_text("number"));
  CHECK(largest_allocation < 8 * some_buffers);
}

TEST_CASE("pictures are shifted and flipped without taking memory", "[allocations]") {
  Array<float> pictures(Shape{8, 3, 6, 5});
  Random random(1);
  CHECK(allocations_during([&] {
          data::random_shift(pictures, random, {.most = 3});
          data::random_flip(pictures, random, {.vertical = true});
        }) == 0);
}

TEST_CASE("packed data take memory only as they arrive", "[allocations]") {
  // 2^26 bytes are claimed, which could come of as many packed ones, but 2^16 come.
  std::string content = testing::from_hex("00000801 04000000");
  Random random(1);
  for (int i = 0; i < 1 << 16; ++i) content += static_cast<char>(random.below(256));
  const testing::TemporaryPath packed;
  const gzFile file = gzopen(std::string(packed).c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  CHECK(largest_while_refusing(packed.content(), [](const std::string& path) { data::read_idx(path); }) <
        some_buffers);
}

TEST_CASE("an archive that claims to be larger or smaller than it is takes no memory for it",
          "[allocations]") {
  NamedArrays arrays;
  arrays.add("zeros", AnyArray(Array<float>(Shape{10'000'000})));
  const testing::TemporaryPath path;
  data::write_npz(path, arrays, {.compress = true});
  const std::string honest = path.content(), size = testing::from_hex("805a6202");  // 40000128
  const auto read = [](const std::string& archive) { data::read_npz(archive); };
  for (const char* lie : {"00010000", "f0ffffff"}) {
    std::string content = honest;
    for (auto at = content.find(size); at != std::string::npos; at = content.find(size)) {
      content.replace(at, 4, testing::from_hex(lie));
    }
    REQUIRE(content != honest);
    CHECK(largest_while_refusing(content, read) < some_buffers);
  }
}

#endif
