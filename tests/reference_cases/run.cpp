// SPDX-License-Identifier: BSD-3-Clause
#include "run.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

#include "families.hpp"
#include "xtape/core/error.hpp"

namespace reference {

namespace {

using namespace xtape;

template <class T>
const Family<T>& find_family(const std::string& name) {
  static const Families<T> families = [] {
    Families<T> all = keras_families<T>();
    all.merge(tensorflow_families<T>());
    all.merge(composed_families<T>());
    all.merge(torch_families<T>());
    return all;
  }();
  const auto family = families.find(name);
  if (family == families.end()) throw MalformedCase("unknown family " + name);
  return family->second;
}

std::set<std::string> split(const char* names) {
  std::istringstream words(names);
  return {std::istream_iterator<std::string>(words), {}};
}

template <class Value>
void require_names(const char* what, const std::map<std::string, Value>& given, const char* needed,
                   const char* optional = "") {
  auto missing = split(needed);
  const auto possible = split(optional);
  for (const auto& [name, value] : given) {
    if (missing.erase(name) + possible.count(name) == 0) {
      throw MalformedCase(fmt::format("unknown {} {}", what, name));
    }
  }
  if (!missing.empty()) throw MalformedCase(fmt::format("no {} {}", what, *missing.begin()));
}

template <class T>
Tensor in_double(ArrayView<const T> values) {
  Tensor tensor(values.shape());
  std::ranges::copy(values, tensor.begin());
  return tensor;
}

template <class T>
void compute(const Case& test, Outcome& outcome) {
  const Family<T>& family = find_family<T>(test.family);
  require_names("input", test.inputs, family.inputs, family.optional_inputs);
  require_names("parameter", test.params, family.params);

  Tape<T> tape;
  Call<T> call(test, tape);
  const Variable<T> result = family.loss(call);
  outcome.value = in_double(result.values());
  outcome.at_clip_end = call.at_clip_end();

  std::map<std::string, Variable<T>> leaves;
  for (const auto& [name, gradient] : test.gradients) leaves.emplace(name, call.leaf(name));
  if (leaves.empty()) return;
  Array<T> ones(result.shape());
  std::ranges::fill(ones, T{1});
  result.backward(ones);
  for (const auto& [name, leaf] : leaves) outcome.gradients.emplace(name, in_double(leaf.gradients()));
}

}  // namespace

template <class T>
Outcome run(const Case& test) {
  Outcome outcome;
  const auto fail = [&](const char* kind, const std::exception& error) {
    outcome.error = kind;
    outcome.message = error.what();
  };
  try {
    compute<T>(test, outcome);
  } catch (const WeightsShapeError& error) {
    fail("weights_shape", error);
  } catch (const ShapeError& error) {
    fail("shape_mismatch", error);
  } catch (const LabelError& error) {
    fail("label_out_of_range", error);
  } catch (const ValueError& error) {
    fail("value_out_of_range", error);
  } catch (const ArgumentError& error) {
    fail("invalid_argument", error);
  } catch (const Error& error) {
    fail("an error of no kind", error);
  }
  return outcome;
}

template Outcome run<float>(const Case&);
template Outcome run<double>(const Case&);

}  // namespace reference
