// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/row_exponentials.hpp"
#include "kernels/simd/row_numbers.hpp"
#include "kernels/simd/transpose.hpp"

namespace xtape::kernels {
namespace {

// What the exponentials of some rows add up to.
template <class T, std::size_t rows>
struct RowSums {
  T max[rows];         // of the logits
  double scale[rows];  // 1 / its exponential
  double ties[rows];   // how many others are as large
  double rest[rows];   // the sum of all others, times `scale`; NaN where the largest is not finite

  // From how many logits are as large as the largest, and the sum of the exponentials of the others.
  XTAPE_INLINE void finish(const double (&largest)[rows], const double (&others)[rows]) {
    for_rows<rows>([&]<class D>(std::size_t r, D) {
      const D top = load_rows<D>(max + r), tied = load_rows<D>(largest + r) - D(1.0);
      // Infinite less itself is NaN.
      const D nothing = D(0.0) * (top - top);
      store_rows(tied, ties + r);
      store_rows(load_rows<D>(others + r) * load_rows<D>(scale + r) + tied + nothing, rest + r);
    });
  }
};

// One row of many classes. Lanes are neighbouring classes.
template <class T>
class OneRow {
 public:
  static constexpr std::size_t most_rows = 1;

  OneRow(const T* x, std::size_t classes) : x_(x), classes_(classes) {}

  std::size_t rows() const { return 1; }
  std::size_t elements() const { return classes_; }
  const T* x() const { return x_; }
  T* values(T* destination) { return destination; }
  void write(const T*, T*) const {}
  const T* labels(const T* source) { return source; }

  template <bool keep>
  void normalise(RowSums<T, 1>& sums, T* e) const {
    const T max = largest_of(x_, classes_);
    with_exponent(max, [&](const auto& exponent) { sum_up<keep>(max, exponent, sums, e); });
  }
  void sum(const Accumulator<T>& terms, double* sums) const { sums[0] = terms.total(); }

  static std::size_t classes(const std::int64_t* labels) { return static_cast<std::size_t>(labels[0]); }

  // What the logits, and the exponentials if they are kept, are at the class of the row.
  template <bool keep>
  void pick(std::size_t label, const T* e, T* logit, T* exponential) const {
    logit[0] = x_[label];
    if constexpr (keep) exponential[0] = e[label];
  }

  // The gradient e factor, and `slope` at the class of the row.
  template <class Factors>
  void write_slopes(std::size_t label, const double* slope, const Factors& factors, T* e, T*) const {
    const auto multiply = factors.multiplication(*this);
    for_each_batch<T>(classes_, [&](std::size_t j, auto count) {
      store_some(multiply(load_some<Batch<T>>(e + j, count, T{0}), Batch<T>(T{0})), e + j, count);
    });
    e[label] = static_cast<T>(slope[0]);
  }
  template <class Number>
  Batch<T> of_row(const Number* values) const {
    return Batch<T>(static_cast<T>(values[0]));
  }

 private:
  template <bool keep, class Exponent>
  void sum_up(T max, const Exponent& exponent, RowSums<T, 1>& sums, T* e) const {
    Accumulator<T> others[1];
    double largest = 0;
    constexpr std::size_t segment = std::size_t{1} << 24;
    for (std::size_t j = 0; j < classes_; j += segment) {
      const std::size_t count = classes_ - j < segment ? classes_ - j : segment;
      // The same elements of the next row are fetched.
      const auto fetch = [&](std::size_t i, auto of_batch) {
        fetch_if_whole(x_ + j + i + classes_, of_batch);
        if constexpr (keep) fetch_to_write_if_whole(e + j + i + classes_, of_batch);
      };
      largest += sum_of_lanes(sum_exponentials<keep>(x_ + j, count, Batch<T>(max), exponent,
                                                     keep ? e + j : nullptr, others, fetch));
    }
    sums.max[0] = max;
    sums.scale[0] = exponent.scale(max);
    sums.finish({largest}, {others[0].total()});
  }

