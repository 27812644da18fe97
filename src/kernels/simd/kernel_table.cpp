// SPDX-License-Identifier: BSD-3-Clause
// Compiled once for each kind of processor, XTAPE_SIMD: baseline, neon, avx2, avx512.
#include "kernels/kernel_table.hpp"

#include "kernels/simd/elementwise.hpp"
#include "kernels/simd/optimizers.hpp"
#include "kernels/simd/sigmoid_cross_entropy.hpp"
#include "kernels/simd/small_product.hpp"
#include "kernels/simd/softmax.hpp"
#include "kernels/simd/softmax_cross_entropy.hpp"
#include "kernels/simd/standardise.hpp"
#include "kernels/simd/sums.hpp"

namespace xtape::kernels {
namespace {

template <class F, class T>
constexpr UnaryKernels<T> unary{map<F, T>, map_gradient<F, T>};
template <class F, class T>
constexpr ParametricKernels<T> parametric{map<F, T, T>, map_gradient<F, T, T>};

template <class T>
constexpr Kernels<T> table{
    .softmax_cross_entropy = softmax_cross_entropy<T>,
    .sigmoid_cross_entropy = sigmoid_cross_entropy<T>,
    .softmax = softmax<T>,
    .softmax_gradient = softmax_gradient<T>,
    .log_softmax = log_softmax<T>,
    .log_softmax_gradient = log_softmax_gradient<T>,
    .normalise = normalise<T>,
    .log_sum_exp_gradient = log_sum_exp_gradient<T>,
    .exp = unary<OfWide<Exp, T>, T>,
    .log = unary<OfWide<Log, T>, T>,
    .log1p = unary<OfWide<Log1p, T>, T>,
    .relu = unary<OfNarrow<Relu, T>, T>,
    .tanh = unary<OfWide<Tanh, T>, T>,
    .sigmoid = unary<OfWide<Sigmoid, T>, T>,
    .softplus = unary<OfWide<Softplus, T>, T>,
    .silu = unary<OfWide<Silu, T>, T>,
    .gelu = unary<OfWide<Gelu, T>, T>,
    .leaky_relu = parametric<OfNarrow<LeakyRelu, T>, T>,
    .elu = parametric<OfWide<Elu, T>, T>,
    .add = combine<Add, T>,
    .subtract = combine<Subtract, T>,
    .multiply = combine<Multiply, T>,
    .divide = combine<Divide, T>,
    .work_labels = work_labels<T>,
    .moments = moments<T>,
    .standardise = standardise<T>,
    .standardise_row = standardise_row<T>,
    .standard_sums = standard_sums<T>,
    .standard_sums_of_row = standard_sums_of_row<T>,
    .standardise_gradient = standardise_gradient<T>,
    .standardise_row_gradient = standardise_row_gradient<T>,
    .add_standardised = add_standardised<T>,
    .multiply_small = multiply_small<T>,
    .sgd = sgd<T>,
    .adam = adam<T>,
    .rmsprop = rmsprop<T>,
    .move_towards = move_towards<T>,
    .sum = sum<PrecisionOf<T>, T>,
    .sum_of_doubles = sum<PrecisionOf<T>, double>,
    .sum_of_squares = sum_of_squares<T>,
    .add_rows = add_rows<T>,
};

#define XTAPE_TEXT_OF(name) #name
#define XTAPE_TEXT(name) XTAPE_TEXT_OF(name)
constexpr char name[] = XTAPE_TEXT(XTAPE_SIMD);

}  // namespace

namespace XTAPE_SIMD {
extern const KernelTable kernel_table;
const KernelTable kernel_table{name, table<float>, table<double>};
}  // namespace XTAPE_SIMD

}  // namespace xtape::kernels
