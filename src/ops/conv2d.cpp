// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <span>

#include "arrays/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "kernels/kernel.hpp"
#include "ops/sliding_window.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/convolution.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using kernels::gemm;
using kernels::Transpose;

using Range = SlidingWindow::Range;

// Products are weight (out, patch) times a matrix (patch, pixels) whose columns are what the kernel sees at
// each position. Where images are small, one product is of several samples; where they are large, of some
// rows.
struct Convolution {
  std::size_t batch, in, out, groups;  // in and out are those of a group
  SlidingWindows windows;

  std::size_t kernel_size() const { return windows.rows.kernel * windows.columns.kernel; }
  std::size_t patch() const { return in * kernel_size(); }
  std::size_t rows() const { return windows.rows.positions; }
  std::size_t width() const { return windows.columns.positions; }
  std::size_t pixels() const { return windows.pixels(); }
  std::size_t weight_size() const { return groups * out * patch(); }
  double multiplications() const {
    return static_cast<double>(weight_size()) * static_cast<double>(batch) * static_cast<double>(pixels());
  }

  // A kernel of one element sees the image as it is.
  bool sees_image() const {
    const auto is_plain = [](const SlidingWindow& window) {
      return window.kernel == 1 && window.stride == 1 && window.padding == 0;
    };
    return is_plain(windows.rows) && is_plain(windows.columns);
  }

  // So many samples, of which several are never cut, ...
  std::size_t samples_together() const {
    return std::clamp<std::size_t>(128 / pixels(), 1, std::max<std::size_t>(1, batch));
  }
  std::size_t bundles() const { return (batch + samples_together() - 1) / samples_together(); }
  // ... and so many rows: the matrix should stay in a cache, but not become narrow.
  std::size_t rows_together() const {
    constexpr std::size_t most_elements = 1 << 19, least_pixels = 256;
    if (sees_image()) return rows();
    const std::size_t fitting = most_elements / std::max<std::size_t>(1, patch() * width());
    return std::min(rows(), std::max(fitting, (least_pixels + width() - 1) / width()));
  }
  std::size_t parts_of_bundle() const { return (rows() + rows_together() - 1) / rows_together(); }

  // Where the channels of a group begin.
  std::size_t image(std::size_t sample, std::size_t group) const {
    return (sample * groups + group) * in * windows.image_pixels();
  }
  std::size_t result(std::size_t sample, std::size_t group) const {
    return (sample * groups + group) * out * pixels();
  }
};

// What one product is of.
struct Part {
  const Convolution& all;
  Range samples, rows;

  std::size_t pixels() const { return rows.length() * all.width(); }  // of each sample
  std::size_t columns() const { return samples.length() * pixels(); }
  bool is_one_sample() const { return samples.length() == 1 && rows.length() == all.rows(); }
};

Part make_part(const Convolution& c, std::size_t bundle, std::size_t part) {
  const std::size_t sample = bundle * c.samples_together(), row = part * c.rows_together();
  return {c,
          {sample, std::min(c.batch, sample + c.samples_together())},
          {row, std::min(c.rows(), row + c.rows_together())}};
}

// The rows of a part that see the channel with element k of the kernel.
Range visible_rows(const Part& part, std::size_t k) {
  const Range all = part.all.windows.rows.positions_of(k);
  const std::size_t begin = std::clamp(all.begin, part.rows.begin, part.rows.end);
  return {begin, std::clamp(all.end, begin, part.rows.end)};
}

// `seen`, a number for each pixel of the part, becomes what element (k, l) of the kernel sees of a channel.
template <class T>
void see(const Part& part, std::size_t k, std::size_t l, const T* channel, T* seen) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const Range visible = columns.positions_of(l), of_rows = visible_rows(part, k);
  const std::size_t width = columns.positions;
  const auto at = [&](std::size_t row) { return (row - part.rows.begin) * width; };
  if (visible.length() == 0 || of_rows.length() == 0) {
    std::fill_n(seen, part.pixels(), T{0});
    return;
  }
  std::fill_n(seen, at(of_rows.begin), T{0});
  std::fill(seen + at(of_rows.end), seen + part.pixels(), T{0});
  const auto first_seen = [&](std::size_t row) {
    return channel + rows.place(row, k) * columns.extent + columns.place(visible.begin, l);
  };
  // Rows of the same length, one after the other, are one copy; what is off the image is then set to 0.
  const bool at_once = columns.stride == 1 && rows.stride == 1 && width == columns.extent;
  if (at_once) {
    const std::size_t first = at(of_rows.begin) + visible.begin, last = at(of_rows.end - 1) + visible.end;
    std::copy_n(first_seen(of_rows.begin), last - first, seen + first);
  }
  for (std::size_t row = of_rows.begin; row < of_rows.end; ++row) {
    T* const to = seen + at(row);
    for (std::size_t j = 0; j < visible.begin; ++j) to[j] = 0;
    for (std::size_t j = visible.end; j < width; ++j) to[j] = 0;
    if (at_once) continue;
    const T* const from = first_seen(row);
    if (columns.stride == 1) {
      std::copy_n(from, visible.length(), to + visible.begin);
    } else {
      for (std::size_t j = 0; j < visible.length(); ++j) to[visible.begin + j] = from[j * columns.stride];
    }
  }
}

