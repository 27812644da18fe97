// SPDX-License-Identifier: BSD-3-Clause
// The loss that is composed of the tape's own operations, section 3.18.
#include "families.hpp"
#include "xtape/xtape.hpp"

namespace reference {

namespace {

using namespace xtape;

template <class T>
Variable<T> custom_primitive(Call<T>& call) {
  const Variable<T> logits = call.real("logits"), labels = call.real("labels");
  const int axis = call.integer("axis");
  // The operations would broadcast.
  if (logits.shape() != labels.shape()) throw ShapeError("labels must have the shape of logits");
  if (call.param("reduction") != "mean") throw ArgumentError("reduction must be mean");

  const Variable<T> p = call.flag("softmax_logits") ? softmax(logits, axis) : logits;
  const Variable<T> t = call.flag("softmax_labels") ? softmax(labels, axis) : labels;
  const auto low = static_cast<T>(call.number("clip_min")), high = static_cast<T>(call.number("clip_max"));
  call.clips(p, low, high);
  return -mean(sum(t * log(clip(p, low, high)), axis));
}

}  // namespace

template <class T>
Families<T> composed_families() {
  return {
      {"custom_primitive",
       {custom_primitive, "logits labels", "",
        "softmax_logits softmax_labels axis clip_min clip_max reduction"}},
  };
}

template Families<float> composed_families();
template Families<double> composed_families();

}  // namespace reference
