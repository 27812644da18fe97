// SPDX-License-Identifier: BSD-3-Clause
// The matrix products of training steps beside those of libraries that are loaded while it runs, so that one
// program measures several of one interface.
#include <dlfcn.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "figures.hpp"
#include "kernels/gemm.hpp"
#include "numbers.hpp"
#include "timing.hpp"
#include "xtape/threads/threads.hpp"

namespace {

using namespace benchmarks;
using xtape::kernels::Transpose;

constexpr double aim = 0.95;  // of the fastest

// c (rows, columns) = op(a) (rows, inner) op(b) (inner, columns)
struct Product {
  std::string name;
  Transpose transpose_a, transpose_b;
  std::size_t rows, columns, inner;

  bool a_is_transposed() const { return transpose_a == Transpose::yes; }
  bool b_is_transposed() const { return transpose_b == Transpose::yes; }
  double operations() const { return 2.0 * static_cast<double>(rows * columns * inner); }
};

// What a layer of `in` to `out` multiplies in a step.
void add_layer(std::vector<Product>& products, std::size_t batch, std::size_t in, std::size_t out) {
  const std::string layer = fmt::format("{} to {}, batch {}", in, out, batch);
  products.push_back({layer + ", forward", Transpose::no, Transpose::yes, batch, out, in});
  products.push_back({layer + ", input gradient", Transpose::no, Transpose::no, batch, in, out});
  products.push_back({layer + ", weight gradient", Transpose::yes, Transpose::no, out, in, batch});
}

std::vector<Product> products_of_steps() {
  std::vector<Product> products;
  add_layer(products, 32, 16, 3);
  add_layer(products, 64, 64, 128);
  add_layer(products, 64, 128, 10);
  add_layer(products, 128, 784, 256);
  add_layer(products, 128, 256, 128);
  add_layer(products, 100, 300, 300);
  add_layer(products, 256, 1024, 1024);
  add_layer(products, 1024, 1024, 1024);
  return products;
}

using Multiply = std::function<void(const Product&, const float* a, const float* b, float* c)>;

struct Library {
  std::string name;
  Multiply multiply;
};

// Row-major, with what CBLAS has for its names.
using CblasSgemm = void (*)(int order, int transpose_a, int transpose_b, int rows, int columns, int inner,
                            float alpha, const float* a, int a_row, const float* b, int b_row, float beta,
                            float* c, int c_row);
// Row-major; numbers of type dnnl_dim_t.
using DnnlSgemm = int (*)(char transpose_a, char transpose_b, std::int64_t rows, std::int64_t columns,
                          std::int64_t inner, float alpha, const float* a, std::int64_t a_row, const float* b,
                          std::int64_t b_row, float beta, float* c, std::int64_t c_row);

template <class Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

Library load(const std::string& path) {
  // So that what it calls is its own, although another BLAS is there.
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  std::string name = std::filesystem::path(path).filename();
  if (const auto core_name = find<char* (*)()>(library, "openblas_get_corename"))
    name += fmt::format(" ({})", core_name());
  // It may have been loaded with the program, and so does not look at the environment any more.
  if (const auto set_threads = find<void (*)(int)>(library, "openblas_set_num_threads")) set_threads(1);
  const auto row = [](bool is_transposed, std::size_t rows, std::size_t columns) {
    return static_cast<int>(is_transposed ? rows : columns);
  };
  if (const auto sgemm = find<DnnlSgemm>(library, "dnnl_sgemm")) {
    return {name, [=](const Product& in, const float* a, const float* b, float* c) {
              const auto extent = [](std::size_t n) { return static_cast<std::int64_t>(n); };
              sgemm(in.a_is_transposed() ? 'T' : 'N', in.b_is_transposed() ? 'T' : 'N', extent(in.rows),
                    extent(in.columns), extent(in.inner), 1, a, row(in.a_is_transposed(), in.rows, in.inner),
                    b, row(in.b_is_transposed(), in.inner, in.columns), 0, c, extent(in.columns));
            }};
  }
  if (const auto sgemm = find<CblasSgemm>(library, "cblas_sgemm")) {
    return {name, [=](const Product& in, const float* a, const float* b, float* c) {
              constexpr int row_major = 101, as_it_is = 111, transposed = 112;
              const auto extent = [](std::size_t n) { return static_cast<int>(n); };
              sgemm(row_major, in.a_is_transposed() ? transposed : as_it_is,
                    in.b_is_transposed() ? transposed : as_it_is, extent(in.rows), extent(in.columns),
                    extent(in.inner), 1, a, row(in.a_is_transposed(), in.rows, in.inner), b,
                    row(in.b_is_transposed(), in.inner, in.columns), 0, c, extent(in.columns));
            }};
  }
  throw std::runtime_error(path + " has neither cblas_sgemm nor dnnl_sgemm");
}

void multiply_with_xtape(const Product& in, const float* a, const float* b, float* c) {
  xtape::kernels::gemm(in.transpose_a, in.transpose_b, in.rows, in.columns, in.inner, a, b, 0.0F, c);
}

void multiply_with_own_kernels(const Product& in, const float* a, const float* b, float* c) {
  static std::vector<float> memory;
  memory.resize(xtape::kernels::gemm_alone_memory(in.inner));
  xtape::kernels::gemm_alone<float>(in.transpose_a, in.transpose_b, in.rows, in.columns, in.inner, a, b, 0.0F,
                                    nullptr, c, memory.data());
}

void require_agreement(const std::string& name, const std::vector<float>& c,
                       const std::vector<float>& expected) {
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (!(std::abs(c[i] - expected[i]) <= 1e-3F * std::max(1.0F, std::abs(expected[i]))))
      throw std::runtime_error(
          fmt::format("{} gives {} for element {}, {} was expected", name, c[i], i, expected[i]));
  }
}