// The opposite: adds each number of `seen` to the element that was seen.
template <class T>
void add_seen(const Part& part, std::size_t k, std::size_t l, const T* seen, T* channel) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const Range visible = columns.positions_of(l), of_rows = visible_rows(part, k);
  if (visible.length() == 0) return;
  for (std::size_t row = of_rows.begin; row < of_rows.end; ++row) {
    T* const to = channel + rows.place(row, k) * columns.extent + columns.place(visible.begin, l);
    const T* const from = seen + (row - part.rows.begin) * columns.positions + visible.begin;
    if (columns.stride == 1) {
      for (std::size_t j = 0; j < visible.length(); ++j) to[j] += from[j];
    } else {
      for (std::size_t j = 0; j < visible.length(); ++j) to[j * columns.stride] += from[j];
    }
  }
}

// Calls f(k, l, channel, seen) for each row of the matrix (patch, columns) and each sample.
template <class T, class Row, class F>
void for_each_seen(const Part& part, std::size_t group, T* x, Row* matrix, F f) {
  const Convolution& c = part.all;
  for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample) {
    T* channel = x + c.image(sample, group);
    Row* seen = matrix + (sample - part.samples.begin) * part.pixels();
    for (std::size_t i = 0; i < c.in; ++i, channel += c.windows.image_pixels()) {
      for (std::size_t k = 0; k < c.windows.rows.kernel; ++k) {
        for (std::size_t l = 0; l < c.windows.columns.kernel; ++l, seen += part.columns())
          f(k, l, channel, seen);
      }
    }
  }
}

// The matrix (patch, columns): in the workspace, or x itself.
template <class T>
const T* columns_of(const Part& part, std::size_t group, const T* x, Workspace& workspace) {
  const Convolution& c = part.all;
  if (c.sees_image() && part.is_one_sample()) return x + c.image(part.samples.begin, group);
  T* const matrix = workspace.take<T>(c.patch() * part.columns());
  for_each_seen(part, group, x, matrix, [&](std::size_t k, std::size_t l, const T* channel, T* seen) {
    see(part, k, l, channel, seen);
  });
  return matrix;
}

// Calls f(at, place) for each channel of the results and each sample: where its pixels begin in the matrix
// (out, columns), and where in y.
template <class F>
void for_each_result(const Part& part, std::size_t group, F f) {
  const Convolution& c = part.all;
  std::size_t at = 0;
  for (std::size_t o = 0; o < c.out; ++o) {
    for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample, at += part.pixels())
      f(at, c.result(sample, group) + o * c.pixels() + part.rows.begin * c.width());
  }
}

template <class T>
void convolve(const Part& part, const T* x, const T* weight, const T* bias, T* y) {
  const Convolution& c = part.all;
  const std::size_t width = part.columns();
  for (std::size_t group = 0; group < c.groups; ++group) {
    Workspace workspace;
    const T* const columns = columns_of(part, group, x, workspace);
    T* const matrix =
        part.is_one_sample() ? y + c.result(part.samples.begin, group) : workspace.take<T>(c.out * width);
    if (bias != nullptr) {
      for (std::size_t o = 0; o < c.out; ++o) std::fill_n(matrix + o * width, width, bias[group * c.out + o]);
    }
    gemm(Transpose::no, Transpose::no, c.out, width, c.patch(), weight + group * c.out * c.patch(), columns,
         bias != nullptr ? T{1} : T{0}, matrix);
    if (part.is_one_sample()) continue;
    for_each_result(part, group, [&](std::size_t at, std::size_t place) {
      std::copy_n(matrix + at, part.pixels(), y + place);
    });
  }
}

