// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/broadcast.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/select_kernels.hpp"
#include "ops/broadcast_shape.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/rearrange.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> where(const Condition& condition, Variable<T> a, Variable<T> b) {
  const Shape shape =
      broadcast_shape("where", broadcast_shape("where", condition.shape(), a.shape()), b.shape());

  const auto& select = kernels::kernel<kernels::Select, T>();
  Recording<T> op("where", {a, b});
  const auto flags = op.template save<bool>(condition.shape());
  condition.copy_to(flags);
  const ArrayView<T> y = op.output(shape);
  const auto nest = kernels::make_nest<4>(shape, {&shape, &flags.shape(), &a.shape(), &b.shape()});
  kernels::for_each_row_in_parallel(nest, [&](const std::size_t(&at)[4], std::size_t n) {
    const T *const from_a = a.data() + at[2], *const from_b = b.data() + at[3];
    const bool a_moves = nest.inner_stride(2) != 0, b_moves = nest.inner_stride(3) != 0;
    if (nest.inner_stride(1) != 0) {
      select.between(&flags[at[1]], from_a, a_moves, from_b, b_moves, &y[at[0]], n);
    } else {
      const T* const chosen = flags[at[1]] ? from_a : from_b;
      const bool moves = flags[at[1]] ? a_moves : b_moves;
      for (std::size_t i = 0; i < n; ++i) y[at[0] + i] = moves ? chosen[i] : *chosen;
    }
  });

  return op.finish([flags, shape, &select](Backward<T>& b) {
    for (const bool chosen : {true, false}) {
      const std::size_t input = chosen ? 0 : 1;
      if (!b.needs_grad(input)) continue;
      const auto [grad, first] = b.contribution(input);
      const T* dy = b.output_grad().data();
      if (grad.shape() == shape && flags.shape() == shape) {
        parallel_for_even_ranges(shape.elements(), products_per_block,
                                 [&, dx = grad.data(), add = !first](std::size_t begin, std::size_t end) {
                                   select.part(&flags[begin], chosen, dy + begin, dx + begin, end - begin,
                                               add);
                                 });
        continue;
      }
      kernels::reduce_sum(kernels::make_reduction<3>(shape, {&grad.shape(), &flags.shape(), &shape}),
                          grad.data(), first, [=, flags = flags.data()](const std::size_t(&at)[3]) {
                            return flags[at[1]] == chosen ? dy[at[2]] : T{0};
                          });
    }
  });
}

template <class T>
Variable<T> where(const Condition& condition, Variable<T> a, Number<T> b) {
  detail::Rollback<T> rollback(a.tape());
  return rollback.keep(where(condition, a, a.tape().constant(b)));
}

template <class T>
Variable<T> where(const Condition& condition, Number<T> a, Variable<T> b) {
  detail::Rollback<T> rollback(b.tape());
  return rollback.keep(where(condition, b.tape().constant(a), b));
}

template Variable<float> where(const Condition&, Variable<float>, Variable<float>);
template Variable<float> where(const Condition&, Variable<float>, float);
template Variable<float> where(const Condition&, float, Variable<float>);
template Variable<double> where(const Condition&, Variable<double>, Variable<double>);
template Variable<double> where(const Condition&, Variable<double>, double);
template Variable<double> where(const Condition&, double, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
