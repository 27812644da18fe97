// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/io/export_c.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <utility>
#include <variant>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "files/atomic_file.hpp"
#include "inference/fewest_indices.hpp"
#include "inference/fold_batch_norm.hpp"
#include "io/export_c_functions.hpp"
#include "io/export_c_memory.hpp"
#include "io/export_c_program.hpp"
#include "io/export_c_text.hpp"
#include "io/export_c_writer.hpp"
#include "io/safetensors_header.hpp"
#include "xtape/core/version.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {
namespace {

using inference::OutputKind;
using inference::Pipeline;
using plain_c::CCode;
using plain_c::MemoryPlan;
using plain_c::Program;

constexpr const char* export_name = "export_c";
constexpr std::size_t drawn_rows = 3;

void require_c_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto may_follow = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || !is_letter(name[0]) || !std::ranges::all_of(name, may_follow)) {
    fail<ArgumentError>("{}: name must be a C identifier that begins with a letter, got {}", export_name,
                        in_quotes(name));
  }
  // Which a compiler would find in their place where the directory is searched for headers.
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  constexpr std::array headers{"assert", "complex",     "ctype",   "errno",   "features", "fenv",
                               "float",  "inttypes",    "iso646",  "limits",  "locale",   "math",
                               "setjmp", "signal",      "stdarg",  "stdbool", "stddef",   "stdint",
                               "stdio",  "stdlib",      "string",  "tgmath",  "time",     "wchar",
                               "wctype", "stdnoreturn", "threads", "uchar",   "stdalign", "stdatomic"};
  if (std::ranges::find(headers, lower) != headers.end()) {
    fail<ArgumentError>("{}: name must not be that of a header of C, got {}", export_name, in_quotes(name));
  }
}

// (rows, ...) of the pipeline's rows, as floats.
template <class T>
Array<float> as_floats(const char* argument, const ArrayInput<T>& rows, const Shape& row) {
  const std::size_t count = rows.shape().rank() == 0 ? 0 : rows.shape()[0];
  if (count == 0 || rows.shape() != with_rows_before(row, count)) {
    fail<ShapeError>("{}: {} must be (rows, ...) of rows {}, got {}", export_name, argument, row,
                     rows.shape());
  }
  Array<float> result(rows.shape());
  std::ranges::transform(rows, result.begin(), [](T x) { return static_cast<float>(x); });
  return result;
}

