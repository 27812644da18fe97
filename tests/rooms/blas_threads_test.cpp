// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/blas_threads.hpp"

#ifdef XTAPE_BLAS_IS_OPENBLAS

#include <array>
#include <cstring>
#include <optional>
#include <thread>

#ifdef __unix__
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "matchers.hpp"

extern "C" {
int openblas_get_parallel();
int openblas_get_num_threads();
void openblas_set_num_threads(int threads);
}

using namespace xtape;
using namespace xtape::testing;
using kernels::OneBlasThread;

namespace {

// Sets the number of OpenBLAS's threads for one test.
class BlasThreads {
 public:
  explicit BlasThreads(int threads) : before_(openblas_get_num_threads()) {
    openblas_set_num_threads(threads);
  }
  ~BlasThreads() { openblas_set_num_threads(before_); }
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  int before_;
};

// Large enough for the BLAS; cut along rows, along columns and along the inner extent.
constexpr std::array<std::array<std::size_t, 3>, 3> large_products{
    {{400, 300, 1100}, {300, 500, 1100}, {70, 80, 3000}}};

template <class T>
std::vector<T> product(std::size_t rows, std::size_t columns, std::size_t inner) {
  Tape<T> tape;
  const auto y = matmul(tape.constant(irregular({rows, inner})), tape.constant(irregular({inner, columns})));
  return {y.values().begin(), y.values().end()};
}

// As with POSIX threads, unlike OpenMP.
bool blas_has_one_setting() {
  if (openblas_get_parallel() == 1) return true;
  SUCCEED("OpenBLAS has no number of threads for the process");
  return false;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "products have the same bits whatever number of threads the program gave the BLAS, and leave it",
    "[ops][gemm][threads]", float, double) {
  for (const auto& [rows, columns, inner] : large_products) {
    std::optional<std::vector<TestType>> first;
    for (const int threads : {1, 2, 4}) {
      const BlasThreads setting(threads);
      const std::vector<TestType> y = product<TestType>(rows, columns, inner);
      CHECK(openblas_get_num_threads() == threads);
      if (!first) first = y;
      CHECK(std::memcmp(first->data(), y.data(), y.size() * sizeof(TestType)) == 0);
    }
  }
}

TEST_CASE("products of several threads at once leave the program's number of BLAS threads",
          "[ops][gemm][threads]") {
  const BlasThreads setting(3);
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([] {
      for (int time = 0; time < 3; ++time) product<float>(300, 300, 1100);
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(openblas_get_num_threads() == 3);
}

TEST_CASE("the BLAS has one thread as long as there are products", "[ops][gemm][threads]") {
  if (!blas_has_one_setting()) return;
  const BlasThreads setting(3);
  std::optional<OneBlasThread> one(std::in_place), other(std::in_place);
  CHECK(openblas_get_num_threads() == 1);
  one.reset();
  CHECK(openblas_get_num_threads() == 1);
  one.emplace();
  other.reset();
  CHECK(openblas_get_num_threads() == 1);
  one.reset();
  CHECK(openblas_get_num_threads() == 3);
}

TEST_CASE("a number of BLAS threads that the program sets during a product stays", "[ops][gemm][threads]") {
  if (!blas_has_one_setting()) return;
  const BlasThreads setting(3);
  {
    const OneBlasThread product;
    openblas_set_num_threads(2);
  }
  CHECK(openblas_get_num_threads() == 2);
  {
    const OneBlasThread product;
    openblas_set_num_threads(4);
    const OneBlasThread next;
    CHECK(openblas_get_num_threads() == 1);
  }
  CHECK(openblas_get_num_threads() == 4);
}

#ifdef __unix__
TEST_CASE(
    "a child that is forked during a product multiplies, and has the program's number of BLAS threads then",
    "[ops][gemm][threads]") {
  if (!blas_has_one_setting()) return;
  const BlasThreads setting(2);
  std::optional<OneBlasThread> of_parent(std::in_place);
  const pid_t child = fork();
  if (child == 0) {
    product<float>(300, 300, 1100);
    { const OneBlasThread of_child; }
    _exit(openblas_get_num_threads() == 2 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  of_parent.reset();
  CHECK(openblas_get_num_threads() == 2);
}
#endif

#endif