// What a backward pass adds to; null where nobody needs it.
template <class T>
struct ConvolutionGradients {
  T* x;
  bool x_is_first;
  T* weight;
  bool weight_is_first;
};

template <class T>
void add_input_gradient(const Part& part, std::size_t group, const T* weight, const T* dy, T* dx,
                        bool first) {
  const Convolution& c = part.all;
  const auto multiply = [&](T beta, T* to) {
    gemm(Transpose::yes, Transpose::no, c.patch(), part.columns(), c.out, weight, dy, beta, to);
  };
  if (c.sees_image() && part.is_one_sample())
    return multiply(first ? T{0} : T{1}, dx + c.image(part.samples.begin, group));
  // The first rows of an image set it to 0; those that follow add to what they share with them.
  if (first && part.rows.begin == 0) {
    for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample)
      std::fill_n(dx + c.image(sample, group), c.in * c.windows.image_pixels(), T{0});
  }
  Workspace workspace;
  T* const matrix = workspace.take<T>(c.patch() * part.columns());
  multiply(T{0}, matrix);
  for_each_seen(part, group, dx, matrix, [&](std::size_t k, std::size_t l, T* channel, const T* seen) {
    add_seen(part, k, l, seen, channel);
  });
}

template <class T>
void add_gradients(const Part& part, const T* x, const T* weight, const T* dy,
                   const ConvolutionGradients<T>& gradients) {
  const Convolution& c = part.all;
  for (std::size_t group = 0; group < c.groups; ++group) {
    Workspace workspace;
    const T* matrix = dy + c.result(part.samples.begin, group);
    if (!part.is_one_sample()) {
      T* const together = workspace.take<T>(c.out * part.columns());
      for_each_result(part, group, [&](std::size_t at, std::size_t place) {
        std::copy_n(dy + place, part.pixels(), together + at);
      });
      matrix = together;
    }
    const std::size_t of_group = group * c.out * c.patch();
    if (gradients.weight != nullptr) {
      Workspace of_columns;
      gemm(Transpose::no, Transpose::yes, c.out, c.patch(), part.columns(), matrix,
           columns_of(part, group, x, of_columns), gradients.weight_is_first ? T{0} : T{1},
           gradients.weight + of_group);
    }
    if (gradients.x != nullptr)
      add_input_gradient(part, group, weight + of_group, matrix, gradients.x, gradients.x_is_first);
  }
}

constexpr double worth_a_thread = 1 << 21;  // multiplications

// The samples are cut into shares that depend on the shape alone. Each sums up its own gradient of the
// weight.
template <class T>
void add_all_gradients(const Convolution& c, const T* x, const T* weight, const T* dy,
                       const ConvolutionGradients<T>& gradients) {
  const std::size_t most = gradients.weight != nullptr ? 8 : c.bundles();
  const double worth = std::min(c.multiplications() / worth_a_thread, static_cast<double>(most));
  const std::size_t wanted = std::max<std::size_t>(1, static_cast<std::size_t>(worth));
  const std::size_t of_each = std::max<std::size_t>(1, (c.bundles() + wanted - 1) / wanted);
  const std::size_t shares = (c.bundles() + of_each - 1) / of_each;
  const std::size_t size = gradients.weight != nullptr ? c.weight_size() : 0;
  Workspace workspace;
  T* const others = workspace.take<T>(shares > 1 ? (shares - 1) * size : 0);
  parallel_for(shares, [&](std::size_t share) {
    ConvolutionGradients<T> own = gradients;
    if (share > 0 && size > 0) {
      own.weight = others + (share - 1) * size;
      own.weight_is_first = true;
    }
    for (std::size_t b = share * of_each; b < std::min(c.bundles(), (share + 1) * of_each); ++b) {
      for (std::size_t part = 0; part < c.parts_of_bundle(); ++part) {
        add_gradients(make_part(c, b, part), x, weight, dy, own);
        own.weight_is_first = false;
      }
    }
  });
  if (shares == 0 && gradients.weight_is_first) std::fill_n(gradients.weight, size, T{0});
  for (std::size_t share = 1; share < shares && size > 0; ++share) {
    const T* const other = others + (share - 1) * size;
    kernels::kernel<kernels::Binary<kernels::Add>, T>()(gradients.weight, true, other, true, gradients.weight,
                                                        size);
  }
}

