// SPDX-License-Identifier: BSD-3-Clause
#include "io/export_c_memory.hpp"

#include <algorithm>
#include <numeric>
#include <variant>

#include "arrays/format.hpp"

namespace xtape::io::plain_c {
namespace {

// Whether the C reads each element before it writes that, and no other after.
struct WorksInPlace {
  bool operator()(const nn::operations::Linear<float>&) const { return false; }
  bool operator()(const nn::operations::Conv2d<float>&) const { return false; }
  bool operator()(const nn::operations::MaxPool2d&) const { return false; }
  bool operator()(const nn::operations::AvgPool2d&) const { return false; }
  bool operator()(const nn::operations::Embedding<float>&) const { return false; }
  bool operator()(const nn::operations::OrdinalLogProbabilities<float>&) const { return false; }
  template <class Other>
  bool operator()(const Other&) const {
    return true;
  }
};

bool works_in_place(const Step& step) {
  return step.conversion == Conversion::none && std::visit(WorksInPlace(), *step.operation);
}

std::size_t bytes_of(const Value& value) {
  const std::size_t bytes = value.shape.elements() * (value.int8 ? 1 : sizeof(float));
  return (bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);
}

}  // namespace

MemoryPlan::MemoryPlan(const Program& program) : program_(program), piece_of_(program.values.size()) {
  share(program);
  place();
}

std::string MemoryPlan::address(std::size_t value) const {
  const Value& of = program_.values[value];
  const std::size_t piece = piece_of_[of.memory];
  if (piece == piece_of_[0]) return "in";
  if (piece == piece_of_[program_.values[program_.output].memory]) return "out";
  const std::size_t offset = pieces_[piece].offset / (of.int8 ? 1 : sizeof(float));
  const char* const base = of.int8 ? "bytes" : "workspace";
  return offset == 0 ? base : fmt::format("{} + {}", base, offset);
}

void MemoryPlan::share(const Program& program) {
  const std::vector<Step>& steps = program.steps;
  std::vector<std::size_t> last_use(program.values.size());
  for (std::size_t s = 0; s < steps.size(); ++s) {
    last_use[program.values[steps[s].output].memory] = s;
    for (const std::size_t input : steps[s].inputs) last_use[program.values[input].memory] = s;
  }
  last_use[program.values[program.output].memory] = steps.size();
  pieces_.push_back({bytes_of(program.values[0]), 0, last_use[0]});
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const std::size_t output = steps[s].output;
    const std::size_t bytes = bytes_of(program.values[output]);
    piece_of_[output] = pieces_.size();
    for (const std::size_t input : steps[s].inputs) {
      const std::size_t piece = piece_of_[program.values[input].memory];
      const bool is_free = works_in_place(steps[s]) && piece != 0 && pieces_[piece].last_step == s;
      if (is_free && pieces_[piece].bytes == bytes) piece_of_[output] = piece;
    }
    if (piece_of_[output] == pieces_.size()) pieces_.push_back({bytes, s, s});
    pieces_[piece_of_[output]].last_step = last_use[output];
  }
}

// The largest first, each as low as it fits.
void MemoryPlan::place() {
  const std::size_t out = piece_of_[program_.values[program_.output].memory];
  std::vector<std::size_t> order(pieces_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t piece) { return piece == 0 || piece == out; });
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return pieces_[a].bytes > pieces_[b].bytes; });
  std::vector<const Piece*> placed;  // by their offsets
  for (const std::size_t at : order) {
    Piece& piece = pieces_[at];
    for (const Piece* const other : placed) {
      const bool live_together = piece.first_step <= other->last_step && other->first_step <= piece.last_step;
      if (!live_together) continue;
      if (piece.offset + piece.bytes <= other->offset) break;
      piece.offset = std::max(piece.offset, other->offset + other->bytes);
    }
    workspace_ = std::max(workspace_, piece.offset + piece.bytes);
    placed.insert(std::ranges::upper_bound(placed, piece.offset, {}, &Piece::offset), &piece);
  }
}

}  // namespace xtape::io::plain_c
