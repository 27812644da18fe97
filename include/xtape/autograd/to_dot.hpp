// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/autograd/tape.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// What a variable was computed from, as a graph in the DOT language of Graphviz:
///
///     const auto loss = sum(tape.watch(weight) * tape.constant(numbers));
///     std::ofstream("graph.dot") << to_dot(loss);  // and then: dot -Tsvg graph.dot -o graph.svg
///
/// It has each node once, those of outer frames and under no_grad() too, and after it the arrows to it:
///
///     digraph tape {
///       node [shape=box, style=filled, fillcolor=white];
///       n0 [label="constant\n(2), 16 bytes", shape=ellipse, style="filled,dashed"];
///       n1 [label="parameter 'weight'\n(2), 16 bytes", shape=ellipse, fillcolor=lightblue];
///       n2 [label="multiply\n(2), 16 bytes"];
///       n1 -> n2;
///       n0 -> n2 [style=dashed];
///       n3 [label="sum\n(), 8 bytes", color=red, penwidth=3];
///       n2 -> n3;
///     }
///
/// - A node has the name of its operation, the shape of its value, and the value's bytes, or "shared" where
///   it lies in the memory of an input, as that of reshape does. Boxes are operations. Ellipses are leaves:
///   parameters (blue, with their names), variables (yellow), and those that need no gradient (white). The
///   variable that was given has a thick red border.
/// - An arrow leads from an input to what was computed from it; two do from an input used twice.
/// - Borders and arrows are solid where backward from the variable brings a gradient, and dashed elsewhere. A
///   parameter with a dashed border is one that this loss does not train.
///
/// Only what was given to a Recording as an input is seen: not labels, weights and masks in plain arrays.
/// Node n7 is the eighth in the frames now open, so that each step of an unchanged loop has the same text. In
/// names, control characters and what is not UTF-8 are shown as `\n` or `\x1b`.
///
/// @throws StaleVariable  the variable's frame has ended.
template <class T>
std::string to_dot(Variable<T> root);

/// The same of all that was recorded in the frames now open, also of what nothing was computed from. Borders
/// and arrows are solid where a gradient is needed.
template <class T>
std::string to_dot(const Tape<T>& tape);

/// The same with the thick red border for a loss, and solid where backward from it brings a gradient.
/// @throws StaleVariable  the loss's frame has ended.
/// @throws TapeError      the loss is of another tape.
template <class T>
std::string to_dot(const Tape<T>& tape, Variable<T> loss);

extern template std::string to_dot(Variable<float>);
extern template std::string to_dot(Variable<double>);
extern template std::string to_dot(const Tape<float>&);
extern template std::string to_dot(const Tape<double>&);
extern template std::string to_dot(const Tape<float>&, Variable<float>);
extern template std::string to_dot(const Tape<double>&, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
