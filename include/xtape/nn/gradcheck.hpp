// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>

#include "xtape/autograd/gradcheck.hpp"
#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Compares the gradients of all parameters of a model with central differences; the report calls a parameter
/// by its name in the model, "inner.weight".
///
///     const auto report = nn::gradcheck(model, [&](Tape<double>& tape) {
///       return losses::softmax_cross_entropy(model(tape.borrow(points)), classes);
///     });
///
/// Afterwards the parameters are as before, and their gradients zero. The model is run as it is, in training
/// or in evaluation mode: in training mode running means change, and Dropout makes each result another, which
/// is reported.
template <class T>
GradcheckReport gradcheck(Module<T>& model, const std::type_identity_t<GradcheckLoss<T>>& loss,
                          const GradcheckOptions& options = {}) {
  return gradcheck_parameters<T>(loss, model.named_parameters(), options);
}

}  // namespace xtape::nn
#pragma GCC visibility pop