// The seconds of each library.
std::vector<double> measure(const Product& product, const std::vector<Library>& libraries, double seconds) {
  const auto a = uniform({product.rows, product.inner}, -1, 1, 1).values;
  const auto b = uniform({product.inner, product.columns}, -1, 1, 2).values;
  const std::size_t elements = product.rows * product.columns;
  std::vector<std::vector<float>> c(libraries.size(), std::vector<float>(elements));
  std::vector<Side> sides;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    const auto run = [&, i] { libraries[i].multiply(product, a.data(), b.data(), c[i].data()); };
    run();
    require_agreement(libraries[i].name, c[i], c[0]);
    sides.push_back({[] {}, run});
  }
  return best_times(sides, seconds);
}

void print_title(const std::vector<Library>& libraries) {
  fmt::print("{:44}", "GFLOP/s, float, 1 thread");
  for (const Library& library : libraries) fmt::print(" {:>24}", library.name);
  fmt::print(" {:>22}\n", fmt::format("of the fastest ({})", aim));
}

void print(const Product& product, const std::vector<double>& times) {
  fmt::print("{:44}", product.name);
  for (const double time : times) fmt::print(" {:24.1f}", product.operations() / time * 1e-9);
  const double quotient = *std::ranges::min_element(times) / times[0];
  fmt::print(" {:>22}\n", fmt::format("{:.2f}{}", quotient, quotient < aim ? " !" : "  "));
  std::fflush(stdout);
}

// Of the rivals, the fastest.
Figure figure(const Product& product, const std::vector<Library>& libraries,
              const std::vector<double>& times) {
  const auto fastest = std::min_element(times.begin() + 1, times.end());
  return {product.name, 1,  times[0],      libraries[static_cast<std::size_t>(fastest - times.begin())].name,
          *fastest,     {}, {.ratio = aim}};
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "products.json", only;
  std::vector<std::string> paths;
  double seconds = 0.3;
  CLI::App app(
      "Times the matrix products of training steps, in GFLOP/s. Prints a table and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("--beside", paths, "shared libraries that have cblas_sgemm or dnnl_sgemm");
  app.add_option("--file", file, "where the table goes, as JSON");
  app.add_option("--only", only, "run those whose names contain this");
  app.add_option("--seconds", seconds, "for each product")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    for (const char* variable : {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"})
      ::setenv(variable, "1", 1);
    xtape::set_num_threads(1);
    std::vector<Library> libraries{{"xtape", multiply_with_xtape},
                                   {"its own kernels", multiply_with_own_kernels}};
    for (const std::string& path : paths) libraries.push_back(load(path));
    auto rows = nlohmann::ordered_json::array();
    print_title(libraries);
    for (const Product& product : products_of_steps()) {
      if (product.name.find(only) == std::string::npos) continue;
      const std::vector<double> times = measure(product, libraries, seconds);
      print(product, times);
      rows.push_back(json_row(figure(product, libraries, times)));
    }
    write_json(file, rows);
  } catch (const std::exception& error) {
    fmt::print(stderr, "products_benchmark: {}\n", error.what());
    return 1;
  }
}