// Rows near those that the steps before the model were fitted to; in the last, something is missing if it
// may be.
template <class T>
Array<float> draw_rows(const Pipeline<T>& pipeline, std::size_t indices) {
  Random random(1);
  const std::size_t width = pipeline.row.elements();
  Array<float> rows(with_rows_before(pipeline.row, drawn_rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double x = indices > 0 ? static_cast<double>(random.below(indices)) : random.normal();
    if (indices == 0 && pipeline.factor != 0) x = (x - pipeline.shift) / pipeline.factor;
    if (pipeline.standardizer)
      x = pipeline.standardizer->means()[i % width] + pipeline.standardizer->scales()[i % width] * x;
    rows[i] = static_cast<float>(x);
  }
  if (pipeline.imputer) rows[rows.size() - 1] = NAN;
  return rows;
}

// What the pipeline gives: probabilities, or numbers.
template <class T>
std::vector<float> outputs_of(const Pipeline<T>& pipeline, const Array<float>& rows) {
  Array<T> features(rows.shape());
  std::ranges::copy(rows, features.begin());
  std::vector<float> result;
  const auto add = [&](auto all) {
    for (const auto y : all) result.push_back(static_cast<float>(y));
  };
  if (pipeline.outputs_are == OutputKind::numbers) {
    add(pipeline.outputs(features));
  } else {
    add(pipeline.probabilities(features));
  }
  return result;
}

// Rows, what the C must give for them, and how near.
struct SelfTest {
  Array<float> rows;
  std::vector<float> outputs;
  float tolerance;
};

void settle_tolerance(SelfTest& test, double more) {
  float largest = 0;
  for (const float y : test.outputs) {
    if (!std::isfinite(y))
      fail<ArgumentError>("{}: test_rows must give finite outputs, got {}", export_name, y);
    largest = std::max(largest, std::abs(y));
  }
  // Of 10 roundings of a float, for many layers and any libm.
  test.tolerance = static_cast<float>(std::max({static_cast<double>(largest) * 1e-5, more, 1e-30}));
}

// What the program gives for one row, behind the others. Where a float lies so near the middle between two
// whole numbers that it may become the other one in C, gives how far apart the outputs then are, else 0.
double add_outputs(const Program& program, ArrayView<const float> row, std::vector<float>& outputs) {
  constexpr float nudge = 0x1p-8f;  // 1e-5 of the largest float, which is 255 whole numbers away, is less
  const Array<float> y = plain_c::run(export_name, program, row);
  outputs.insert(outputs.end(), y.begin(), y.end());
  double apart = 0;
  for (const float by : {nudge, -nudge}) {
    const Array<float> neighbour = plain_c::run(export_name, program, row, by);
    for (std::size_t i = 0; i < y.size(); ++i)
      apart = std::max(apart, std::abs(static_cast<double>(neighbour[i]) - static_cast<double>(y[i])));
  }
  return apart;
}

template <class T>
SelfTest self_test(const Pipeline<T>& pipeline, const ExportCOptions<T>& options, const Program& program,
                   std::size_t indices) {
  SelfTest test;
  if (!options.test_rows.empty()) {
    test.rows = as_floats("test_rows", options.test_rows, pipeline.row);
  } else if (!options.calibration.empty()) {
    const std::size_t count = std::min(drawn_rows, options.calibration.shape()[0]);
    const ArrayView<const T> first(options.calibration.data(), with_rows_before(pipeline.row, count));
    test.rows = as_floats<T>("calibration", first, pipeline.row);
  } else {
    test.rows = draw_rows(pipeline, indices);
  }
  if (options.numbers == CNumbers::float32) {
    test.outputs = outputs_of(pipeline, test.rows);
    settle_tolerance(test, 0);
    return test;
  }
  const std::size_t width = pipeline.row.elements();
  double apart = 0;
  for (std::size_t row = 0; row < test.rows.shape()[0]; ++row) {
    const ArrayView<const float> one(test.rows.data() + row * width, pipeline.row);
    apart = std::max(apart, add_outputs(program, one, test.outputs));
  }
  settle_tolerance(test, 2 * apart);
  return test;
}

// All that the texts are put together from.
struct CExport {
  std::string name, upper;
  Shape row, output;
  std::string outputs_are;
  const std::vector<std::string>& class_names;
  std::string about;  // a comment: what it is
  CCode code;
  CFootprint footprint;
};

std::string to_upper(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
  return name;
}

template <class T>
std::string about(const std::string& name, const Pipeline<T>& pipeline, CNumbers numbers,
                  const CFootprint& footprint) {
  const auto [major, minor, patch] = xtape::version();
  std::string text = fmt::format("/* {}: ", name);
  if (!pipeline.card.description.empty()) text += plain_c::in_comment(pipeline.card.description) + ".\n   ";
  text +=
      fmt::format("A model that xtape {}.{}.{} exported, in {}.\n", major, minor, patch,
                  numbers == CNumbers::int8 ? "int8, and floats where there is no scheme for it" : "floats");
  if (!pipeline.card.data.empty())
    text += fmt::format("   Trained on: {}.\n", plain_c::in_comment(pipeline.card.data));
  if (!pipeline.columns.empty()) {
    std::vector<std::string> columns;
    for (const auto& [column, category] : pipeline.columns)
      columns.push_back(plain_c::in_comment(category ? column + " = " + *category : column));
    text += "   Features:\n" + plain_c::c_list(columns, "     ") + "\n";
  }
  text += fmt::format("   {} bytes of parameters, {} bytes of workspace. */\n", footprint.parameter_bytes,
                      footprint.workspace_bytes);
  return text;
}

std::string c_header(const CExport& of) {
  std::string text = of.about;
  text += fmt::format(
      "#ifndef {0}_H\n#define {0}_H\n\n"
      "#define {0}_INPUT_SIZE {1}\n#define {0}_OUTPUT_SIZE {2}\n\n"
      "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n",
      of.upper, of.row.elements(), of.output.elements());
  text += fmt::format(
      "/* What the model gives for one row.\n\n"
      "   in   {1}: raw features, in row-major order\n"
      "   out  {2}: {3}\n\n"
      "   Returns 0; 1 where a feature that numbers a row of an embedding is none of its indices; 2 where a\n"
      "   number that is rounded to a whole one is NaN. Then out holds nothing of use. in and out must not\n"
      "   overlap, and neither must calls: what is in between is static. */\n"
      "int {0}_predict(const float* in, float* out);\n",
      of.name, of.row, of.output, of.outputs_are);
  if (!of.class_names.empty()) {
    text += fmt::format("\n/* The names of the classes. */\nextern const char* const {}_class_names[{}];\n",
                        of.name, of.class_names.size());
  }
  return text + fmt::format("\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {}_H */\n", of.upper);
}

std::string predict_function(const CExport& of) {
  std::string text = fmt::format("int {}_predict(const float* in, float* out) {{\n", of.name);
  if (of.code.uses_bytes)
    text += "  signed char* const bytes = (signed char*)workspace; /* for whole numbers */\n";
  return text + of.code.calls + "  return 0;\n}\n";
}

std::string test_program(const CExport& of, const SelfTest& test) {
  const std::size_t rows = test.rows.shape()[0];
  std::string text = fmt::format("\n#ifdef {}_TEST\n\n#include <stdio.h>\n\n", of.upper);
  text += plain_c::c_floats("test_rows", test.rows);
  text += plain_c::c_floats("test_outputs", ArrayView<const float>(test.outputs));
  return text + fmt::format(R"(
/* Whether the model gives what it gave where it was exported. */
int main(void) {{
  const float tolerance = {3};
  static float out[{1}_OUTPUT_SIZE];
  int wrong = 0;
  for (int row = 0; row < {2}; ++row) {{
    const int status = {0}_predict(test_rows + row * {1}_INPUT_SIZE, out);
    if (status != 0) {{
      printf("{0}: row %d: status %d\n", row, status);
      return 1;
    }}
    for (int i = 0; i < {1}_OUTPUT_SIZE; ++i) {{
      const float expected = test_outputs[row * {1}_OUTPUT_SIZE + i];
      if (fabsf(out[i] - expected) <= tolerance) continue;
      printf("{0}: row %d: output %d must be %.9g, got %.9g\n", row, i, (double)expected, (double)out[i]);
      ++wrong;
    }}
  }}
  printf("{0}: %d of %d outputs are wrong\n", wrong, {2} * {1}_OUTPUT_SIZE);
  return wrong != 0;
}}

#endif
)",
                            of.name, of.upper, rows, plain_c::c_number(test.tolerance));
}