Convolution check(const Shape& x, const Shape& weight, const Shape* bias, const ConvolutionOptions& options) {
  if (weight.rank() != 4) {
    fail<ShapeError>("conv2d: weight must be (out, in / groups, kernel rows, kernel columns), got {}",
                     weight);
  }
  const SlidingWindows windows = make_sliding_windows(
      "conv2d", x, {Size2d(weight[2], weight[3]), options.stride, options.padding, options.dilation});
  const std::size_t groups = options.groups;
  if (groups == 0 || x[1] % groups != 0 || weight[0] % groups != 0) {
    fail<ArgumentError>(
        "conv2d: groups must divide the channels of x {} and the outputs of weight {}, got {}", x, weight,
        groups);
  }
  if (weight[1] != x[1] / groups) {
    fail<ShapeError>(
        "conv2d: weight must be (out, {}, kernel rows, kernel columns) for x {} and groups = {}, got {}",
        x[1] / groups, x, groups, weight);
  }
  if (bias != nullptr && *bias != Shape{weight[0]}) {
    fail<ShapeError>("conv2d: bias must have the {} outputs of weight {}, got {}", weight[0], weight, *bias);
  }
  const Convolution c{x[0], weight[1], weight[0] / groups, groups, windows};
  require_gemm_extents("conv2d", {c.out, c.patch(), c.samples_together() * c.pixels()});
  return c;
}

template <class T>
Variable<T> record(Variable<T> x, Variable<T> weight, const Variable<T>* bias,
                   const ConvolutionOptions& options) {
  const Convolution c = check(x.shape(), weight.shape(), bias == nullptr ? nullptr : &bias->shape(), options);
  const Variable<T> inputs[] = {x, weight, bias == nullptr ? x : *bias};
  Recording<T> op("conv2d", std::span(inputs, bias == nullptr ? 2 : 3));
  const ArrayView<T> y =
      op.output({c.batch, c.groups * c.out, c.windows.rows.positions, c.windows.columns.positions});
  const std::size_t parts = c.bundles() * c.parts_of_bundle();
  const double of_part = c.multiplications() / static_cast<double>(std::max<std::size_t>(1, parts));
  const auto range = static_cast<std::size_t>(std::clamp(worth_a_thread / of_part, 1.0, 1e6));
  parallel_for_ranges(parts, range, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      convolve(make_part(c, p / c.parts_of_bundle(), p % c.parts_of_bundle()), x.data(), weight.data(),
               bias == nullptr ? nullptr : bias->data(), y.data());
    }
  });

  return op.finish([c, has_bias = bias != nullptr](Backward<T>& b) {
    ConvolutionGradients<T> gradients{};
    if (b.needs_grad(0)) {
      const auto [dx, first] = b.contribution(0);
      gradients.x = dx.data();
      gradients.x_is_first = first;
    }
    if (b.needs_grad(1)) {
      const auto [dweight, first] = b.contribution(1);
      gradients.weight = dweight.data();
      gradients.weight_is_first = first;
    }
    const T *const x = b.input(0).data(), *const weight = b.input(1).data(),
                   *const dy = b.output_grad().data();
    if (gradients.x != gradients.weight) {
      add_all_gradients(c, x, weight, dy, gradients);
    } else if (gradients.x != nullptr) {  // images that are their own kernel: one gradient after the other
      add_all_gradients(c, x, weight, dy, {gradients.x, gradients.x_is_first, nullptr, false});
      add_all_gradients(c, x, weight, dy, {nullptr, false, gradients.weight, gradients.weight_is_first});
    }
    if (has_bias && b.needs_grad(2)) {  // dbias = dy summed over samples and pixels
      const auto [dbias, first] = b.contribution(2);
      const Shape channels{c.groups * c.out, 1}, space{c.batch, c.groups * c.out, c.pixels()};
      kernels::sum(kernels::make_reduction<2>(space, {&channels, &space}), dy, dbias.data(), first);
    }
  });
}

}  // namespace

template <class T>
Variable<T> conv2d(Variable<T> x, Variable<T> weight, Variable<T> bias, const ConvolutionOptions& options) {
  return record(x, weight, &bias, options);
}

template <class T>
Variable<T> conv2d(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options) {
  return record<T>(x, weight, nullptr, options);
}

template Variable<float> conv2d(Variable<float>, Variable<float>, Variable<float>, const ConvolutionOptions&);
template Variable<float> conv2d(Variable<float>, Variable<float>, const ConvolutionOptions&);
template Variable<double> conv2d(Variable<double>, Variable<double>, Variable<double>,
                                 const ConvolutionOptions&);
template Variable<double> conv2d(Variable<double>, Variable<double>, const ConvolutionOptions&);

}  // namespace xtape
#pragma GCC visibility pop
