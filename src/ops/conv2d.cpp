// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstring>
#include <span>

#include "arrays/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "kernels/kernel.hpp"
#include "ops/convolution.hpp"
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

// Copies so many elements and returns where the copy ends. Rows are often too short for a call of memcpy.
template <class T>
T* copy_row(const T* from, std::size_t count, T* to) {
  constexpr std::size_t piece = 16 / sizeof(T), long_row = 64;
  if (count >= long_row) return std::copy_n(from, count, to);
  if (count < piece) {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
    return to + count;
  }
  for (std::size_t i = 0; i + piece <= count; i += piece) std::memcpy(to + i, from + i, piece * sizeof(T));
  std::memcpy(to + count - piece, from + count - piece,
              piece * sizeof(T));  // the rest, and what is before it
  return to + count;
}

// The same of rows that begin so far apart, one after the other. Of small images they are of a few pieces.
template <std::size_t pieces, class T>
void copy_rows_of_pieces(const T* from, std::size_t to_next, std::size_t rows, T* to) {
  constexpr std::size_t length = pieces * 16 / sizeof(T);
  for (std::size_t row = 0; row < rows; ++row)
    std::memcpy(to + row * length, from + row * to_next, 16 * pieces);
}
template <class T>
void copy_rows(const T* from, std::size_t to_next, std::size_t rows, std::size_t width, T* to) {
  constexpr std::size_t piece = 16 / sizeof(T);
  if (width == piece) return copy_rows_of_pieces<1>(from, to_next, rows, to);
  if (width == 2 * piece) return copy_rows_of_pieces<2>(from, to_next, rows, to);
  if (width == 4 * piece) return copy_rows_of_pieces<4>(from, to_next, rows, to);
  for (std::size_t row = 0; row < rows; ++row, from += to_next) to = copy_row(from, width, to);
}

// What one product is of.
struct Part {
  const Convolution& all;
  Range samples, rows;

  std::size_t pixels() const { return rows.length() * all.width(); }  // of each sample
  std::size_t columns() const { return samples.length() * pixels(); }
  // Of a channel with its padding, those that the part sees; none where it has none.
  std::size_t padded_rows() const {
    const SlidingWindow& window = all.windows.rows;
    return (rows.length() - 1) * window.stride + (window.kernel - 1) * window.dilation + 1;
  }
  std::size_t padded_width() const { return all.windows.columns.extent + 2 * all.windows.columns.padding; }
  std::size_t padded_pixels() const {
    return all.has_padding() && !is_mostly_padding() ? padded_rows() * padded_width() : 0;
  }
  // So that it would take longer to copy the channel than to look up what of it is seen.
  bool is_mostly_padding() const {
    const auto seen = static_cast<double>(all.kernel_size() * pixels() + all.windows.image_pixels());
    return all.has_padding() &&
           static_cast<double>(padded_rows()) * static_cast<double>(padded_width()) > 2 * seen;
  }
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

// A channel as a part sees it: with its padding, and no rows that the part does not see.
template <class T>
struct SeenChannel {
  const T* first;
  std::size_t width;
};

// `memory` is for padded_pixels() elements, which are 0 where there is padding.
template <class T>
SeenChannel<T> pad(const Part& part, const T* channel, T* memory) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const std::size_t begin = part.rows.begin * rows.stride;
  if (!part.all.has_padding()) return {channel + begin * columns.extent, columns.extent};
  const std::size_t width = part.padded_width(), first = std::max(begin, rows.padding),
                    last = std::min(begin + part.padded_rows(), rows.padding + rows.extent);
  for (std::size_t row = first; row < last; ++row) {
    copy_row(channel + (row - rows.padding) * columns.extent, columns.extent,
             memory + (row - begin) * width + columns.padding);
  }
  return {memory, width};
}

// `seen`, a number for each pixel of the part, becomes what element (k, l) of the kernel sees of a channel.
template <class T>
void see(const Part& part, std::size_t k, std::size_t l, SeenChannel<T> channel, T* seen) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const T* from = channel.first + k * rows.dilation * channel.width + l * columns.dilation;
  const std::size_t to_next = rows.stride * channel.width, width = columns.positions;
  if (columns.stride == 1) return copy_rows(from, to_next, part.rows.length(), width, seen);
  for (std::size_t row = 0; row < part.rows.length(); ++row, from += to_next) {
    for (std::size_t j = 0; j < width; ++j) *seen++ = from[j * columns.stride];
  }
}