  const T* x_;
  std::size_t classes_;
};

// The class of each row, as a number. Rows that are not there are like the last.
template <std::size_t most_rows>
XTAPE_INLINE void write_classes(const std::int64_t* labels, std::size_t rows, double* classes) {
  std::int64_t padded[most_rows];
  if (rows < most_rows) {
    for (std::size_t r = 0; r < most_rows; ++r) padded[r] = labels[r < rows ? r : rows - 1];
    labels = padded;
  }
  const Wide two_to_52(0x1p52);  // in the lowest bits of which an integer fits
  for (std::size_t r = 0; r < most_rows; r += lanes<double>) {
    const auto label = Batch<std::int64_t>::load_unaligned(labels + r);
    store(bits_as<double>(label | bits_as<std::int64_t>(two_to_52)) - two_to_52, classes + r);
  }
}

inline constexpr std::size_t few_classes = 64;

template <class T>
struct ClassNumbers {
  T number[few_classes];
  constexpr ClassNumbers() : number() {
    for (std::size_t c = 0; c < few_classes; ++c) number[c] = static_cast<T>(c);
  }
};
template <class T>
inline constexpr ClassNumbers<T> class_numbers;

// Several rows of few classes, brought into an order in which lanes are rows.
template <class T>
class FewClasses {
 public:
  static constexpr std::size_t most_rows = lanes<T>;

  // Of several blocks, which have few_classes classes together at most.
  struct Memory {
    T x[few_classes * lanes<T>];
    T values[few_classes * lanes<T>];
    T labels[few_classes * lanes<T>];  // of one of them at a time
  };

  FewClasses() = default;
  FewClasses(const T* x, std::size_t rows, std::size_t classes, Memory& memory, std::size_t block)
      : rows_(rows),
        classes_(classes),
        x_(memory.x + block * elements()),
        values_(memory.values + block * elements()),
        labels_(memory.labels) {
    rows_to_lanes(x, classes, rows, classes, x_);
    max_ = load<Batch<T>>(x_);
    for (std::size_t c = 1; c < classes_; ++c) max_ = xsimd::max(max_, load<Batch<T>>(x_ + c * lanes<T>));
  }

  std::size_t rows() const { return rows_; }
  std::size_t elements() const { return classes_ * lanes<T>; }
  const T* x() const { return x_; }
  T* values(T*) { return values_; }

  void write(const T* values, T* destination) const {
    lanes_to_rows<few_classes>(values, rows_, classes_, destination);
  }
  const T* labels(const T* source) {
    rows_to_lanes(source, classes_, rows_, classes_, labels_);
    return labels_;
  }

  template <bool keep>
  void normalise(RowSums<T, lanes<T>>& sums) const {
    const Anywhere<T> exponent(max_);
    Accumulator<T> terms[1];
    double largest[lanes<T>], others[lanes<T>];
    Accumulator<T> count;
    count.add(
        sum_exponentials<keep>(x_, elements(), max_, exponent, values_, terms, [](std::size_t, auto) {}));
    count.store(largest);
    store(max_, sums.max);
    terms[0].store(others);
    for (std::size_t r = 0; r < lanes<T>; ++r) sums.scale[r] = exponent.scale(sums.max[r]);
    sums.finish(largest, others);
  }
  void sum(const Accumulator<T>& terms, double* sums) const { terms.store(sums); }

  Batch<T> classes(const std::int64_t* labels) const {
    double classes[lanes<T>];
    write_classes<lanes<T>>(labels, rows_, classes);
    return of_row(classes);
  }

