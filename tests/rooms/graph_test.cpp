// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/dot_text.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

const std::string begin = "digraph tape {\n  node [shape=box, style=filled, fillcolor=white];\n";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t result = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++result;
  return result;
}

// The line that begins with "  n3 [", without its end.
std::string line(const std::string& text, const std::string& start) {
  const auto from = text.find("\n  " + start);
  return from == text.npos ? "no such line" : text.substr(from + 3, text.find(";\n", from) - from - 3);
}

}  // namespace

TEST_CASE("to_dot of a variable draws what it was computed from", "[autograd][graph]") {
  Tape<double> tape;
  Parameter<double> weight("weight", Shape{2});
  const auto x = tape.constant(std::vector{1.0, 2.0}), w = tape.watch(weight);
  const auto unused = tanh(w);
  const auto b = tape.variable(3);
  const auto loss = sum(w * x + b);
  CHECK(to_dot(loss) == begin +
                            R"(  n0 [label="constant\n(2), 16 bytes", shape=ellipse, style="filled,dashed"];
  n1 [label="parameter 'weight'\n(2), 16 bytes", shape=ellipse, fillcolor=lightblue];
  n3 [label="variable\n(), 8 bytes", shape=ellipse, fillcolor=lightyellow];
  n4 [label="multiply\n(2), 16 bytes"];
  n1 -> n4;
  n0 -> n4 [style=dashed];
  n5 [label="add\n(2), 16 bytes"];
  n4 -> n5;
  n3 -> n5;
  n6 [label="sum\n(), 8 bytes", color=red, penwidth=3];
  n5 -> n6;
}
)");
  CHECK(unused.requires_grad());
}

TEST_CASE("to_dot of a tape draws all that stands on it", "[autograd][graph]") {
  Tape<float> tape;
  const std::vector<float> numbers{1, 2};
  const auto x = tape.borrow(numbers);
  const auto frame = tape.frame();
  const auto y = tape.variable(numbers);
  const auto z = reshape(x + y, {2, 1}), cut = z.detach();
  const std::string nodes =
      R"(  n0 [label="borrow\n(2), 8 bytes", shape=ellipse, style="filled,dashed"];
  n1 [label="variable\n(2), 8 bytes", shape=ellipse, fillcolor=lightyellow];
  n2 [label="add\n(2), 8 bytes"];
  n0 -> n2 [style=dashed];
  n1 -> n2;
)";
  const std::string edge = "  n2 -> n3;\n";
  const std::string rest = R"(  n4 [label="detach\n(2, 1), shared", style="filled,dashed"];
  n3 -> n4 [style=dashed];
}
)";
  CHECK(to_dot(tape) == begin + nodes + "  n3 [label=\"reshape\\n(2, 1), shared\"];\n" + edge + rest);
  CHECK(to_dot(tape, z) ==
        begin + nodes + "  n3 [label=\"reshape\\n(2, 1), shared\", color=red, penwidth=3];\n" + edge + rest);
  CHECK(cut.size() == 2);
}

TEST_CASE("to_dot draws dashed what the gradient of the loss does not reach", "[autograd][graph]") {
  Tape<double> tape;
  Parameter<double> trained("trained", Shape{}), cut_off("cut off", Shape{}), beside("beside", Shape{});
  const auto a = tape.watch(trained), b = tape.watch(cut_off), c = tape.watch(beside);
  const auto loss = a * tanh(b).detach();
  const std::string whole = to_dot(tape), of_loss = to_dot(tape, loss), ancestors = to_dot(loss);
  for (const char* const node : {"n0 ", "n1 ", "n2 ", "n3 "}) CHECK(count(line(whole, node), "dashed") == 0);
  for (const char* const node : {"n1 ", "n2 ", "n3 ", "n4 "})
    CHECK(count(line(of_loss, node), "dashed") == 1);
  for (const char* const node : {"n0 ", "n5 "}) CHECK(count(line(of_loss, node), "dashed") == 0);
  CHECK(line(of_loss, "n1 -> n3") == "n1 -> n3 [style=dashed]");
  CHECK(line(whole, "n1 -> n3") == "n1 -> n3");
  CHECK(line(whole, "n3 -> n4") == "n3 -> n4 [style=dashed]");
  CHECK(count(ancestors, "beside") == 0);
  CHECK(count(ancestors, "cut off") == 1);
  CHECK(c.requires_grad());
}

TEST_CASE("to_dot of a variable without a gradient is dashed throughout", "[autograd][graph]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  const auto no_grad = tape.no_grad();
  CHECK(
      to_dot(square(x)) ==
      begin +
          R"(  n0 [label="variable\n(), 8 bytes", shape=ellipse, fillcolor=lightyellow, style="filled,dashed"];
  n1 [label="square\n(), 8 bytes", style="filled,dashed", color=red, penwidth=3];
  n0 -> n1 [style=dashed];
}
)");
}

