// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// The operations by their definitions, one element at a time. Arguments are those that the library has taken.

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <numeric>
#include <vector>

#include "dual.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/ops/convolution.hpp"
#include "xtape/ops/pooling.hpp"

namespace xtape::fuzz {

/// A place in an array: one number for each axis.
class Index {
 public:
  Index() = default;
  explicit Index(std::size_t axes) : size_(axes) {}
  Index(std::initializer_list<std::size_t> numbers) : Index(numbers.begin(), numbers.end()) {}
  template <class Iterator>
  Index(Iterator first, Iterator last) : size_(static_cast<std::size_t>(last - first)) {
    std::copy(first, last, numbers_.begin());
  }

  std::size_t size() const { return size_; }
  std::size_t& operator[](std::size_t axis) { return numbers_[axis]; }
  std::size_t operator[](std::size_t axis) const { return numbers_[axis]; }
  const std::size_t* begin() const { return numbers_.data(); }
  const std::size_t* end() const { return begin() + size_; }

  /// With a number more, before that of an axis.
  Index with(std::size_t axis, std::size_t number) const {
    Index result(size_ + 1);
    for (std::size_t i = 0; i < result.size_; ++i) {
      result[i] = i == axis ? number : numbers_[i < axis ? i : i - 1];
    }
    return result;
  }

 private:
  std::array<std::size_t, Shape::max_rank + 1> numbers_{};
  std::size_t size_ = 0;
};

inline Shape shape_of(const Index& extents) { return Shape(extents.begin(), extents.end()); }

/// An array of numbers with their slopes.
struct Values {
  Shape shape;
  std::vector<Dual> at;

  Values() = default;
  explicit Values(const Shape& of_shape) : shape(of_shape), at(of_shape.elements()) {}
};

inline Index index_of(std::size_t flat, const Shape& shape) {
  Index index(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

inline std::size_t flat_of(const Index& index, const Shape& shape) {
  std::size_t flat = 0;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) flat = flat * shape[axis] + index[axis];
  return flat;
}

/// The element of x that broadcasting puts at an index: axes count from the last, and those of extent 1
/// repeat.
template <class T>
const T& broadcast_at(const std::vector<T>& elements, const Shape& shape, const Index& index) {
  Index own(shape.rank());
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    own[axis] = shape[axis] == 1 ? 0 : index[index.size() - shape.rank() + axis];
  }
  return elements.at(flat_of(own, shape));
}

inline Shape broadcast(const Shape& a, const Shape& b) {
  Index extents(std::max(a.rank(), b.rank()));
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const std::size_t of_a = i < a.rank() ? a[a.rank() - 1 - i] : 1,
                      of_b = i < b.rank() ? b[b.rank() - 1 - i] : 1;
    extents[extents.size() - 1 - i] = of_a == 1 ? of_b : of_a;
  }
  return shape_of(extents);
}

/// y at each index is element(index).
template <class Element>
Values make(const Shape& shape, Element element) {
  Values y(shape);
  for (std::size_t i = 0; i < y.at.size(); ++i) y.at[i] = element(index_of(i, shape));
  return y;
}

template <class Function>
Values each(const Values& x, Function f) {
  return make(x.shape, [&](const Index& index) { return f(x.at[flat_of(index, x.shape)]); });
}

template <class Function>
Values each(const Values& a, const Values& b, Function f) {
  return make(broadcast(a.shape, b.shape), [&](const Index& index) {
    return f(broadcast_at(a.at, a.shape, index), broadcast_at(b.at, b.shape, index));
  });
}

using Flags = std::array<bool, Shape::max_rank>;

/// y is f of the elements of x along the axes that are reduced.
template <class Function>
Values reduce(const Values& x, const Flags& reduced, bool keep, Function f) {
  Shape kept, shape;
  for (std::size_t axis = 0; axis < x.shape.rank(); ++axis) {
    kept.append(reduced[axis] ? 1 : x.shape[axis]);
    if (keep || !reduced[axis]) shape.append(reduced[axis] ? 1 : x.shape[axis]);
  }
  std::vector<std::vector<Dual>> groups(kept.elements());
  for (std::size_t i = 0; i < x.at.size(); ++i) {
    Index index = index_of(i, x.shape);
    for (std::size_t axis = 0; axis < index.size(); ++axis) index[axis] = reduced[axis] ? 0 : index[axis];
    groups[flat_of(index, kept)].push_back(x.at[i]);
  }
  Values y(shape);
  std::transform(groups.begin(), groups.end(), y.at.begin(), f);
  return y;
}