  template <bool keep>
  void pick(Batch<T> labels, const T* e, T* logit, T* exponential) const {
    Batch<T> x_of_label = load<Batch<T>>(x_), e_of_label = load<Batch<T>>(keep ? e : x_);
    for (std::size_t c = 1; c < classes_; ++c) {
      const auto is_label = labels == Batch<T>(class_numbers<T>.number[c]);
      x_of_label = xsimd::select(is_label, load<Batch<T>>(x_ + c * lanes<T>), x_of_label);
      if constexpr (keep) e_of_label = xsimd::select(is_label, load<Batch<T>>(e + c * lanes<T>), e_of_label);
    }
    store(x_of_label, logit);
    if constexpr (keep) store(e_of_label, exponential);
  }

  template <class Factors>
  void write_slopes(Batch<T> labels, const double* slope, const Factors& factors, T* e, T* gradient) const {
    const auto multiply = factors.multiplication(*this);
    const Batch<T> slopes = of_row(slope), zero(T{0});
    for (std::size_t c = 0; c < classes_; ++c) {
      T* const values = e + c * lanes<T>;
      const auto is_label = labels == Batch<T>(class_numbers<T>.number[c]);
      store(xsimd::select(is_label, slopes, multiply(load<Batch<T>>(values), zero)), values);
    }
    write(e, gradient);
  }
  XTAPE_INLINE Batch<T> of_row(const T* values) const { return load<Batch<T>>(values); }
  XTAPE_INLINE Batch<T> of_row(const double* values) const requires(sizeof(T) == 4) {
    return join(load<Wide>(values), load<Wide>(values + lanes<double>));
  }

 private:
  std::size_t rows_;
  std::size_t classes_;
  T* x_;
  T* values_;
  T* labels_;
  Batch<T> max_;
};

// Calls work(block, its sums, first row) for blocks of the rows [begin, end), one or several rows each, with
// the exponentials in block.values(destination) if they are to be kept.
template <bool keep, class T, class Work>
void for_long_rows(const T* x, std::size_t begin, std::size_t end, std::size_t classes, T* destination,
                   Work work) {
  for (std::size_t r = begin; r < end; ++r) {
    OneRow<T> row(x + r * classes, classes);
    RowSums<T, 1> sums;
    row.template normalise<keep>(sums, keep ? destination + r * classes : nullptr);
    work(row, sums, r);
  }
}
// Steps of one block wait for each other, those of neighbours do not.
template <bool keep, class T, class Work>
void for_short_rows(const T* x, std::size_t begin, std::size_t end, std::size_t classes, Work work) {
  constexpr std::size_t most_blocks = 4;
  typename FewClasses<T>::Memory memory;
  FewClasses<T> block[most_blocks];
  RowSums<T, lanes<T>> sums[most_blocks];
  const std::size_t together = classes * most_blocks <= few_classes ? most_blocks : few_classes / classes;
  for (std::size_t first = begin; first < end; first += together * lanes<T>) {
    const auto row = [first](std::size_t b) { return first + b * lanes<T>; };
    std::size_t blocks = 0;
    for (; blocks < together && row(blocks) < end; ++blocks) {
      const std::size_t r = row(blocks), left = end - r;
      block[blocks] =
          FewClasses<T>(x + r * classes, left < lanes<T> ? left : lanes<T>, classes, memory, blocks);
    }
    for (std::size_t b = 0; b < blocks; ++b) block[b].template normalise<keep>(sums[b]);
    for (std::size_t b = 0; b < blocks; ++b) work(block[b], sums[b], row(b));
  }
}

// The same, with finish(first row, rows) after each block that completes `together` rows, and at the end.
template <std::size_t together, bool keep, class T, class Work, class Finish>
void for_row_blocks(const T* x, std::size_t rows, std::size_t classes, T* destination, Work work,
                    Finish finish) {
  for (std::size_t begin = 0; begin < rows; begin += together) {
    const std::size_t end = rows - begin < together ? rows : begin + together;
    if (classes > few_classes) {
      for_long_rows<keep>(x, begin, end, classes, destination, work);
    } else {
      for_short_rows<keep>(x, begin, end, classes, work);
    }
    finish(begin, end - begin);
  }
}

}  // namespace
}  // namespace xtape::kernels
