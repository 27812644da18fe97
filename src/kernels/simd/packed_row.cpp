// SPDX-License-Identifier: BSD-3-Clause
// The product of one row and a packed matrix. MultiplySmall, whose bits it has, gives each column a batch, of
// which lane l is the sum over the inner elements k = l, l + lanes, ..., and adds up its lanes at the end.
// Here whole groups of columns have a batch for each of those lanes instead, of which each lane is a column:
// adding up then needs no shuffles, and no lane is idle where the inner elements are no multiple. The columns
// that fill no group are as there.
#include "kernels/packed_row_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/relu.hpp"
#include "kernels/simd/sum_lanes.hpp"

namespace xtape::kernels {
namespace {

// The first columns, as many as are a multiple of 8, have their lanes added in fours, the others by halves;
// so a group is of 8 at least. None where a batch has no fours.
template <class T>
constexpr std::size_t grouped_columns(std::size_t columns) {
  constexpr std::size_t multiple = lanes < T >> 8 ? lanes<T> : 8;
  return lanes<T> < 4 ? 0 : columns / multiple * multiple;
}

// So many sums stay in registers, beside a factor or two.
template <class T>
inline constexpr std::size_t most_sums_of_row = sizeof(Batch<T>) == 64 ? 16 : 8;
template <class T>
inline constexpr std::size_t most_groups = most_sums_of_row<T> / 4;
// So many columns that fill no group at a time.
template <class T>
inline constexpr std::size_t most_others = lanes<T> > 8 ? lanes<T> - 1 : 8;

// Of so many groups of columns, so many fours of lanes grow side by side.
template <class T, std::size_t groups>
inline constexpr std::size_t fours_together =
    most_sums_of_row<T> / 4 / groups < Fours<T>::count ? most_sums_of_row<T> / 4 / groups : Fours<T>::count;

// Calls f(k) for the inner elements in the order in which they are packed for some groups: those of some
// lanes, then those of the next.
template <class T, std::size_t groups, class F>
void for_each_inner(std::size_t inner, F f) {
  constexpr std::size_t together = fours_together<T, groups> * 4;
  for (std::size_t first = 0; first < lanes<T>; first += together) {
    for (std::size_t k = first; k < inner; k += lanes<T>) {
      for (std::size_t l = 0; l < together && k + l < inner; ++l) f(k + l);
    }
  }
}

// Some groups of columns. Returns where the next are packed.
template <std::size_t groups, class T>
XTAPE_INLINE const T* multiply_row_groups(const RowProduct<T>& in, const T* b, std::size_t j) {
  using B = Batch<T>;
  constexpr std::size_t fours = fours_together<T, groups>, together = fours * 4;
  B total[groups];
  for (std::size_t first = 0; first < lanes<T>; first += together) {
    B sum[together][groups];
    for (auto& of_lane : sum) {
      for (B& s : of_lane) s = B(T{0});
    }
    const auto add = [&](std::size_t l, T factor) __attribute__((always_inline)) {
      const B same(factor);
      for (std::size_t g = 0; g < groups; ++g, b += lanes<T>)
        sum[l][g] = multiply_add(same, load<B>(b), sum[l][g]);
    };
    std::size_t k = first;
    for (; k + together <= in.inner; k += lanes<T>) {
      for (std::size_t l = 0; l < together; ++l) add(l, in.a[k + l]);
    }
    for (std::size_t l = 0; l < together; ++l) {
      if (k + l < in.inner) add(l, in.a[k + l]);
    }
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t f = 0; f < fours; ++f) {
        const B four = (sum[f * 4][g] + sum[f * 4 + 1][g]) + (sum[f * 4 + 2][g] + sum[f * 4 + 3][g]);
        total[g] = first == 0 && f == 0 ? four : total[g] + four;
      }
    }
  }
  for (std::size_t g = 0; g < groups; ++g, j += lanes<T>) {
    if (in.bias != nullptr) total[g] += load<B>(in.bias + j);
    store(in.relu ? ReluFunction::value(total[g]) : total[g], in.c + j);
  }
  return b;
}

// Adds the bias to the sums of some columns and writes them, without a branch on a sign.
template <std::size_t columns, class T>
XTAPE_INLINE void finish_columns(const RowProduct<T>& in, std::size_t j, T (&sums)[columns]) {
  if (in.bias != nullptr) {
    for (std::size_t c = 0; c < columns; ++c) sums[c] += in.bias[j + c];
  }
  const T least = in.relu ? T{0} : -std::numeric_limits<T>::infinity();
  for (std::size_t c = 0; c < columns; ++c) sums[c] = least >= sums[c] ? least : sums[c];
  std::memcpy(in.c + j, sums, sizeof sums);
}