inline Dual sum(const std::vector<Dual>& x) { return std::accumulate(x.begin(), x.end(), Dual()); }
inline Dual mean(const std::vector<Dual>& x) { return sum(x) / Dual(static_cast<Real>(x.size())); }

inline Dual max(const std::vector<Dual>& x) {
  const auto less = [](const Dual& a, const Dual& b) { return a.value < b.value; };
  const Real top = std::max_element(x.begin(), x.end(), less)->value;
  std::vector<Dual> tops;
  std::copy_if(x.begin(), x.end(), std::back_inserter(tops), [&](const Dual& d) { return d.value == top; });
  return mean(tops);
}

/// The softmax is its derivative.
inline Dual log_sum_exp(const std::vector<Dual>& x) {
  if (x.empty()) return Dual(-std::numeric_limits<Real>::infinity());
  const auto less = [](const Dual& a, const Dual& b) { return a.value < b.value; };
  const auto top = std::max_element(x.begin(), x.end(), less);
  Real others = 0;
  for (auto d = x.begin(); d != x.end(); ++d) others += d == top ? 0 : std::exp(d->value - top->value);
  Dual y(top->value + std::log1p(others));
  for (const Dual& d : x) {
    const Real p = std::exp(d.value - y.value);
    y.slope += p * d.slope;
    y.slope_size += p * d.slope_size;
    y.value_size += p * d.value_size;
  }
  return y;
}

/// Replaces each slice along an axis by f of it, of the same length.
template <class Function>
Values along(const Values& x, std::size_t axis, Function f) {
  Values y(x.shape);
  for (std::size_t i = 0; i < x.at.size(); ++i) {
    Index index = index_of(i, x.shape);
    if (index[axis] != 0) continue;
    std::vector<Dual> slice;
    for (index[axis] = 0; index[axis] < x.shape[axis]; ++index[axis]) {
      slice.push_back(x.at[flat_of(index, x.shape)]);
    }
    const std::vector<Dual> result = f(slice);
    for (index[axis] = 0; index[axis] < x.shape[axis]; ++index[axis]) {
      y.at[flat_of(index, x.shape)] = result[index[axis]];
    }
  }
  return y;
}

/// Replaces each channel, which is an index of axis 1, by f of its elements.
template <class Function>
Values of_channels(const Values& x, Function f) {
  std::vector<std::vector<Dual>> channels(x.shape[1]);
  const auto channel_of = [&](std::size_t flat) { return index_of(flat, x.shape)[1]; };
  for (std::size_t i = 0; i < x.at.size(); ++i) channels[channel_of(i)].push_back(x.at[i]);
  std::transform(channels.begin(), channels.end(), channels.begin(), f);
  std::vector<std::size_t> taken(x.shape[1]);
  Values y(x.shape);
  for (std::size_t i = 0; i < y.at.size(); ++i) y.at[i] = channels[channel_of(i)][taken[channel_of(i)]++];
  return y;
}

inline std::vector<Dual> log_softmax(std::vector<Dual> x) {
  const Dual all = log_sum_exp(x);
  for (Dual& d : x) d = d - all;
  return x;
}
inline std::vector<Dual> softmax(const std::vector<Dual>& x) {
  std::vector<Dual> y = log_softmax(x);
  for (Dual& d : y) d = exp(d);
  return y;
}

/// To mean 0 and variance 1.
inline std::vector<Dual> standardised(std::vector<Dual> x, Real epsilon) {
  const Dual center = mean(x);
  std::vector<Dual> squares;
  for (Dual& d : x) {
    d = d - center;
    squares.push_back(square(d));
  }
  const Dual scale = sqrt(mean(squares) + Dual(epsilon));
  for (Dual& d : x) d = d / scale;
  return x;
}

/// (..., in), (out, in) -> (..., out)
inline Values linear(const Values& x, const Values& weight) {
  Shape shape;
  for (std::size_t axis = 0; axis + 1 < x.shape.rank(); ++axis) shape.append(x.shape[axis]);
  shape.append(weight.shape[0]);
  const std::size_t in = weight.shape[1], out = weight.shape[0];
  Values y(shape);
  for (std::size_t i = 0; i < y.at.size(); ++i) {
    for (std::size_t k = 0; k < in; ++k) {
      y.at[i] = y.at[i] + x.at[i / out * in + k] * weight.at[i % out * in + k];
    }
  }
  return y;
}

