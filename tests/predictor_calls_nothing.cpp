// SPDX-License-Identifier: BSD-3-Clause
// What predict() promises of the thread that it runs on, from its first call: it takes no memory from the
// heap, waits for no lock, and calls nothing of the system. The functions of the C library that would are
// defined here, in front of it, and count; and any call of the system kills, by a filter that Linux is told
// of, without which that part is left out with a message.
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__) || \
    !defined(__linux__)
#define XTAPE_LIBC_BELONGS_TO_OTHERS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define XTAPE_LIBC_BELONGS_TO_OTHERS
#endif
#endif

#ifdef XTAPE_LIBC_BELONGS_TO_OTHERS

#include <cstdio>

int main() { std::puts("skipped: calls can only be counted with glibc on Linux and without a sanitizer"); }

#else

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "every_layer.hpp"
#include "xtape/inference.hpp"

namespace {

// Of the thread that predicts. Initial exec: it is there before the thread begins, and takes no memory.
[[gnu::tls_model("initial-exec")]] constinit thread_local bool is_predicting = false;
std::atomic<int> allocations{0}, waits{0};

void count(std::atomic<int>& calls) {
  if (is_predicting) ++calls;
}

// What the next library has of that name, which is looked up once: that takes memory itself. Nothing here may
// have a guard, as one of these functions is that of guards.
template <class Function>
Function* next(std::atomic<Function*>& known, const char* name) {
  if (known == nullptr) known = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  return known;
}
constinit std::atomic<int (*)(pthread_mutex_t*)> mutex_lock{nullptr}, mutex_trylock{nullptr};
constinit std::atomic<int (*)(pthread_cond_t*, pthread_mutex_t*)> cond_wait{nullptr};
constinit std::atomic<int (*)(std::int64_t*)> guard_acquire{nullptr};

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* memory);

void* malloc(std::size_t bytes) {
  count(allocations);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t elements, std::size_t bytes) {
  count(allocations);
  return __libc_calloc(elements, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  count(allocations);
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  count(allocations);
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  count(allocations);
  __libc_free(memory);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  count(waits);
  return next(mutex_lock, "pthread_mutex_lock")(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  count(waits);
  return next(mutex_trylock, "pthread_mutex_trylock")(mutex);
}
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  count(waits);
  return next(cond_wait, "pthread_cond_wait")(condition, mutex);
}
// Of the initialisation of a static variable in a function, for which threads wait.
int __cxa_guard_acquire(std::int64_t* guard) {
  count(waits);
  return next(guard_acquire, "__cxa_guard_acquire")(guard);
}

}  // extern "C"

namespace {

using namespace xtape;

/// What makes a predictor, and gives what predicts a batch with it.
struct Subject {
  std::string name;
  std::function<std::function<bool()>()> make;
};

template <class T, class MakePredictor>
Subject subject(const std::string& name, const Array<T>& rows, MakePredictor make_predictor) {
  auto in = std::make_shared<Array<T> >(ArrayView<const T>(rows));
  return {name, [=]() -> std::function<bool()> {
            auto predictor = std::make_shared<inference::Predictor<T> >(make_predictor());
            auto out =
                std::make_shared<Array<T> >(Shape{in->shape()[0] * predictor->output_row().elements()});
            auto workspace =
                std::make_shared<typename inference::Predictor<T>::Workspace>(predictor->workspace());
            return [=] { return predictor->predict(*in, *out, *workspace); };
          }};
}

template <class T>
Subject subject(const std::string& name, std::shared_ptr<nn::Module<T> > model, const Shape& row,
                const Array<T>& rows) {
  const std::size_t count = rows.shape()[0];
  return subject<T>(name, rows, [=] { return inference::Predictor<T>(*model, row, count); });
}

/// Every layer there is, and models of several, with one row, some, and many.
template <class T>
void add_layers(std::vector<Subject>& subjects, const std::string& type) {
  Random random(5);
  for (auto& of : testing::every_layer<T>(random)) {
    const std::shared_ptr<nn::Module<T> > model = std::move(of.model);
    for (const std::size_t rows : {1U, 7U, 64U}) {
      subjects.push_back(subject<T>(of.name + ", " + type + ", " + std::to_string(rows) + " rows", model,
                                    of.row, testing::random_rows(of, rows, random)));
    }
  }
}

/// What the tape would give to a BLAS, and what it would share with other threads.
template <class T>
void add_large_models(std::vector<Subject>& subjects, const std::string& type) {
  Random random(6);
  const auto wide = std::make_shared<nn::Sequential<T> >(), images = std::make_shared<nn::Sequential<T> >();
  wide->template add<nn::Linear>(2048, 700, random).template add<nn::Gelu>();
  wide->template add<nn::Linear>(700, 10, random);
  subjects.push_back(subject<T>("wide, " + type, wide, {2048}, Array<T>(Shape{64, 2048})));
  images->template add<nn::Conv2d>(8, 40, 3, random).template add<nn::Relu>();
  images->template add<nn::MaxPool2d>(2).template add<nn::AvgPool2d>(3);
  subjects.push_back(subject<T>("images, " + type, images, {8, 40, 40}, Array<T>(Shape{8, 8, 40, 40})));
}

/// Probabilities of rows, one of which has an infinite and a missing feature.
template <class T>
void add_pipelines(std::vector<Subject>& subjects, const std::string& type) {
  Random random(7);
  const auto model = std::make_shared<nn::Sequential<T> >();
  model->template add<nn::Linear>(3, 4, random);
  Array<T> x(Shape{5, 3});
  x[4] = std::numeric_limits<T>::infinity();
  x[5] = std::numeric_limits<T>::quiet_NaN();
  for (const double temperature : {1.0, 2.0}) {
    subjects.push_back(subject<T>("a pipeline, " + type, x, [=] {
      const inference::Pipeline<T> pipeline{
          .model = *model, .row = {3}, .factor = 2, .temperature = temperature};
      return inference::Predictor<T>(pipeline, 5);
    }));
  }
}

template <class T>
void add_subjects(std::vector<Subject>& subjects, const std::string& type) {
  add_pipelines<T>(subjects, type);
  add_layers<T>(subjects, type);
  add_large_models<T>(subjects, type);
}

/// From here on the thread may only end its process: any other call of the system kills that. False where
/// there are no such filters.
bool forbid_system_calls() {
  constexpr auto number = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  sock_filter filter[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, number},
                          {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit_group},
                          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
                          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS}};
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// How predicting on a thread of its own ended.
enum Ending { well, with_false, with_calls_counted, without_filter, with_a_system_call, without_a_child };