TEST_CASE("to_dot draws each node once, and each use of an input", "[autograd][graph]") {
  Tape<double> tape;
  auto y = tape.variable(2);
  for (int i = 0; i < 100; ++i) y = y * y;  // 2^100 paths
  const std::string text = to_dot(y);
  CHECK(count(text, "label=") == 101);
  CHECK(count(text, "\n  n7 [") == 1);
  CHECK(count(text, " -> ") == 200);
  CHECK(count(text, "  n6 -> n7;\n  n6 -> n7;\n") == 1);
  CHECK(to_dot(tape, y) == text);
}

TEST_CASE("to_dot of a leaf is one node, and of an empty tape none", "[autograd][graph]") {
  Tape<double> tape;
  CHECK(to_dot(tape) == begin + "}\n");
  const auto x = tape.constant(Array<double>(Shape{0, 3}));
  CHECK(
      to_dot(x) ==
      begin +
          R"(  n0 [label="constant\n(0, 3), 0 bytes", shape=ellipse, style="filled,dashed", color=red, penwidth=3];
}
)");
}

TEST_CASE("to_dot is the same in every step of a loop, and ends with its frame", "[autograd][graph]") {
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(4, 8, random).add<nn::Relu>().add<nn::Linear>(8, 3, random);
  const Array<float> features(Shape{5, 4});
  Tape<float> tape;
  std::vector<std::string> texts;
  for (int step = 0; step < 3; ++step) {
    const auto frame = tape.frame();
    const auto loss = losses::softmax_cross_entropy(model(tape.borrow(features)), std::vector{0, 1, 2, 0, 1});
    texts.push_back(to_dot(loss));
    loss.backward();
    CHECK(to_dot(loss) == texts[0]);
  }
  CHECK(texts[1] == texts[0]);
  CHECK(texts[2] == texts[0]);
  CHECK(count(texts[0], "fillcolor=lightblue") == 4);
  CHECK(to_dot(tape) == begin + "}\n");
}

TEST_CASE("to_dot refuses a stale variable and a loss of another tape", "[autograd][graph][errors]") {
  Tape<double> tape, other;
  const auto loss = square(other.variable(1));
  CHECK(refusal<TapeError>(tape, [&] { to_dot(tape, loss); }) ==
        "to_dot: loss must be of the tape, got one recorded by 'square' on another");
  Variable<double> old;
  {
    const auto frame = tape.frame();
    old = tape.variable(1);
  }
  CHECK_THROWS_AS(to_dot(old), StaleVariable);
  CHECK_THROWS_AS(to_dot(tape, old), StaleVariable);
  CHECK_THROWS_AS(to_dot(Variable<double>()), StaleVariable);
}

TEST_CASE("names of parameters are escaped", "[autograd][graph]") {
  Tape<double> tape;
  Parameter<double> parameter("a\"b\\N\nc\t&lt; <x> ä€😀", Shape{});
  CHECK(
      line(to_dot(tape.watch(parameter)), "n0 ") ==
      R"--(n0 [label="parameter 'a\"b\\N\\nc\\x09&amp;lt; <x> ä€😀'\n(), 8 bytes", shape=ellipse, fillcolor=lightblue, color=red, penwidth=3])--");
}

TEST_CASE("dot_text shows characters as they are, and others by their number", "[autograd][graph]") {
  using detail::dot_text;
  CHECK(dot_text("") == "");
  CHECK(dot_text("layers.0.weight") == "layers.0.weight");
  CHECK(dot_text("\"") == "\\\"");
  CHECK(dot_text("\\") == "\\\\");
  CHECK(dot_text("\n\r") == "\\\\n\\\\x0d");
  CHECK(dot_text(std::string_view("\0\x7f", 2)) == "\\\\x00\\\\x7f");
  CHECK(dot_text("a & b") == "a &amp; b");
  for (const char* const utf8 : {"\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000",
                                 "\U0010ffff", "größe € 😀"}) {
    CHECK(dot_text(utf8) == utf8);
  }
  CHECK(dot_text("\x80") == "\\\\x80");                        // without a beginning
  CHECK(dot_text("\xe2\x82") == "\\\\xe2\\\\x82");             // without an end
  CHECK(dot_text("\xe2\x82z") == "\\\\xe2\\\\x82z");           // with a wrong one
  CHECK(dot_text("\xc1\xbf") == "\\\\xc1\\\\xbf");             // longer than needed
  CHECK(dot_text("\xe0\x9f\xbf") == "\\\\xe0\\\\x9f\\\\xbf");  // also
  CHECK(dot_text("\xf0\x8f\xbf\xbf") == "\\\\xf0\\\\x8f\\\\xbf\\\\xbf");
  CHECK(dot_text("\xed\xa0\x80") == "\\\\xed\\\\xa0\\\\x80");             // half of a pair of UTF-16
  CHECK(dot_text("\xf4\x90\x80\x80") == "\\\\xf4\\\\x90\\\\x80\\\\x80");  // beyond the last character
  CHECK(dot_text("\xff") == "\\\\xff");
}