// Some columns whose rows of b^T lie in memory together, a batch of each at a time.
template <std::size_t columns, class T>
void multiply_row_others(const RowProduct<T>& in, const T* b, std::size_t j) {
  using B = Batch<T>;
  // Either may be 0, and no number is less: c != in_fours.
  constexpr std::size_t in_fours = columns / 8 * 8, by_halves = columns - in_fours;
  B sum[in_fours + 1], rest[by_halves + 1];
  for (std::size_t c = 0; c != in_fours; ++c) sum[c] = B(T{0});
  for (std::size_t c = 0; c != by_halves; ++c) rest[c] = B(T{0});
  for_each_batch<T>(
      in.inner, [&](std::size_t k, auto count) __attribute__((always_inline)) {
        const B factor = load_some<B>(in.a + k, count, T{0});
        for (std::size_t c = 0; c != in_fours; ++c, b += lanes<T>)
          sum[c] = multiply_add(factor, load<B>(b), sum[c]);
        for (std::size_t c = 0; c != by_halves; ++c, b += lanes<T>)
          rest[c] = multiply_add(factor, load<B>(b), rest[c]);
      });
  T sums[columns];
  if constexpr (in_fours > 0) {
    B exact[in_fours];
    for (std::size_t c = 0; c != in_fours; ++c) exact[c] = sum[c];
    sum_lanes<T>(exact, sums);
  }
  for (std::size_t c = 0; c != by_halves; ++c) sums[in_fours + c] = sum_of_lanes(rest[c]);
  finish_columns(in, j, sums);
}

template <class T, std::size_t... less_one>
void multiply_row_others(const RowProduct<T>& in, const T* b, std::size_t j, std::size_t columns,
                         std::index_sequence<less_one...>) {
  static_cast<void>(
      ((columns == less_one + 1 && (multiply_row_others<less_one + 1>(in, b, j), true)) || ...));
}

template <class T>
std::size_t padded_to_lanes(std::size_t inner) {
  return (inner + lanes<T> - 1) / lanes<T> * lanes<T>;
}

template <class T>
void multiply_row(const RowProduct<T>& in) {
  const T* b = in.b;
  std::size_t j = 0;
  const std::size_t grouped = grouped_columns<T>(in.columns);
  if constexpr (lanes<T> >= 4) {
    constexpr std::size_t whole = most_groups<T> * lanes<T>;
    for (; j + whole <= grouped; j += whole) b = multiply_row_groups<most_groups<T>>(in, b, j);
    if constexpr (most_groups < T >> 2) {
      if (j + 2 * lanes<T> <= grouped) {
        b = multiply_row_groups<2>(in, b, j);
        j += 2 * lanes<T>;
      }
    }
    if (j < grouped) {
      b = multiply_row_groups<1>(in, b, j);
      j += lanes<T>;
    }
  }
  for (std::size_t together; j < in.columns; j += together, b += together * padded_to_lanes<T>(in.inner)) {
    together = in.columns - j < most_others<T> ? in.columns - j : most_others<T>;
    multiply_row_others(in, b, j, together, std::make_index_sequence<most_others<T>>());
  }
}

// As multiply_row goes through it.
template <class T>
void pack_for_row(const T* b, std::size_t columns, std::size_t inner, T* packed) {
  std::size_t j = 0;
  const std::size_t grouped = grouped_columns<T>(columns);
  const auto pack_groups = [&]<std::size_t groups>(std::integral_constant<std::size_t, groups>) {
    for_each_inner<T, groups>(inner, [&](std::size_t k) {
      for (std::size_t c = 0; c < groups * lanes<T>; ++c) *packed++ = b[(j + c) * inner + k];
    });
    j += groups * lanes<T>;
  };
  if constexpr (lanes<T> >= 4) {
    while (j + most_groups<T> * lanes<T> <= grouped)
      pack_groups(std::integral_constant<std::size_t, most_groups<T>>());
    if constexpr (most_groups < T >> 2) {
      if (j + 2 * lanes<T> <= grouped) pack_groups(std::integral_constant<std::size_t, 2>());
    }
    if (j < grouped) pack_groups(std::integral_constant<std::size_t, 1>());
  }
  while (j < columns) {
    const std::size_t together = columns - j < most_others<T> ? columns - j : most_others<T>;
    for (std::size_t k = 0; k < inner; k += lanes<T>) {
      for (std::size_t c = 0; c < together; ++c) {
        for (std::size_t l = 0; l < lanes<T>; ++l)
          *packed++ = k + l < inner ? b[(j + c) * inner + k + l] : T{0};
      }
    }
    j += together;
  }
}

template <class T>
std::size_t packed_elements(std::size_t columns, std::size_t inner) {
  const std::size_t grouped = grouped_columns<T>(columns);
  return grouped * inner + (columns - grouped) * padded_to_lanes<T>(inner);
}

}  // namespace

XTAPE_KERNEL(MultiplyRow,
             {.elements = packed_elements<T>, .pack = pack_for_row<T>, .multiply = multiply_row<T>});

}  // namespace xtape::kernels