constexpr const char* texts[] = {"predicted",
                                 "predict must return true, got false",
                                 "predict must take no memory and wait for nobody, got calls",
                                 "there is no seccomp here",
                                 "predict must not call the system, got a call",
                                 "there must be a child process"};

Ending ending(bool predicts) {
  if (!predicts) return with_false;
  return allocations + waits > 0 ? with_calls_counted : well;
}

/// Makes a predictor, which is the first of the process, and predicts a few times on another thread, on which
/// nothing of xtape has run. With a filter it does not return.
Ending predict_on_fresh_thread(const Subject& subject, bool is_filtered) {
  Ending result = without_filter;
  const std::function<bool()> predict = subject.make();
  std::thread([&] {
    if (is_filtered && !forbid_system_calls()) return;
    bool predicts = true;
    is_predicting = true;
    for (int call = 0; call < 3; ++call) predicts = predict() && predicts;
    is_predicting = false;
    result = ending(predicts);
    if (is_filtered) syscall(SYS_exit_group, result);  // A thread's end calls the system.
  }).join();
  return result;
}

/// In a child process, which a call of the system kills if there is a filter.
Ending predict_in_child(const Subject& subject, bool is_filtered) {
  const pid_t child = fork();
  if (child == 0) _exit(predict_on_fresh_thread(subject, is_filtered));
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return without_a_child;
  return WIFSIGNALED(status) ? with_a_system_call : static_cast<Ending>(WEXITSTATUS(status));
}

/// Returns whether it ended as expected, or else says how.
bool ends(const Subject& subject, bool is_filtered, Ending expected) {
  const Ending result = predict_in_child(subject, is_filtered);
  if (result == expected) return true;
  std::printf("%s: %s\n", subject.name.c_str(), texts[result]);
  return false;
}

/// How much of what predict must not do does not show.
int missed(bool has_filter) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  const auto allocate = [] { return free(malloc(1)), true; };
  const auto use_new = [] { return delete new std::string(100, 'a'), true; };
  const auto lock = [] { return pthread_mutex_lock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0; };
  const auto pass_guard = [] {
    static const pid_t parent = getppid();
    return parent != 0;
  };
  const auto call_system = [] { return getppid() != 0; };
  const auto wake = [] { return syscall(SYS_futex, &mutex, FUTEX_WAKE_PRIVATE, 1) == 0; };
  const std::pair<const char*, std::function<bool()> > counted[] = {{"malloc", allocate},
                                                                    {"new", use_new},
                                                                    {"a mutex", lock},
                                                                    {"a guard", pass_guard}},
                                                       of_system[] = {{"a call of the system", call_system},
                                                                      {"a futex", wake}};
  int count = 0;
  // Without a filter, as what is counted may call the system as well.
  for (const auto& [name, call] : counted)
    count += !ends({name, [call = call] { return call; }}, false, with_calls_counted);
  for (const auto& [name, call] : of_system)
    count += has_filter && !ends({name, [call = call] { return call; }}, true, with_a_system_call);
  return count;
}

}  // namespace

int main() {
  const bool has_filter = predict_in_child({"", [] { return [] { return true; }; }}, true) == well;
  if (!has_filter) std::puts("calls of the system cannot be looked at: there is no seccomp here");
  int failures = missed(has_filter);
  std::vector<Subject> subjects;
  add_subjects<float>(subjects, "float");
  add_subjects<double>(subjects, "double");
  for (const Subject& subject : subjects) failures += !ends(subject, has_filter, well);
  std::printf("%zu predictors, %d failures\n", subjects.size(), failures);
  return failures == 0 ? 0 : 1;
}

#endif