inline Values transpose(const Values& x, const std::vector<std::size_t>& axes) {
  Shape shape;
  for (const std::size_t axis : axes) shape.append(x.shape[axis]);
  return make(shape, [&](const Index& index) {
    Index from(axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) from[axes[i]] = index[i];
    return x.at[flat_of(from, x.shape)];
  });
}

inline Values concatenate(const Values& a, const Values& b, std::size_t axis) {
  Index extents(a.shape.begin(), a.shape.end());
  extents[axis] += b.shape[axis];
  return make(shape_of(extents), [&](Index index) {
    if (index[axis] < a.shape[axis]) return a.at[flat_of(index, a.shape)];
    index[axis] -= a.shape[axis];
    return b.at[flat_of(index, b.shape)];
  });
}

inline Values slice(const Values& x, std::size_t axis, std::size_t begin, std::size_t end) {
  Index extents(x.shape.begin(), x.shape.end());
  extents[axis] = end - begin;
  return make(shape_of(extents), [&](Index index) {
    index[axis] += begin;
    return x.at[flat_of(index, x.shape)];
  });
}

/// Calls work(c, r, s, k, l) for those elements (r, s) of an image that element (k, l) of a window at (i, j)
/// lies on.
template <class Work>
void over_window(const Shape& x, const Index& at, Size2d kernel, Size2d stride, Size2d padding,
                 Size2d dilation, Work work) {
  for (std::size_t k = 0; k < kernel.rows; ++k) {
    for (std::size_t l = 0; l < kernel.columns; ++l) {
      const std::size_t r = at[2] * stride.rows + k * dilation.rows - padding.rows,
                        s = at[3] * stride.columns + l * dilation.columns - padding.columns;
      if (r < x[2] && s < x[3]) work(r, s, k, l);  // In the padding they wrap, and are large.
    }
  }
}

inline std::size_t windows(std::size_t extent, std::size_t kernel, std::size_t stride, std::size_t padding,
                           std::size_t dilation) {
  return (extent + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

inline Values conv2d(const Values& x, const Values& weight, const ConvolutionOptions& options) {
  const Size2d kernel(weight.shape[2], weight.shape[3]);
  const Shape shape{
      x.shape[0], weight.shape[0],
      windows(x.shape[2], kernel.rows, options.stride.rows, options.padding.rows, options.dilation.rows),
      windows(x.shape[3], kernel.columns, options.stride.columns, options.padding.columns,
              options.dilation.columns)};
  const std::size_t in = weight.shape[1], out = weight.shape[0] / options.groups;
  return make(shape, [&](const Index& at) {
    Dual y;
    over_window(x.shape, at, kernel, options.stride, options.padding, options.dilation,
                [&](std::size_t r, std::size_t s, std::size_t k, std::size_t l) {
                  for (std::size_t c = 0; c < in; ++c) {
                    y = y + x.at[flat_of({at[0], at[1] / out * in + c, r, s}, x.shape)] *
                                weight.at[flat_of({at[1], c, k, l}, weight.shape)];
                  }
                });
    return y;
  });
}

/// y is pool(elements of the window that lie on the image).
template <class Pool>
Values pool2d(const Values& x, Size2d kernel, Size2d stride, Size2d padding, Pool pool) {
  const Size2d step(stride.rows == 0 ? kernel.rows : stride.rows,
                    stride.columns == 0 ? kernel.columns : stride.columns);
  const Shape shape{x.shape[0], x.shape[1], windows(x.shape[2], kernel.rows, step.rows, padding.rows, 1),
                    windows(x.shape[3], kernel.columns, step.columns, padding.columns, 1)};
  return make(shape, [&](const Index& at) {
    std::vector<Dual> window;
    over_window(x.shape, at, kernel, step, padding, 1,
                [&](std::size_t r, std::size_t s, std::size_t, std::size_t) {
                  window.push_back(x.at[flat_of({at[0], at[1], r, s}, x.shape)]);
                });
    return pool(window);
  });
}

/// The first of several that are equally large has the slope.
inline Dual first_max(const std::vector<Dual>& window) {
  return *std::max_element(window.begin(), window.end(),
                           [](const Dual& a, const Dual& b) { return a.value < b.value; });
}

}  // namespace xtape::fuzz
