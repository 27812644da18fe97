// SPDX-License-Identifier: BSD-3-Clause
// Products are cut up here, at places that depend on the shape alone. A BLAS that cut them once more would
// give other bits, and its threads would compete with ours. So it is kept to the thread that calls it, and
// the program, which may use the BLAS too, finds its own setting as it was.
#pragma once

namespace xtape::kernels {

// Around a product: for OpenBLAS with POSIX threads, whose number of threads is one for the whole process.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
};

// Around a call of the BLAS: for OpenBLAS with OpenMP, where each thread that calls has a number of its own.
class OneOpenMpThread {
 public:
  OneOpenMpThread();
  ~OneOpenMpThread();
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  [[maybe_unused]] int before_;  // of this thread
};

}  // namespace xtape::kernels