std::string c_source(const CExport& of, const SelfTest& test) {
  std::string text = of.about;
  text +=
      fmt::format("/* Compile: cc -std=c99 -c {0}.c. Test: cc -std=c99 -D{1}_TEST {0}.c -lm && ./a.out */\n",
                  of.name, of.upper);
  text += fmt::format("#include \"{}.h\"\n\n#include <math.h>\n\n", of.name);
  text += "typedef char int_must_have_32_bits[sizeof(int) == 4 ? 1 : -1];\n";
  text += plain_c::c_functions(of.code.functions);
  text += "\n/* The model, by the numbers of the steps below. */\n\n" + of.code.constants;
  if (!of.class_names.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : of.class_names) names.push_back(plain_c::c_text(name));
    text += fmt::format("\nconst char* const {}_class_names[{}] = {{\n{}\n}};\n", of.name, names.size(),
                        plain_c::c_list(names, "  "));
  }
  if (of.footprint.workspace_bytes > 0) {
    text += fmt::format(
        "\n/* Values in between, which share it while others are not needed. */\n"
        "static float workspace[{}];\n",
        of.footprint.workspace_bytes / sizeof(float));
  }
  return text + "\n" + predict_function(of) + test_program(of, test);
}

// Neither is begun before both can be, and none is renamed before both are written.
void write_both(const std::string& directory, const std::string& name, const std::string& header,
                const std::string& source) {
  const std::filesystem::path path = std::filesystem::path(directory) / name;
  AtomicFile header_file(export_name, path.string() + ".h"), source_file(export_name, path.string() + ".c");
  header_file.write(header.data(), header.size());
  source_file.write(source.data(), source.size());
  header_file.commit();
  source_file.commit();
}

template <class T>
std::string outputs_are(const Pipeline<T>& pipeline) {
  switch (pipeline.outputs_are) {
    case OutputKind::classes:
      return "the probabilities of the classes";
    case OutputKind::multilabel:
      return "the probability of each label";
    case OutputKind::binary:
      return "the probability of yes";
    case OutputKind::numbers:
      return "the numbers that the model gives";
  }
  return "";
}

template <class T>
Program program_of(const plain_c::Graph& graph, const Pipeline<T>& pipeline,
                   const ExportCOptions<T>& options) {
  if (options.numbers == CNumbers::float32) return plain_c::float_program(graph);
  if (options.calibration.empty()) {
    fail<ArgumentError>(
        "{}: int8 must have calibration rows, got none; give some of those that the model was trained on",
        export_name);
  }
  const Array<float> rows = as_floats("calibration", options.calibration, pipeline.row);
  return plain_c::int8_program(export_name, graph, plain_c::ranges_of(export_name, graph, rows));
}

}  // namespace

template <class T>
CFootprint export_c(const std::string& directory, const std::string& name, const Pipeline<T>& pipeline,
                    const ExportCOptions<T>& options) {
  require_c_name(name);
  pipeline.require_valid(export_name);
  const nn::Graph<T> source = pipeline.graph();  // It keeps numbers of steps.
  pipeline.require_true_graph(export_name);
  const plain_c::Graph graph = inference::fold_batch_norm<float>(source);
  const Program program = program_of(graph, pipeline, options);
  const MemoryPlan memory(program);
  CCode code = plain_c::c_code(export_name, program, memory);
  const SelfTest test = self_test(pipeline, options, program, inference::fewest_indices(graph));
  const CFootprint footprint{code.parameter_bytes, memory.workspace() * sizeof(float)};
  const CExport parts{name,
                      to_upper(name),
                      pipeline.row,
                      program.values[program.output].shape,
                      outputs_are(pipeline),
                      pipeline.class_names,
                      about(name, pipeline, options.numbers, footprint),
                      std::move(code),
                      footprint};
  write_both(directory, name, c_header(parts), c_source(parts, test));
  return footprint;
}

template CFootprint export_c(const std::string&, const std::string&, const Pipeline<float>&,
                             const ExportCOptions<float>&);
template CFootprint export_c(const std::string&, const std::string&, const Pipeline<double>&,
                             const ExportCOptions<double>&);

}  // namespace xtape::io
#pragma GCC visibility pop
