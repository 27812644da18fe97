// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// What there is of Graphviz, if anything.
const bool have_dot = std::system("dot -V > /dev/null 2>&1") == 0;

// A directory of its own for temporary files, which is removed.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(std::filesystem::temp_directory_path() /
              ("xtape_graphviz_test_" + std::to_string(std::random_device()()))) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::filesystem::path operator/(const char* file) const { return path_ / file; }

 private:
  std::filesystem::path path_;
};

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The SVG that dot makes of it, or what it complains of.
std::string svg_of(const std::string& graph) {
  const TemporaryDirectory directory;
  std::ofstream(directory / "graph.dot", std::ios::binary) << graph;
  const std::string command = "dot -Tsvg '" + (directory / "graph.dot").string() + "' > '" +
                              (directory / "graph.svg").string() + "' 2> '" +
                              (directory / "errors").string() + "'";
  const bool done = std::system(command.c_str()) == 0;
  const std::string errors = content(directory / "errors");
  return done && errors.empty() ? content(directory / "graph.svg") : "failed: " + errors;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++result;
  return result;
}

}  // namespace

TEST_CASE("Graphviz draws the nodes and arrows of a training step", "[autograd][graph][graphviz]") {
  if (!have_dot) {
    WARN("skipped: dot of Graphviz is not installed");
    SUCCEED();
    return;
  }
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(4, 8, random).add<nn::Tanh>().add<nn::Linear>(8, 3, random);
  Tape<float> tape;
  const auto logits = model(tape.constant(irregular({2, 4})));
  const auto loss = losses::softmax_cross_entropy(logits, std::vector{0, 1}) + mean(logits * logits);
  const std::string svg = svg_of(to_dot(loss));
  CHECK(count(svg, "class=\"node\"") == tape.statistics().nodes);
  CHECK(count(svg, "class=\"edge\"") == count(to_dot(loss), " -> "));
  CHECK(count(svg, ">softmax_cross_entropy</text>") == 1);
  CHECK(count(svg, "stroke=\"red\"") == 1);
  CHECK(svg == svg_of(to_dot(tape, loss)));
}

TEST_CASE("Graphviz shows odd names as they are", "[autograd][graph][graphviz]") {
  if (!have_dot) {
    WARN("skipped: dot of Graphviz is not installed");
    SUCCEED();
    return;
  }
  const auto shows = [](const std::string& name, const std::string& in_svg) {
    Tape<double> tape;
    Parameter<double> parameter(name, Shape{});
    const std::string svg = svg_of(to_dot(tape.watch(parameter)));
    CAPTURE(svg);
    CHECK(count(svg, ">parameter &#39;" + in_svg + "&#39;</text>") == 1);
    CHECK(count(svg, "class=\"node\"") == 1);
  };
  shows("", "");
  shows("say \"w\"]; n9 [", "say &quot;w&quot;]; n9 [");
  shows("\\", "\\");
  shows("\\N \\\" \\l", "\\N \\&quot; \\l");
  shows("two\nlines\r", "two\\nlines\\x0d");
  shows("<b>&lt;&</b>", "&lt;b&gt;&amp;lt;&amp;&lt;/b&gt;");
  shows("größe € 😀", "größe € 😀");
  shows("\xff\xe2\x82", "\\xff\\xe2\\x82");
  shows(std::string(1, '\0') + "\x1b[1m", "\\x00\\x1b[1m");
}