// The same, looked up in a channel without its padding.
template <class T>
void see_each(const Part& part, std::size_t k, std::size_t l, const T* channel, T* seen) {
  const SlidingWindow &rows = part.all.windows.rows, &columns = part.all.windows.columns;
  const Range visible = columns.positions_of(l), of_rows = visible_rows(part, k);
  std::fill_n(seen, part.pixels(), T{0});
  for (std::size_t row = of_rows.begin; row < of_rows.end && visible.length() > 0; ++row) {
    const T* const from = channel + rows.place(row, k) * columns.extent + columns.place(visible.begin, l);
    T* const to = seen + (row - part.rows.begin) * columns.positions + visible.begin;
    for (std::size_t j = 0; j < visible.length(); ++j) to[j] = from[j * columns.stride];
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

// Calls f(channel, seen) for each channel of each sample, where seen is the first of the rows of the matrix
// (patch, columns) that are of the channel.
template <class T, class Row, class F>
void for_each_channel(const Part& part, std::size_t group, T* x, Row* matrix, F f) {
  const Convolution& c = part.all;
  for (std::size_t sample = part.samples.begin; sample < part.samples.end; ++sample) {
    T* channel = x + c.image(sample, group);
    Row* seen = matrix + (sample - part.samples.begin) * part.pixels();
    for (std::size_t i = 0; i < c.in; ++i, channel += c.windows.image_pixels()) {
      f(channel, seen);
      seen += c.kernel_size() * part.columns();
    }
  }
}

// Calls f(k, l, seen) for those rows.
template <class Row, class F>
void for_each_seen(const Part& part, Row* seen, F f) {
  for (std::size_t k = 0; k < part.all.windows.rows.kernel; ++k) {
    for (std::size_t l = 0; l < part.all.windows.columns.kernel; ++l, seen += part.columns()) f(k, l, seen);
  }
}

// The matrix (patch, columns): in the workspace, or x itself.
template <class T, class Memory>
const T* columns_of(const Part& part, std::size_t group, const T* x, Memory& workspace) {
  const Convolution& c = part.all;
  if (c.sees_image() && part.is_one_sample()) return x + c.image(part.samples.begin, group);
  T* const matrix = workspace.template take<T>(c.patch() * part.columns());
  if (part.is_mostly_padding()) {
    for_each_channel(part, group, x, matrix, [&](const T* channel, T* rows) {
      for_each_seen(part, rows,
                    [&](std::size_t k, std::size_t l, T* seen) { see_each(part, k, l, channel, seen); });
    });
    return matrix;
  }
  T* const padded = workspace.template take<T>(part.padded_pixels());
  std::fill_n(padded, part.padded_pixels(), T{0});
  for_each_channel(part, group, x, matrix, [&](const T* channel, T* rows) {
    const SeenChannel<T> seen_channel = pad(part, channel, padded);
    for_each_seen(part, rows,
                  [&](std::size_t k, std::size_t l, T* seen) { see(part, k, l, seen_channel, seen); });
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

// c = a b + beta c, as the tape multiplies and as a predictor does.
template <class T>
void multiply(Workspace&, std::size_t rows, std::size_t columns, std::size_t inner, const T* a, const T* b,
              T beta, T* c) {
  gemm(Transpose::no, Transpose::no, rows, columns, inner, a, b, beta, c);
}
template <class T>
void multiply(GivenMemory& memory, std::size_t rows, std::size_t columns, std::size_t inner, const T* a,
              const T* b, T beta, T* c) {
  kernels::gemm_alone<T>(Transpose::no, Transpose::no, rows, columns, inner, a, b, beta, nullptr, c,
                         memory.take<T>(kernels::gemm_alone_memory(inner)));
}

// `begin_workspace` gives a Workspace, or memory that is used as one.
template <class T, class BeginWorkspace>
void convolve(const Part& part, const T* x, const T* weight, const T* bias, T* y,
              BeginWorkspace begin_workspace) {
  const Convolution& c = part.all;
  const std::size_t width = part.columns();
  for (std::size_t group = 0; group < c.groups; ++group) {
    auto workspace = begin_workspace();
    const T* const columns = columns_of(part, group, x, workspace);
    T* const matrix = part.is_one_sample() ? y + c.result(part.samples.begin, group)
                                           : workspace.template take<T>(c.out * width);
    if (bias != nullptr) {
      for (std::size_t o = 0; o < c.out; ++o) std::fill_n(matrix + o * width, width, bias[group * c.out + o]);
    }
    multiply(workspace, c.out, width, c.patch(), weight + group * c.out * c.patch(), columns,
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
  for_each_channel(part, group, dx, matrix, [&](T* channel, const T* rows) {
    for_each_seen(part, rows,
                  [&](std::size_t k, std::size_t l, const T* seen) { add_seen(part, k, l, seen, channel); });
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
               bias == nullptr ? nullptr : bias->data(), y.data(), [] { return Workspace(); });
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

#pragma GCC visibility pop

template <class T>
void convolve_alone(const Convolution& c, const T* x, const T* weight, const T* bias, T* y, void* memory) {
  for (std::size_t b = 0; b < c.bundles(); ++b) {
    for (std::size_t part = 0; part < c.parts_of_bundle(); ++part)
      convolve(make_part(c, b, part), x, weight, bias, y, [memory] { return GivenMemory(memory); });
  }
}

template <class T>
std::size_t convolve_alone_memory(const Convolution& c) {
  std::size_t most = 0;
  if (c.bundles() == 0) return 0;
  for (const std::size_t bundle : {std::size_t{0}, c.bundles() - 1}) {  // Those between are as the first.
    for (std::size_t p = 0; p < c.parts_of_bundle(); ++p) {
      const Part part = make_part(c, bundle, p);
      most = std::max(most, GivenMemory::bytes<T>(c.patch() * part.columns()) +
                                GivenMemory::bytes<T>(part.padded_pixels()) +
                                GivenMemory::bytes<T>(c.out * part.columns()));
    }
  }
  return most + GivenMemory::bytes<T>(kernels::gemm_alone_memory(c.patch()));
}

template void convolve_alone(const Convolution&, const float*, const float*, const float*, float*, void*);
template void convolve_alone(const Convolution&, const double*, const double*, const double*, double*, void*);
template std::size_t convolve_alone_memory<float>(const Convolution&);
template std::size_t convolve_alone_memory<double>(const Convolution&);

#pragma GCC visibility push(default)

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
