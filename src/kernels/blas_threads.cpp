// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/blas_threads.hpp"

#ifdef XTAPE_BLAS_IS_OPENBLAS

#include <mutex>

#ifdef __unix__
#include <pthread.h>
#endif

extern "C" {
int openblas_get_parallel();
int openblas_get_num_threads();
void openblas_set_num_threads(int threads);
// Null unless OpenBLAS or the program brings OpenMP with it.
[[gnu::weak]] int omp_get_max_threads();
[[gnu::weak]] void omp_set_num_threads(int threads);
}

namespace xtape::kernels {
namespace {

// What openblas_get_parallel() says.
constexpr int with_posix_threads = 1, with_openmp = 2;

// openblas_set_num_threads_local, which newer versions have, sets the number of the process too.
std::mutex setting_mutex;  // of what follows
int products_at_work = 0;
int threads_of_program = 1;  // to give back when there are no more

// A child has none of the products of its parent's other threads. What their program had set is given back
// after its own first one.
void lock_at_fork() {
#ifdef __unix__
  [[maybe_unused]] static const int done =
      pthread_atfork([] { setting_mutex.lock(); }, [] { setting_mutex.unlock(); },
                     [] {
                       products_at_work = 0;
                       setting_mutex.unlock();
                     });
#endif
}

bool has_openmp() {
  static const bool has = openblas_get_parallel() == with_openmp && omp_get_max_threads != nullptr &&
                          omp_set_num_threads != nullptr;
  return has;
}

}  // namespace

OneBlasThread::OneBlasThread() {
  if (openblas_get_parallel() != with_posix_threads) return;
  lock_at_fork();
  const std::lock_guard lock(setting_mutex);
  const int threads = openblas_get_num_threads();
  if (threads != 1) {
    threads_of_program = threads;
    openblas_set_num_threads(1);
  }
  ++products_at_work;
}

OneBlasThread::~OneBlasThread() {
  if (openblas_get_parallel() != with_posix_threads) return;
  const std::lock_guard lock(setting_mutex);
  if (--products_at_work > 0) return;
  // If it is not 1, the program has set it since.
  if (threads_of_program != 1 && openblas_get_num_threads() == 1)
    openblas_set_num_threads(threads_of_program);
  threads_of_program = 1;
}

OneOpenMpThread::OneOpenMpThread() : before_(has_openmp() ? omp_get_max_threads() : 1) {
  if (before_ != 1) omp_set_num_threads(1);
}

OneOpenMpThread::~OneOpenMpThread() {
  if (before_ != 1) omp_set_num_threads(before_);
}

}  // namespace xtape::kernels

#else

namespace xtape::kernels {

OneBlasThread::OneBlasThread() = default;
OneBlasThread::~OneBlasThread() = default;
OneOpenMpThread::OneOpenMpThread() : before_(1) {}
OneOpenMpThread::~OneOpenMpThread() = default;

}  // namespace xtape::kernels

#endif
