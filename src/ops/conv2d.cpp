// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <span>

#include "core/format.hpp"
#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "kernels/kernels.hpp"
#include "ops/sliding_window.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/convolution.hpp"

namespace xtape {
namespace {

using kernels::gemm;
using kernels::Transpose;

// Each product is weight (out, patch) times a matrix (patch, pixels) whose columns are what the kernel sees
// at each position. Where images are small, several go into one product.
struct Convolution {
  std::size_t batch, in, out, groups;  // in and out are those of a group
  SlidingWindows windows;

  std::size_t kernel_size() const { return windows.rows.kernel * windows.columns.kernel; }
  std::size_t patch() const { return in * kernel_size(); }
  std::size_t pixels() const { return windows.pixels(); }
  std::size_t weight_size() const { return groups * out * patch(); }

  std::size_t together() const {
    return std::clamp<std::size_t>(128 / pixels(), 1, std::max(batch, std::size_t{1}));
  }
  std::size_t products() const { return (batch + together() - 1) / together(); }
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

  // Where the channels of a group begin.
  std::size_t image(std::size_t sample, std::size_t group) const {
    return (sample * groups + group) * in * windows.image_pixels();
  }
  std::size_t result(std::size_t sample, std::size_t group) const {
    return (sample * groups + group) * out * pixels();
  }
};

// The samples of one product.
struct Samples {
  std::size_t begin, count;
};

Samples samples_of(const Convolution& c, std::size_t product) {
  const std::size_t begin = product * c.together();
  return {begin, std::min(c.together(), c.batch - begin)};
}

// `row`, of one number for each position, becomes what element (k, l) of the kernel sees of a channel.
template <class T>
void see(const SlidingWindows& windows, std::size_t k, std::size_t l, const T* channel, T* row) {
  const auto& [rows, columns] = windows;
  const SlidingWindow::Range visible_rows = rows.positions_of(k), visible = columns.positions_of(l);
  const std::size_t width = columns.positions;
  std::fill_n(row, visible_rows.begin * width, T{0});
  std::fill_n(row + visible_rows.end * width, (rows.positions - visible_rows.end) * width, T{0});
  if (visible.length() == 0) {
    std::fill_n(row + visible_rows.begin * width, visible_rows.length() * width, T{0});
    return;
  }
  // Rows of the same length, one after the other, are one copy; what is off the image is then set to 0.
  const bool at_once = columns.stride == 1 && rows.stride == 1 && width == columns.extent;
  if (at_once && visible_rows.length() > 0) {
    const std::size_t first = visible_rows.begin * width + visible.begin,
                      last = (visible_rows.end - 1) * width + visible.end;
    const T* from =
        channel + rows.place(visible_rows.begin, k) * columns.extent + columns.place(visible.begin, l);
    std::copy_n(from, last - first, row + first);
  }
  for (std::size_t i = visible_rows.begin; i < visible_rows.end; ++i) {
    T* const to = row + i * width;
    for (std::size_t j = 0; j < visible.begin; ++j) to[j] = 0;
    for (std::size_t j = visible.end; j < width; ++j) to[j] = 0;
    if (at_once) continue;
    const T* from = channel + rows.place(i, k) * columns.extent + columns.place(visible.begin, l);
    if (columns.stride == 1) {
      std::copy_n(from, visible.length(), to + visible.begin);
    } else {
      for (std::size_t j = 0; j < visible.length(); ++j) to[visible.begin + j] = from[j * columns.stride];
    }
  }
}

// The opposite: adds each number of `row` to the element that was seen.
template <class T>
void add_seen(const SlidingWindows& windows, std::size_t k, std::size_t l, const T* row, T* channel) {
  const auto& [rows, columns] = windows;
  const SlidingWindow::Range visible_rows = rows.positions_of(k), visible = columns.positions_of(l);
  if (visible.length() == 0) return;
  for (std::size_t i = visible_rows.begin; i < visible_rows.end; ++i) {
    T* const to = channel + rows.place(i, k) * columns.extent + columns.place(visible.begin, l);
    const T* const from = row + i * columns.positions + visible.begin;
    if (columns.stride == 1) {
      for (std::size_t j = 0; j < visible.length(); ++j) to[j] += from[j];
    } else {
      for (std::size_t j = 0; j < visible.length(); ++j) to[j * columns.stride] += from[j];
    }
  }
}

// Calls f(k, l, channel, row) for each row of the matrix of columns, `width` numbers long, of an image.
template <class T, class Row, class F>
void for_each_matrix_row(const Convolution& c, T* image, Row* matrix, std::size_t width, F f) {
  for (std::size_t channel = 0; channel < c.in; ++channel) {
    for (std::size_t k = 0; k < c.windows.rows.kernel; ++k) {
      for (std::size_t l = 0; l < c.windows.columns.kernel; ++l, matrix += width)
        f(k, l, image + channel * c.windows.image_pixels(), matrix);
    }
  }
}

// The matrix (patch, pixels of all samples): in memory of this thread, or x itself.
template <class T>
const T* columns_of(const Convolution& c, Samples samples, std::size_t group, const T* x) {
  if (c.sees_image() && samples.count == 1) return x + c.image(samples.begin, group);
  const std::size_t width = samples.count * c.pixels();
  T* const matrix = scratch<T, Scratch::columns>(c.patch() * width);
  for (std::size_t s = 0; s < samples.count; ++s) {
    for_each_matrix_row(
        c, x + c.image(samples.begin + s, group), matrix + s * c.pixels(), width,
        [&](std::size_t k, std::size_t l, const T* channel, T* row) { see(c.windows, k, l, channel, row); });
  }
  return matrix;
}

// Calls f(at, place) for each channel of results and each sample: where its pixels begin in the matrix (out,
// pixels of all samples) and where in y.
template <class F>
void for_each_result(const Convolution& c, Samples samples, std::size_t group, F f) {
  for (std::size_t o = 0; o < c.out; ++o) {
    for (std::size_t s = 0; s < samples.count; ++s) {
      f((o * samples.count + s) * c.pixels(), c.result(samples.begin + s, group) + o * c.pixels());
    }
  }
}

template <class T>
void convolve(const Convolution& c, Samples samples, const T* x, const T* weight, const T* bias, T* y) {
  const std::size_t width = samples.count * c.pixels();
  for (std::size_t group = 0; group < c.groups; ++group) {
    const T* const columns = columns_of(c, samples, group, x);
    T* const matrix =
        samples.count == 1 ? y + c.result(samples.begin, group) : scratch<T, Scratch::y>(c.out * width);
    if (bias != nullptr) {
      for (std::size_t o = 0; o < c.out; ++o) std::fill_n(matrix + o * width, width, bias[group * c.out + o]);
    }
    gemm(Transpose::no, Transpose::no, c.out, width, c.patch(), weight + group * c.out * c.patch(), columns,
         bias != nullptr ? T{1} : T{0}, matrix);
    if (samples.count == 1) continue;
    for_each_result(c, samples, group, [&](std::size_t at, std::size_t place) {
      std::copy_n(matrix + at, c.pixels(), y + place);
    });
  }
}

// The gradients that a product contributes to; null where nobody needs one. Of x each product has its own
// part, of the weight all have the same.
template <class T>
struct Gradients {
  T* x;
  bool x_is_first;
  T* weight;
  bool weight_is_first;
};

template <class T>
void add_input_gradient(const Convolution& c, Samples samples, std::size_t group, const T* weight,
                        const T* dy, T* dx, bool first) {
  const std::size_t width = samples.count * c.pixels();
  if (c.sees_image() && samples.count == 1) {
    gemm(Transpose::yes, Transpose::no, c.patch(), width, c.out, weight, dy, first ? T{0} : T{1},
         dx + c.image(samples.begin, group));
    return;
  }
  T* const matrix = scratch<T, Scratch::columns>(c.patch() * width);
  gemm(Transpose::yes, Transpose::no, c.patch(), width, c.out, weight, dy, T{0}, matrix);
  for (std::size_t s = 0; s < samples.count; ++s) {
    T* const image = dx + c.image(samples.begin + s, group);
    if (first) std::fill_n(image, c.in * c.windows.image_pixels(), T{0});
    for_each_matrix_row(c, image, matrix + s * c.pixels(), width,
                        [&](std::size_t k, std::size_t l, T* channel, const T* row) {
                          add_seen(c.windows, k, l, row, channel);
                        });
  }
}

template <class T>
void add_gradients(const Convolution& c, Samples samples, const T* x, const T* weight, const T* dy,
                   const Gradients<T>& gradients) {
  const std::size_t width = samples.count * c.pixels();
  for (std::size_t group = 0; group < c.groups; ++group) {
    const T* matrix = dy + c.result(samples.begin, group);
    if (samples.count > 1) {
      T* const together = scratch<T, Scratch::gradient>(c.out * width);
      for_each_result(c, samples, group, [&](std::size_t at, std::size_t place) {
        std::copy_n(dy + place, c.pixels(), together + at);
      });
      matrix = together;
    }
    const std::size_t of_group = group * c.out * c.patch();
    if (gradients.weight != nullptr) {
      gemm(Transpose::no, Transpose::yes, c.out, c.patch(), width, matrix, columns_of(c, samples, group, x),
           gradients.weight_is_first ? T{0} : T{1}, gradients.weight + of_group);
    }
    if (gradients.x != nullptr) {
      add_input_gradient(c, samples, group, weight + of_group, matrix, gradients.x, gradients.x_is_first);
    }
  }
}

constexpr double worth_a_thread = 1 << 21;  // multiplications

// The products are cut into parts that depend on the shape alone. Each sums up its own gradient of the
// weight.
template <class T>
void add_all_gradients(const Convolution& c, const T* x, const T* weight, const T* dy,
                       const Gradients<T>& gradients) {
  const std::size_t most = gradients.weight != nullptr ? 8 : c.products();
  const double worth = std::min(c.multiplications() / worth_a_thread, static_cast<double>(most));
  const std::size_t wanted = std::max<std::size_t>(1, static_cast<std::size_t>(worth));
  const std::size_t of_each = (c.products() + wanted - 1) / wanted;
  const std::size_t parts = of_each == 0 ? 0 : (c.products() + of_each - 1) / of_each;
  const std::size_t size = gradients.weight != nullptr ? c.weight_size() : 0;
  T* const others = scratch<T, Scratch::partial_gradients>(parts > 1 ? (parts - 1) * size : 0);
  parallel_for(parts, [&](std::size_t part) {
    Gradients<T> own = gradients;
    if (part > 0 && size > 0) {
      own.weight = others + (part - 1) * size;
      own.weight_is_first = true;
    }
    for (std::size_t p = part * of_each; p < std::min(c.products(), (part + 1) * of_each); ++p) {
      add_gradients(c, samples_of(c, p), x, weight, dy, own);
      own.weight_is_first = false;
    }
  });
  if (parts == 0 && gradients.weight_is_first) std::fill_n(gradients.weight, size, T{0});
  for (std::size_t part = 1; part < parts && size > 0; ++part) {
    const T* const other = others + (part - 1) * size;
    kernels::kernels<T>().add(gradients.weight, true, other, true, gradients.weight, size);
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
  require_gemm_extents("conv2d", {c.out, c.patch(), c.together() * c.pixels()});
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
  const double of_product = c.multiplications() / static_cast<double>(std::max<std::size_t>(1, c.products()));
  const auto range = static_cast<std::size_t>(
      std::clamp(worth_a_thread / std::max(1.0, of_product), 1.0, static_cast<double>(1 << 20)));
  parallel_for_ranges(c.products(), range, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      convolve(c, samples_of(c, p), x.data(), weight.data(), bias == nullptr ? nullptr : bias->data(),
               y.data());
    }
  });

  return op.finish([c, has_bias = bias != nullptr](Backward<T>& b) {
    Gradients<T> gradients{};
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
