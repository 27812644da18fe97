// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/ops/matmul.hpp"

#include "arrays/format.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "xtape/autograd/recording.hpp"

#pragma GCC visibility push(default)
namespace xtape {

using kernels::gemm;
using kernels::Transpose;

template <class T>
Variable<T> matmul(Variable<T> a, Variable<T> b) {
  const Shape &left = a.shape(), &right = b.shape();
  if (left.rank() != 2 || right.rank() != 2 || left[1] != right[0]) {
    fail<ShapeError>(
        "matmul: a (rows, inner) and b (inner, columns) must be matrices that agree in inner, got {} and {}",
        left, right);
  }
  const std::size_t rows = left[0], inner = left[1], columns = right[1];
  require_gemm_extents("matmul", {rows, inner, columns});

  Recording<T> op("matmul", {a, b});
  const ArrayView<T> y = op.output({rows, columns});
  gemm(Transpose::no, Transpose::no, rows, columns, inner, a.data(), b.data(), T{0}, y.data());

  return op.finish([rows, columns, inner](Backward<T>& back) {
    const T* dy = back.output_grad().data();
    if (back.needs_grad(0)) {  // da = dy b^T
      const auto [da, first] = back.contribution(0);
      gemm(Transpose::no, Transpose::yes, rows, inner, columns, dy, back.input(1).data(), first ? T{0} : T{1},
           da.data());
    }
    if (back.needs_grad(1)) {  // db = a^T dy
      const auto [db, first] = back.contribution(1);
      gemm(Transpose::yes, Transpose::no, inner, columns, rows, back.input(0).data(), dy, first ? T{0} : T{1},
           db.data());
    }
  });
}

template Variable<float> matmul(Variable<float>, Variable<float>);
template Variable<double> matmul(Variable<double>, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
