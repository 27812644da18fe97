// SPDX-License-Identifier: BSD-3-Clause
// What exported programs are put together from. Each function is a loop over any sizes; x is what comes in,
// y is what it gives. All sizes are int: whole numbers of the same type need no conversions.
#include "io/export_c_functions.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace xtape::io::plain_c {
namespace {

struct CFunction {
  const char* name;
  std::vector<const char*> needs;
  const char* text;
};

// Those of needs stand before those that need them.
const std::vector<CFunction>& all_functions() {
  static const std::vector<CFunction> functions{{"Sum", {}, R"(
/* A sum with the rounding errors of its additions carried along (Kahan). -ffast-math would drop them. */
typedef struct {
  float value, error;
} Sum;

static void add_to(Sum* sum, float x) {
  const float term = x - sum->error, next = sum->value + term;
  const float error = (next - sum->value) - term;
  sum->value = next;
  sum->error = error == error ? error : 0.0f; /* inf - inf behind an infinite sum */
}
)"},
                                                {"Windows", {}, R"(
/* Windows that slide over the rows and columns of images. */
typedef struct {
  int channels, rows, columns, groups;
  int kernel_rows, kernel_columns, stride_rows, stride_columns;
  int padding_rows, padding_columns, dilation_rows, dilation_columns;
  int out_channels, out_rows, out_columns;
} Windows;
)"},
                                                {"copy", {}, R"(
static void copy(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = x[i];
}
)"},
                                                {"impute", {}, R"(
/* The mean of its column in place of each NaN. */
static void impute(const float* x, float* y, int count, const float* means) {
  for (int i = 0; i < count; ++i) y[i] = x[i] == x[i] ? x[i] : means[i];
}
)"},
                                                {"standardize", {}, R"(
/* (x - mean) / scale, with a mean of two floats: near it nothing is lost. */
static void standardize(const float* x, float* y, int count, const float* means, const float* rests,
                        const float* factors) {
  for (int i = 0; i < count; ++i) y[i] = ((x[i] - means[i]) - rests[i]) * factors[i];
}
)"},
                                                {"scale", {}, R"(
/* (x - mean) factor, with a mean of two floats. */
static void scale(const float* x, float* y, int count, float mean, float rest, float factor) {
  for (int i = 0; i < count; ++i) y[i] = ((x[i] - mean) - rest) * factor;
}
)"},
                                                {"linear", {"Sum"}, R"(
/* y = x weight^T + bias in each row. */
static void linear(const float* x, float* y, int rows, int in, int outputs, const float* weight,
                   const float* bias) {
  for (int row = 0; row < rows; ++row, x += in) {
    const float* w = weight;
    for (int o = 0; o < outputs; ++o, w += in) {
      Sum sum = {0.0f, 0.0f};
      if (bias) sum.value = bias[o];
      for (int begin = 0; begin < in; begin += 16) {
        const int end = in - begin < 16 ? in : begin + 16;
        float part = 0.0f;
        for (int i = begin; i < end; ++i) part += w[i] * x[i];
        add_to(&sum, part);
      }
      *y++ = sum.value;
    }
  }
}
)"},
                                                {"conv2d", {"Sum", "Windows"}, R"(
static void conv2d(const float* x, float* y, const Windows* w, const float* weight, const float* bias) {
  const int in = w->channels / w->groups, group_outputs = w->out_channels / w->groups;
  const int plane = w->rows * w->columns, kernel = w->kernel_rows * w->kernel_columns;
  for (int o = 0; o < w->out_channels; ++o) {
    const float* group = x + o / group_outputs * in * plane;
    for (int i = 0; i < w->out_rows; ++i) {
      for (int j = 0; j < w->out_columns; ++j) {
        Sum sum = {0.0f, 0.0f};
        if (bias) sum.value = bias[o];
        for (int c = 0; c < in; ++c) {
          for (int a = 0; a < w->kernel_rows; ++a) {
            const int row = i * w->stride_rows + a * w->dilation_rows - w->padding_rows;
            if (row < 0 || row >= w->rows) continue;
            const float* k = weight + (o * in + c) * kernel + a * w->kernel_columns;
            float part = 0.0f;
            for (int b = 0; b < w->kernel_columns; ++b) {
              const int column = j * w->stride_columns + b * w->dilation_columns - w->padding_columns;
              if (column < 0 || column >= w->columns) continue;
              part += k[b] * group[c * plane + row * w->columns + column];
            }
            add_to(&sum, part);
          }
        }
        *y++ = sum.value;
      }
    }
  }
}
)"},
                                                {"max_pool2d", {"Windows"}, R"(
/* The largest of each window, or NaN if one is. */
static void max_pool2d(const float* x, float* y, const Windows* w) {
  for (int c = 0; c < w->channels; ++c, x += w->rows * w->columns) {
    for (int i = 0; i < w->out_rows; ++i) {
      for (int j = 0; j < w->out_columns; ++j) {
        float most = -INFINITY;
        for (int a = 0; a < w->kernel_rows; ++a) {
          const int row = i * w->stride_rows + a - w->padding_rows;
          if (row < 0 || row >= w->rows) continue;
          for (int b = 0; b < w->kernel_columns; ++b) {
            const int column = j * w->stride_columns + b - w->padding_columns;
            if (column < 0 || column >= w->columns) continue;
            const float one = x[row * w->columns + column];
            if (one > most || one != one) most = one;
          }
        }
        *y++ = most;
      }
    }
  }
}
)"},
                                                {"avg_pool2d", {"Sum", "Windows"}, R"(
/* The mean of each window; `whole`: of as many elements as it has, with zeros around the image. */
static void avg_pool2d(const float* x, float* y, const Windows* w, int whole) {
  for (int c = 0; c < w->channels; ++c, x += w->rows * w->columns) {
    for (int i = 0; i < w->out_rows; ++i) {
      for (int j = 0; j < w->out_columns; ++j) {
        Sum sum = {0.0f, 0.0f};
        int count = 0;
        for (int a = 0; a < w->kernel_rows; ++a) {
          const int row = i * w->stride_rows + a - w->padding_rows;
          if (row < 0 || row >= w->rows) continue;
          for (int b = 0; b < w->kernel_columns; ++b) {
            const int column = j * w->stride_columns + b - w->padding_columns;
            if (column < 0 || column >= w->columns) continue;
            add_to(&sum, x[row * w->columns + column]);
            ++count;
          }
        }
        *y++ = sum.value / (float)(whole ? w->kernel_rows * w->kernel_columns : count);
      }
    }
  }
}
)"},
                                                {"batch_norm", {}, R"(
/* (x - mean) factor + shift in each channel, which has so many elements. */
static void batch_norm(const float* x, float* y, int channels, int elements, const float* means,
                       const float* factors, const float* shifts) {
  for (int c = 0; c < channels; ++c) {
    for (int i = 0; i < elements; ++i) *y++ = (*x++ - means[c]) * factors[c] + shifts[c];
  }
}
)"},
                                                {"layer_norm", {"Sum"}, R"(
/* Each row with mean 0 and variance 1, times weight plus bias. */
static void layer_norm(const float* x, float* y, int rows, int count, const float* weight,
                       const float* bias, float epsilon) {
  for (int row = 0; row < rows; ++row, x += count, y += count) {
    Sum sum = {0.0f, 0.0f}, rest = {0.0f, 0.0f}, squares = {0.0f, 0.0f};
    for (int i = 0; i < count; ++i) add_to(&sum, x[i]);
    const float mean = sum.value / (float)count;
    for (int i = 0; i < count; ++i) add_to(&rest, x[i] - mean);
    const float rounded_off = rest.value / (float)count;
    for (int i = 0; i < count; ++i) {
      const float deviation = (x[i] - mean) - rounded_off;
      add_to(&squares, deviation * deviation);
    }
    const float factor = 1.0f / sqrtf(squares.value / (float)count + epsilon);
    for (int i = 0; i < count; ++i) {
      y[i] = ((x[i] - mean) - rounded_off) * factor;
      if (weight) y[i] *= weight[i];
      if (bias) y[i] += bias[i];
    }
  }
}
)"},
                                                {"embedding", {}, R"(
/* The rows of weight that x numbers; 1 if there is none of a number. */
static int embedding(const float* x, float* y, int indices, const float* weight, int count, int width) {
  for (int i = 0; i < indices; ++i) {
    if (!(x[i] >= 0.0f && x[i] < (float)count && x[i] == floorf(x[i]))) return 1;
    const float* row = weight + (int)x[i] * width;
    for (int j = 0; j < width; ++j) *y++ = row[j];
  }
  return 0;
}
)"},
                                                {"relu", {}, R"(
static void relu(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = x[i] <= 0.0f ? 0.0f : x[i];
}
)"},
                                                {"hyperbolic_tangent", {}, R"(
static void hyperbolic_tangent(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = tanhf(x[i]);
}
)"},
                                                {"sigmoid", {}, R"(
static void sigmoid(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = 1.0f / (1.0f + expf(-x[i]));
}
)"},
                                                {"log_one_plus_exp", {}, R"(
/* log(1 + e^x) */
static float log_one_plus_exp(float x) {
  return (x < 0.0f ? 0.0f : x) + log1pf(expf(-fabsf(x)));
}
)"},
                                                {"softplus", {"log_one_plus_exp"}, R"(
static void softplus(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = log_one_plus_exp(x[i]);
}
)"},
                                                {"gelu", {}, R"(
/* x times the normal distribution at x, which is 0 in float below -14. */
static void gelu(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i)
    y[i] = x[i] < -14.0f ? 0.0f : 0.5f * x[i] * erfcf(-0.70710678f * x[i]);
}
)"},
                                                {"silu", {}, R"(
/* x sigmoid(x), which is near 0 where e^-x is infinite. */
static void silu(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = x[i] < -88.0f ? 0.0f : x[i] / (1.0f + expf(-x[i]));
}
)"},
                                                {"hard_swish", {}, R"(
static void hard_swish(const float* x, float* y, int count) {
  for (int i = 0; i < count; ++i)
    y[i] = x[i] < -3.0f ? 0.0f : x[i] >= 3.0f ? x[i] : x[i] * ((x[i] + 3.0f) / 6.0f);
}
)"},
                                                {"leaky_relu", {}, R"(
static void leaky_relu(const float* x, float* y, int count, float slope) {
  for (int i = 0; i < count; ++i) y[i] = x[i] < 0.0f ? x[i] * slope : x[i];
}
)"},
                                                {"elu", {}, R"(
static void elu(const float* x, float* y, int count, float alpha) {
  for (int i = 0; i < count; ++i) y[i] = x[i] < 0.0f ? alpha * expm1f(x[i]) : x[i];
}
)"},
                                                {"add", {}, R"(
static void add(const float* a, const float* b, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = a[i] + b[i];
}
)"},
                                                {"multiply", {}, R"(
static void multiply(const float* a, const float* b, float* y, int count) {
  for (int i = 0; i < count; ++i) y[i] = a[i] * b[i];
}
)"},
                                                {"ordinal_log_probabilities", {"log_one_plus_exp"}, R"(
/* Of each class, which lies between two thresholds: log(sigmoid(upper - score) - sigmoid(lower - score)),
   with -log(1 - e^(lower - upper)) as its gap. */
static void ordinal_log_probabilities(const float* score, float* y, int classes, const float* thresholds,
                                      const float* gaps) {
  const float x = *score;
  for (int k = 0; k < classes; ++k) {
    float nats = gaps[k];
    if (k < classes - 1) nats += log_one_plus_exp(x - thresholds[k]);
    if (k > 0) nats += log_one_plus_exp(thresholds[k - 1] - x);
    y[k] = -nats;
  }
}
)"},
                                                {"softmax", {"Sum"}, R"(
/* Each row becomes e^(x / temperature) over the sum of them. */
static void softmax(const float* x, float* y, int rows, int classes, float temperature) {
  for (int row = 0; row < rows; ++row, x += classes, y += classes) {
    Sum sum = {0.0f, 0.0f};
    float most = x[0];
    for (int c = 1; c < classes; ++c) most = x[c] > most ? x[c] : most;
    for (int c = 0; c < classes; ++c) {
      y[c] = expf((x[c] - most) / temperature);
      add_to(&sum, y[c]);
    }
    for (int c = 0; c < classes; ++c) y[c] /= sum.value;
  }
}
)"},
                                                {"quantize", {}, R"(
/* Numbers as whole ones, x = scale (y - zero), rounded to the nearest; 2 if one is NaN. */
static int quantize(const float* x, signed char* y, int count, float scale, int zero) {
  for (int i = 0; i < count; ++i) {
    const float whole = roundf(x[i] / scale) + (float)zero;
    if (whole != whole) return 2;
    y[i] = (signed char)(whole < -128.0f ? -128.0f : whole > 127.0f ? 127.0f : whole);
  }
  return 0;
}
)"},
                                                {"dequantize", {}, R"(
static void dequantize(const signed char* x, float* y, int count, float scale, int zero) {
  for (int i = 0; i < count; ++i) y[i] = (float)(x[i] - zero) * scale;
}
)"},
                                                {"Factor", {}, R"(
/* A factor from 0 to 1: multiplier 2^(-31 - shift). */
typedef struct {
  int multiplier, shift;
} Factor;

/* value times the factor, rounded twice to the nearest, halves away from 0: as gemmlowp does. */
static int scaled(int value, Factor factor) {
  const long long product = (long long)value * factor.multiplier;
  const long long rounding = product >= 0 ? 1LL << 30 : 1 - (1LL << 30);
  const int high = (int)((product + rounding) / (1LL << 31));
  const int half = factor.shift > 0 ? 1 << (factor.shift - 1) : 0;
  return high < 0 ? -((-high + half) >> factor.shift) : (high + half) >> factor.shift;
}
)"},
                                                {"Output", {"Factor"}, R"(
/* What whole numbers a step gives: from `least` on, where `zero` stands for 0. */
typedef struct {
  int zero, least;
} Output;

static signed char given(int sum, Factor factor, Output output) {
  const int y = scaled(sum, factor) + output.zero;
  return (signed char)(y < output.least ? output.least : y > 127 ? 127 : y);
}
)"},
                                                {"linear_int8", {"Output"}, R"(
/* linear of whole numbers: the sums are exact, and scaled to the output. */
static void linear_int8(const signed char* x, signed char* y, int rows, int in, int outputs, int zero,
                        const signed char* weight, const int* bias, const Factor* factors, Output output) {
  for (int row = 0; row < rows; ++row, x += in) {
    const signed char* w = weight;
    for (int o = 0; o < outputs; ++o, w += in) {
      int sum = bias[o];
      for (int i = 0; i < in; ++i) sum += (x[i] - zero) * w[i];
      *y++ = given(sum, factors[o], output);
    }
  }
}
)"},
                                                {"conv2d_int8", {"Output", "Windows"}, R"(
/* conv2d of whole numbers: the sums are exact, and scaled to the output. */
static void conv2d_int8(const signed char* x, signed char* y, const Windows* w, int zero,
                        const signed char* weight, const int* bias, const Factor* factors, Output output) {
  const int in = w->channels / w->groups, group_outputs = w->out_channels / w->groups;
  const int plane = w->rows * w->columns, kernel = w->kernel_rows * w->kernel_columns;
  for (int o = 0; o < w->out_channels; ++o) {
    const signed char* group = x + o / group_outputs * in * plane;
    for (int i = 0; i < w->out_rows; ++i) {
      for (int j = 0; j < w->out_columns; ++j) {
        int sum = bias[o];
        for (int c = 0; c < in; ++c) {
          for (int a = 0; a < w->kernel_rows; ++a) {
            const int row = i * w->stride_rows + a * w->dilation_rows - w->padding_rows;
            if (row < 0 || row >= w->rows) continue;
            const signed char* k = weight + (o * in + c) * kernel + a * w->kernel_columns;
            for (int b = 0; b < w->kernel_columns; ++b) {
              const int column = j * w->stride_columns + b * w->dilation_columns - w->padding_columns;
              if (column < 0 || column >= w->columns) continue;
              sum += (group[c * plane + row * w->columns + column] - zero) * k[b];
            }
          }
        }
        *y++ = given(sum, factors[o], output);
      }
    }
  }
}
)"},
                                                {"max_pool2d_int8", {"Windows"}, R"(
static void max_pool2d_int8(const signed char* x, signed char* y, const Windows* w) {
  for (int c = 0; c < w->channels; ++c, x += w->rows * w->columns) {
    for (int i = 0; i < w->out_rows; ++i) {
      for (int j = 0; j < w->out_columns; ++j) {
        signed char most = -128;
        for (int a = 0; a < w->kernel_rows; ++a) {
          const int row = i * w->stride_rows + a - w->padding_rows;
          if (row < 0 || row >= w->rows) continue;
          for (int b = 0; b < w->kernel_columns; ++b) {
            const int column = j * w->stride_columns + b - w->padding_columns;
            if (column < 0 || column >= w->columns) continue;
            const signed char one = x[row * w->columns + column];
            if (one > most) most = one;
          }
        }
        *y++ = most;
      }
    }
  }
}
)"},
                                                {"avg_pool2d_int8", {"Windows"}, R"(
/* Rounded to the nearest; `whole`: around the image is what stands for 0. */
static void avg_pool2d_int8(const signed char* x, signed char* y, const Windows* w, int whole, int zero) {
  const int elements = w->kernel_rows * w->kernel_columns;
  for (int c = 0; c < w->channels; ++c, x += w->rows * w->columns) {
    for (int i = 0; i < w->out_rows; ++i) {
      for (int j = 0; j < w->out_columns; ++j) {
        int sum = 0, count = 0;
        for (int a = 0; a < w->kernel_rows; ++a) {
          const int row = i * w->stride_rows + a - w->padding_rows;
          if (row < 0 || row >= w->rows) continue;
          for (int b = 0; b < w->kernel_columns; ++b) {
            const int column = j * w->stride_columns + b - w->padding_columns;
            if (column < 0 || column >= w->columns) continue;
            sum += x[row * w->columns + column];
            ++count;
          }
        }
        if (whole) {
          sum += (elements - count) * zero;
          count = elements;
        }
        *y++ = (signed char)((sum < 0 ? sum - count / 2 : sum + count / 2) / count);
      }
    }
  }
}
)"},
                                                {"relu_int8", {}, R"(
static void relu_int8(const signed char* x, signed char* y, int count, int zero) {
  for (int i = 0; i < count; ++i) y[i] = (signed char)(x[i] < zero ? zero : x[i]);
}
)"},
                                                {"add_int8", {"Output"}, R"(
/* Both in 2^-20 of twice the larger scale, and the sum scaled to the output. */
static void add_int8(const signed char* a, const signed char* b, signed char* y, int count, int zero_a,
                     int zero_b, const Factor* factors, Output output) {
  for (int i = 0; i < count; ++i) {
    const int from_a = scaled((a[i] - zero_a) * (1 << 20), factors[0]);
    const int from_b = scaled((b[i] - zero_b) * (1 << 20), factors[1]);
    y[i] = given(from_a + from_b, factors[2], output);
  }
}
)"}};
  return functions;
}

}  // namespace

std::string c_functions(const std::set<std::string>& names) {
  std::set<std::string> needed = names;
  const auto& all = all_functions();
  for (auto function = all.rbegin(); function != all.rend(); ++function) {
    if (needed.contains(function->name)) needed.insert(function->needs.begin(), function->needs.end());
  }
  std::string text;
  for (const CFunction& function : all) {
    if (needed.contains(function.name)) text += function.text;
  }
  return text;
}

}  // namespace xtape::io::plain_c
